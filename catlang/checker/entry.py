"""What a name can stand for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catlang.dims import Dim, Variable
from catlang.dims.constraint import Constraint
from catlang.objects.colour import UNIT, Object, ObjectVariable, Run
from catlang.objects.functor import AnyFunctor, Functor, FunctorVariable
from catlang.span import Span
from catlang.syntax import tree

if TYPE_CHECKING:
    from catlang.checker.module import Module
    from catlang.diagram.diagram import Diagram, Value


class Entry:
    """Something a name stands for; ``span`` is where it was given its meaning."""

    __slots__ = ("name", "span")
    #: How such a thing is called in a message.
    called = "a name"

    def __init__(self, name: str, span: Span) -> None:
        self.name = name
        self.span = span


class DimEntry(Entry):
    __slots__ = ("value", "used")
    called = "a dimension"

    def __init__(self, name: str, span: Span, value: Dim) -> None:
        super().__init__(name, span)
        self.value = value
        self.used = False


class Constant:
    """A real, Boolean or choice that is a generic of a definition or a ``param`` of a file."""

    __slots__ = ("name", "kind", "choices", "default")

    def __init__(self, name: str, kind: str, choices: tuple[str, ...], default: Any) -> None:
        self.name = name
        self.kind = kind
        self.choices = choices
        self.default = default


class ConstantEntry(Entry):
    __slots__ = ("constant", "used")
    called = "a parameter"

    def __init__(self, name: str, span: Span, constant: Constant) -> None:
        super().__init__(name, span)
        self.constant = constant
        self.used = False


class RunEntry(Entry):
    __slots__ = ("run", "used")
    called = "a run of axes"

    def __init__(self, name: str, span: Span, run: Run) -> None:
        super().__init__(name, span)
        self.run = run
        self.used = False


class ObjectVariableEntry(Entry):
    __slots__ = ("variable", "used")
    called = "a generic object"

    def __init__(self, name: str, span: Span, variable: ObjectVariable) -> None:
        super().__init__(name, span)
        self.variable = variable
        self.used = False


class ObjectEntry(Entry):
    """``object A[m] = ...`` or ``: ...``; ``body`` is the carrier, elaborated when first asked for.

    A new colour whose carrier speaks of dims of its file has them as arguments behind its generics: an import may give
    others for them, and then it is another colour.
    """

    __slots__ = ("node", "module", "generics", "closed", "body", "state", "where")
    called = "an object"

    def __init__(self, name: str, span: Span, node: tree.Object, module: Module) -> None:
        super().__init__(name, span)
        self.node = node
        self.module = module
        self.generics: list[Entry] = []
        self.closed: list[DimEntry] = []
        self.body: Object = UNIT
        self.state = "new"
        self.where: list[tree.Relation] = []


class FunctorEntry(Entry):
    """``endofunctor F[A](X) = ...``; ``functor`` is known once it is first asked for, and None where it is broken."""

    __slots__ = ("node", "module", "generics", "functor", "state")
    called = "an endofunctor"

    def __init__(self, name: str, span: Span, node: tree.Endofunctor, module: Module) -> None:
        super().__init__(name, span)
        self.node = node
        self.module = module
        self.generics: list[Entry] = []
        self.functor: Functor | None = None
        self.state = "new"


class FunctorVariableEntry(Entry):
    __slots__ = ("variable", "used")
    called = "a generic endofunctor"

    def __init__(self, name: str, span: Span, variable: FunctorVariable) -> None:
        super().__init__(name, span)
        self.variable = variable
        self.used = False


class Given:
    """A generic of a header: its entry, and its default."""

    __slots__ = ("entry", "default")

    def __init__(self, entry: Entry, default: tree.Node | None) -> None:
        self.entry = entry
        self.default = default


class Formal:
    """A parameter of a header: a morphism (``codomain`` given) or an element; a ``constant`` element goes into weights,
    and may not depend on data."""

    __slots__ = ("name", "domain", "codomain", "span", "constant")

    def __init__(self, name: str, domain: Object, codomain: Object | None, span: Span) -> None:
        self.name = name
        self.domain = domain
        self.codomain = codomain
        self.span = span
        self.constant = False


class Definition(Entry):
    """A primitive or a morphism.

    ``state`` goes from ``new`` over ``header`` (its type is known) and ``open`` (its body is being elaborated) to
    ``done`` or ``broken``. ``inferred`` are the conditions found necessary by elaborating the body.
    """

    __slots__ = ("node", "module", "generics", "parameters", "domain", "codomain", "weights", "states", "noise",
                 "reduces", "copies", "where", "guarded", "inferred", "diagram", "evaluation", "state", "scope",
                 "learned", "functor", "given")

    def __init__(self, name: str, span: Span, node: tree.Morphism | tree.Primitive, module: Module) -> None:
        super().__init__(name, span)
        self.node = node
        self.module = module
        self.generics: list[Given] = []
        self.parameters: list[Formal] = []
        self.domain: Object = UNIT
        self.codomain: Object = UNIT
        self.weights: list[tuple[str, Object]] = []
        self.states: list[tuple[str, Object]] = []
        self.noise: Object | None = None
        self.reduces: str | None = None
        self.copies: Dim | None = None
        self.where: list[Constraint] = []
        # Conditions asked for only where a choice is made: the choice's name, its value, the condition.
        self.guarded: list[tuple[str, str, Constraint]] = []
        self.inferred: list[Constraint] = []
        self.diagram: Diagram | None = None
        self.evaluation: Diagram | None = None
        self.state = "new"
        self.scope: Any = None
        self.learned = False
        # The endofunctor that it is an algebra or a coalgebra of.
        self.functor: AnyFunctor | None = None
        # What the class of an extern is made with.
        self.given: dict[str, Any] = {}

    @property
    def called(self) -> str:  # type: ignore[override]
        keyword = getattr(self.node, "keyword", "morphism")
        article = "an" if keyword in ("algebra", "operation") else "a"
        return "an extern" if self.extern else f"{article} {keyword}"

    @property
    def label(self) -> str:
        """What its instances are called by: an operation of a model by its own name."""
        return self.name.rpartition(".")[2]

    @property
    def told(self) -> tuple[str, str, str]:
        """Where a body gives something else: what it is called, what says so, and a label for that."""
        return "the body", "the header promises", ""

    @property
    def written(self) -> tree.Arrow | None:
        """The type as its header writes it; of a morphism of a model its theory says it."""
        return self.node.type

    @property
    def primitive(self) -> bool:
        return isinstance(self.node, tree.Primitive)

    @property
    def extern(self) -> bool:
        """A class of Python, of which nothing is known but the header."""
        return isinstance(self.node, tree.Extern)

    @property
    def noisy(self) -> bool:
        """Whether it may give something else at each use."""
        return self.noise is not None or self.extern

    @property
    def stateful(self) -> bool:
        """Whether it may keep something from use to use."""
        return bool(self.states) or self.extern

    @property
    def structural(self) -> bool:
        """One of the prelude's primitives that are wiring, or hold diagrams."""
        return self.primitive and self.module.is_prelude


class Signature:
    """What a theory says of an operation: its type, over the theory's sorts."""

    __slots__ = ("name", "span", "domain", "codomain")

    def __init__(self, name: str, span: Span, domain: Object, codomain: Object) -> None:
        self.name = name
        self.span = span
        self.domain = domain
        self.codomain = codomain


class Law:
    """An equation of a theory: a morphism for each side, generic in the sorts, which takes the operations."""

    __slots__ = ("name", "span", "text", "parameters", "sides")

    def __init__(self, name: str, span: Span, text: str, parameters: list[str]) -> None:
        self.name = name
        self.span = span
        self.text = text
        # The names of its variables; none where it is an equation between morphisms.
        self.parameters = parameters
        self.sides: list[Side] = []


class Side(Definition):
    """One side of a law. Within a law a name denotes one instance: so do the operations in it."""

    __slots__ = ("law", "place")

    def __init__(self, name: str, span: Span, node: tree.Morphism, module: Module, law: Law) -> None:
        super().__init__(name, span, node, module)
        self.law = law
        self.place = len(law.sides)

    @property
    def told(self) -> tuple[str, str, str]:
        return "one side of the law", "another", "this gives `{0}`"


class TheoryEntry(Entry):
    """``theory Monoid { sort M, op e : 1 -> M, op m : M * M -> M, law ... }``: syntax, which models give a meaning."""

    __slots__ = ("node", "module", "sorts", "operations", "laws", "state")
    called = "a theory"

    def __init__(self, name: str, span: Span, node: tree.Theory, module: Module) -> None:
        super().__init__(name, span)
        self.node = node
        self.module = module
        self.sorts: dict[str, ObjectVariable] = {}
        self.operations: dict[str, Signature] = {}
        self.laws: list[Law] = []
        self.state = "new"


class ModelEntry(Entry):
    """``model Sum[c] : Monoid { M = R[c], e = zero, m = add }``.

    What it makes of the theory's sorts and operations are entries of their own beside it, ``Sum.M`` and ``Sum.m``.
    ``equations`` are the theory's laws with these put in, a morphism for each side; ``verdicts`` is how each ended.
    """

    __slots__ = ("node", "module", "theory", "given", "generics", "equations", "verdicts", "state")
    called = "a model"

    def __init__(self, name: str, span: Span, node: tree.Model, module: Module) -> None:
        super().__init__(name, span)
        self.node = node
        self.module = module
        self.theory: TheoryEntry | None = None
        # The sizes put for the dims of the theory's file.
        self.given: dict[Variable, Dim] = {}
        self.generics: list[Given] = []
        self.equations: list[tuple[Law, list[OfModel]]] = []
        self.verdicts: list[tuple[Law, Any]] = []
        self.state = "new"


class SortEntry(ObjectEntry):
    """``Sum.M``: what a sort is in a model."""

    __slots__ = ()


class OfModel(Definition):
    """A morphism whose type is that of a part of a theory, the model's objects put for the sorts: an operation of the
    model, ``Sum.m``, or a side of a law."""

    __slots__ = ("model", "signature")

    def __init__(self, name: str, span: Span, node: tree.Morphism, model: ModelEntry, signature: Signature) -> None:
        super().__init__(name, span, node, model.module)
        self.model = model
        self.signature = signature

    @property
    def told(self) -> tuple[str, str, str]:
        assert self.model.theory is not None
        return f"`{self.signature.name}`", f"the theory `{self.model.theory.name}` asks for", "is to give `{0}`"

    @property
    def written(self) -> None:
        return None


class FrozenEntry(Entry):
    """``frozen W0 : R[m, m]``: an element that is loaded, not trained."""

    __slots__ = ("node", "module", "object")
    called = "a frozen weight"

    def __init__(self, name: str, span: Span, node: tree.Frozen, module: Module) -> None:
        super().__init__(name, span)
        self.node = node
        self.module = module
        self.object: Object | None = None


class CellEntry(Entry):
    __slots__ = ("node", "module")
    called = "a 2-cell"

    def __init__(self, name: str, span: Span, node: tree.Cell, module: Module) -> None:
        super().__init__(name, span)
        self.node = node
        self.module = module


class ModuleEntry(Entry):
    """An imported file; ``given`` are the sizes put for its dims."""

    __slots__ = ("module", "given", "used")
    called = "a module"

    def __init__(self, name: str, span: Span, module: Module, given: dict[Variable, Dim]) -> None:
        super().__init__(name, span)
        self.module = module
        self.given = given
        self.used = False


class BrokenEntry(Entry):
    """A name whose declaration could not be read: its uses are no further mistakes."""

    __slots__ = ()
    called = "a broken declaration"


class ElementEntry(Entry):
    """A variable of a lambda, or an element parameter."""

    __slots__ = ("value", "used")
    called = "an element"

    def __init__(self, name: str, span: Span, value: Value) -> None:
        super().__init__(name, span)
        self.value = value
        self.used = False


class FormalEntry(Entry):
    """A morphism parameter, inside its definition."""

    __slots__ = ("formal", "used")
    called = "a morphism parameter"

    def __init__(self, name: str, span: Span, formal: Formal) -> None:
        super().__init__(name, span)
        self.formal = formal
        self.used = False


class LocalEntry(Entry):
    """A morphism named by ``let``: one instance, wherever it is mentioned."""

    __slots__ = ("node", "scope", "owner", "group", "used")
    called = "a morphism"

    def __init__(self, name: str, span: Span, node: tree.Node, scope: Any, owner: Diagram) -> None:
        super().__init__(name, span)
        self.node = node
        self.scope = scope
        self.owner = owner
        self.group: Diagram | None = None
        self.used = False
