"""The syntax tree: what a ``.cat`` file is made of, before any name in it is understood.

A node is its place (``start`` and ``end``, code points into the source) and its fields, in the order in which they are
written. One kind of expression serves dimensions, objects and morphisms; where a node stands decides what it means.

>>> plus = Plus(0, 5, [Name(0, 1, "a"), Name(4, 5, "b")])
>>> plus
Plus([Name('a'), Name('b')])
>>> plus.end
5
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

#: How deeply expressions may be nested; beyond it a diagnostic, so that no later stage need fear for its stack.
DEEPEST = 150


class Node:
    """A piece of syntax. Subclasses name their fields in ``__slots__``, in the order they are written."""

    __slots__ = ("start", "end", "depth", "grouped")
    start: int
    end: int
    depth: int
    grouped: bool

    def __init__(self, start: int, end: int, *values: Any) -> None:
        self.start = start
        self.end = end
        self.grouped = False
        self.depth = 0
        for name, value in zip(self.__slots__, values, strict=True):
            setattr(self, name, value)

    def __repr__(self) -> str:
        fields = ", ".join(repr(getattr(self, name)) for name in self.__slots__)
        return f"{type(self).__name__}({fields})"

    def children(self) -> Iterator[Node]:
        """The nodes directly below this one, in the order they are written."""
        for name in self.__slots__:
            value = getattr(self, name)
            if isinstance(value, Node):
                yield value
            elif isinstance(value, list):
                for item in value:
                    if isinstance(item, Node):
                        yield item


def walk(node: Node) -> Iterator[Node]:
    """The node and everything below it, outermost first."""
    stack = [node]
    while stack:
        top = stack.pop()
        yield top
        stack.extend(reversed(list(top.children())))


# ------------------------------------------------------------------ expressions


class Name(Node):
    __slots__ = ("text",)
    text: str


class Number(Node):
    """A literal; ``value`` is an int, or a float where it has a fraction or an exponent."""

    __slots__ = ("value",)
    value: int | float


class Hole(Node):
    """``...``, a typed hole."""

    __slots__ = ()


class Wildcard(Node):
    """``_``, to be inferred."""

    __slots__ = ()


class Spread(Node):
    """``s...``, any run of axes."""

    __slots__ = ("text",)
    text: str


class Attribute(Node):
    """``value.name``: a name of a module, a weight of an instance, a part of a named product."""

    __slots__ = ("value", "name")
    value: Node
    name: str


class Apply(Node):
    """``f(x, y)``"""

    __slots__ = ("function", "arguments")
    function: Node
    arguments: list[Node]


class Index(Node):
    """``f[n, k = 3]``; an argument with a name is a :class:`Named`."""

    __slots__ = ("function", "arguments")
    function: Node
    arguments: list[Node]


class Named(Node):
    """``name = value`` among arguments."""

    __slots__ = ("name", "value")
    name: str
    value: Node


class Typed(Node):
    """``(name : type)``, a named part of a product; ``name_start`` is the place of its name."""

    __slots__ = ("name", "name_start", "type")
    name: str
    name_start: int
    type: Node


class Labelled(Node):
    """``f as name``"""

    __slots__ = ("body", "label")
    body: Node
    label: str


class Initialised(Node):
    """``f init normal(0, 0.02)``"""

    __slots__ = ("body", "initialisers")
    body: Node
    initialisers: list[Initialiser]


class Initialiser(Node):
    """How a weight begins; ``weight`` is None where it is said of all of them."""

    __slots__ = ("weight", "name", "arguments")
    weight: str | None
    name: str
    arguments: list[Node]


class Over(Node):
    __slots__ = ("body", "semiring")
    body: Node
    semiring: Node


class Prefix(Node):
    """``mu F``, ``nu F``, ``-x``"""

    __slots__ = ("operator", "body")
    operator: str
    body: Node


class Binary(Node):
    """``^``, ``//``, ``/``, ``%`` and ``-`` between two."""

    __slots__ = ("operator", "left", "right")
    operator: str
    left: Node
    right: Node


class Times(Node):
    """``a * b * c``: parallel composition, product of objects or of dimensions."""

    __slots__ = ("items",)
    items: list[Node]


class Plus(Node):
    """``a + b + c``"""

    __slots__ = ("items",)
    items: list[Node]


class Compose(Node):
    """``f >> g >> h``; ``g ∘ f`` is kept in diagram order with ``backwards`` set."""

    __slots__ = ("parts", "backwards")
    parts: list[Node]
    backwards: bool


class Along(Node):
    """``f along r``"""

    __slots__ = ("body", "map")
    body: Node
    map: Node


class Lambda(Node):
    """``(q, k) |-> body``"""

    __slots__ = ("pattern", "body")
    pattern: Node
    body: Node


class Let(Node):
    """``let a = f, (b, c) = g in body``"""

    __slots__ = ("bindings", "body")
    bindings: list[Binding]
    body: Node


class Binding(Node):
    __slots__ = ("pattern", "value")
    pattern: Node
    value: Node


class Tuple(Node):
    """``(f, g)``; ``()`` is the empty one."""

    __slots__ = ("items",)
    items: list[Node]


class Case(Node):
    """``[f, g]``"""

    __slots__ = ("items",)
    items: list[Node]


class Axes(Node):
    """A side of an axis pattern: names, numbers, spreads and groups of them."""

    __slots__ = ("items",)
    items: list[Node]


class Shuffle(Node):
    """``rearrange(...)``, ``repeat(...)``, ``contract(...)`` or ``reduce(how, ...)``."""

    __slots__ = ("kind", "how", "sources", "target")
    kind: str
    how: str | None
    sources: list[Axes]
    target: Axes


# ------------------------------------------------------------------ parts of declarations


class Arrow(Node):
    """``A -> B``"""

    __slots__ = ("domain", "codomain")
    domain: Node
    codomain: Node


class Relation(Node):
    """``a <= b == c``: one fewer relators than sides. With a ``guard``, ``a <= n if mode == reflect``, it is asked for
    only where that choice is made."""

    __slots__ = ("sides", "relators", "guard")
    sides: list[Node]
    relators: list[str]
    guard: tuple[str, str] | None


class Generic(Node):
    """``n``, ``A : object``, ``eps : real = 1e-5``, ``s...`` between the brackets of a header."""

    __slots__ = ("name", "spread", "kind", "default")
    name: str
    spread: bool
    kind: Node | None
    default: Node | None


class Parameter(Node):
    """``f : A -> B`` or ``x : A`` between the parentheses of a header."""

    __slots__ = ("name", "type")
    name: str
    type: Node


class Bank(Node):
    """``weights P``, ``state S``, ``noise N`` or ``reduces batch`` behind an arrow."""

    __slots__ = ("kind", "body")
    kind: str
    body: Node


# ------------------------------------------------------------------ declarations


class Declaration(Node):
    """What stands at the top of a file; ``name_start`` is the place of its name."""

    __slots__ = ()


class Import(Declaration):
    """``import std.nn`` (``path`` a tuple of names) or ``import "file.cat" (d = 3) as f`` (``path`` a string)."""

    __slots__ = ("path", "path_start", "path_end", "given", "alias")
    path: tuple[str, ...] | str
    path_start: int
    path_end: int
    given: list[Named]
    alias: str | None


class Allow(Declaration):
    """``allow E0205 "reason"``: covers the next declaration, or, with ``in file``, all of them."""

    __slots__ = ("code", "code_start", "file", "reason")
    code: str
    code_start: int
    file: bool
    reason: str | None


class Dims(Declaration):
    __slots__ = ("items", "where")
    items: list[DimItem]
    where: list[Relation]


class DimItem(Node):
    """``n``, ``past >= 0`` or ``h = 12``"""

    __slots__ = ("name", "relator", "bound", "value")
    name: str
    relator: str | None
    bound: Node | None
    value: Node | None


class Param(Declaration):
    __slots__ = ("name", "name_start", "type", "default")
    name: str
    name_start: int
    type: Node
    default: Node | None


class Object(Declaration):
    """``object A = B`` names a colour again, ``object A : B`` (``nominal``) makes a new one."""

    __slots__ = ("name", "name_start", "generics", "nominal", "body", "where")
    name: str
    name_start: int
    generics: list[Generic]
    nominal: bool
    body: Node
    where: list[Relation]


class Morphism(Declaration):
    """``morphism f : A -> B = ...``; or, by its ``keyword``, an ``algebra`` or a ``coalgebra``, whose type names its
    functor."""

    __slots__ = ("keyword", "name", "name_start", "generics", "parameters", "type", "state", "body", "evaluation",
                 "where")
    keyword: str
    name: str
    name_start: int
    generics: list[Generic]
    parameters: list[Parameter]
    type: Arrow
    state: Bank | None
    body: Node | None
    evaluation: Node | None
    where: list[Relation]


class Endofunctor(Declaration):
    """``endofunctor F[A](X) = 1 + A * X``, or, without a variable, ``endofunctor H = F >> G``."""

    __slots__ = ("name", "name_start", "generics", "variable", "variable_start", "body")
    name: str
    name_start: int
    generics: list[Generic]
    variable: str | None
    variable_start: int
    body: Node


class Primitive(Declaration):
    __slots__ = ("name", "name_start", "generics", "parameters", "type", "banks", "where")
    name: str
    name_start: int
    generics: list[Generic]
    parameters: list[Parameter]
    type: Arrow
    banks: list[Bank]
    where: list[Relation]


class Extern(Primitive):
    """``extern morphism f : A -> B = python "package.module:Class" (n = d)``: a primitive that a class of ``nn.Module``
    gives its meaning; ``given`` is what the class is made with."""

    __slots__ = ("name", "name_start", "generics", "parameters", "type", "banks", "where", "reference",
                 "reference_start", "given")
    reference: str
    reference_start: int
    given: list[Named]


class Cell(Declaration):
    """``cell tie : f => g = r``"""

    __slots__ = ("name", "name_start", "generics", "source", "target", "body")
    name: str
    name_start: int
    generics: list[Generic]
    source: Node
    target: Node
    body: Node


class Frozen(Declaration):
    """``frozen W0 : R[m, m]``"""

    __slots__ = ("name", "name_start", "type", "initialisers")
    name: str
    name_start: int
    type: Node
    initialisers: list[Initialiser]


class Theory(Declaration):
    """``theory Monoid { sort M, op m : M * M -> M, law ... }``"""

    __slots__ = ("name", "name_start", "entries")
    name: str
    name_start: int
    entries: list[Sort | Operation | Equation]


class Sort(Node):
    """``sort M``"""

    __slots__ = ("name", "name_start")
    name: str
    name_start: int


class Operation(Node):
    """``op m : M * M -> M``"""

    __slots__ = ("name", "name_start", "type")
    name: str
    name_start: int
    type: Arrow


class Equation(Node):
    """``law unit (x : M) : m(e, x) == x``; its name is None where it has none."""

    __slots__ = ("name", "name_start", "parameters", "relation", "where")
    name: str | None
    name_start: int
    parameters: list[Parameter]
    relation: Relation
    where: Relation | None


class Model(Declaration):
    """``model Affine[c] : Monoid { M = R[c], m = add }``"""

    __slots__ = ("name", "name_start", "generics", "theory", "entries", "where")
    name: str
    name_start: int
    generics: list[Generic]
    theory: Node
    entries: list[ModelEntry]
    where: list[Relation]


class ModelEntry(Node):
    """``m = add``: what a sort or an operation is in a model."""

    __slots__ = ("name", "name_start", "value")
    name: str
    name_start: int
    value: Node


class Later(Declaration):
    """A construct whose words are reserved and that is answered with "not yet"."""

    __slots__ = ("keyword", "name", "name_start")
    keyword: str
    name: str | None
    name_start: int


def declared(node: Declaration) -> list[str]:
    """The names that a declaration gives a meaning."""
    if isinstance(node, Dims):
        return [item.name for item in node.items]
    if isinstance(node, Import):
        return [node.alias] if node.alias is not None else []
    name = getattr(node, "name", None)
    return [name] if name is not None else []
