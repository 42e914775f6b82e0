"""``catlang fmt``: writes files in the one style there is."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from catlang.arguments import Misuse, Options

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from catlang.diagnostic import Diagnostic
    from catlang.span import Source

USAGE = """\
usage: catlang fmt [PATH...] [--check] [--diff] [--quiet]

Writes files in the style of catlang, of which there is one. Of a folder all `.cat` files below it are formatted, hidden
folders left out; without a path it is the folder one is in. `-` formats the text on standard input to standard output.

  --check      writes nothing, and names the files that would change
  --diff       writes nothing, and prints what would change
  --quiet, -q  the mistakes and the differences only, without the files that change and their number

A file with mistakes of syntax is reported and stays as it is.

Exit code: 0 all is formatted, 1 a file has mistakes or cannot be written, or, with `--check` or `--diff`, would change,
2 not called like this, 3 a mistake of catlang's own.
"""

OPTIONS = Options(flags={"--check": "", "--diff": "", "--quiet": "-q"}, takes="path")

STDIN = "<stdin>"


def run(arguments: Sequence[str]) -> int:
    paths, options = OPTIONS.read(arguments)
    formatting = _Formatting("--check" in options, "--diff" in options, "-" in paths)
    for path in _files(paths or ["."]):
        formatting.one(path)
    if not formatting.files:
        raise Misuse("there is no `.cat` file below " + " or ".join(f"`{path}`" for path in paths or ["."]))
    return formatting.end("--quiet" in options)


def _files(paths: Sequence[str]) -> Iterator[str]:
    """The files that paths lead to, each once however it is named."""
    from catlang.checked import below

    seen: set[str] = set()
    for path in paths:
        for file in ["-"] if path == "-" else below(path) if os.path.isdir(path) else [os.path.normpath(path)]:
            real = file if path == "-" else _real(file)
            if real not in seen:
                seen.add(real)
                yield file


def _real(path: str) -> str:
    try:
        return os.path.realpath(path)
    except ValueError:  # a NUL in it, of which reading tells
        return path


class _Formatting:
    """Formats one file after the other, and counts."""

    def __init__(self, check: bool, diff: bool, piped: bool) -> None:
        from catlang.report import coloured

        self.writes = not (check or diff)
        self.diff = diff
        # What is read by a program, a text or its differences, has standard output to itself.
        self.report = sys.stderr if diff or (piped and self.writes) else sys.stdout
        self.color = coloured(self.report)
        self.files = self.errors = 0
        self.changed: list[str] = []

    def one(self, path: str) -> None:
        from catlang.failure import Stopped
        from catlang.formatter import Unparsed, formatted_source
        from catlang.source import Unreadable, decoded
        from catlang.source import read as read_source

        self.files += 1
        name = STDIN if path == "-" else path
        try:
            data = sys.stdin.buffer.read() if path == "-" else None
            source = decoded(data, name, None) if data is not None else read_source(path)
        except Unreadable as unreadable:
            return self._tell([unreadable.diagnostic])
        try:
            text = formatted_source(source)
        except Unparsed as unparsed:
            return self._tell(unparsed.diagnostics)
        except Exception as failure:
            raise Stopped(name) from failure
        changes = source.text != text or (data if data is not None else _bytes(path)) != text.encode()
        if path == "-" and self.writes:
            sys.stdout.buffer.write(text.encode())
            sys.stdout.flush()
        elif changes and self.writes:
            try:
                replace(path, text.encode())
            except OSError as why:
                return self._tell([_unwritable(source, why)])
        if changes:
            self.changed.append(name)
        if changes and self.diff:
            sys.stdout.buffer.write(difference(name, source.text, text).encode())
            sys.stdout.flush()

    def _tell(self, diagnostics: list[Diagnostic]) -> None:
        from catlang.report import render

        self.errors += len(diagnostics)
        for diagnostic in diagnostics:
            self.report.write(render(diagnostic, "full", self.color) + "\n\n")

    def end(self, quiet: bool) -> int:
        """Names what changed, says how much that is of all, and gives the exit code."""
        from catlang.visible import visible

        told = "formatted" if self.writes else "to be formatted"
        if not quiet:
            for name in self.changed:
                if name != STDIN or not self.writes:
                    self.report.write(f"{told}: {visible(name)}\n")
            all_ = f"{self.files} file" + "s" * (self.files != 1)
            errors = f"{self.errors} error" + "s" * (self.errors != 1) if self.errors else "no errors"
            self.report.write(f"{errors} in {all_}, {len(self.changed)} {told}\n")
        return 1 if self.errors or (self.changed and not self.writes) else 0


def difference(name: str, before: str, after: str) -> str:
    """The differences of two texts as a patch; those in the ends of lines alone are told in words."""
    import difflib

    from catlang.visible import visible

    name = visible(name)
    # `split`, since `splitlines` knows ends of lines that catlang does not.
    lines = list(difflib.unified_diff(_lines(before), _lines(after), name, name, lineterm="\n"))
    if not lines:
        return f"--- {name}\n+++ {name}\n(the ends of lines, or a byte order mark)\n"
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _lines(text: str) -> list[str]:
    lines = [f"{line}\n" for line in text.split("\n")]
    last = lines.pop()[:-1]
    return [*lines, last] if last else lines


def _bytes(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def replace(path: str, data: bytes) -> None:
    """Writes a file at once or not at all: what is there is replaced by a whole new file, with the same permissions.
    Of a symbolic link the file behind it is replaced. Raises ``OSError``."""
    import tempfile

    real = os.path.realpath(path)
    if not os.access(real, os.W_OK):
        raise PermissionError(13, "Permission denied")
    mode = os.stat(real).st_mode
    handle, beside = tempfile.mkstemp(prefix=".catlang-", suffix=".tmp", dir=os.path.dirname(real))
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.chmod(beside, mode & 0o7777)
        os.replace(beside, real)
    except BaseException:
        os.unlink(beside)
        raise


def _unwritable(source: Source, why: OSError) -> Diagnostic:
    from catlang.diagnostic import Diagnostic, Label
    from catlang.source import Source, Span

    # Pointed at as a file is that was not read.
    start = Label(Span(Source(source.name, source.path, ""), 0, 0))
    return Diagnostic("E0003", f"`{source.name}` could not be written", [start], [(why.strerror or str(why)).lower()],
                      ["give yourself permission to write it, and to write in its folder"])
