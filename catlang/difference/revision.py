"""Files out of git: ``REV:path/to/file.cat`` as it was, with the files that it imports, in a folder of its own.

As in git, a path is from the top of the repository, one that begins with ``./`` or ``../`` from the folder that one is
in. Only what is imported is read, and nothing of it is run. Raises ``Misuse`` where there is no git, no repository, no
such revision, or no such file in it.
"""

from __future__ import annotations

import os
import posixpath
import subprocess
from typing import TYPE_CHECKING

from catlang.arguments import Misuse
from catlang.diagnostic import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Sequence

#: So many files are read out of one revision.
MOST_FILES = 1000


def named(target: str) -> tuple[str, str] | None:
    """The revision and the path of ``REV:path``; None of a path that is a file here, or has no colon in it."""
    revision, colon, path = target.partition(":")
    if not colon or not revision or not path or os.path.lexists(target):
        return None
    return revision, path


class Exported:
    """A file of a revision and what it imports, written below a folder."""

    __slots__ = ("_above", "_folder", "name", "path", "shown")

    def __init__(self, revision: str, path: str, folder: str) -> None:
        self._folder = folder
        self.shown = f"{revision}:{path}"
        commit = _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        if commit is None:
            _repository()
            raise Misuse(f"git knows no revision `{revision}`")
        at = commit.decode("ascii").strip()
        top = path
        if path.startswith(("./", "../")):
            prefix = (_git("rev-parse", "--show-prefix") or b"").decode("utf-8", "surrogateescape").strip("\n")
            top = posixpath.normpath(posixpath.join(prefix, path))
        self._above, self.name = posixpath.split(posixpath.normpath(top))
        data = _blob(at, top)
        if data is None:
            raise Misuse(f"there is no file `{path}` in the revision `{revision}`")
        self.path = os.path.join(folder, self.name)
        self._write(at, self.name, data)

    def _write(self, commit: str, name: str, data: bytes) -> None:
        """The file, and those that it imports, each once."""
        seen = {name}
        waiting = [(name, data)]
        while waiting:
            name, data = waiting.pop()
            if len(seen) > MOST_FILES:
                raise Misuse(f"`{self.shown}` imports more than {MOST_FILES} files")
            target = os.path.join(self._folder, *name.split("/"))
            os.makedirs(os.path.dirname(target), exist_ok=True)
            with open(target, "wb") as file:
                file.write(data)
            for path in _imports(data):
                inner = posixpath.normpath(posixpath.join(posixpath.dirname(name), path))
                # What leads out of the folder the check refuses.
                if inner in seen or inner.startswith("../") or posixpath.isabs(path) or "\0" in path or inner == ".":
                    continue
                seen.add(inner)
                found = _blob(commit, posixpath.join(self._above, inner))
                if found is not None:
                    waiting.append((inner, found))

    def told(self, found: Diagnostic) -> Diagnostic:
        """A diagnostic that says where a file lies in the revision, not where it was put."""
        def plain(text: str) -> str:
            folder = self.shown.rpartition("/")[0] or f"{self.shown.partition(':')[0]}:."
            return text.replace(self._folder + os.sep, f"{folder}/").replace(self._folder, folder)

        return Diagnostic(found.code, plain(found.headline), found.labels, map(plain, found.why),
                          map(plain, found.help), found.severity)


def _imports(data: bytes) -> list[str]:
    """The paths of the files that a text imports; of one that cannot be read none."""
    from catlang.source import Unreadable, decoded
    from catlang.syntax import tree
    from catlang.syntax.parser import parse

    try:
        source = decoded(data, "", None)
    except Unreadable:
        return []
    return [node.path for node in parse(source).declarations
            if isinstance(node, tree.Import) and isinstance(node.path, str)]


def _blob(commit: str, path: str) -> bytes | None:
    """The contents of a file of a commit; a link, a folder or a submodule is none."""
    listed = _git("ls-tree", "-z", "--full-tree", commit, "--", f":(top,literal){path}")
    if listed is None or not listed.startswith((b"100644 ", b"100755 ", b"100664 ")):
        return None
    head = listed.split(b"\t", 1)[0].split()
    return _git("cat-file", "blob", head[2].decode("ascii")) if len(head) == 3 and listed.count(b"\0") == 1 else None


def _repository() -> None:
    if _git("rev-parse", "--git-dir") is None:
        raise Misuse("this folder lies in no git repository, so there are no revisions of its files")


def _git(*arguments: str) -> bytes | None:
    """What git writes; None where it fails."""
    try:
        done = subprocess.run(_command(arguments), stdin=subprocess.DEVNULL, capture_output=True, check=False,
                              env={**os.environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"})
    except (FileNotFoundError, PermissionError):
        raise Misuse("git is not installed, and only it can read a file of a revision") from None
    except ValueError:
        return None  # a NUL in an argument
    return done.stdout if done.returncode == 0 else None


def _command(arguments: Sequence[str]) -> list[str]:
    return ["git", "--no-pager", *arguments]
