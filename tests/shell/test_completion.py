"""Protects completion: what a shell offers is what could be typed there, and it never writes into the user's line.

Each shell is driven for real: the script is sourced, and a line is completed as upon a key; zsh and fish where they are
installed. Their scripts are held by golden text besides.
"""

from __future__ import annotations

import os
import pty
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from catlang.command import main
from catlang.commands import COMMANDS
from catlang.commands.candidates import in_bash as bash_candidates
from catlang.commands.completion import SCRIPTS

REPOSITORY = Path(__file__).parents[2]
HERE = Path(__file__).parent
NET = """dim n, d
param rate : real = 0.1
## Twice the same.
morphism twice[A](f : A -> A) : A -> A = f >> f
## The encoder.
## Of any length.
morphism encode : R[n, d] -> R[n, d] = each(affine >> relu)
morphism enlarge[m] : R[d] -> R[m] = affine
algebra cell : R[n] = broken here
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "net.cat").write_text(NET, encoding="utf-8")
    (tmp_path / "my model.cat").write_text("morphism f : R[3] -> R[3] = relu\n", encoding="utf-8")
    (tmp_path / "notes.txt").write_text("", encoding="utf-8")
    (tmp_path / "weights.safetensors").write_text("", encoding="utf-8")
    (tmp_path / "models" / "deep").mkdir(parents=True)
    (tmp_path / "models" / "deep.cat").write_text("", encoding="utf-8")
    (tmp_path / ".hidden.cat").write_text("", encoding="utf-8")
    (tmp_path / "broken.cat").write_bytes(b"morphism \xff\0 ((( ")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(REPOSITORY), "PYTHONIOENCODING": "utf-8"}


def in_bash(line: str) -> tuple[list[str], str]:
    """What bash is offered at the end of a line, and whatever else came out."""
    script = f'''
        catlang() {{ "{sys.executable}" -m catlang "$@"; }}
        eval "$(catlang completion bash)"
        COMP_LINE="$1"; COMP_POINT=${{#COMP_LINE}}
        _catlang catlang
        for reply in "${{COMPREPLY[@]}}"; do printf '%s\\n' "$reply"; done
    '''
    done = subprocess.run(["bash", "--norc", "-c", script, "bash", line], capture_output=True, text=True, timeout=60,
                          env=environment())
    assert done.returncode == 0
    return done.stdout.splitlines(), done.stderr


@pytest.mark.parametrize(("line", "offered"), [
    ("catlang ch", ["check"]),
    ("catlang help wei", ["weights"]),
    ("catlang check ", ["broken.cat", "models/", r"my\ model.cat", "net.cat"]),
    ("catlang check models/d", ["models/deep/", "models/deep.cat"]),
    ("catlang check .h", [".hidden.cat"]),
    ("catlang check my\\ m", [r"my\ model.cat"]),
    ("catlang check 'my m", ["my model.cat"]),
    ("catlang check --format ", ["full", "concise", "github", "json", "sarif", "junit"]),
    ("catlang check --format=c", ["concise"]),
    ("catlang check --q", ["--quiet"]),
    ("catlang check --quiet --q", []),
    ("catlang compile net.", ["net.cat::"]),
    ("catlang compile net.cat::en", ["encode", "enlarge"]),
    ("catlang compile net.cat::t", []),
    ("catlang compile net.cat::c", ["cell"]),
    ("catlang compile broken.cat::", []),
    ("catlang compile nowhere.cat::", []),
    ("catlang compile models::", []),
    ("catlang compile nowhere/", []),
    ("catlang compile net.cat::enlarge -d ", ["n=", "d=", "rate=", "m="]),
    ("catlang compile net.cat::encode -d n=3 --dim ra", ["rate="]),
    ("catlang compile net.cat::encode -d d=", []),
    ("catlang weights net.cat::encode --against w", ["weights.safetensors"]),
    ("catlang explain E090", ["E0901"]),
    ("catlang completion ", ["bash", "zsh", "fish"]),
    ("catlang nothing ", []),
    ("catlang check 'an open \"quote", []),
])
def test_bash_offers(folder: Path, line: str, offered: list[str]) -> None:
    assert in_bash(line) == (offered, "")


def test_a_key_in_an_interactive_bash(folder: Path) -> None:
    """The word that readline puts into the line, colons and blanks included."""
    (folder / "rc").write_text('catlang() { if [ "$1" = __complete -o "$1" = completion ]; then '
                               f'"{sys.executable}" -m catlang "$@"; else printf "<%s>" "$@"; echo; fi; }}\n'
                               'eval "$(catlang completion bash)"\nPS1="ready "\nbind "set bell-style none"\n')
    child, terminal = pty.fork()
    if child == 0:
        os.execve(shutil.which("bash") or "bash", ["bash", "--noprofile", "--rcfile", "rc", "-i"],
                  {**environment(), "TERM": "dumb", "HISTFILE": ""})
    try:
        screen = read_until(terminal, "ready ")
        os.write(terminal, b"catlang comp\x09il\x09net\x09enc\x09-d d\x09" + b"3\n")
        screen = read_until(terminal, "<d=3>")
        assert "<compile><net.cat::encode><-d><d=3>" in screen
        os.write(terminal, b"catlang check my\x09\n")
        assert "<check><my model.cat>" in read_until(terminal, "<my model.cat>")
    finally:
        os.write(terminal, b"\x03\x04exit\n")
        os.close(terminal)
        os.waitpid(child, 0)


@pytest.mark.skipif(shutil.which("zsh") is None, reason="there is no zsh here")
def test_a_key_in_zsh(folder: Path) -> None:
    """The word that zsh's line editor puts into the line, colons, equal signs and blanks included."""
    (folder / ".zshrc").write_text(
        'catlang() { if [[ "$1" == (__complete|completion) ]]; then '
        f'"{sys.executable}" -m catlang "$@"; else printf "<%s>" "$@"; echo; fi; }}\n'
        'autoload -Uz compinit; compinit -u -d "$ZDOTDIR/dump"\neval "$(catlang completion zsh)"\n'
        'unsetopt beep prompt_cr prompt_sp zle_bracketed_paste; unset zle_bracketed_paste; PS1="ready "\n')
    child, terminal = pty.fork()
    if child == 0:
        os.execve(shutil.which("zsh") or "zsh", ["zsh", "-i"],
                  {**environment(), "TERM": "dumb", "ZDOTDIR": str(folder), "HISTFILE": ""})
    try:
        read_until(terminal, "ready ")
        os.write(terminal, b"catlang comp\x09il\x09net\x09enc\x09-d d\x09" + b"3\n")
        assert "<compile><net.cat::encode><-d><d=3>" in read_until(terminal, "<d=3>")
        os.write(terminal, b"catlang check my\x09\n")
        assert "<check><my model.cat>" in read_until(terminal, "<my model.cat>")
    finally:
        os.write(terminal, b"\x03\x04exit\n")
        os.close(terminal)
        os.waitpid(child, 0)


@pytest.mark.skipif(shutil.which("fish") is None, reason="there is no fish here")
@pytest.mark.parametrize(("line", "offered"), [
    ("catlang ch", ["check\tsay what is wrong in files and folders"]),
    ("catlang compile net.cat::en", ["net.cat::encode\tThe encoder.", "net.cat::enlarge\tmorphism"]),
    ("catlang compile net.cat::encode -d d", ["d="]),
    # Blanks are escaped by fish itself when it puts the word into the line.
    ("catlang check my", ["my model.cat"]),
    ("catlang check my\\ m", ["my model.cat"]),
    ("catlang check --format c", ["concise"]),
    ("catlang explain E090", ["E0901\ta construct that is still to come"]),
])
def test_fish_offers(folder: Path, line: str, offered: list[str]) -> None:
    script = f"""
        function catlang; "{sys.executable}" -m catlang $argv; end
        catlang completion fish | source
        complete -C "$argv[1]"
    """
    done = subprocess.run(["fish", "--no-config", "-c", script, line], capture_output=True, text=True, timeout=60,
                          env={**environment(), "HOME": str(folder)})
    assert done.stdout.splitlines() == offered, done.stderr


def read_until(terminal: int, text: str) -> str:
    screen = ""
    end = time.monotonic() + 30
    while text not in screen and time.monotonic() < end:
        if select.select([terminal], [], [], 0.2)[0]:
            screen += os.read(terminal, 65536).decode("utf-8", "replace")
    return screen


@pytest.mark.parametrize(("line", "breaks", "offered"), [
    ("catlang compile net.cat::en", " \t:", ["encode", "enlarge"]),
    ("catlang compile net.cat::en", " \t", ["net.cat::encode", "net.cat::enlarge"]),
    ("catlang compile 'net.cat::en", " \t:", ["net.cat::encode", "net.cat::enlarge"]),
    ("catlang check --format=c", " \t:", ["--format=concise"]),
])
def test_what_bash_takes_for_a_word(folder: Path, line: str, breaks: str, offered: list[str]) -> None:
    assert [word for word, _ in bash_candidates(line, breaks)] == offered


@pytest.mark.parametrize("shell", ["zsh", "fish"])
@pytest.mark.parametrize(("words", "offered"), [
    (["compile", "net.cat::en"], ["net.cat::encode\tThe encoder.", "net.cat::enlarge\tmorphism"]),
    (["check", "my"], ["my model.cat"]),
    (["explain", "e090"], ["E0901\ta construct that is still to come"]),
    (["check", "--format=f"], ["--format=full"]),
    ([""], None),
])
def test_what_zsh_and_fish_are_told(folder: Path, shell: str, words: list[str], offered: list[str] | None,
                                    capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["__complete", shell, *words]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    if offered is None:
        assert [line.partition("\t")[0] for line in out.splitlines()] == [*COMMANDS, "--help", "--version"]
    else:
        assert out.splitlines() == offered


def test_a_word_of_fish_is_as_it_is_typed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["__complete", "fish", "check", "my\\ m"]) == 0
    assert capsys.readouterr() == ("my model.cat\n", "")


@pytest.mark.parametrize("arguments", [[], ["bash"], ["zsh"], ["tcsh", "x"], ["bash", "catlang check \ud800", ""],
                                       ["zsh", "check", "\0"], ["bash", "", ""], ["bash", "catlang", " "]])
def test_whatever_is_asked_nothing_is_complained_of(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["__complete", *arguments]) == 0
    assert capsys.readouterr().err == ""


def test_a_name_cannot_steer_a_terminal(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "evil\x1b[2J.cat").write_text("", encoding="utf-8")
    (folder / "doc.cat").write_text("## \x1b[2J\tx\nmorphism f : R[3] -> R[3] = relu\n", encoding="utf-8")
    for words in (["check", ""], ["compile", "doc.cat::"]):
        main(["__complete", "fish", *words])
        assert "\x1b" not in capsys.readouterr().out


@pytest.mark.parametrize("shell", [*SCRIPTS])
def test_scripts(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    golden = HERE / f"completion.{shell}"
    if os.environ.get("CATLANG_UPDATE"):
        golden.write_text(script, encoding="utf-8")
    assert script == golden.read_text(encoding="utf-8")
    if shutil.which(shell):
        assert subprocess.run([shell, "-n", str(golden)], capture_output=True, text=True, timeout=30).stderr == ""


@pytest.mark.parametrize(("arguments", "said"), [
    (["completion"], "no shell is named: `bash`, `zsh` or `fish`"),
    (["completion", "bahs"], "there is no script for `bahs`; did you mean `bash`?"),
    (["completion", "bash", "zsh"], "one shell at a time: `bash`, `zsh` or `fish`"),
])
def test_misuse(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert capsys.readouterr().err == f"catlang: {said}\ntry `catlang completion --help`\n"


def test_every_command_declares_what_it_takes() -> None:
    import importlib

    from catlang.arguments import Options

    for name, (module, _) in COMMANDS.items():
        options = getattr(importlib.import_module(module), "OPTIONS", None)
        assert isinstance(options, Options), f"`catlang {name}` declares no OPTIONS"
        usage = importlib.import_module(module).USAGE
        for option in (*options.valued, *options.flags, *options.repeated, *options.long):
            assert option in usage, f"the usage of `catlang {name}` does not speak of `{option}`"
