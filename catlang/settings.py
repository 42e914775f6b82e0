"""What a project says of its checks: the table ``[tool.catlang]`` of the nearest pyproject.toml that has one.

Each of its keys stands for what the command line could say, which wins. Paths in it are seen from its folder. A file
that cannot hold the table is not parsed, so that a project without it pays for looking and for nothing else.

>>> mentions(b"[tool.catlang]"), mentions(b"tool.catlang.jobs = 2"), mentions(b'[tool]\\ncatlang = {jobs = 2}')
(True, True, True)
>>> mentions(b'[project]\\nname = "mine"\\ndependencies = ["catlang"]\\n[tool.ruff]\\n')
False
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from catlang.diagnostic import Diagnostic
    from catlang.span import Source, Span

FILE = "pyproject.toml"


class Refused(Exception):
    """The table makes no sense, for the reasons in ``diagnostics``."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        super().__init__(diagnostics[0].headline)
        self.diagnostics = diagnostics


class Settings:
    """The values of the table, and its folder as seen from the working directory."""

    __slots__ = ("folder", "values")

    def __init__(self, folder: str, values: Mapping[str, Any]) -> None:
        self.folder = folder
        self.values = values

    def path(self, written: str) -> str:
        return os.path.normpath(os.path.join(self.folder, written))

    @property
    def paths(self) -> list[str]:
        return [self.path(one) for one in self.values.get("paths", ())]

    def options(self) -> dict[str, Any]:
        """The options that the command line would have given."""
        found: dict[str, Any] = {}
        for key, value in self.values.items():
            if key == "quiet" and value:
                found["--quiet"] = True
            elif key in ("baseline", "cache") and isinstance(value, str):
                found[f"--{key}"] = self.path(value)
            elif key == "cache" and value is False:
                found["--no-cache"] = True
            elif key == "format":
                found["--format"] = value
            elif key == "jobs":
                found["--jobs"] = str(value)
        return found


def completed(paths: list[str], options: dict[str, Any], formats: Sequence[str],
              ) -> tuple[list[str], dict[str, Any], Callable[[str], bool] | None]:
    """The paths and options of a command line, with what the project says where it says nothing; and which files of
    folders the project leaves out. Raises `Refused`."""
    settings = nearest(formats)
    if settings is None:
        return paths, options, None
    defaults = settings.options()
    for one, other in (("--cache", "--no-cache"), ("--no-cache", "--cache"), ("--write-baseline", "--baseline")):
        if one in options:
            defaults.pop(other, None)
    patterns = settings.values.get("exclude")
    left_out = None
    if patterns:
        from catlang.patterns import excluded

        left_out = excluded(patterns, settings.folder)
    return paths or settings.paths, {**defaults, **options}, left_out


def nearest(formats: Sequence[str]) -> Settings | None:
    """The settings that hold in the working directory. Raises `Refused`."""
    try:
        here = os.getcwd()
    except OSError:
        return None
    up = ""
    while True:
        path = os.path.join(up, FILE)
        try:
            if os.path.isfile(path):
                with open(path, "rb") as file:
                    found = mentions(file.read())
            else:
                found = False
        except OSError:
            found = True  # what it says cannot be known, which is said below
        if found and (values := _values(path, formats)) is not None:
            return Settings(up, values)
        above = os.path.dirname(here)
        if above == here:
            return None
        here, up = above, os.path.join(os.pardir, up)


def mentions(data: bytes) -> bool:
    """Whether a text in TOML may have a key ``catlang`` below ``tool``: it does wherever this is False."""
    if b"catlang" not in data and b"\\" not in data:
        return False
    import re

    key = rb"""["']?catlang["']?\s*"""
    return re.search(rb"""(?m)\.\s*%b[\].=]|(?:^|[{,])\s*%b[.=]|\\[uU]""" % (key, key), data) is not None


def _values(path: str, formats: Sequence[str]) -> Mapping[str, Any] | None:
    """The table in a file; None where it has none."""
    import tomllib

    from catlang.source import Unreadable, read

    try:
        source = read(path)
    except Unreadable as unreadable:
        raise Refused([unreadable.diagnostic]) from None
    try:
        whole = tomllib.loads(source.text)
    except tomllib.TOMLDecodeError as broken:
        raise Refused([_broken(source, str(broken))]) from None
    except ValueError:
        raise Refused([_broken(source, "a number with too many digits")]) from None
    except RecursionError:
        raise Refused([_broken(source, "nested too deep")]) from None
    tool = whole.get("tool")
    if not isinstance(tool, dict) or "catlang" not in tool:
        return None
    from catlang.unsettled import wrong

    found = wrong(source, tool["catlang"], formats)
    if found:
        raise Refused(found)
    values: Mapping[str, Any] = tool["catlang"]
    return values


def _broken(source: Source, told: str) -> Diagnostic:
    import re

    from catlang.diagnostic import Diagnostic, Label

    what = re.sub(r" \((?:at line \d+, column \d+|at end of document)\)$", "", told)
    what = what[:1].lower() + what[1:]
    return Diagnostic("E0013", f"`{source.name}` is not TOML", [Label(_place(source, told), what)],
                      help=("its tables and values are written as https://toml.io says",))


def _place(source: Source, told: str) -> Span:
    """The place that the parser of TOML tells in words."""
    import re

    from catlang.span import Span

    found = re.search(r"\(at line (\d+), column (\d+)\)$", told)
    at = source.offset(int(found[1]), int(found[2])) if found else max(len(source.text.rstrip()) - 1, 0)
    return Span(source, at, min(at + 1, len(source.text)))
