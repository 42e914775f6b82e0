"""What the tests of pictures share: specs, and a browser where there is one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).parents[2]

#: Browsers that Playwright drives, by the names of their programs.
PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")

#: Nothing of a test goes to the network.
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A real browser, without a window. Where there is none on the machine the test is left out: no package of PyPI
    carries one that runs everywhere."""
    playwright = pytest.importorskip("playwright.sync_api", reason="needs Playwright, which is in catlang[test]")
    program = next((found for name in PROGRAMS if (found := shutil.which(name))), None)
    if program is None:
        pytest.skip(f"needs one of the browsers {', '.join(PROGRAMS)}")
    with playwright.sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=program, args=FLAGS)
        yield running
        running.close()
