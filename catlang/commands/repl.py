"""``catlang repl``: shows types and runs values, a line at a time."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from catlang.arguments import Misuse, Options, meant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from catlang.diagnostic import Diagnostic
    from catlang.repl.session import Session

USAGE = """\
usage: catlang repl [FILE.cat]

Reads lines: a declaration is checked and kept; of an expression the type is shown, and its value where it takes
nothing. Arrays may be typed in brackets where a morphism is applied: `softmax([1, 2, 3])`. Values are exact where they
can be; what has weights, or no exact value, is run by PyTorch, where that is installed. With a file its declarations
are there from the beginning. `:help` says what else there is.

Exit code: 0, or 1 if a line that did not come from a terminal was refused; 2 not called like this, 3 a mistake of
catlang's own.
"""

OPTIONS = Options(takes="path")

HELP = """\
  DECLARATION   is checked and kept; one of the same name takes its place
  EXPRESSION    its type; its value too, if it takes nothing: `softmax([1, 2, 3])`, `relu(-2)`
  :type E       the type of an expression, without its value
  :show NAME    the declaration of a name, yours or the library's; `:show` alone all that was declared
  :load FILE    begins anew with the declarations of a file
  :reset        begins anew
  :quit         ends, as ctrl-D does; ctrl-C drops a line

A line goes on while a bracket is open or an operator is last; an empty one ends it.
"""

COMMANDS = (":help", ":load", ":quit", ":reset", ":show", ":type")


def run(arguments: Sequence[str]) -> int:
    files, _ = OPTIONS.read(arguments)
    if len(files) > 1:
        raise Misuse("one file at a time")
    from catlang.report import coloured

    talk = Talk(coloured(sys.stdout))
    if files and not talk.load(files[0]):
        return 1
    at_a_terminal = sys.stdin is not None and sys.stdin.isatty()
    for text in typed(talk.names) if at_a_terminal else piped():
        if not talk.answer(text):
            break
    return talk.failed if talk.failed > 1 or not at_a_terminal else 0


class Talk:
    """A session being typed. ``failed`` is the exit code that the worst of its lines asks for."""

    def __init__(self, color: bool) -> None:
        from catlang.repl.session import Session

        self.color = color
        self.failed = 0
        self.session: Session = Session()

    def names(self) -> list[str]:
        return self.session.names()

    def answer(self, text: str) -> bool:
        """Does what a line says, and whether to go on after it."""
        try:
            return self._answer(text)
        except KeyboardInterrupt:
            self._say("interrupted")
        except BrokenPipeError:
            raise
        except Exception as failure:
            from catlang.failure import report

            sys.stderr.write(report(failure, ["repl"]))
            self.failed = 3
        return True

    def _answer(self, text: str) -> bool:
        from catlang.repl.reading import declares, words

        line = text.strip()
        if line.startswith(":"):
            return self._command(line)
        if next(words(line), None) is None:
            return True
        if declares(line):
            self._declare(text)
        else:
            self._express(text, run=True)
        return True

    # ---------------------------------------------------------------- lines

    def _declare(self, text: str) -> None:
        answer = self.session.add(text)
        if answer.refused:
            self.failed = max(self.failed, 1)
            self._told(answer.wrong)
            if not answer.wrong:
                self._say("nothing is changed, for what was declared before would no longer hold:\n")
                self._told(answer.broken)
            return
        for line in dict.fromkeys(map(self.session.signature, answer.declared)):
            self._say(line)

    def _express(self, text: str, run: bool) -> None:
        from catlang.checker.entry import Definition
        from catlang.repl.expression import Expression

        name = text.strip()
        entry = self.session.module.scope.find(name) if name.replace("_", "a").isalnum() else None
        if entry is not None:
            self._say(self.session.signature(name))
            if not isinstance(entry, Definition) or entry.parameters:
                return
        expression = Expression(self.session, text)
        if expression.diagnostics:
            # A name by itself was answered: that it leaves something open is no mistake.
            if entry is None:
                self._refused(expression.diagnostics)
            return
        value = None
        if run and expression.closed:
            from catlang.repl.value import value_of

            value = value_of(expression)
        if entry is None:
            self._say(f": {expression.type}")
        if value is None:
            return
        if value.diagnostics:
            self._refused(value.diagnostics)
        elif value.why:
            self.failed = max(self.failed, 1)
            self._say(f"no value: {value.why}")
        else:
            self._say(f"= {value.text}" + (f"    # {value.how}" if value.how else ""))

    def _refused(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.failed = max(self.failed, 1)
        self._told(diagnostics)

    # ---------------------------------------------------------------- commands

    def _command(self, line: str) -> bool:
        word, _, rest = line.partition(" ")
        rest = rest.strip()
        if word in (":quit", ":q"):
            return False
        if word in (":help", ":h", ":?"):
            sys.stdout.write(HELP)
        elif word == ":reset":
            self.session = type(self.session)()
        elif word == ":load":
            if rest:
                self.load(rest)
            else:
                self._misused("no file is named: `:load net.cat`")
        elif word in (":type", ":t"):
            self._express(rest, run=False) if rest else self._misused("no expression stands there: `:type relu`")
        elif word in (":show", ":s"):
            self._show(rest)
        else:
            self._misused(f"there is no command `{word}`{meant(word, COMMANDS) or '; `:help` lists them'}")
        return True

    def _show(self, name: str) -> None:
        from catlang.suggest import nearest

        text = self.session.written(name) if name else self.session.text
        if text:
            self._say(text.rstrip("\n"))
        if text or not name:
            return
        near = nearest(name, self.session.names())
        self._misused(f"there is no `{name}`" + (f"; did you mean `{near}`?" if near else ""))

    def load(self, path: str) -> bool:
        """Begins anew with a file, if it is without mistakes."""
        from catlang.checked import check_paths
        from catlang.source import Unreadable, read

        place = path if path != "-" else "./-"
        try:
            source = read(place, path)
        except Unreadable as unreadable:
            self._refused([unreadable.diagnostic])
            return False
        checked = check_paths([place])
        if not checked.ok:
            self._refused(checked.diagnostics)
            return False
        self.session.load(source.text, os.path.dirname(path) or os.curdir)
        count = len(self.session.pieces)
        self._say(f"{count} declaration{'' if count == 1 else 's'} of {path}")
        return True

    # ---------------------------------------------------------------- output

    def _say(self, text: str) -> None:
        from catlang.visible import visible

        sys.stdout.write("".join(f"{visible(line)}\n" for line in text.split("\n")))
        sys.stdout.flush()

    def _misused(self, text: str) -> None:
        self.failed = max(self.failed, 1)
        self._say(text)

    def _told(self, diagnostics: Iterable[Diagnostic]) -> None:
        from catlang.report import render

        for diagnostic in diagnostics:
            sys.stdout.write(render(diagnostic, "full", self.color) + "\n\n")
        sys.stdout.flush()


# -------------------------------------------------------------------- where lines come from


def piped() -> Iterator[str]:
    """What is read from a file or a pipe: lines, put together where they go on."""
    from catlang.repl.reading import unfinished

    waiting = ""
    for data in sys.stdin.buffer if sys.stdin is not None else ():
        line = data.decode("utf-8", "replace").rstrip("\r\n")
        if not waiting and line.lstrip().startswith(":"):
            yield line
            continue
        waiting += f"{line}\n"
        if not line.strip() or not unfinished(waiting):
            yield waiting
            waiting = ""
    if waiting:
        yield waiting


def typed(names: Callable[[], list[str]]) -> Iterator[str]:
    """What is typed at a terminal, with a prompt, a history, and names completed where there is readline."""
    from catlang.repl.reading import unfinished

    _completing(names)
    waiting = ""
    while True:
        try:
            line = input("... " if waiting else "> ")
        except KeyboardInterrupt:
            sys.stdout.write("\n")
            waiting = ""
            continue
        except EOFError:
            sys.stdout.write("\n")
            return
        waiting += f"{line}\n"
        if not line.strip() or line.lstrip().startswith(":") and waiting.count("\n") == 1 or not unfinished(waiting):
            yield waiting
            waiting = ""


def _completing(names: Callable[[], list[str]]) -> None:
    """Lets readline, where there is one, complete names, commands, and files behind ``:load``."""
    try:
        import readline
    except ImportError:
        return
    found: list[str] = []

    def complete(word: str, number: int) -> str | None:
        if number == 0:
            try:
                found[:] = offered(readline.get_line_buffer(), word, names())
            except Exception:
                found.clear()  # a line is being typed: nothing may come between
        return found[number] if number < len(found) else None

    readline.set_completer_delims(" \t\n()[]{}<>,=+*^|%")
    readline.set_completer(complete)
    libedit = "libedit" in (readline.__doc__ or "")
    readline.parse_and_bind("bind ^I rl_complete" if libedit else "tab: complete")


def offered(line: str, word: str, names: Sequence[str]) -> list[str]:
    """What a word of a line could become.

    >>> offered(":l", ":l", []), offered("aff", "aff", ["affine", "relu"]), offered("dim n = n", "mor", [])
    ([':load'], ['affine'], ['morphism'])
    """
    if line.startswith(":load "):
        from catlang.commands.candidates import candidates

        return [one for one, _ in candidates(["check", word])]
    if word.startswith(":"):
        return [one for one in COMMANDS if one.startswith(word)]
    from catlang.syntax.tables import tables

    return sorted({one for one in [*names, *tables().words] if one.startswith(word)})
