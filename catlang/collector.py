"""Python's collector of cyclic garbage, paused while something large is made.

What is made is in use until its end, so there is nothing to collect; but each time that it has grown by a quarter the
collector walks over all of it, which takes up to as long again.

>>> import gc
>>> before = gc.isenabled()
>>> with paused():
...     gc.isenabled()
False
>>> gc.isenabled() == before
True
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def paused() -> Iterator[None]:
    """While it lasts nothing is collected; afterwards the collector is as it was. A decorator too."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()
