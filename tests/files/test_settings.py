"""`[tool.catlang]`: what it says counts as if it stood on the command line, which wins; what makes no sense is refused
with its place; and a project without it pays nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catlang.checked import below
from catlang.commands.check import FORMATS
from catlang.patterns import excluded, matches
from catlang.settings import Refused, completed, mentions, nearest
from catlang.unsettled import KINDS

REPOSITORY = Path(__file__).parents[2]


def settings(folder: Path, text: str) -> None:
    (folder / "pyproject.toml").write_text(text, encoding="utf-8")


def test_paths_and_what_is_left_out(folder: Path, check) -> None:
    assert check().returncode == 2
    settings(folder, '[tool.catlang]\npaths = ["."]\nexclude = ["deep", "a*.cat", "right.cat"]\ncache = false\n')
    done = check()
    assert (done.returncode, done.stdout, done.stderr) == (0, "no errors in 3 files\n", "")
    # Left out of folders, and checked where it is named.
    assert check("right.cat").returncode == 1
    assert "deep/top.cat" not in check("deep").stdout and check("deep").returncode == 2
    # What is left out can be imported, and is then checked.
    (folder / "none.cat").write_text('import "right.cat" as right\n')
    assert "right.cat:2" in check().stdout


def test_paths_are_those_of_the_projects_folder(folder: Path, check, monkeypatch: pytest.MonkeyPatch) -> None:
    settings(folder, '[tool.catlang]\npaths = ["right.cat"]\ncache = ".kept"\nexclude = ["deep/*.cat"]\n')
    monkeypatch.chdir(folder / "deep")
    done = check("--format", "concise")
    assert done.stdout.startswith("../right.cat:2:") and (folder / ".kept").is_dir()
    assert check(".").returncode == 2


def test_the_command_line_wins(folder: Path, check, tmp_path: Path) -> None:
    settings(folder, '[tool.catlang]\npaths = ["."]\nformat = "concise"\nquiet = true\njobs = 2\ncache = "kept"\n')
    done = check("right.cat")
    assert done.stdout.count("\n") == 1 and done.stdout.startswith("right.cat:2:")
    assert check("right.cat", "--format", "full").stdout.startswith("error[E0302]")
    for path in (folder / "kept").glob("??/*"):
        path.unlink()
    check("right.cat", "--no-cache")
    assert not list((folder / "kept").glob("??/*"))
    check("right.cat", "--cache", str(tmp_path / "c"))
    assert not list((folder / "kept").glob("??/*")) and list((tmp_path / "c").glob("??/*"))
    settings(folder, "[tool.catlang]\ncache = false\n")
    check("right.cat", "--cache", "here")
    assert (folder / "here").is_dir()


def test_what_is_handed_over(folder: Path) -> None:
    settings(folder, '[tool.catlang]\npaths = ["a", "b"]\nbaseline = "known.json"\njobs = 3\nquiet = false\n'
                     'cache = true\n')
    assert completed([], {}, FORMATS) == (["a", "b"], {"--baseline": "known.json", "--jobs": "3"}, None)
    assert completed(["c"], {"--baseline": "x", "--jobs": "1"}, FORMATS)[:2] == (
        ["c"], {"--baseline": "x", "--jobs": "1"})
    assert "--baseline" not in completed([], {"--write-baseline": "x"}, FORMATS)[1]
    settings(folder, "[tool.catlang]\n" + "\n".join(f"{key} = 1.5" for key in KINDS))
    with pytest.raises(Refused) as refused:
        nearest(FORMATS)
    assert [found.span.text for found in refused.value.diagnostics if found.span] == list(KINDS)


def test_the_nearest_that_has_the_table(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings(folder, '[tool.catlang]\npaths = ["outer"]\n')
    monkeypatch.chdir(folder / "deep")
    for text in ("", "[tool.ruff]\nline-length = 1\n", '[project]\nname = "x"\ndependencies = ["catlang"]\n', "[[[",
                 '[catlang]\npaths = ["wrong"]\n'):
        settings(folder / "deep", text)
        assert completed([], {}, FORMATS)[0] == ["../outer"], text
    settings(folder / "deep", "[tool.catlang]\n")
    assert completed([], {}, FORMATS)[0] == []
    (folder / "deep" / "pyproject.toml").unlink()
    (folder / "deep" / "pyproject.toml").mkdir()
    assert completed([], {}, FORMATS)[0] == ["../outer"]
    (folder / "deep" / "pyproject.toml").rmdir()
    os.mkfifo(folder / "deep" / "pyproject.toml")
    assert completed([], {}, FORMATS)[0] == ["../outer"]


@pytest.mark.parametrize(("text", "code", "place", "help"), [
    (b"[tool.catlang]\nfromat = 'full'\n", "E0014", "2:1", "did you mean `format`?"),
    (b"[tool.catlang]\r\n\r\nzzz = 'full'\r\n", "E0014", "3:1", "there are `paths`, `exclude`"),
    (b"[tool.catlang]\nformat = 'concies'\n", "E0015", "2:1", "did you mean `concise`?"),
    (b"[tool.catlang]\nquiet = 'yes'\n", "E0015", "2:1", "write `quiet = true`"),
    (b"tool = {catlang = {jobs = true}}", "E0015", "1:20", "write `jobs = 2`"),
    (b"[tool]\ncatlang = 3\n", "E0015", "2:1", "write `[tool.catlang]`"),
    (b"[[tool.catlang]]\n", "E0015", "1:8", "write `[tool.catlang]`"),
    (b"[tool.catlang]\nquiet = yes\n", "E0013", "2:9", "toml.io"),
    (b"[tool.catlang]\nquiet = ", "E0013", "2:7", "toml.io"),
    (b"[tool.catlang]\n'a\x1b[2J' = 1\n", "E0008", "2:3", ""),
    (b"[tool.catlang]\nname = '\xff'\n", "E0004", "2:9", "save the file as UTF-8"),
    (b'[tool.catlang]\nname = """\nquit = 1\n"""\nquit = 1\n', "E0014", "2:1", ""),
    (b'[tool.catlang]\n# quit\n"quit" = 1\nnote.quit = 1\n', "E0014", "3:1", "did you mean `quiet`?"),
    (b'[tool.catlang]\n"qu\\u0069t" = 1\n', "E0014", "1:1", "did you mean `quiet`?"),
    (b"[tool.catlang]\njobs = 0x1" + b"0" * 9_000, "E0015", "2:1", "write `jobs = 2`"),
    (b"[tool.catlang]\njobs = 1" + b"0" * 9_000, "E0013", "2:", ""),
    (b"[tool.catlang]\nx = " + b"[" * 100_000, "E0013", "2:", ""),
    (b"[tool.catlang]\n\"a\\nb\" = 1\n", "E0014", "1:1", ""),
])
def test_what_makes_no_sense_is_refused_with_its_place(text: bytes, code: str, place: str, help: str, folder: Path,
                                                       check) -> None:
    (folder / "pyproject.toml").write_bytes(text)
    done = check("none.cat", "--no-cache")
    if code == "E0008":  # such a text is no TOML, which says so in its own way
        code, place = "E0013", "2:"
    assert done.returncode == 2 and done.stdout == "" and "Traceback" not in done.stderr, done.stderr
    assert done.stderr.startswith(f"error[{code}]: ") and f"pyproject.toml:{place}" in done.stderr
    assert help in done.stderr and "\x1b" not in done.stderr
    assert check("none.cat", "--no-cache", "--format", "concise").stderr.startswith(f"pyproject.toml:{place}")


KEYS = st.sampled_from(["catlang", '"catlang"', "'catlang'", "tool", '"tool"', "project", "name", "x"])
TOML = st.lists(st.one_of(
    st.tuples(st.lists(KEYS, min_size=1, max_size=3), st.sampled_from([" . ", "."])).map(
        lambda pair: f"[{pair[1].join(pair[0])}]"),
    st.tuples(st.lists(KEYS, min_size=1, max_size=3).map(".".join), st.sampled_from([
        "1", '"catlang"', '["catlang"]', "{catlang = 1}", "{ a = 1, 'catlang'.b = 2 }", "{tool.catlang = 3}"])).map(
        " = ".join),
), max_size=5).map("\n".join)


@given(TOML)
def test_no_table_is_overlooked(text: str) -> None:
    try:
        tool = tomllib.loads(text).get("tool")
    except tomllib.TOMLDecodeError:
        return
    if isinstance(tool, dict) and "catlang" in tool:
        assert mentions(text.encode())


def test_a_project_without_settings_parses_nothing(folder: Path) -> None:
    settings(folder, '[project]\nname = "mine"\ndependencies = ["catlang"]\n')
    code = ("import sys; from catlang.command import main; main(['check', 'none.cat', '--no-cache']); "
            "print({'tomllib', 'fnmatch', 'catlang.patterns', 'json', 'hashlib'} & set(sys.modules))")
    done = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, timeout=60,
                          env={**os.environ, "PYTHONPATH": str(REPOSITORY)}, check=True)
    assert done.stdout.endswith("{'json'}\n")  # which the grammar's tables need


@pytest.mark.parametrize(("pattern", "meant", "other"), [
    ("drafts", "a/drafts", "a/drafts.cat"), ("/drafts", "drafts", "a/drafts"), ("drafts/", "a/drafts", "draft"),
    ("a/**/b.cat", "a/b.cat", "c/a/b.cat"), ("a/**/b.cat", "a/x/y/b.cat", "a/bb.cat"), ("**", "x", ""),
    ("[ab].cat", "z/b.cat", "c.cat"), ("a?.cat", "ab.cat", "a.cat"), ("*", "é ü.cat", ""), ("a/*", "a/b", "a"),
    ("[", "[", "a"), ("./a/./b", "a/b", "b"), ("a/**/**/b", "a/b", "a"),
])
def test_patterns(pattern: str, meant: str, other: str) -> None:
    assert matches(pattern, meant)
    assert not other or not matches(pattern, other)


def test_patterns_take_no_longer_than_they_are_long() -> None:
    assert not matches("/".join(["**", "a*a*"] * 40) + "/x", "/".join(["a" * 40] * 200))


def test_what_lies_elsewhere_is_not_left_out(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "net.cat").write_text("")
    left_out = excluded(["*.cat"], ".")
    assert list(below(str(tmp_path / "other"), left_out)) == [str(tmp_path / "other" / "net.cat")]
    assert list(below(".", left_out)) == []
