"""Specifications as files, and what holds of those that are wrong."""

from __future__ import annotations

import re
from pathlib import Path

from catlang.checking import check_file

from .answers import Failed, patience, told

MAIN = "main.cat"


def put(text: str, files: dict[str, str], folder: Path) -> Path:
    """Writes the files of a specification; gives the main one."""
    for name, one in {**files, MAIN: text}.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(one, encoding="utf-8")
    return folder / MAIN


def refused(text: str, files: dict[str, str], folder: Path) -> str:
    """Holds a specification that is wrong to what is said of it: errors with places in it, and no network."""
    path = put(text, files, folder)
    with patience(10):
        module = check_file(str(path), name=MAIN)
        found = list(module.bag)
        for one in found:
            told(one)
            if one.severity == "error" and not re.search(r"\w", one.headline):
                raise Failed(f"nothing is said by {one!r}")
        errors = [one for one in found if one.severity == "error"]
        if not errors:
            raise Failed("accepted")
    return errors[0].code

