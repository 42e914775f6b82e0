"""The scan finds every import that a parse follows, however broken the text; and a cached check says after any edits of
files that import each other what an uncached one says."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from catlang.checked import check_paths
from catlang.files.graph import imports
from catlang.files.store import Store
from catlang.span import Source
from catlang.syntax import tree
from catlang.syntax.parser import parse

PIECES = st.sampled_from([
    "import", " ", "\n", '"', '"a.cat"', '"b.cat"', "# ", "#", "as x", "(d = 2)", "dim d", "object A = ", "R[3]", "\r",
    "\r\n", "\t", "import import", "std.nn", "morphism f : R[3] -> R[3] = relu\n", "\u00a0", "\u2028", "(", ")", "é",
    "important", 'import "c.cat"', "\n# c\n", ";", "\0", "}",
])


@settings(max_examples=1500, deadline=None)
@given(st.lists(PIECES, max_size=25))
def test_no_import_is_overlooked(pieces: list[str]) -> None:
    source = Source("m.cat", None, "".join(pieces))
    followed = {node.path for node in parse(source).declarations if isinstance(node, tree.Import)}
    assert {path for path in followed if isinstance(path, str)} <= set(imports(source.text))


def test_a_long_comment_takes_no_longer_than_it_is_long() -> None:
    assert list(imports("# import\n" * 200_000 + 'import "a.cat" as a')) == ["a.cat"]
    assert list(imports("import\n" * 200_000 + '"a.cat"')) == ["a.cat"]


def test_a_path_that_is_none_is_told() -> None:
    assert [found.code for found in check_paths(["a\0.cat"]).diagnostics] == ["E0003"]


NAMES = ("a.cat", "b.cat", "c.cat", "sub/d.cat", "sub/e.cat")
LINES = st.sampled_from([
    *(f'import "{path}"{alias}' for path in ("a.cat", "b.cat", "c.cat", "d.cat", "../a.cat", "sub/d.cat", "sub",
                                             "é.cat", "../sub/e.cat", "../../x.cat", "sub/../b.cat", "lost.cat")
      for alias in (" as m", "", " (n = 3) as k")),
    "dim n", "dim n = 0", "dim z where z >= 2, z <= 1", "object H = R[n]", "morphism f : R[n] -> R[n] = relu",
    "morphism f[k] : R[3] -> R[4] = affine >> rleu", "morphism g : m.H -> m.H = m.f >> m.f", "object A = ", "import",
    "morphism h : R[n, k] -> R[k, n // 2] = rearrange(a b -> b a)", '# import "a.cat"', "\ufffd", "é", "\u202e",
    "morphism j : R[2*n] -> R[n, 2] = rearrange((a b) -> a b)",
])
EDITS = st.lists(st.one_of(
    st.tuples(st.just("write"), st.sampled_from(NAMES), st.lists(LINES, max_size=5).map("\n".join)),
    st.tuples(st.sampled_from(["delete", "folder", "link", "bytes"]), st.sampled_from(NAMES), st.just("")),
), min_size=1, max_size=6)


def edit(kind: str, path: Path, text: str) -> None:
    if path.is_dir() and not path.is_symlink():
        path.rmdir()
    else:
        path.unlink(missing_ok=True)
    if kind == "write":
        path.write_text(text, encoding="utf-8")
    elif kind == "folder":
        path.mkdir()
    elif kind == "link":
        path.symlink_to(os.path.join("..", "b.cat") if path.parent.name == "sub" else "c.cat")
    elif kind == "bytes":
        path.write_bytes(b"dim n\xff\n")


@settings(max_examples=100, deadline=None)
@given(st.lists(LINES, max_size=30), EDITS, st.sampled_from([1, 1, 1, 2]))
def test_after_any_edits_the_cache_says_what_a_check_says(first: list[str], edits: list[tuple[str, str, str]],
                                                        jobs: int) -> None:
    before = os.getcwd()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place, "project")
        (folder / "sub").mkdir(parents=True)
        os.chdir(folder)
        try:
            for number, name in enumerate(NAMES):
                (folder / name).write_text("\n".join(first[number::5]), encoding="utf-8")
            for kind, name, text in [("none", "", ""), *edits]:
                if kind != "none":
                    edit(kind, folder / name, text)
                for paths in (["."], ["sub"], ["a.cat", "sub/d.cat"]):
                    plain = check_paths(paths)
                    for _ in range(2):
                        cached = check_paths(paths, store=Store(os.path.join(place, "cache")), jobs=jobs)
                        assert cached.diagnostics == plain.diagnostics
                        assert cached.report() == plain.report()
        finally:
            os.chdir(before)
