"""`python -m catlang` is the command `catlang`."""

from __future__ import annotations

import sys

from catlang.command import main

sys.exit(main())
