"""``catlang check``: says what is wrong in files and folders."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from catlang.arguments import Misuse, Options

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from catlang.baseline import Compared
    from catlang.diagnostic import Diagnostic

USAGE = """\
usage: catlang check [PATH...] [--format FORMAT] [--baseline FILE | --write-baseline FILE] [--quiet]
                     [--jobs N] [--cache DIR | --no-cache] [--allow-extern]

Says what is wrong in files. Of a folder all `.cat` files below it are checked, hidden folders left out;
`-` stands for the text on standard input. Without a PATH the `paths` in pyproject.toml are checked.

  --format full     each mistake with the source, why it is one, and what helps (the default)
  --format concise  each mistake on one line: file:line:column: error[code]: what
  --format github   for a step of a GitHub workflow: a line for each mistake, and annotations, of which GitHub shows
                    ten errors and ten warnings
  --format json     {"version": 1, "catlang", "diagnostics": [{"code", "severity", "headline", "declaration",
                    "why": [...], "help": [...], "labels": [{"file", "start": {"line", "column"}, "end": {...},
                    "text", "primary"}]}], "summary": {"errors", "warnings", "files", "known", "gone"}}; lines and
                    columns count from 1, columns in Unicode code points, and an end is the column behind the last
  --format sarif    SARIF 2.1.0, for code scanning; paths from the current folder on
  --format junit    JUnit's XML, a case for each file
  --write-baseline FILE
                    writes all mistakes that there are to FILE as known ones, those of unreadable files excepted
  --baseline FILE   tells, and counts for the exit code, only the mistakes that FILE does not know by their file,
                    code, declaration and headline, in whatever line; each entry knows one
  --quiet, -q       the mistakes only, without the lines that count them
  --jobs N          checks N files at a time (by default as many as there are processors, where that is faster)
  --cache DIR       remembers in DIR what was found in files, until they change (by default in a folder of yours)
  --no-cache        remembers nothing, and checks all files anew
  --allow-extern    imports and runs the classes of Python that files name as externs, and holds each to its header: for
                    all sizes where torch.export follows it, else at some; what was found of each is told, with the
                    formats for people. Without it nothing of Python is looked at

The table `[tool.catlang]` of the nearest pyproject.toml that has one may give `paths`, `exclude` (patterns of what is
left out of folders), `format`, `baseline`, `quiet`, `jobs` and `cache` (a folder, or false); the command line wins.

Exit code: 0 no errors, or the baseline is written; 1 errors, or FILE is no baseline; 2 not called like this; 3 a
mistake of catlang's own. With json, sarif and junit the lines that count go to standard error.
"""

#: The formats for people, which every command has that tells mistakes.
FORMATS = ("full", "concise")
#: And those for programs, each a module of `catlang.formats`.
PROGRAMS = ("github", "json", "sarif", "junit")

OPTIONS = Options(
    valued={"--format": (*FORMATS, *PROGRAMS), "--baseline": (), "--write-baseline": (), "--jobs": (), "--cache": ()},
    flags={"--quiet": "-q", "--no-cache": "", "--allow-extern": ""}, takes="path",
    files={"--baseline": (), "--write-baseline": (), "--cache": ()})


def run(arguments: Sequence[str]) -> int:
    paths, options = OPTIONS.read(arguments)
    if "--baseline" in options and "--write-baseline" in options:
        raise Misuse("`--baseline` and `--write-baseline` exclude each other")
    from catlang.commands.means import Means, settled

    settings = settled(paths, options, (*FORMATS, *PROGRAMS))
    if settings is None:
        return 2
    paths, options, excluded = settings
    if not paths:
        raise Misuse("no file or folder is named, and no `paths` in pyproject.toml")
    import gc

    from catlang.checked import check_paths

    gc.disable()  # the process ends with the check, and what it makes is in use until then: collecting costs a quarter
    known = None
    if "--baseline" in options:
        from catlang import baseline

        try:
            known = baseline.read(options["--baseline"])
        except baseline.Refused as refused:
            return _tell([options["--baseline"]], [refused.diagnostic], options)
    from catlang.commands.target import ALLOW_EXTERN, allowed, compiler

    if ALLOW_EXTERN in options and "-" in paths:
        raise Misuse(f"`{ALLOW_EXTERN}` is for the classes that files name, not those of standard input")
    extern = compiler().extern if allowed(options) else None
    with Means(options) as means:
        checked = check_paths(paths, excluded, means.store, means.jobs, means.progress)
    if not checked.names:
        raise Misuse("there is no `.cat` file below " + " or ".join(f"`{path}`" for path in paths))
    diagnostics, verdicts = checked.diagnostics, []
    if extern is not None:
        mistakes, verdicts = extern.gate(checked.roots)
        diagnostics += mistakes
    if "--write-baseline" in options:
        return _write(options["--write-baseline"], checked.names, diagnostics, options)
    if known is None:
        return _tell(checked.names, diagnostics, options, verdicts=verdicts)
    compared = baseline.compare(options["--baseline"], known, diagnostics, checked.names)
    return _tell(checked.names, compared.new, options, compared, verdicts)


def _tell(names: Sequence[str], diagnostics: Sequence[Diagnostic], options: Mapping[str, Any],
          compared: Compared | None = None, verdicts: Sequence[Any] = ()) -> int:
    """Writes what there is to tell, in the format that was asked for; the exit code comes back."""
    out = counts = sys.stdout
    format = options.get("--format", "full")
    if format in PROGRAMS:
        from catlang.formats import Found, written

        found = Found(names, diagnostics, compared.known if compared else 0, compared.gone if compared else 0)
        out.write(written(found, format))
        counts = out if format == "github" else sys.stderr
    else:
        from catlang.report import coloured, render

        color = coloured(out)
        for diagnostic in diagnostics:
            out.write(render(diagnostic, format, color) + ("\n\n" if format == "full" else "\n"))
        if verdicts and "--quiet" not in options:
            from catlang.visible import visible

            out.write("".join(f"{visible(str(verdict))}\n" for verdict in verdicts))
    errors = sum(diagnostic.severity == "error" for diagnostic in diagnostics)
    if "--quiet" not in options:
        from catlang.report import summary

        if compared is not None:
            from catlang.baseline import told

            counts.write(f"{told(compared, options['--baseline'])}\n")
        counts.write(f"{summary(errors, len(diagnostics) - errors, len(names))}\n")
    return 1 if errors else 0


def _write(path: str, names: Sequence[str], diagnostics: Sequence[Diagnostic], options: Mapping[str, Any]) -> int:
    """Writes a baseline; tells what none can know."""
    from catlang import baseline
    from catlang.visible import visible

    if path.endswith(".cat") or any(os.path.exists(path) and os.path.exists(name) and os.path.samefile(path, name)
                                    for name in names):
        raise Misuse(f"`{path}` is no place for a baseline: it is a file to be checked")
    text, entries, left = baseline.text(path, diagnostics)
    try:
        with open(path, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except (OSError, ValueError) as why:
        raise Misuse(f"`{path}` cannot be written: {(getattr(why, 'strerror', None) or str(why)).lower()}") from None
    if left:
        return _tell(names, left, options)
    if "--quiet" not in options:
        sys.stdout.write(f"{entries} known mistake{'s' * (entries != 1)} written to `{visible(path)}`\n")
    return 0
