"""What is installed is what stands in the folders.

A package or a data file that pyproject.toml leaves out works in an editable installation, and is missing
from the wheel.
"""

from __future__ import annotations

import os
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
SETUPTOOLS = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
FOLDER_OF = SETUPTOOLS["package-dir"]
LINKED = {package: folder for package, folder in FOLDER_OF.items() if package != folder}


def files_of(root: str) -> list[Path]:
    """The files under a top folder, neither those behind the links in it nor what Python leaves behind."""
    return [
        Path(folder, name)
        for folder, _, names in os.walk(REPOSITORY / root, followlinks=False)
        for name in names
        if "__pycache__" not in Path(folder).parts
    ]


FILES = {package: files_of(root) for package, root in FOLDER_OF.items()}
FOLDERS = {
    ".".join((package, *file.parent.relative_to(REPOSITORY / FOLDER_OF[package]).parts)): file.parent
    for package, files in FILES.items()
    for file in files
}


def test_the_listed_packages_are_the_folders() -> None:
    assert sorted(SETUPTOOLS["packages"]) == sorted(FOLDERS)


@pytest.mark.parametrize("package", sorted(FOLDERS))
def test_every_folder_of_modules_is_a_regular_package(package: str) -> None:
    folder = FOLDERS[package]
    assert (folder / "__init__.py").is_file() or not any(folder.glob("*.py"))


def test_every_data_file_is_installed() -> None:
    patterns = ["*.py", *SETUPTOOLS["package-data"]["*"]]
    files = [file for files in FILES.values() for file in files]
    assert [file for file in files if not any(fnmatch(file.name, pattern) for pattern in patterns)] == []


@pytest.mark.parametrize(("package", "folder"), LINKED.items())
def test_the_links_show_what_an_installation_has(package: str, folder: str) -> None:
    link = REPOSITORY.joinpath(*package.split("."))
    assert os.readlink(link) == f"../{folder}"
