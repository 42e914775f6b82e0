"""Protects `catlang new`: what it makes checks, trains and passes its own tests, and it overwrites nothing."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from catlang.command import main
from catlang.commands.new import TAKEN, files, proposed, why_not

REPOSITORY = Path(__file__).parents[2]
CHARACTERS = "a module is called by letters of ASCII, digits and `_`"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def python(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], cwd=cwd, capture_output=True, text=True, timeout=300,
                          encoding="utf-8", env={**os.environ, "PYTHONPATH": str(REPOSITORY), "OMP_NUM_THREADS": "1",
                                                 "PYTHONIOENCODING": "utf-8", "NO_COLOR": "1"})


def test_a_new_folder_checks_trains_and_passes_its_tests(place: Path) -> None:
    pytest.importorskip("torch")
    made = python("-m", "catlang", "new", "my_net", cwd=place)
    assert (made.returncode, made.stderr) == (0, "")
    assert made.stdout == (
        "made my_net: my_net.cat, train.py, test_my_net.py, pyproject.toml, README.md, .gitignore\n"
        "next: `cd my_net`, `catlang check my_net.cat`, `python train.py`, `pytest`\n")
    folder = place / "my_net"
    assert python("-m", "catlang", "check", ".", cwd=folder).stdout == "no errors in 1 file\n"
    trained = python("train.py", "100", cwd=folder)
    assert trained.returncode == 0, trained.stderr
    losses = [float(loss) for loss in re.findall(r"loss (\d+\.\d+)", trained.stdout)]
    assert len(losses) == 3 and losses[0] > losses[1] > losses[2]
    tested = python("-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=folder)
    assert tested.returncode == 0, tested.stdout
    assert "4 passed" in tested.stdout
    written = python("-m", "catlang", "compile", "my_net.cat::net", "-d", "d=32", "-o", "my_net.py", cwd=folder)
    assert (written.returncode, written.stderr) == (0, "")
    assert python("-c", "import my_net", cwd=folder).returncode == 0


def test_the_files_speak_of_the_name(place: Path) -> None:
    made = files("Tiny_net2")
    assert sorted(made) == [".gitignore", "README.md", "Tiny_net2.cat", "pyproject.toml", "test_Tiny_net2.py",
                            "train.py"]
    project = tomllib.loads(made["pyproject.toml"])["project"]
    assert (project["name"], project["dependencies"]) == ("tiny-net2", ["catlang[torch]"])
    assert not any("NAME" in text or "PROJECT" in text for text in made.values())
    assert all(len(line) <= 120 for text in made.values() for line in text.splitlines())
    for file in ("train.py", "test_Tiny_net2.py"):
        compile(made[file], file, "exec")


def test_every_line_of_the_spec_says_what_it_is(place: Path) -> None:
    lines = files("net")["net.cat"].splitlines()
    code = [line for line in lines if line.strip() and not line.lstrip().startswith("#")]
    assert len([line for line in code if "#" in line]) >= len(code) // 2
    assert "residual(" in "\n".join(lines)


@pytest.mark.parametrize(("name", "said"), [
    ("my-net", f"`my-net` cannot be the name: {CHARACTERS}; `my_net` would do"),
    ("3d", "`3d` cannot be the name: it begins with a digit; `net_3d` would do"),
    ("class", "`class` cannot be the name: it is a word of Python; `class_net` would do"),
    ("torch", "`torch` cannot be the name: a module is called so; `torch_net` would do"),
    ("json", "`json` cannot be the name: a module is called so; `json_net` would do"),
    ("réseau", f"`réseau` cannot be the name: {CHARACTERS}; `reseau` would do"),
    ("__", "`__` cannot be the name: it has no letter; `my_net` would do"),
    ("a\x1b[2J", f"`a␛[2J` cannot be the name: {CHARACTERS}; `a_2J` would do"),
    ("", "no name is given: `catlang new my_net`"),
])
def test_names_that_are_none(place: Path, name: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", name]) == 2
    assert capsys.readouterr().err == f"catlang: {said}\ntry `catlang new --help`\n"
    assert os.listdir(place) == []


@pytest.mark.parametrize("name", [
    "my-net", "3", "é", "__", "-", "a" * 300, "match case", "CON.cat", *sorted(TAKEN)])
def test_what_is_proposed_would_do(name: str) -> None:
    assert why_not(proposed(name)) == ""


def test_nothing_is_overwritten(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "full").mkdir()
    (place / "full" / "train.py").write_text("mine")
    (place / "file").write_text("mine")
    (place / "link").symlink_to("nowhere")
    (place / "empty").mkdir()
    assert [main(["new", name]) for name in ("full", "file", "link", "empty", "deep/er/net")] == [2, 2, 2, 0, 0]
    said = capsys.readouterr().err
    assert "the folder `full` exists already, and is not empty" in said
    assert "`file` exists already, and is no folder" in said and "`link` exists already" in said
    assert (place / "full" / "train.py").read_text() == "mine" == (place / "file").read_text()
    assert (place / "empty" / "empty.cat").is_file() and (place / "deep" / "er" / "net" / "net.cat").is_file()


def test_a_place_that_may_not_be_written(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "file").write_text("")
    assert main(["new", "file/net"]) == 2
    assert "`file/net` cannot be made: not a directory" in capsys.readouterr().err
    assert main(["new"]) == main(["new", "a", "b"]) == 2
