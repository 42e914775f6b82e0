"""Protects the pages of `catlang explain`: every code has one, and their examples are as wrong or as right as they say.

What the commands in a page print stands in it, word for word. After a change that is meant,
``CATLANG_UPDATE=1 pytest tests/explained`` writes it anew; what is then committed is what was reviewed.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from catlang import explained
from catlang.checked import check_paths
from catlang.codes import CODES
from catlang.command import main
from catlang.commands.explain import HUNDREDS
from catlang.explained import Part

FOLDER = Path(explained.__file__).parent
PAGES = sorted(FOLDER.glob("*.md"))


def test_every_code_has_a_page_and_every_page_a_code() -> None:
    assert [page.stem for page in PAGES] == sorted(CODES)
    assert {code[1:3] for code in CODES} == set(HUNDREDS)


def printed(line: str) -> tuple[int, str]:
    """What a line typed in a shell leads to: what catlang says, or what the shell does before."""
    if not line.startswith("catlang "):
        done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, timeout=30)
        assert done.returncode == 0, done.stderr
        return 0, done.stdout
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        code = main(shlex.split(line)[1:])
    return code, out.getvalue()


def console(part: Part) -> tuple[int, str, str]:
    """The last exit code of a block's commands, what they print, and the block as it should be."""
    code, said, text = 0, "", ""
    for line in re.findall(r"^\$ (.*)$", part.text, re.MULTILINE):
        code, new = printed(line)
        said += new
        text += f"$ {line}\n{new.rstrip()}\n" if new.strip() else f"$ {line}\n"
    return code, said, text


def run_python(text: str) -> tuple[list[str], str]:
    """The codes of the mistakes that a piece of Python runs into, and what they say."""
    compiler = pytest.importorskip("catlang.compiler.build")
    Path("run.py").write_text(text, encoding="utf-8")
    try:
        exec(compile(text, "run.py", "exec"), {"__name__": "run"})
    except compiler.CompileError as error:
        return [one.code for one in error.diagnostics], str(error).strip() + "\n"
    return [], ""


def codes(said: str) -> list[str]:
    return re.findall(r"^error\[(E\d{4})\]", said, re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_examples(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = page.read_text(encoding="utf-8")
    now = written
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    # An extern is imported from the folder of the page, and from no other page's.
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "models", raising=False)
    wrong = right = 0
    told = ""
    for part in explained.parsed(written):
        if part.language == "cat":
            file = tmp_path / part.file
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(part.text, encoding="utf-8")
            if part.purpose == "right":
                assert check_paths([part.file]).report() == ""
                right += 1
        elif part.language == "console":
            if any(" compile " in line or "--allow-extern" in line for line in part.text.splitlines()):
                pytest.importorskip("torch")
            code, said, text = console(part)
            now = now.replace(part.text, text)
            if part.purpose == "right":
                assert (code, codes(said)) == (0, []), said
                right += 1
            else:
                # With settings that make no sense nothing is checked: the command was not called as it can be.
                expected = 2 if page.stem in ("E0013", "E0014", "E0015") else 1
                assert (code, codes(said)) == (expected, [page.stem]), said
                wrong += 1
        elif part.language == "python" and part.purpose == "file":
            (tmp_path / part.file).write_text(part.text, encoding="utf-8")
        elif part.language == "python":
            found, told = run_python(part.text)
            assert found == ([page.stem] if part.purpose == "wrong" else []), told
            wrong += part.purpose == "wrong"
            right += part.purpose == "right"
        elif part.language == "text":
            now = now.replace(f"```text\n{part.text}```", f"```text\n{told}```") if part.text.strip() else (
                now.replace("```text\n```", f"```text\n{told}```", 1))
    if os.environ.get("CATLANG_UPDATE"):
        page.write_text(now, encoding="utf-8")
    assert wrong and right
    assert now == page.read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_is_short_and_fits_a_terminal(page: Path) -> None:
    parts = explained.parsed(page.read_text(encoding="utf-8"))
    assert parts[0].language == "", "a page begins with what the mistake is"
    sentences = [part.text for part in parts if not part.language]
    assert sum(len(text.split()) for text in sentences) <= 130
    assert all(len(line) <= 120 for text in sentences for line in text.splitlines())
    assert all(text.count("`") % 2 == 0 for text in sentences)
