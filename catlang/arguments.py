"""The arguments of a command: its options, and what is not an option.

Read by hand, since ``argparse`` would take longer to import than most files take to check. An option is ``--name``, or
``--name VALUE`` (also ``--name=VALUE``) where it has one; ``--`` ends them, and ``-`` is no option.

>>> read(["a.cat", "--format=concise", "-q"], {"--format": ("full", "concise")}, {"--quiet": "-q"})
(['a.cat'], {'--format': 'concise', '--quiet': True})
>>> read(["--fromat", "full"], {"--format": ("full", "concise")}, {})
Traceback (most recent call last):
    ...
catlang.arguments.Misuse: there is no option `--fromat`; did you mean `--format`?
>>> read(["--format", "xml"], {"--format": ("full", "concise")}, {})
Traceback (most recent call last):
    ...
catlang.arguments.Misuse: `--format` is `full` or `concise`, not `xml`

What may be given several times is a list, and a short name may stand for a long one that has a value.

>>> read(["-d", "n=3", "--dim=m=4", "-o", "-"], {"--out": ()}, {}, {"--dim": "-d"}, {"-o": "--out"})
([], {'--dim': ['n=3', 'm=4'], '--out': '-'})

What a command takes it declares once, as its module's ``OPTIONS``: by that its arguments are read, and completed.

>>> Options(valued={"--format": ("full", "concise")}, flags={"--quiet": "-q"}).read(["a.cat", "-q"])
(['a.cat'], {'--quiet': True})
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Misuse(Exception):
    """The command was not called as it can be; the text says why."""


def read(arguments: Sequence[str], valued: Mapping[str, tuple[str, ...]], flags: Mapping[str, str],
         repeated: Mapping[str, str] | None = None, letters: Mapping[str, str] | None = None,
         ) -> tuple[list[str], dict[str, Any]]:
    """What are no options, and the options by their long names.

    ``valued`` gives the options that have a value, with the values allowed (of none given, any); ``flags`` those that
    have none, each with its short name or an empty one; ``repeated`` those that have any value and may come several
    times, likewise; ``letters`` the long names of short ones besides.
    """
    repeated = repeated or {}
    short = {letter: name for name, letter in {**flags, **repeated}.items() if letter} | dict(letters or {})
    rest: list[str] = []
    found: dict[str, Any] = {}
    waiting = list(reversed(arguments))
    while waiting:
        argument = waiting.pop()
        if argument == "--":
            rest += reversed(waiting)
            break
        if argument == "-" or not argument.startswith("-"):
            rest.append(argument)
            continue
        name, equals, value = argument.partition("=")
        name = short.get(name, name)
        if name in flags:
            if equals:
                raise Misuse(f"`{name}` takes no value")
            found[name] = True
        elif name in valued or name in repeated:
            allowed = valued.get(name, ())
            choices = " or ".join(f"`{choice}`" for choice in allowed)
            if not equals:
                if not waiting:
                    raise Misuse(f"`{name}` needs a value" + (f": {choices}" if choices else ""))
                value = waiting.pop()
            if allowed and value not in allowed:
                raise Misuse(f"`{name}` is {choices}, not `{value}`")
            if name in repeated:
                found.setdefault(name, []).append(value)
            else:
                found[name] = value
        else:
            raise Misuse(f"there is no option `{name}`{meant(name, [*valued, *flags, *repeated])}")
    return rest, found


class Options:
    """What a command can be called with: the options as ``read`` takes them, and what else its words are.

    ``takes`` says what the arguments that are no options are: ``path`` (a ``.cat`` file, or a folder), ``target`` (a
    morphism, ``FILE::NAME``), ``code``, ``shell``, ``file``, or nothing that could be completed. ``files`` gives the
    options whose value is a file, each with how the names of such files end, and under an empty name how those of the
    arguments do where they are no ``.cat`` files; ``sizes`` those whose value is ``NAME=VALUE`` of the target.
    """

    __slots__ = ("files", "flags", "letters", "repeated", "sizes", "takes", "valued")

    def __init__(self, *, valued: Mapping[str, tuple[str, ...]] | None = None, flags: Mapping[str, str] | None = None,
                 repeated: Mapping[str, str] | None = None, letters: Mapping[str, str] | None = None, takes: str = "",
                 files: Mapping[str, tuple[str, ...]] | None = None, sizes: Sequence[str] = ()) -> None:
        self.valued = dict(valued or {})
        self.flags = dict(flags or {})
        self.repeated = dict(repeated or {})
        self.letters = dict(letters or {})
        self.takes = takes
        self.files = dict(files or {})
        self.sizes = tuple(sizes)

    def read(self, arguments: Sequence[str]) -> tuple[list[str], dict[str, Any]]:
        """What are no options, and the options by their long names; raises ``Misuse``."""
        return read(arguments, self.valued, self.flags, self.repeated, self.letters)

    @property
    def long(self) -> dict[str, str]:
        """The long name that each short one stands for."""
        return {letter: name for name, letter in {**self.flags, **self.repeated}.items() if letter} | self.letters


def meant(name: str, known: Sequence[str]) -> str:
    """``; did you mean `--format`?`` where one of those known is near."""
    from catlang.suggest import nearest

    near = nearest(name, known)
    return f"; did you mean `{near}`?" if near else ""
