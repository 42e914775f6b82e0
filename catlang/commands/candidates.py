"""``catlang __complete``: what could stand where a shell completes a word.

It is called upon a key, into a line that somebody is typing: it is quick, it prints candidates or nothing, and whatever
is wrong, in a file or with catlang, is no matter for that line.

>>> [word for word, _ in candidates(["che"])]
['check']
>>> [word for word, _ in candidates(["check", "--f"])]
['--format']
>>> [word for word, _ in candidates(["compile", "--format", ""])]
['full', 'concise']
>>> [word for word, _ in candidates(["check", "--format=f"])]
['--format=full']
>>> [word for word, _ in candidates(["explain", "e010"])][:2]
['E0100', 'E0101']
>>> list(candidates(["new", ""]))
[]
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import TYPE_CHECKING

from catlang.arguments import Options

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from catlang.source import Source
    from catlang.syntax.parser import Parsed

#: A longer file is not read upon a key.
LONGEST = 1_000_000
#: No more than so many candidates are offered.
MOST = 500

Candidate = tuple[str, str]


def run(arguments: Sequence[str]) -> int:
    """``bash LINE BREAKS``, or another shell's name and the words behind ``catlang``, the last of them unfinished."""
    try:
        shell, *words = arguments
        if shell != "bash":
            words[-1:] = split(words[-1])[0][:1] if shell == "fish" or words[-1][:1] in ("'", '"') else words[-1:]
        shown = in_bash(*words) if shell == "bash" else [*candidates(words)]
        text = "".join(f"{word}\t{about}".rstrip("\t") + "\n" for word, about in shown[:MOST])
        sys.stdout.write(text)
        sys.stdout.flush()
    except Exception:
        pass  # there is nobody to tell: the shell is in the middle of a line
    return 0


# ---------------------------------------------------------------- words as shells have them


def in_bash(line: str, breaks: str) -> list[Candidate]:
    """The candidates for a line of bash, each as it is to be put in place of what bash takes for the last word: that
    begins behind a ``:`` or ``=`` where these break words, and is quoted as it was begun.

    >>> [word for word, _ in in_bash("catlang check --format=c", " =:")]
    ['concise']
    """
    words, quote = split(line)
    if len(words) < 2:
        return []
    kept = max((words[-1].rfind(mark) + 1 for mark in ":=" if mark in breaks), default=0) if not quote else 0
    return [(quoted(word[kept:], quote), about) for word, about in candidates(words[1:])]


def split(line: str) -> tuple[list[str], str]:
    """The words of a line that may end within one, and the quotation mark that is open there.

    >>> split("catlang check 'my fi")
    (['catlang', 'check', 'my fi'], "'")
    >>> split(r"catlang check my\\ file.cat ")
    (['catlang', 'check', 'my file.cat', ''], '')
    """
    words, quote, escaped = [""], "", False
    for character in line:
        if escaped:
            words[-1] += character if not quote or character in '"\\$`' else f"\\{character}"
            escaped = False
        elif character == "\\" and quote != "'":
            escaped = True
        elif quote:
            if character == quote:
                quote = ""
            else:
                words[-1] += character
        elif character in "'\"":
            quote = character
        elif character in " \t\n":
            if words[-1]:
                words.append("")
        else:
            words[-1] += character
    return words, quote


def quoted(word: str, quote: str) -> str:
    """A word as it is typed, within an open quotation mark or without one.

    >>> quoted("my file.cat", ""), quoted("my file.cat", "'"), quoted("a$b", '"')
    ('my\\\\ file.cat', 'my file.cat', 'a\\\\$b')
    """
    if quote == "'":
        return word.replace("'", "'\\''")
    special = '"\\$`' if quote else " \t\"'\\$`&|;<>()*?[]!#{}"
    return "".join(f"\\{character}" if character in special else character for character in word)


# ---------------------------------------------------------------- what could stand there


def candidates(words: Sequence[str]) -> Iterator[Candidate]:
    """What the last of the words behind ``catlang`` could become, each with a few words about it."""
    from catlang.commands import COMMANDS

    *before, word = words or [""]
    before = [one for one in before if one]
    if not before or before == ["help"]:
        commands = {name: about for name, (_, about) in COMMANDS.items()}
        yield from _beginning(word, commands if before else {**commands, "--help": "", "--version": ""})
        return
    name, *given = before
    if name not in COMMANDS:
        return
    options = getattr(importlib.import_module(COMMANDS[name][0]), "OPTIONS", None) or Options(takes="path")
    last = options.long.get(given[-1], given[-1]) if given else ""
    if "--" in given:
        yield from _arguments(options, word)
    elif last in options.valued or last in options.repeated:
        yield from _values(options, last, word, given[:-1])
    elif word.startswith("-"):
        option, equals, value = word.partition("=")
        if equals:
            option = options.long.get(option, option)
            yield from ((f"{option}={one}", about) for one, about in _values(options, option, value, given))
        else:
            taken = {one.partition("=")[0] for one in given}
            known = [*options.valued, *options.flags, *options.repeated, "--help"]
            yield from _beginning(word, {one: "" for one in known if one not in taken or one in options.repeated})
    else:
        yield from _arguments(options, word)


def _beginning(word: str, known: dict[str, str]) -> Iterator[Candidate]:
    return ((one, about) for one, about in known.items() if one.startswith(word))


def _values(options: Options, option: str, word: str, given: Sequence[str]) -> Iterator[Candidate]:
    """What could be the value of an option."""
    if options.valued.get(option):
        yield from _beginning(word, dict.fromkeys(options.valued[option], ""))
    elif option in options.files:
        yield from _files(word, options.files[option])
    elif option in options.sizes and "=" not in word:
        target = next((one for one in given if "::" in one), "")
        path, _, name = target.rpartition("::")
        yield from _beginning(word, {f"{one}=": "" for one in open_names(path, name)} if path else {})


def _arguments(options: Options, word: str) -> Iterator[Candidate]:
    """What could stand where no option is meant."""
    if options.takes == "target":
        path, colons, _ = word.rpartition("::")
        if colons:
            yield from _beginning(word, {f"{path}::{one}": about for one, about in morphisms(path)})
            return
        for file, about in _files(word.rstrip(":") if word.endswith(".cat:") else word, (".cat",)):
            yield (file if file.endswith("/") else f"{file}::"), about
    elif options.takes in ("path", "file"):
        yield from _files(word, options.files.get("", (".cat",)))
    elif options.takes == "code":
        from catlang.codes import CODES

        yield from _beginning(word.upper(), CODES)
    elif options.takes == "shell":
        yield from _beginning(word, dict.fromkeys(("bash", "zsh", "fish"), ""))


def _files(word: str, endings: tuple[str, ...]) -> Iterator[Candidate]:
    """Folders, and files whose names end so; hidden ones where the word begins with a dot."""
    folder, beginning = os.path.split(word)
    place = os.path.expanduser(folder) or os.curdir
    with os.scandir(place) as entries:
        found = sorted((entry.name, entry.is_dir()) for entry in entries)
    for name, is_folder in found:
        if not name.startswith(beginning) or name.startswith(".") and not beginning.startswith("."):
            continue
        if not name.isprintable() or not (is_folder or name.endswith(endings)):
            continue
        yield os.path.join(folder, name) + ("/" if is_folder else ""), ""


def _parsed(path: str) -> tuple[Source, Parsed] | None:
    """What a file declares, as far as it can be read; None where it is large, or no file."""
    from catlang.source import decoded
    from catlang.syntax.parser import parse

    place = os.path.expanduser(path)
    if not os.path.isfile(place):
        return None
    with open(place, "rb") as file:
        data = file.read(LONGEST + 1)
    if len(data) > LONGEST:
        return None
    source = decoded(data, path, path)
    return source, parse(source)


def morphisms(path: str) -> list[Candidate]:
    """The morphisms of a file that could be compiled, each with the first line of its documentation."""
    from catlang.syntax import tree
    from catlang.visible import visible

    read = _parsed(path)
    if read is None:
        return []
    source, parsed = read
    found: list[Candidate] = []
    for node in parsed.declarations:
        if isinstance(node, tree.Morphism) and not any(isinstance(one.type, tree.Arrow) for one in node.parameters):
            about = (source.doc(node.start) or node.keyword).partition("\n")[0]
            found.append((node.name, visible(about)))
    return found + [(name, "") for name in sorted(parsed.broken)]


def open_names(path: str, name: str) -> list[str]:
    """What can be given a value where a morphism of a file is compiled: dims without one, params, and its sizes."""
    from catlang.syntax import tree

    read = _parsed(path)
    found: list[str] = []
    for node in read[1].declarations if read is not None else ():
        if isinstance(node, tree.Dims):
            found += [item.name for item in node.items if item.value is None]
        elif isinstance(node, tree.Param):
            found.append(node.name)
        elif isinstance(node, tree.Morphism) and node.name == name:
            found += [one.name for one in node.generics if not one.spread and not one.name[:1].isupper()]
    return list(dict.fromkeys(found))
