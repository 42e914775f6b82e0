"""Mistakes of syntax, in words.

What stands in the way is told before what the grammar would have taken: a bracket that was never closed, a reserved
word as a name, an ``=`` in a law. Only then: expected this, found that.
"""

from __future__ import annotations

from typing import Any

from catlang.diagnostic import Diagnostic, Label
from catlang.span import Source, Span
from catlang.syntax.tables import DECLARATION, Token, tables

#: How a terminal is called in a message; what stands for itself is not listed.
CALLED = {
    "NAME": "a name", "NUMBER": "a number", "STRING": "a path in quotes", "_EQ": "`=`", "_COLON": "`:`",
    "_ARROW": "`->`", "_COMMA": "`,`", "LPAR": "`(`", "RPAR": "`)`", "LSQB": "`[`", "RSQB": "`]`", "LBRACE": "`{`",
    "RBRACE": "`}`", "_IN": "`in`", "_IMPLIES": "`=>`", "_MAPSTO": "`|->`", "ELLIPSIS": "`...`",
    "$END": "the end of the file", "EQEQ": "`==`", "_EVAL": "`eval`", "_DOT": "`.`",
}
#: Terminals that begin an expression.
BEGINS = {"NAME", "NUMBER", "LPAR", "LSQB", "ELLIPSIS", "WILDCARD"}
#: Terminals that go on with an expression, of no help in a list of what was expected.
GOES_ON = {"_COMPOSE", "_AFTER", "_STAR", "_PLUS", "MINUS", "FLOOR", "SLASH", "PERCENT", "CARET", "_OVER", "INIT",
           "_AS", "_DOT", "_ALONG", "_MAPSTO", "EQEQ", "LE", "GE", "LT", "GT", "NE", "DIVIDES"}


#: Clauses that may be left out: no help in a list of what was expected.
CLAUSES = {"_WHERE", "WEIGHTS", "STATE", "NOISE", "REDUCES", "COPIES", "_EVAL", "UP", "ON", "OF", "TRAIN"}


def _is_declaration(kind: str) -> bool:
    return kind.lower() in DECLARATION


def _shown(token: Token) -> str:
    if token.type == "$END":
        return "the end of the file"
    return f"`{token}`" if len(token) <= 30 else f"`{token[:27]}...`"


def _expected(expected: set[str], python: bool = False) -> str:
    """What could have stood here, in a few words; ``python`` says that it would stand behind that word."""
    if expected >= BEGINS:
        return "an expression"
    if {"NAME", "NUMBER", "LPAR"} <= expected:
        return "an axis, `->` or `)`" if {"_ARROW", "RPAR"} <= expected else (
            "an axis or `->`" if "_ARROW" in expected else "an axis or `)`")
    kinds = expected - GOES_ON if expected - GOES_ON else expected
    if "NUMBER" not in kinds and kinds - {"ELLIPSIS"}:
        kinds = kinds - {"ELLIPSIS"}
    if "NAME" not in kinds and kinds - {"LPAR", "LSQB"}:
        kinds = kinds - {"LPAR", "LSQB"}
    if "$END" in kinds:
        # The declaration may be over: then what is said is how it could go on, if there is anything to say.
        kinds = {kind for kind in kinds if not _is_declaration(kind)} - CLAUSES - {"$END", "_IN"}
        if not kinds or kinds == {"_COMMA"}:
            return "an operator" if "_COMPOSE" in expected else "a declaration"
    order = ["RPAR", "RSQB", "RBRACE", "NAME", "_EQ", "_COLON", "_ARROW", "_COMMA"]
    names = sorted(kinds, key=lambda kind: (order.index(kind) if kind in order else len(order), kind))
    called: list[str] = []
    for kind in names:
        if kind == "STRING" and "NAME" not in kinds:
            # The other texts that there are, those behind `python` aside, may be a name too.
            word = "a class in quotes" if python else "a reason in quotes"
        else:
            word = CALLED.get(kind) or f"`{kind.strip('_').lower()}`"
        if word not in called:
            called.append(word)
    if not called:
        return "something else"
    called = called[:4]
    return called[0] if len(called) == 1 else f"{', '.join(called[:-1])} or {called[-1]}"


def unexpected(source: Source, token: Token, expected: set[str], previous: Any, opened: list[Any]) -> Diagnostic:
    """The diagnostic for a token that the grammar does not take where it stands."""
    here = Label(Span(source, token.start_pos, max(token.end_pos, token.start_pos)), "")
    kind = token.type if hasattr(token, "type") else ""
    if expected == {"DEPTH"}:
        return Diagnostic("E0106", "this is nested too deep", [here],
                          help=("name a part of it with `let` or a declaration of its own",))
    if expected == {"BRACKET"} and not opened:
        return Diagnostic("E0101", f"`{token}` closes nothing", [here], help=("remove it",))
    if expected == {"BRACKET"}:
        wanted = {"(": ")", "[": "]", "{": "}"}[opened[-1]]
        other = Label(Span(source, opened[-1].start_pos, opened[-1].end_pos), "opened here", primary=False)
        return Diagnostic("E0101", f"`{opened[-1]}` is closed by `{token}`",
                          [Label(here.span, f"expected `{wanted}`"), other])
    if kind == "UNKNOWN":
        return _character(source, token, here)
    if opened and (kind == "$END" or (_is_declaration(kind) and kind not in ("MODEL", "ACTION", "GROUP", "MONOID"))):
        last = opened[-1]
        wanted = {"(": ")", "[": "]", "{": "}"}[last]
        return Diagnostic("E0101", f"`{last}` is never closed",
                          [Label(Span(source, last.start_pos, last.end_pos), "opened here")],
                          help=(f"put a `{wanted}` before the next declaration",))
    if kind == "LET" and "LPAR" in expected and previous is not None:
        return Diagnostic("E0100", "a `let` inside a chain stands in parentheses",
                          [Label(here.span, "it would take all that follows")], help=("write `f >> (let a = g in a)`",))
    if str(token) in tables().words and "NAME" in expected and str(token) not in ("_", "...") and not (
            expected >= BEGINS and (kind in ("_IN", "_WHERE", "_OVER", "_ALONG") or _starts_line(source, token))):
        return Diagnostic("E0108", f"`{token}` is a reserved word", [Label(here.span, "a name is expected here")],
                          help=(f"choose another name, for example `{token}_`",))
    if kind == "_EQ" and {"EQEQ", "DIVIDES"} & expected:
        what = "law" if any(one == "{" for one in opened) else "condition"
        return Diagnostic("E0110", f"a {what} is written with `==`", [Label(here.span, "`=` gives a name a meaning")],
                          help=("write `==`",))
    if kind == "SLASH" and "FLOOR" in expected:
        return Diagnostic("E0100", "expected an operator, found `/`", [here], help=("integer division is `//`",))
    if kind == "_ARROW" and "_MAPSTO" in expected:
        return Diagnostic("E0100", "a lambda is written with `|->`", [Label(here.span, "`->` stands in headers")],
                          help=("write `x |-> f(x)`",))
    python = previous is not None and previous.type == "PYTHON"
    wanted = _expected(expected, python) if previous is None or previous.type != "ALLOW" else "a code, such as `E0205`"
    if _starts_line(source, token) and "$END" in expected and token.isidentifier():
        return _no_declaration(token, here, wanted)
    help: tuple[str, ...] = ()
    if wanted == "an operator" and (kind in BEGINS or token.isidentifier()):
        help = ("two expressions side by side are joined by `>>` (then), `*` (beside) or `,`",)
    elif wanted in ("`python`", "a class in quotes"):
        help = ('what an extern is stands in Python: `= python "package.module:Class"`',)
    elif wanted == "a reason in quotes":
        help = ("an `allow` names one code, and has one reason: `allow E0205 \"...\"`",)
    elif kind == "NAME" and "_AS" in expected and wanted == "a declaration":
        help = (f"write `as {token}`",)
    elif kind == "_EQ" and "_ARROW" in expected:
        help = ("a morphism has a domain and a codomain: `name : A -> B = body`",)
    elif kind == "_EQ" and "_COLON" in expected:
        help = ("the type comes first: `: A -> B = ...`",)
    elif token == "of" and "_COLON" in expected:
        help = ("a model is of a theory: `model Sum : Monoid { ... }`",)
    elif expected == {"LBRACE"}:
        help = ("what belongs to it stands in braces, with commas between: `{ sort M, op e : 1 -> M }`",)
    elif "SORT" in expected:
        help = ("each entry has its word: `sort M`, `op f : A -> B`, `law l (x : M) : f(x) == x`",)
    elif wanted == "`}` or `,`":
        help = ("entries have commas between them: put one in front of this",)
    elif kind == "EQEQ" and "_EQ" in expected:
        help = ("`=` gives a name its meaning; `==` is for conditions",)
    labels = [Label(here.span, f"expected {wanted}")]
    return Diagnostic("E0100", f"expected {wanted}, found {_shown(token)}", labels, help=help)


def _starts_line(source: Source, token: Token) -> bool:
    line = source.text.rfind("\n", 0, token.start_pos) + 1
    before = source.text[line : token.start_pos]
    return before == "" or (before.strip() == "" and _is_declaration(token.type))


def _no_declaration(token: Token, here: Label, wanted: str) -> Diagnostic:
    """A line that begins with a word, where a declaration may begin."""
    from catlang.suggest import nearest
    word = str(token)
    others = {"def": "morphism", "fn": "morphism", "func": "morphism", "function": "morphism", "class": "object",
              "type": "object", "size": "dim", "var": "dim", "const": "param", "include": "import", "from": "import",
              "use": "import", "data": "object", "struct": "object"}
    near = others.get(word) or nearest(word, DECLARATION)
    if near is not None:
        return Diagnostic("E0100", f"no declaration begins with `{word}`", [here], help=(f"did you mean `{near}`?",))
    help = "declarations begin with `dim`, `param`, `object`, `morphism`, `primitive`, `theory` or `model`"
    if wanted not in ("a declaration", "an operator"):
        return Diagnostic("E0100", f"expected {wanted}, found `{word}`", [Label(here.span, f"expected {wanted}")])
    return Diagnostic("E0100", f"no declaration begins with `{word}`", [here], help=(help,))


def _character(source: Source, token: Token, here: Label) -> Diagnostic:
    """A character that begins nothing in the language."""
    import unicodedata

    character = str(token)
    name = unicodedata.name(character, "") if not character.isascii() else ""
    called = f"`{character}`" if character.isprintable() else f"U+{ord(character):04X}"
    if name:
        called += f" (U+{ord(character):04X} {name.lower()})"
    help: tuple[str, ...] = ()
    if character == '"':
        return Diagnostic("E0109", "this text is never closed", [here], help=('put a `"` on the same line',))
    twins = {"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "−": "-", "∗": "*", "⋅": "*", "·": "*",
             "：": ":", "，": ",", "；": ",", "（": "(", "）": ")", ";": ",", "&": "*", "|": "|->",
             "\\": "|->", "@": ">>", "λ": "|->", "⊗": "*", "⊕": "+", "\u00a0": " ", "⟶": "->", "!": "!=", "²": "^2"}
    if character in twins:
        help = (f"did you mean `{twins[character]}`?",)
    return Diagnostic("E0109", f"the character {called} has no meaning here", [here], help=help)
