"""``catlang diff``: what changed in meaning between two files, or two revisions of one."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from catlang.arguments import Misuse, Options, meant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catlang.checker.module import Module
    from catlang.diagnostic import Diagnostic

USAGE = """\
usage: catlang diff OLD NEW [--name NAME] [--format text|json]

Says what changed in meaning between two files. OLD and NEW are files, or files of git revisions, written
`REV:path/to/file.cat`, whose imports are those of that revision. PyTorch is not needed.

Diagrams are compared as graphs: what a wire, a variable or a `let` without weights is called, in which order things
stand and how they are laid out means nothing, nor does a helper that is written out under the same addresses. What is
told as unchanged is unchanged; of two that are equal by some law it may be told that they changed.

Of each declaration it is told whether it was added, removed or renamed; of a morphism its type, its conditions, the
addresses, shapes and initialisers of its weights, which boxes share an instance, its 2-cells, its noise and state, and
its cost (see `catlang cost`); and whether a checkpoint of the old one loads into the new one, with which table of
renames.

Breaking is
  a declaration that is gone, or is called otherwise;
  another type of a morphism, an object, an endofunctor, a param;
  a condition on sizes that was not asked before;
  a dim that can no longer be given, or that may no longer be as small; a param that must be given now;
  a checkpoint of the old morphism that does not load into the new one, even with renames.

  --name NAME         of that declaration alone
  --format text|json  lines to be read, or JSON

Exit code: 0 nothing breaking, 1 something breaking, or one of the files has errors, which are told as `catlang check`
tells them, 2 not called like this, or no such revision, 3 a mistake of catlang's own.
"""

FORMATS = ("text", "json")

OPTIONS = Options(valued={"--format": FORMATS, "--name": ()}, takes="path")


def run(arguments: Sequence[str]) -> int:
    targets, options = OPTIONS.read(arguments)
    if len(targets) != 2:
        raise Misuse("two files are compared; write `catlang diff HEAD:net.cat net.cat`")
    import json
    import tempfile

    from catlang.difference.changes import differences
    from catlang.difference.facts import File, generics_of
    from catlang.difference.telling import data, text
    from catlang.failure import Stopped

    with tempfile.TemporaryDirectory(prefix="catlang-") as folder:
        modules: list[Module] = []
        wrong: list[Diagnostic] = []
        for place, target in enumerate(targets):
            module, problems = _checked(target, folder, place)
            wrong += problems
            modules += [] if module is None else [module]
        if wrong:
            _report(wrong)
            return 1
        old, new = modules
        name = options.get("--name")
        known = [*old.scope.names, *new.scope.names]
        if name is not None and name not in known:
            raise Misuse(f"neither file declares `{name}`{meant(name, known)}")
        try:
            before, after = File(old), File(new, generics_of(old))
            before.read(name)
            after.read(name)
            found = differences(before, after)
        except Exception as failure:
            raise Stopped(f"{targets[0]}, {targets[1]}") from failure
    if options.get("--format", "text") == "json":
        sys.stdout.write(json.dumps(data(found), indent=2) + "\n")
    else:
        sys.stdout.write(text(found))
    return 1 if any(one.breaking for one in found) else 0


def _checked(target: str, folder: str, place: int) -> tuple[Module | None, list[Diagnostic]]:
    """The module of a file, or of one of a revision, and what is wrong in it."""
    import os

    from catlang.checking import check_file
    from catlang.difference.revision import Exported, named
    from catlang.failure import Stopped
    from catlang.source import Unreadable

    revision = named(target)
    exported = None
    if revision is not None:
        inside = os.path.join(os.path.realpath(folder), str(place))
        os.mkdir(inside)
        exported = Exported(*revision, inside)
    try:
        if exported is None:
            module = check_file(target)
        else:
            shown = exported.shown if "/" in exported.shown else exported.shown.replace(":", ":./", 1)
            module = check_file(exported.path, name=shown)
    except Unreadable as unreadable:
        found = [unreadable.diagnostic]
        return None, found if exported is None else [exported.told(one) for one in found]
    except Exception as failure:
        raise Stopped(target) from failure
    errors = [one for one in module.bag if one.severity == "error"]
    return module, errors if exported is None else [exported.told(one) for one in errors]


def _report(wrong: Sequence[Diagnostic]) -> None:
    from catlang.diagnostic import Bag
    from catlang.report import coloured, render, summary

    found = list(Bag(wrong))
    files = len({one.span.source.name for one in found if one.span is not None})
    for one in found:
        sys.stderr.write(render(one, "full", coloured(sys.stderr)) + "\n\n")
    sys.stderr.write(f"{summary(len(found), 0, max(files, 1))}\n")
