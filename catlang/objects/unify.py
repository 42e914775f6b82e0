"""When two colours are the same, and what has to hold for them to be.

Unification solves for what was left out: sizes, runs of axes, objects. Sizes are integer polynomials, so an equation
between two of them is solved where a variable stands in it linearly, decided where nothing is left to solve, and put
off otherwise. A failure is a :class:`Mismatch`, which says which axis, and undoes what it had solved.

>>> from catlang.dims import Variable
>>> from catlang.objects.colour import array
>>> d, unknown = Variable("d").poly, Variable("m", flexible=True)
>>> unifier = Unifier()
>>> unifier.unify(array(2*unknown.poly), array(4*d)); unknown.solution
2*d
>>> unifier.unify(array(3, d), array(3, d + 1))
Traceback (most recent call last):
    ...
catlang.objects.unify.Mismatch: axis 2: `d` is not `d + 1`
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from catlang import dims
from catlang.dims import Dim, Variable
from catlang.dims.decision import Constraint, Proved, Refuted, decide
from catlang.objects.colour import (
    REAL,
    Axis,
    Finite,
    Nominal,
    Object,
    ObjectVariable,
    Power,
    Product,
    Run,
    Sum,
    Unknown,
    axes_of,
    base_of,
    power,
    resolve,
    resolve_axes,
    show,
    show_axis,
)
from catlang.objects.functor import (
    AnyFunctor,
    Applied,
    Exponential,
    Fixed,
    Functor,
    FunctorVariable,
    dangling,
    solved,
)


class Mismatch(Exception):
    """Two colours differ. ``reason`` says how, ``help`` what could be done; ``undecided`` is the equation between
    sizes that is neither proved nor refuted, where that is why."""

    def __init__(self, reason: str, help: str | None = None, undecided: Constraint | None = None,
                 refuted: dict[Variable, int] | None = None, equation: Constraint | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.help = help
        self.undecided = undecided
        self.refuted = refuted
        self.equation = equation
        self.path: list[str] = []

    def __str__(self) -> str:
        return ": ".join([*reversed(self.path), self.reason])


class Unifier:
    """Solves equations between objects, under hypotheses about sizes.

    ``postponed`` holds the equations between sizes that could not be used yet, with what to do if they fail.
    """

    def __init__(self, hypotheses: Sequence[Constraint] = ()) -> None:
        self.hypotheses = list(hypotheses)
        self.trail: list[Any] = []
        self.postponed: list[tuple[Dim, Dim, Any]] = []
        self.context: Any = None
        self.decided: dict[Dim, Any] = {}

    # ---------------------------------------------------------------- solving

    def unify(self, left: Object, right: Object) -> None:
        """Makes the two the same, or raises :class:`Mismatch` and leaves everything as it was."""
        if left is right:
            return
        mark = len(self.trail)
        waiting = len(self.postponed)
        try:
            self._objects(left, right)
        except Mismatch:
            self.undo(mark)
            del self.postponed[waiting:]
            raise

    def fits(self, pairs: Sequence[tuple[Object, Object]]) -> bool:
        """Whether all the pairs could be made the same at once; nothing is changed."""
        mark, waiting = len(self.trail), len(self.postponed)
        try:
            for left, right in pairs:
                self._objects(left, right)
            return len(self.postponed) == waiting
        except Mismatch:
            return False
        finally:
            self.undo(mark)
            del self.postponed[waiting:]

    def undo(self, mark: int) -> None:
        while len(self.trail) > mark:
            self.trail.pop().solution = None

    def _solve(self, variable: Any, value: Any) -> None:
        variable.solution = value
        self.trail.append(variable)

    # ---------------------------------------------------------------- sizes

    def dims(self, left: Dim, right: Dim) -> None:
        """Makes two sizes equal, or raises, or puts the equation off."""
        if left is right or (type(left) is int and type(right) is int and left == right):
            return
        left, right = dims.resolve(left), dims.resolve(right)
        if left == right:
            return
        if isinstance(left, int) and isinstance(right, int):
            raise Mismatch(f"{left} is not {right}")
        if self._solve_dims(left, right):
            return
        if dims.flexible_variables(left) or dims.flexible_variables(right):
            self.postponed.append((left, right, self.context))
            return
        self._decide(left, right)

    def _solve_dims(self, left: Dim, right: Dim) -> bool:
        for one, other in ((left, right), (right, left)):
            if isinstance(one, dims.Poly):
                alone = dims.variables(one)
                if (len(alone) == 1 and alone[0].flexible and one == alone[0].poly
                        and alone[0] not in dims.variables(other)):
                    self._bind_dim(alone[0], other)
                    return True
        found = dims.solve(left - right)
        if found is None:
            return False
        variable, value = found
        self._bind_dim(variable, value)
        return True

    def _bind_dim(self, variable: Variable, value: Dim) -> None:
        if isinstance(value, int) and value < variable.least:
            raise Mismatch(f"`{variable.name}` would be {value}", "sizes are at least 1" if variable.least else
                           "sizes are never negative")
        self._solve(variable, value)

    def _decide(self, left: Dim, right: Dim) -> None:
        """An equation with nothing left to solve."""
        question = Constraint("==", left, right)
        key = left - right
        verdict = self.decided.get(key)
        if verdict is None:
            verdict = self.decided[key] = decide(question, self.hypotheses)
        if isinstance(verdict, Proved):
            return
        text = f"`{dims.show(left)}` is not `{dims.show(right)}`"
        if isinstance(verdict, Refuted):
            raise Mismatch(text, refuted=verdict.assignment, equation=question)
        raise Mismatch(f"`{dims.show(left)}` may or may not be `{dims.show(right)}`", undecided=question)

    def retry(self) -> list[tuple[Mismatch, Any]]:
        """Goes through what was put off until nothing moves; returns what failed, with its contexts."""
        failed: list[tuple[Mismatch, Any]] = []
        while True:
            waiting, self.postponed = self.postponed, []
            solved = len(self.trail)
            for left, right, context in waiting:
                self.context = context
                try:
                    self.dims(left, right)
                except Mismatch as mismatch:
                    failed.append((mismatch, context))
            if len(self.trail) == solved or not self.postponed:
                return failed

    # ---------------------------------------------------------------- objects

    def _objects(self, left: Object, right: Object) -> None:
        left, right = resolve(left), resolve(right)
        if left is right:
            return
        if isinstance(left, ObjectVariable) and left.flexible:
            return self._bind(left, right)
        if isinstance(right, ObjectVariable) and right.flexible:
            return self._bind(right, left)
        if isinstance(left, Unknown) or isinstance(right, Unknown):
            return
        if not left.open and not right.open and left == right:
            return
        if isinstance(left, Product) or isinstance(right, Product):
            return self._products(left, right)
        if isinstance(left, Power) or isinstance(right, Power):
            return self._powers(left, right)
        self._bases(left, right)

    def _bind(self, variable: ObjectVariable, value: Object) -> None:
        if value is variable:
            return
        if _occurs(variable, value):
            raise Mismatch(f"an object would contain itself: `{show(value)}`")
        if dangling(value):
            raise Mismatch("what stands for one object in the one is a place of recursion in the other")
        self._solve(variable, value)

    def _bases(self, left: Object, right: Object) -> None:
        """Two objects that are neither products nor powers."""
        if left is right:
            return
        for one, other in ((left, right), (right, left)):
            if isinstance(one, ObjectVariable) and not one.flexible and other is REAL:
                return self._as_array(one, ())
        if isinstance(left, Finite) and isinstance(right, Finite):
            try:
                return self.dims(left.size, right.size)
            except Mismatch as mismatch:
                mismatch.path.append("the size of the set")
                raise
        if isinstance(left, Nominal) and isinstance(right, Nominal) and left.declaration is right.declaration:
            for one_part, other_part in zip(left.arguments, right.arguments, strict=True):
                if isinstance(one_part, Object):
                    self._objects(one_part, other_part)
                else:
                    self.dims(one_part, other_part)
            return
        if isinstance(left, Sum) and isinstance(right, Sum) and len(left.items) == len(right.items):
            for position, (one, other) in enumerate(zip(left.items, right.items, strict=True)):
                try:
                    self._objects(one, other)
                except Mismatch as mismatch:
                    mismatch.path.append(f"summand {position + 1}")
                    raise
            return
        if isinstance(left, Fixed) and isinstance(right, Fixed) and left.kind == right.kind:
            return self.functors(left.functor, right.functor)
        if isinstance(left, Exponential) and isinstance(right, Exponential):
            self._objects(left.base, right.base)
            return self._objects(left.exponent, right.exponent)
        if isinstance(left, Applied) and isinstance(right, Applied) and left.functor is right.functor:
            return self._objects(left.argument, right.argument)
        if left == right:
            return
        raise self._kinds(left, right)

    def functors(self, left: AnyFunctor, right: AnyFunctor) -> None:
        """Makes two functors the same."""
        left, right = solved(left), solved(right)
        if left is right:
            return
        for one, other in ((left, right), (right, left)):
            if isinstance(one, FunctorVariable) and one.flexible:
                return self._solve(one, other)
        if isinstance(left, Functor) and isinstance(right, Functor):
            try:
                return self._objects(left.body, right.body)
            except Mismatch as mismatch:
                raise Mismatch(f"`{left}` and `{right}` are different endofunctors: {mismatch}",
                               mismatch.help) from None
        raise Mismatch(f"`{left}` and `{right}` are different endofunctors")

    def _kinds(self, left: Object, right: Object) -> Mismatch:
        help = None
        for one, other in ((left, right), (right, left)):
            if isinstance(one, Fixed) and one.kind == "nu" and isinstance(other, Fixed):
                help = "nothing bounds what is unfolded: `unfold[n](c)` takes at most `n` steps"
            if isinstance(one, Nominal):
                help = (f"`{one.name}` is a colour of its own: the morphism `{one.name}` goes into it, "
                        f"`{one.name}.carrier` out of it")
        return Mismatch(f"`{show(left)}` and `{show(right)}` are different colours", help)

    def _as_array(self, variable: ObjectVariable, axes: tuple[Axis, ...]) -> None:
        """A generic object that is used as numbers is an array of any shape, and of no particular one."""
        run = Run(variable.name)
        self._solve(variable, power(REAL, (run,)))
        self._axes((run,), axes)

    def _products(self, left: Object, right: Object) -> None:
        if isinstance(left, Product) and isinstance(right, Product):
            if len(left.items) != len(right.items):
                raise Mismatch(f"{_count(left)} against {_count(right)}")
            if left.names and right.names:
                for one_name, other_name in zip(left.names, right.names, strict=True):
                    if one_name and other_name and one_name != other_name:
                        raise Mismatch(f"the part `{one_name}` meets the part `{other_name}`",
                                       "parts join by place and by name; reorder them with a lambda")
            for position, (one, other) in enumerate(zip(left.items, right.items, strict=True)):
                try:
                    self._objects(one, other)
                except Mismatch as mismatch:
                    mismatch.path.append(f"part {position + 1}")
                    raise
            return
        made, other = (left, right) if isinstance(left, Product) else (right, left)
        assert isinstance(made, Product)
        # A^n with A unknown meets a product: A is a product, and the power goes to its parts.
        base = base_of(other)
        if isinstance(base, ObjectVariable) and base.flexible and isinstance(other, Power):
            parts = tuple(ObjectVariable(base.name, flexible=True) for _ in made.items)
            self._bind(base, Product(parts, made.names))
            return self._objects(left, right)
        if isinstance(other, Power | ObjectVariable | type(REAL)) or not made.items or len(made.items) > 1:
            raise Mismatch(f"{_count(made)} against `{show(other)}`" if made.items else
                           f"`1` against `{show(other)}`")
        # One part with a name is that part.
        if isinstance(left, Product):
            self._objects(made.items[0], other)
        else:
            self._objects(other, made.items[0])

    def _powers(self, left: Object, right: Object) -> None:
        base, other_base = base_of(left), base_of(right)
        axes, other_axes = axes_of(left), axes_of(right)
        loose = isinstance(base, ObjectVariable) and base.flexible
        other_loose = isinstance(other_base, ObjectVariable) and other_base.flexible
        if loose and other_loose and len(axes) > len(other_axes):
            loose = False
        if loose:
            return self._peel(base, axes, other_base, other_axes)
        if other_loose:
            return self._peel(other_base, other_axes, base, axes)
        # A generic object that meets numbers is an array.
        for one, many in ((base, other_base), (other_base, base)):
            if isinstance(one, ObjectVariable) and many is REAL:
                self._solve(one, power(REAL, (Run(one.name),)))
                return self._objects(resolve(left), resolve(right))
        self._bases(base, other_base)
        self._axes(axes, other_axes)

    def _peel(self, base: Object, axes: tuple[Axis, ...], other_base: Object, other: tuple[Axis, ...]) -> None:
        """``base^axes = other_base^other`` with ``base`` unknown: it is what is left behind ``axes``."""
        assert isinstance(base, ObjectVariable)
        rest = list(other)
        for position, axis in enumerate(axes):
            if isinstance(axis, Run):
                if axis.flexible:
                    # Shortest first: the run is what leaves the base without axes.
                    self._axes(axes[position:], tuple(rest))
                    return self._objects(base, other_base)
                if rest and rest[0] is axis:
                    rest.pop(0)
                    continue
                raise Mismatch(f"`{show(power(other_base, other))}` does not begin with the axes `{axis.name}...`")
            if not rest:
                if isinstance(other_base, ObjectVariable) and not other_base.flexible:
                    raise Mismatch(f"`{show(other_base)}` is a generic object: nothing says that it has an axis")
                raise Mismatch(f"`{show(power(other_base, other))}` has {_axes_count(len(other))}, "
                               f"at least {len(axes)} needed")
            head = rest[0]
            if isinstance(head, Run):
                if not head.flexible:
                    raise Mismatch(f"the axes `{head.name}...` need not begin with `{show_axis(axis)}`")
                more = Run(head.name, flexible=True)
                self._solve(head, (axis, more))
                rest[0] = more
                continue
            try:
                self.dims(axis, head)
            except Mismatch as mismatch:
                mismatch.path.append(f"axis {position + 1}")
                raise
            rest.pop(0)
        self._objects(base, power(other_base, tuple(rest)))

    def _axes(self, left: tuple[Axis, ...], right: tuple[Axis, ...]) -> None:
        """Makes two rows of axes the same."""
        left, right = resolve_axes(left), resolve_axes(right)
        whole = (left, right)
        if len(left) != len(right) and not any(isinstance(axis, Run) for axis in left + right):
            raise Mismatch(f"{_axes_count(len(left))} against {_axes_count(len(right))}")
        front = 0
        while left and right and (not isinstance(left[0], Run) and not isinstance(right[0], Run)
                                  or left[0] is right[0]):
            self._axis(left[0], right[0], front, whole)
            left, right = left[1:], right[1:]
            front += 1
        while left and right and (not isinstance(left[-1], Run) and not isinstance(right[-1], Run)
                                  or left[-1] is right[-1]):
            self._axis(left[-1], right[-1], None, whole)
            left, right = left[:-1], right[:-1]
        if not left and not right:
            return
        for one, other in ((left, right), (right, left)):
            if len(one) == 1 and isinstance(one[0], Run) and one[0].flexible:
                if any(axis is one[0] for axis in other):
                    raise Mismatch("a run of axes would contain itself")
                return self._solve(one[0], other)
        for one, other in ((left, right), (right, left)):
            if not one:
                if all(isinstance(axis, Run) and axis.flexible for axis in other):
                    for axis in other:
                        self._solve(axis, ())
                    return
                rigid = next((axis for axis in other if isinstance(axis, Run) and not axis.flexible), None)
                if rigid is not None:
                    raise Mismatch(f"the axes `{rigid.name}...` need not be none")
                raise Mismatch(f"{_axes_count(len(whole[0]))} against {_axes_count(len(whole[1]))}")
        for one, other in ((left, right), (right, left)):
            # s... t... = ...: the first run of two takes as many as the second leaves; here, all it can.
            if isinstance(one[0], Run) and one[0].flexible and not isinstance(other[0], Run) and len(one) > 1:
                raise Mismatch("which axes are which is not determined", "give the sizes in brackets")
        raise Mismatch(f"`{'], ['.join(show_axis(axis) for axis in left)}` is not "
                       f"`{', '.join(show_axis(axis) for axis in right)}`")

    def _axis(self, left: Axis, right: Axis, position: int | None, whole: tuple[Any, Any]) -> None:
        if isinstance(left, Run) or isinstance(right, Run):
            return
        try:
            self.dims(left, right)
        except Mismatch as mismatch:
            mismatch.path.append("the last axis" if position is None else f"axis {position + 1}"
                                 if len(whole[0]) > 1 or len(whole[1]) > 1 else "the axis")
            raise


def _occurs(variable: ObjectVariable, obj: Object) -> bool:
    return _inside(variable, resolve(obj))


def _inside(variable: ObjectVariable, obj: Object) -> bool:
    """The same of an object in which everything solved is put in."""
    if obj is variable:
        return True
    if isinstance(obj, Power):
        return _inside(variable, obj.base)
    if isinstance(obj, Product | Sum):
        return any(_inside(variable, item) for item in obj.items)
    return any(_inside(variable, part) for part in obj.parts())


def _count(obj: Product) -> str:
    return f"a product of {len(obj.items)}" if obj.items else "`1`"


def _axes_count(number: int) -> str:
    return "no axes" if number == 0 else "one axis" if number == 1 else f"{number} axes"
