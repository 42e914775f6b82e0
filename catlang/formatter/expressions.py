"""Expressions as documents: a function for each rule of the grammar, called when all below it have theirs.

The rules and what their nodes hold are those of ``grammar/catlang.lark``, every token included.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from catlang.formatter.concrete import Node
from catlang.formatter.document import (
    Aligned,
    Bracket,
    Break,
    Column,
    Document,
    Fill,
    Group,
    Indented,
    Last,
    Padding,
)
from catlang.syntax.tables import Token

#: What is a size where its parts are.
SIZES = frozenset({"items", "sum", "product", "prefix", "group", "named", "given", "relation", "guarded", "dim_bound"})
#: How wide a `let` on one line may be.
SHORT = 70
#: How wide the patterns may be whose `=` stand below each other.
WIDEST = 24


def document(part: Any) -> Document:
    return part.document if type(part) is Node else part


def parted(kids: list[Any], by: str = " ") -> list[Document]:
    """The parts, with a blank or another text between each two."""
    found: list[Document] = []
    for kid in kids:
        found += (document(kid), by)
    return found[:-1]


def listed(kids: list[Any]) -> list[list[Any]]:
    """What stands between commas, each with the comma behind it; a comma at the end is left out."""
    found: list[list[Any]] = []
    for kid in kids:
        if type(kid) is Token and kid == ",":
            found[-1].append(kid)
        else:
            found.append([document(kid)])
    if found:
        del found[-1][1:]
    return found


def bracket(opened: Token, kids: list[Any], closed: Token, filled: bool = False, blank: str = "",
            hang: int = 4) -> Bracket:
    """Items in brackets: ``filled`` puts as many on a line as fit, else each has a line of its own."""
    groups = [Group(item) for item in listed(kids)]
    whole = Bracket(groups, hang)
    if len(groups) == 1 and type(kids[0]) is Node and kids[0].rule == "lambda_":
        # The body of a lone lambda stands as far to the right as it would without the brackets.
        whole.document = [opened, groups, closed]
        return whole
    inside: list[Document] = []
    for group in groups:
        if inside:
            inside.append(Fill(group) if filled else Break())
        inside.append(group)
    if blank and groups:
        whole.document = [opened, blank, Aligned([whole.inner, inside, Last()], whole), blank, closed]
    else:
        whole.document = [opened, Aligned([whole.inner, inside], whole), closed]
    return whole


def items(kids: list[Any]) -> list[Any]:
    """The items of optional brackets, which are one node or nothing."""
    return kids[0].kids if kids else []


# ------------------------------------------------------------------ atoms and what is behind them


def plain(node: Node) -> Document:
    """Tokens that stand close: a name, ``s...``, ``f.name``."""
    return [document(kid) for kid in node.kids]


def spaced(node: Node) -> Document:
    return parted(node.kids)


def group(node: Node) -> Document:
    opened, *inside, closed = node.kids
    return bracket(opened, items(inside), closed, filled=node.sizes)


def case(node: Node) -> Document:
    opened, inside, closed = node.kids
    return bracket(opened, inside.kids, closed)


def apply(node: Node) -> Document:
    function, opened, *inside, closed = node.kids
    return [document(function), bracket(opened, items(inside), closed)]


def index(node: Node) -> Document:
    function, opened, *inside, closed = node.kids
    return [document(function), bracket(opened, items(inside), closed, filled=True)]


def shuffle(node: Node) -> Document:
    """``rearrange(a b -> b a)`` and its kin; a side may be empty."""
    word, opened, *inside, closed = node.kids
    parts: list[Document] = []
    for kid in inside:
        if type(kid) is Node and not kid.kids:
            continue
        if parts and kid != ",":
            parts.append(Break() if kid == "->" else " ")
        parts.append(document(kid))
    return [word, opened, Group(Aligned(parts)), closed]


def axis_group(node: Node) -> Document:
    opened, *inside, closed = node.kids
    return [opened, parted(inside), closed]


# ------------------------------------------------------------------ operators


def chain(node: Node) -> Document:
    """``a >> b``: all on a line, or each part on one of its own."""
    first, *rest = node.kids
    parts: list[Document] = [document(first)]
    for sign, part in zip(rest[::2], rest[1::2], strict=True):
        parts += (Break(), sign, " ", document(part))
    return Aligned(Group(parts))


def filled(node: Node) -> Document:
    """``a + b``, ``a <= b``: as much on a line as fits, the sign in front."""
    first, *rest = node.kids
    parts: list[Document] = [document(first)]
    for sign, part in zip(rest[::2], rest[1::2], strict=True):
        following = Group([document(sign), " ", document(part)])
        parts += (Fill(following), following)
    return Aligned(Group(parts))


def product(node: Node) -> Document:
    if not (node.sizes and all(is_size(part) for part in node.kids[::2])):
        return filled(node)
    first, *rest = node.kids
    parts: list[Document] = [document(first)]
    for sign, part in zip(rest[::2], rest[1::2], strict=True):
        following = Group([sign, document(part)] if sign == "*" else [sign, " ", document(part)])
        parts += (Fill(following, "" if sign == "*" else " "), following)
    return Aligned(Group(parts))


def find_sizes(nodes: list[Node]) -> None:
    """Marks what stands where sizes stand: in brackets behind a name, in exponents, conditions, bounds and values."""
    for node in reversed(nodes):  # what is above comes first
        rule, kids = node.rule, [kid for kid in node.kids if type(kid) is Node]
        if rule in ("dim_item", "dim_bound", "where", "later_budget", "initial_items", "givens"):
            marked = kids
        elif rule in ("index", "power"):
            kids[0].sizes = node.sizes
            marked = kids[1:]
        elif rule in ("generic", "param"):
            marked = kids[-1:] if "=" in node.kids else []
        elif rule == "apply":
            marked = kids[:1] if node.sizes else []
        else:
            marked = kids if node.sizes and rule in SIZES else []
        for kid in marked:
            kid.sizes = True


def is_size(part: Any) -> bool:
    """Whether a factor may be a size: no name in it that begins with a capital, as those of objects do."""
    waiting = [part]
    while waiting:
        top = waiting.pop()
        if type(top) is Token:
            if top.type == "NAME" and top[0].isupper():
                return False
        elif top.rule in ("compose", "after", "lambda_", "let", "along", "case", "typed", "over"):
            return False
        elif top.rule == "index":
            waiting.append(top.kids[0])
        else:
            waiting += top.kids
    return True


def prefix(node: Node) -> Document:
    sign, body = node.kids
    return [sign, document(body)] if sign == "-" else [sign, " ", document(body)]


def along(node: Node) -> Document:
    body, word, map_ = node.kids
    return Aligned(Group([document(body), Break(), word, " ", document(map_)]))


def arrow(node: Node) -> Document:
    domain, sign, codomain = node.kids
    return Aligned(Group([document(domain), Break(), sign, " ", document(codomain)]))


# ------------------------------------------------------------------ binding


def lambda_(node: Node) -> Document:
    """``x |-> body``; a body that does not fit begins a line, further to the right than the lambda does."""
    pattern, sign, body = node.kids
    if body.rule == "lambda_":
        return [document(pattern), " ", sign, " ", document(body)]
    return Group([document(pattern), " ", sign, Indented(4, [Break(), document(body)])])


def let(node: Node) -> Document:
    word, *bindings, inside, body = node.kids
    column = Column(WIDEST)
    lines: list[Document] = []
    for one in bindings:
        if type(one) is Token:
            lines += (one, Break())
            continue
        pattern, equals, value = one.kids
        own = Group(document(pattern))
        lines += (own, Padding(own, column), " ", equals, " ", document(value))
    return Aligned(Group([word, " ", Aligned(lines), Break(), inside, " ", document(body)], SHORT))


def nothing(node: Node) -> Document:
    """What its parent makes a document of."""
    return None


# ------------------------------------------------------------------ weights' beginnings


def initialiser(node: Node) -> Document:
    name, *rest = node.kids
    if not rest:
        return name
    opened, *inside, closed = rest
    return [name, bracket(opened, items(inside), closed, filled=True)]


def initialisers(node: Node) -> Document:
    """``(weight = zeros, bias = normal(0, 1))``"""
    opened, *rest, closed = node.kids
    made: list[Any] = []
    for place, kid in enumerate(rest):
        if type(kid) is Node:
            made[-2:] = [_made([rest[place - 2], " ", rest[place - 1], " ", kid.document])]
        else:
            made.append(kid)
    return bracket(opened, made, closed, filled=True)


def _made(parts: Document) -> Node:
    node = Node("", [])
    node.document = parts
    return node


EXPRESSIONS: dict[str, Callable[[Node], Document]] = {
    "name": plain, "spread": plain, "number": plain, "hole": plain, "wildcard": plain, "attribute": plain,
    "group": group, "case": case, "apply": apply, "index": index, "items": nothing, "initial_items": nothing,
    "typed": spaced, "named": spaced, "given": spaced, "label": spaced, "over": spaced, "initialised": spaced,
    "initialiser": initialiser, "initialisers": initialisers,
    "rearrange": shuffle, "repeat": shuffle, "contract": shuffle, "reduce": shuffle,
    "axes": spaced, "axis_name": plain, "axis_spread": plain, "axis_number": plain, "axis_group": axis_group,
    "compose": chain, "after": chain, "sum": filled, "product": product, "power": plain, "prefix": prefix,
    "relator": plain, "relation": filled, "guarded": spaced, "along": along, "arrow": arrow,
    "lambda_": lambda_, "binding": nothing, "let": let,
}
