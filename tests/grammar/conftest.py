"""Each fixture file is a test of its own."""

from __future__ import annotations

import os

import pytest

from .material import fixture_paths


@pytest.fixture(params=fixture_paths(), ids=os.path.basename)
def path(request) -> str:
    return request.param
