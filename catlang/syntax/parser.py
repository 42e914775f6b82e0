"""The parse: a walk over the tables that Lark made of the grammar.

Lark analyses the grammar (``grammar/tables.py``); at run time the tables are plain data and the walk is the textbook's
shift and reduce, with one regular expression as its lexer. Soft words are words only where the state asks for them.
Upon a mistake the parse goes on at the next line that begins with a declaration's word, so that a file with five
mistakes gives five messages.

>>> from catlang.span import Source
>>> parsed = parse(Source("m.cat", None, "dim n dim d = 2*n"))
>>> parsed.declarations
[Dims([DimItem('n', None, None, None)], []), Dims([DimItem('d', None, None, Times([Number(2), Name('n')]))], [])]
>>> [found.headline for found in parse(Source("m.cat", None, "object A == B")).diagnostics]
['expected `=` or `:`, found `==`']
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from catlang.collector import paused
from catlang.diagnostic import Diagnostic, Label
from catlang.span import Source, Span
from catlang.syntax import tree
from catlang.syntax.builder import Builder, fold
from catlang.syntax.tables import DECLARATION, Tables, Token, tables
from catlang.syntax.wording import unexpected

#: At most so many mistakes of syntax are told of one file.
MOST_MISTAKES = 50
#: At most so many brackets may stand open.
MOST_OPEN = 200
#: At most so many states may lie on the stack: no text that people write comes near.
MOST_STATES = 3_000


class Parsed(NamedTuple):
    """The declarations that could be read, what was wrong, and the names of those that could not be read."""

    declarations: list[tree.Declaration]
    diagnostics: list[Diagnostic]
    broken: set[str]


class Mistake(Exception):
    """The walk stopped at a token; ``previous`` is the one before. ``expected`` is empty where it is the automaton's to
    say, ``DEPTH`` or ``BRACKET`` where something else is wrong."""

    def __init__(self, token: Token, expected: set[str], previous: Token | None, opened: list[Token]) -> None:
        super().__init__(token)
        self.token, self.expected, self.previous, self.opened = token, expected, previous, opened


def _walk(text: str, start: int, end: int, builder: Any, probe: bool = False, table: Tables | None = None) -> list[int]:
    """Shift and reduce from ``start`` to ``end``; raises :class:`Mistake`. A ``probe`` stops at the end and returns the
    stack of states there, before anything is reduced."""
    table = table or tables()
    states, rules, words, soft, signs = table.states, table.rules, table.words, table.soft, table.signs
    match = table.pattern.match
    stack: list[int] = [table.start]
    values: list[Any] = []
    opened: list[Token] = []
    position = start
    previous: Token | None = None
    while True:
        found = match(text, position, end)
        assert found is not None
        group = found.lastindex or 5
        word = found[group]
        token = Token(word)
        position = found.end()
        token.end_pos = position
        token.start_pos = position - len(word)
        if group == 1:
            kind = words.get(word)
            if kind is None:
                kind = soft.get(word, "NAME")
                if kind not in states[stack[-1]]:
                    kind = "NAME"
        elif group == 2:
            kind = signs[word]
            if word in "([{":
                opened.append(token)
                if len(opened) > MOST_OPEN:
                    raise Mistake(token, {"DEPTH"}, previous, opened)
            elif word in ")]}":
                if not opened or opened[-1] + word not in ("()", "[]", "{}"):
                    raise Mistake(token, {"BRACKET"}, previous, opened)
                opened.pop()
        elif group == 5:
            if probe:
                return stack
            kind = "$END"
        else:
            kind = ("NUMBER", "STRING", "", "UNKNOWN")[group - 3]
        token.type = kind
        while True:
            actions = states[stack[-1]]
            action = actions.get(kind)
            if action is None:
                raise Mistake(token, set(), previous, opened)
            if action >= 0:
                if kind == "$END":
                    return stack
                stack.append(action)
                if len(stack) > MOST_STATES:
                    raise Mistake(token, {"DEPTH"}, previous, opened)
                values.append(token)
                break
            origin, size, method, alone, recipe = rules[-1 - action]
            if size:
                children = values[-size:]
                del stack[-size:]
                del values[-size:]
            else:
                children = []
            if recipe is not None:
                kept: list[Any] = []
                for place, splice, absent in recipe:
                    if absent:
                        kept.extend([None] * absent)
                    if place >= 0:
                        if splice and not kept:
                            kept = children[place]  # it was gathered for this rule alone, and need not be copied
                        elif splice:
                            kept.extend(children[place])
                        else:
                            kept.append(children[place])
                children = kept
            if method is None:
                value: Any = children
            elif alone and len(children) == 1:
                value = children[0]
            else:
                value = getattr(builder, method)(children)
            if origin == "start":
                return stack
            stack.append(states[stack[-1]][origin])
            values.append(value)
        previous = token


def recognise(text: str, builder: Any, table: Tables) -> None:
    """Walks over a text with a builder of another kind, and the tables that say with what it is called; raises
    :class:`Mistake`, and goes on after none."""
    _walk(text, 0, len(text), builder, table=table)


def _expected(text: str, start: int, previous: Token | None) -> set[str]:
    """The terminals that could follow ``previous``: those on which the automaton, run ahead, comes to a shift.

    What the state itself has entries for is too much: its look-aheads are merged over all the places it stands for.
    """
    table = tables()
    states, rules = table.states, table.rules
    reached = [table.start] if previous is None else _walk(text, start, previous.end_pos, Builder(), probe=True)
    found: set[str] = set()
    for kind in states[reached[-1]]:
        if not kind.isupper():
            continue
        stack = reached[:]
        while True:
            action = states[stack[-1]].get(kind)
            if action is None:
                break
            if action >= 0:
                found.add(kind)
                break
            origin, size = rules[-1 - action][:2]
            if origin == "start":
                found.add(kind)
                break
            if size:
                del stack[-size:]
            stack.append(states[stack[-1]][origin])
    return found


def parse(source: Source, start: int = 0, end: int | None = None) -> Parsed:
    """The syntax tree of a source, or of a part of it; never raises, whatever the text."""
    builder = Builder()
    diagnostics: list[Diagnostic] = []
    broken: set[str] = set()
    position = start
    end = len(source.text) if end is None else end
    with paused():
        while True:
            declared, mistaken = len(builder.declarations), len(builder.mistakes)
            try:
                _walk(source.text, position, end, builder)
                break
            except Mistake as mistake:
                at, previous = mistake.token.start_pos, mistake.previous
                expected = mistake.expected or _expected(source.text, position, previous)
                diagnostics.append(unexpected(source, mistake.token, expected, previous, mistake.opened))
                begin, following = _around(source.text, at, position)
                if "$END" in expected and previous is not None and source.text[at - 1] == "\n":
                    # A new line begins with the mistake: what stands before it is whole.
                    whole = Builder()
                    _walk(source.text, position, previous.end_pos, whole)
                    builder.declarations[declared:] = whole.declarations
                    builder.mistakes[mistaken:] = whole.mistakes
                    begin = at
                broken |= _names(source.text[begin:following])
                position = following
                if len(diagnostics) >= MOST_MISTAKES or position >= len(source.text):
                    break
    # A declaration with a mistake in it is not looked at any further; what it names is known to be broken.
    declarations = []
    places = [start for _, _, start, _, _ in builder.mistakes]
    for node in builder.declarations:
        if places and any(node.start <= place < node.end for place in places):
            broken.update(tree.declared(node))
        else:
            declarations.append(node)
    for code, headline, start, end, help in builder.mistakes[:MOST_MISTAKES]:
        diagnostics.append(Diagnostic(code, headline, [Label(Span(source, start, end), "")], help=(help,)))
    return Parsed(declarations, diagnostics, broken)


def _around(text: str, at: int, position: int) -> tuple[int, int]:
    """Where the declaration with a mistake begins, and where the parse goes on."""
    resume = tables().resume
    begin = position
    for found in resume.finditer(text, position, at):
        if found.end() < at:
            begin = found.end()
    here = resume.match(text, text.rfind("\n", 0, at) + 1)
    if here is not None and here.end() == at and at > position and _WORD.match(text, at):
        # A declaration's word where none can stand is itself where the parse goes on.
        return begin, at
    following = resume.search(text, at + 1)
    return begin, following.end() if following is not None else len(text)


_WORD = re.compile(rf"(?:{'|'.join(DECLARATION)})\b")
_NAMED = re.compile(r"\b(?:object|morphism|primitive|cell|frozen|param|dim|endofunctor|algebra|coalgebra|hom|group|"
                    r"theory|model|action|semiring|category)\s+([^\W\d]\w*)|"
                    r"^[^\W\d]\w*[ \t]+([^\W\d]\w*)[ \t]*(?:[\[(:=]|$)", re.MULTILINE)


def _names(text: str) -> set[str]:
    """What the text would have declared, so that its uses elsewhere give no second message."""
    return {fold(one or other) for one, other in _NAMED.findall(text)}
