"""Protects `catlang repl`: what it says to lines that come through a pipe, held by golden transcripts, and what it is
at a terminal.

``sessions/NAME.in`` is what is typed, ``NAME.out`` what comes back. After a change that is meant, ``CATLANG_UPDATE=1
pytest tests/shell`` writes it anew; what is then committed is what was reviewed.
"""

from __future__ import annotations

import contextlib
import os
import pty
import random
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from catlang.checker.entry import Definition
from catlang.command import main
from catlang.commands.repl import Talk, offered
from catlang.repl.expression import Expression
from catlang.repl.session import Session
from catlang.syntax import tree

REPOSITORY = Path(__file__).parents[2]
SESSIONS = sorted((Path(__file__).parent / "sessions").glob("*.in"))
NET = 'import "blocks.cat" (d = 4) as blocks\n\n# Three of them.\n' \
      "## A layer.\n## And another.\nmorphism layer : R[4] -> R[4] = affine\nmorphism net : R[4] -> R[4]\n" \
      "    = (layer >> blocks.block)^3\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "net.cat").write_text(NET.replace("\n", "\r\n"), encoding="utf-8")
    (tmp_path / "blocks.cat").write_text("dim d\nmorphism block : R[d] -> R[d] = relu\n", encoding="utf-8")
    (tmp_path / "wrong.cat").write_text("morphism f : R[3] -> R[4] = relu", encoding="utf-8")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "more.cat").write_text(
        'import "beside.cat" as beside\nmorphism more : R[3] -> R[3] = beside.f', encoding="utf-8")
    (tmp_path / "other" / "beside.cat").write_text("morphism f : R[3] -> R[3] = tanh\n", encoding="utf-8")
    return tmp_path


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(REPOSITORY), "PYTHONIOENCODING": "utf-8", "OMP_NUM_THREADS": "1"}


def typed(text: str | bytes, *arguments: str, cwd: Path, program: str = "") -> subprocess.CompletedProcess[bytes]:
    command = ["-c", program] if program else ["-m", "catlang", "repl"]
    return subprocess.run([sys.executable, *command, *arguments], cwd=cwd, capture_output=True, timeout=120,
                          input=text if isinstance(text, bytes) else text.encode(), env=environment())


@pytest.mark.parametrize("session", SESSIONS, ids=lambda path: path.stem)
def test_transcript(session: Path, folder: Path) -> None:
    if session.stem in ("bounds", "weights"):
        pytest.importorskip("torch")
    done = typed(session.read_bytes(), cwd=folder)
    assert done.stderr == b""
    said = done.stdout.decode()
    golden = session.with_suffix(".out")
    if os.environ.get("CATLANG_UPDATE"):
        golden.write_text(said, encoding="utf-8")
    assert said == golden.read_text(encoding="utf-8")
    assert done.returncode == 1, "each of these sessions has a line that is refused"


def test_a_session_without_mistakes(folder: Path) -> None:
    done = typed("net([1, 2, 3, 4])\r\nadd(1, 2)", "net.cat", cwd=folder)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode().startswith("3 declarations of net.cat\n: 1 -> R[4]\n= [")
    assert done.stdout.decode().endswith(": 1 -> R[]\n= 3\n")
    assert typed("", cwd=folder).stdout == b""


def test_a_file_that_is_wrong_ends_it(folder: Path) -> None:
    done = typed("relu", "wrong.cat", cwd=folder)
    assert done.returncode == 1
    assert done.stdout.startswith(b"error[E0302]") and b"wrong.cat:1:29" in done.stdout
    assert typed("", "net.cat", "wrong.cat", cwd=folder).returncode == 2


def test_without_pytorch_it_says_so(folder: Path) -> None:
    program = ("import sys; sys.modules['torch'] = None; from catlang.command import main; sys.exit(main(['repl']))")
    done = typed("affine[_, 2]([1, 2])\nexp(0)\nadd(1, 2)\n", cwd=folder, program=program)
    assert done.stdout.decode() == (
        ": 1 -> R[2]\nno value: it has weights, and PyTorch is not installed: pip install 'catlang[torch]'\n"
        ": 1 -> R[]\nno value: `exp` has no exact value: it is transcendental, and PyTorch is not installed: "
        "pip install 'catlang[torch]'\n: 1 -> R[]\n= 3\n")


def test_checking_lines_needs_no_pytorch(folder: Path) -> None:
    program = ("import sys; from catlang.command import main; main(['repl']); "
               "print(sorted({'torch', 'sympy', 'lark', 'numpy'} & set(sys.modules)))")
    done = typed("dim d\nmorphism f : R[d] -> R[d] = affine\nf\nadd([1, 2], 3)\n", cwd=folder, program=program)
    assert done.stdout.decode().endswith("\n[]\n")


@pytest.mark.parametrize("data", [b"\xff\xfe\n", b"\0\n", b"dim \0n\n", "relu\u202e\n".encode(), b"\x1b[2J\n",
                                  "object \U0001d538 = R[3]\n".encode(), b"\t relu \t\n", b"(" * 100_000,
                                  b"relu(" + b"[" * 140 + b"1" + b"]" * 140 + b")", b":load \xff\n", b":type \0",
                                  b":show \x1b[2J", b"relu" + b" >> relu" * 3000, b"x |->" * 300 + b" x",
                                  b"add([" + b"1, " * 20_000 + b"1], 1)"])
def test_nothing_that_is_typed_stops_it(data: bytes, folder: Path) -> None:
    done = typed(data + b"\n\nadd(1, 2)\n", cwd=folder)
    assert done.returncode in (0, 1) and done.stderr == b""
    assert done.stdout.endswith(b": 1 -> R[]\n= 3\n")
    assert b"\x1b" not in done.stdout


def test_the_same_lines_give_the_same_text(folder: Path) -> None:
    text = SESSIONS[0].read_bytes()
    first, second = (subprocess.run([sys.executable, "-m", "catlang", "repl"], input=text, capture_output=True,
                                    env={**environment(), "PYTHONHASHSEED": seed}, cwd=folder).stdout
                     for seed in ("1", "2"))
    assert first == second


def test_what_is_refused_leaves_no_trace() -> None:
    session = Session()
    for line in ("dim d", "morphism f : R[d] -> R[d] = relu"):
        assert not session.add(line).refused
    before = session.text
    for line in ("dim d = f", "object f = R[3]", "morphism f : R[d] -> R[d, d] = relu", "morphism g : R[d", "dim d = 0",
                 "import std.nothing", "morphism g : R[3] -> R[3] = g"):
        assert session.add(line).refused == (line != "object f = R[3]"), line
        if line != "object f = R[3]":
            assert session.text == before
        else:
            assert not session.add("morphism f : R[d] -> R[d] = relu").refused


@pytest.mark.parametrize("file", sorted((REPOSITORY / "tests" / "idioms").glob("*.cat")), ids=lambda path: path.stem)
def test_a_file_that_is_taken_apart_is_what_it_was(file: Path) -> None:
    session = Session()
    session.load(file.read_text(encoding="utf-8"), str(file.parent))
    assert not list(session.module.bag)
    names = [name for piece in session.pieces for name in piece.names]
    assert set(names) <= set(session.module.scope.names) and names
    for name in names:
        assert session.written(name).splitlines()[-1].strip() in file.read_text(encoding="utf-8")
        assert name in session.signature(name)
        # Put in its own place again it changes nothing.
        before = session.text.split()
        assert not session.add(session.written(name)).refused
        assert set(session.text.split()) <= set(before)


@pytest.mark.parametrize("file", sorted((REPOSITORY / "tests" / "idioms").glob("*.cat")), ids=lambda path: path.stem)
def test_a_body_has_a_type_without_its_header(file: Path) -> None:
    session = Session()
    session.load(file.read_text(encoding="utf-8"), str(file.parent))
    for name, entry in list(session.module.scope.names.items()):
        if isinstance(entry, Definition) and isinstance(entry.node, tree.Morphism) and entry.node.body is not None and (
                not entry.generics and not entry.parameters):
            body = entry.span.source.text[entry.node.body.start:entry.node.body.end]
            assert not Expression(session, body).diagnostics, name


WORDS = """
relu tanh affine id copy drop swap fst snd inl inr add mul softmax each fold unfold scan map zip cons nil tail zero one
1 2.5 -1 [ ] ( ) , >> * + ^ 3 x |-> let = in as a along R Fin n d Hidden mu ListF List true false ... _ at gather
topk[2] curry uncurry run const[2] index[3] [1,2] [[1,2],[3,4]] matmul select less dim object morphism : -> where
"""


@pytest.mark.parametrize("seed", range(4))
def test_lines_made_at_random_find_no_mistake_of_its_own(seed: int, capsys: pytest.CaptureFixture[str]) -> None:
    monkey = random.Random(seed)
    talk = Talk(color=False)
    for line in ("dim n, d", "object Hidden = R[d]", "endofunctor ListF[A](X) = 1 + A * X"):
        talk.answer(line)
    for _ in range(250):
        talk.answer(" ".join(monkey.choice(WORDS.split()) for _ in range(monkey.randint(1, 9))))
    assert capsys.readouterr().err == ""
    assert talk.failed < 3


def test_names_are_completed() -> None:
    names = Session().names()
    assert {"affine", "relu", "softmax"} <= set(names)
    assert offered("aff", "aff", names) == ["affine"]
    assert offered(":t", ":t", names) == [":type"]


def test_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["repl", "--help"]) == 0
    assert capsys.readouterr().out.startswith("usage: catlang repl [FILE.cat]\n")


# ---------------------------------------------------------------- at a terminal


class Terminal:
    """A session at a terminal."""

    def __init__(self, cwd: Path) -> None:
        self.child, self.terminal = pty.fork()
        if self.child == 0:
            # Tests that run in the background may ignore interrupts, which is inherited.
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            os.chdir(cwd)
            os.execve(sys.executable, [sys.executable, "-m", "catlang", "repl"],
                      {**environment(), "TERM": "dumb", "INPUTRC": os.devnull})
        self.screen = ""

    def until(self, text: str, seconds: float = 30) -> str:
        """What is on the screen since last time, once this text is."""
        end = time.monotonic() + seconds
        while text not in self.screen and time.monotonic() < end:
            self.read()
        assert text in self.screen, self.screen
        seen, _, self.screen = self.screen.partition(text)
        return seen + text

    def read(self) -> None:
        if select.select([self.terminal], [], [], 0.1)[0]:
            with contextlib.suppress(OSError):  # of a terminal that nobody has open any more
                self.screen += os.read(self.terminal, 65536).decode("utf-8", "replace")

    def type(self, text: str) -> None:
        os.write(self.terminal, text.encode())

    def interrupt(self) -> None:
        """Presses ctrl-C until there is a new prompt: readline does not see one that comes just before it waits."""
        for _ in range(20):
            self.type("\x03")
            end = time.monotonic() + 2
            while "> " not in self.screen and time.monotonic() < end:
                self.read()
            if "> " in self.screen:
                break
        self.until("> ")

    def ended(self) -> int:
        """The exit code, once it has ended by itself."""
        end = time.monotonic() + 30
        while time.monotonic() < end:
            try:
                if select.select([self.terminal], [], [], 0.1)[0] and not os.read(self.terminal, 65536):
                    break
            except OSError:  # a terminal that nobody has open any more
                break
        code = os.waitstatus_to_exitcode(os.waitpid(self.child, 0)[1])
        os.close(self.terminal)
        return code


def test_at_a_terminal(folder: Path) -> None:
    here = Terminal(folder)
    here.until("> ")
    here.type("add(1,\n")
    here.until("... ")
    here.type("2)\n")
    here.until("= 3")
    here.until("> ")
    here.type("relu >> \n")
    here.until("... ")
    here.interrupt()
    here.type("rleu\n")
    here.until("did you mean `relu`?")
    here.until("> ")
    here.type(":quit\n")
    assert here.ended() == 0


def test_the_end_of_input_ends_it(folder: Path) -> None:
    here = Terminal(folder)
    here.until("> ")
    here.type("\x04")
    assert here.ended() == 0


def test_what_is_interrupted_leaves_the_session(folder: Path) -> None:
    here = Terminal(folder)
    here.until("> ")
    here.type("dim mine\n")
    here.until("> ")
    here.type("matmul(one[90, 90](), one[90, 60]())\n")
    time.sleep(0.5)
    here.interrupt()
    here.type(":show\n")
    here.until("dim mine")
    here.until("> ")
    here.type("\x04")
    assert here.ended() == 0


def test_a_key_completes_and_another_brings_lines_back(folder: Path) -> None:
    pytest.importorskip("readline")
    here = Terminal(folder)
    here.until("> ")
    here.type("cumpr\t([2, 3])\n")
    here.until("= [2, 6]")
    here.until("> ")
    here.type("\x10\n")
    here.until("= [2, 6]")
    here.until("> ")
    here.type(":load ne\t\n")
    here.until("3 declarations of net.cat")
    here.until("> ")
    here.type("blocks.\x15:quit\n")
    assert here.ended() == 0
