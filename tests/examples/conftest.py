"""The example that a module of tests is about."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from types import ModuleType

import pytest


@pytest.fixture(scope="module")
def example(request: pytest.FixtureRequest) -> Iterator[ModuleType]:
    """The `run.py` in the module's `FOLDER`, with what lies beside it in reach, as when it is run."""
    folder = request.module.FOLDER
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        place = importlib.util.spec_from_file_location(f"{folder.name}_example", folder / "run.py")
        assert place is not None and place.loader is not None
        module = importlib.util.module_from_spec(place)
        place.loader.exec_module(module)
        yield module
