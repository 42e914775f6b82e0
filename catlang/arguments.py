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
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Misuse(Exception):
    """The command was not called as it can be; the text says why."""


def read(arguments: Sequence[str], valued: Mapping[str, tuple[str, ...]], flags: Mapping[str, str],
         ) -> tuple[list[str], dict[str, Any]]:
    """What are no options, and the options by their long names.

    ``valued`` gives the options that have a value, with the values allowed (of none given, any); ``flags`` those that
    have none, each with its short name or an empty one.
    """
    short = {letter: name for name, letter in flags.items() if letter}
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
        elif name in valued:
            allowed = valued[name]
            choices = " or ".join(f"`{choice}`" for choice in allowed)
            if not equals:
                if not waiting:
                    raise Misuse(f"`{name}` needs a value" + (f": {choices}" if choices else ""))
                value = waiting.pop()
            if allowed and value not in allowed:
                raise Misuse(f"`{name}` is {choices}, not `{value}`")
            found[name] = value
        else:
            raise Misuse(f"there is no option `{name}`{meant(name, [*valued, *flags])}")
    return rest, found


def meant(name: str, known: Sequence[str]) -> str:
    """``; did you mean `--format`?`` where one of those known is near."""
    from catlang.suggest import nearest

    near = nearest(name, known)
    return f"; did you mean `{near}`?" if near else ""
