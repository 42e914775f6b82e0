"""Specifications made at random: well-typed ones with the objects they go between, and ill-typed ones an edit away.

A morphism is made stage by stage from what may follow its object so far, so it is well-typed by construction, and the
object that it ends in is known. Sizes ``n`` and ``m`` stay open; ``d`` and ``e`` are given at compile.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

#: The sizes that are given at compile, and what open ones may be; conditions such as a window's ask for some room.
GIVEN = {"d": 4, "e": 6}
OPEN = {"n": (4, 9), "m": (4, 9)}
HEADER = """dim n, m, d, e
morphism residual[A](f : A -> A) : A -> A = (id, f) >> add
morphism twice[A](f : A -> A) : A -> A = f >> f
"""
POINTWISE = ("relu", "tanh", "sigmoid", "gelu", "silu", "softplus", "neg", "abs", "square", "sin", "id", "scale[0.5]",
             "clamp[-1.0, 1.0]", "leaky_relu[0.2]", "dropout[0.3]", "elu", "sign", "x |-> mul(x, 2.0)",
             "x |-> let y = tanh(x) in add(x, y)")
LEARNT = ("2", "3", "d", "e", "2*d", "d + e")


class Array:
    """``R``, ``Bool`` or ``Fin[size]`` with axes; an axis is written as in catlang."""

    def __init__(self, base: str, axes: tuple[str, ...]) -> None:
        self.base = base
        self.axes = axes

    def __repr__(self) -> str:
        inner = ", ".join(self.axes)
        if self.base in ("R", "Bool"):
            return f"{self.base}[{inner}]" if self.axes or self.base == "R" else "Bool"
        return f"{self.base}^({inner})" if self.axes else self.base

    def __eq__(self, other: object) -> bool:
        return repr(self) == repr(other)

    def __hash__(self) -> int:
        return hash(repr(self))

    def rest(self, count: int = 1) -> Array:
        return Array(self.base, self.axes[count:])

    def under(self, axis: str) -> Array:
        return Array(self.base, (axis, *self.axes))

    def shape(self, sizes: dict[str, int]) -> tuple[int, ...]:
        return tuple(eval(axis.replace("//", "//"), {}, dict(sizes)) for axis in self.axes)


class Pair:
    """A product of two."""

    def __init__(self, left: Any, right: Any) -> None:
        self.left = left
        self.right = right

    def __repr__(self) -> str:
        parts = [f"({part})" if isinstance(part, Pair) else repr(part) for part in (self.left, self.right)]
        return " * ".join(parts)

    __eq__ = Array.__eq__
    __hash__ = Array.__hash__

    def under(self, axis: str) -> Pair:
        return Pair(self.left.under(axis), self.right.under(axis))


def fixed(axis: str) -> bool:
    """Whether a size is known once those given are."""
    return "n" not in axis and "m" not in axis


def least(axis: str) -> int:
    """The smallest that a size may be, where it grows with those in it."""
    return eval(axis, {}, {**GIVEN, **{name: limits[0] for name, limits in OPEN.items()}})


def arrays(obj: Any) -> list[Array]:
    return [obj] if isinstance(obj, Array) else [*arrays(obj.left), *arrays(obj.right)]


class Specification:
    """A text whose morphism `net` goes from `domain` to `codomain` by `stages`."""

    def __init__(self, parts: list[str], domain: Any, written: str, stages: list[tuple[str, Any]]) -> None:
        self.parts = parts
        self.domain = domain
        self.written = written
        self.stages = stages

    @property
    def codomain(self) -> Any:
        return self.stages[-1][1] if self.stages else self.domain

    def text(self, stages: list[tuple[str, Any]] | None = None, codomain: Any = None) -> str:
        body = chain([text for text, _ in (self.stages if stages is None else stages)])
        header = f"morphism net : {self.written} -> {codomain or self.codomain}"
        return f"{HEADER}{''.join(self.parts)}{header}\n    = {body}\n"

    def __repr__(self) -> str:
        return f"<<<\n{self.text()}>>>"


def chain(stages: list[str]) -> str:
    return " >> ".join(f"({one})" if any(sign in one for sign in ("|->", " >> ", "let ", " along ")) else one
                       for one in stages) or "id"


class Maker:
    """Makes one specification by choices drawn."""

    def __init__(self, draw: Callable[[Any], Any]) -> None:
        self.draw = draw
        self.parts: list[str] = []
        self.labels = 0
        self.variables = 0

    def choose(self, *options: Any) -> Any:
        return self.draw(st.sampled_from(options))

    def maybe(self) -> bool:
        return self.draw(st.booleans())

    # ---------------------------------------------------------------- objects

    def array(self) -> Array:
        kind = self.draw(st.integers(0, 9))
        axes = tuple(self.choose("n", "m", "d", "e", "3") for _ in range(self.draw(st.integers(0, 3))))
        return Array("Bool" if kind == 0 else f"Fin[{self.choose('5', 'd')}]" if kind == 1 else "R", axes)

    def object(self, depth: int = 2) -> Any:
        if depth and self.draw(st.integers(0, 3)) == 0:
            left = self.object(depth - 1)
            return Pair(left, left if self.maybe() else self.object(depth - 1))
        return self.array()

    # ---------------------------------------------------------------- morphisms

    def chain(self, obj: Any, length: int, depth: int) -> list[tuple[str, Any]]:
        stages = []
        for _ in range(length):
            text, obj = self.stage(obj, depth)
            stages.append((text, obj))
        return stages

    def inside(self, obj: Any, depth: int) -> tuple[str, Any]:
        """A short chain as one expression."""
        stages = self.chain(obj, self.draw(st.integers(1, 2)), depth - 1)
        return chain([text for text, _ in stages]), stages[-1][1]

    def stage(self, obj: Any, depth: int) -> tuple[str, Any]:
        options = [self.extracted, self.paired] if depth > 0 else []
        if isinstance(obj, Pair):
            options += [self.of_pair] * 4
        else:
            options += [{"R": self.of_reals, "Bool": self.of_bools}.get(obj.base, self.of_indices)] * 5
            if obj.base == "R" and depth > 0:
                options += [self.endo_in_combinator] * 2
            if obj.base == "R":
                options += [self.captured] * 2
        return self.choose(*options)(obj, depth)

    def variable(self) -> str:
        """A variable of its own: one within another would hide it."""
        self.variables += 1
        return f"v{self.variables}"

    def part(self, obj: Any, body: str, out: Any, before: str = "") -> tuple[str, Any]:
        """A morphism whose type says what its body leaves open."""
        name = f"part{len(self.parts)}"
        self.parts.append(f"morphism {name} : {obj} -> {out} = {before}{body}\n")
        return name, out

    def injection(self, obj: Array) -> str:
        return self.part(obj, self.choose("inl", "inr"), f"{obj} + {obj}")[0]

    def coloured(self, obj: Array, text: str) -> str:
        """By way of a colour of its own."""
        name = f"Colour{len(self.parts)}"
        self.parts.append(f"object {name} : {obj}\n")
        return f"({text}) >> {name} >> {name}.carrier"

    def label(self) -> str:
        self.labels += 1
        return f"label{self.labels}"

    def extracted(self, obj: Any, depth: int) -> tuple[str, Any]:
        """A morphism of its own."""
        body, out = self.inside(obj, depth)
        name = f"part{len(self.parts)}"
        self.parts.append(f"morphism {name} : {obj} -> {out} = {body}\n")
        return (f"{name} as {self.label()}" if self.maybe() else name), out

    def paired(self, obj: Any, depth: int) -> tuple[str, Any]:
        left, one = self.inside(obj, depth)
        right, other = self.inside(obj, depth)
        return f"({left}, {right})", Pair(one, other)

    def endo(self, obj: Array, depth: int) -> str:
        """A morphism of numbers that ends where it began."""
        if obj.axes and fixed(obj.axes[-1]) and self.maybe():
            text = self.choose(f"affine[_, {obj.axes[-1]}]", "layer_norm", f"linear[_, {obj.axes[-1]}] >> tanh",
                               f"affine[_, {self.choose(*LEARNT)}] >> relu >> affine[_, {obj.axes[-1]}]")
            for _ in obj.axes[1:]:
                text = f"each({text})"
            return text
        if obj.axes and self.maybe():
            inner = f"each({self.endo(obj.rest(), depth - 1)})" if depth > 0 else "cumsum"
            return self.choose("cumsum", "flip", "roll[1]", "softmax" if len(obj.axes) == 1 else "flip", inner)
        return self.pointwise()

    def pointwise(self) -> str:
        text = self.choose(*POINTWISE)
        return text.replace("x", self.variable()).replace("y", self.variable()) if "|->" in text else text

    def endo_in_combinator(self, obj: Array, depth: int) -> tuple[str, Any]:
        text = chain([self.endo(obj, depth) for _ in range(self.draw(st.integers(1, 2)))])
        x, f = self.variable(), self.variable()
        text = self.choose(f"residual({text})", f"twice({text})", f"({text})^{self.draw(st.integers(1, 3))}",
                           f"(id, {text}) >> {self.choose('add', 'mul', 'sub', 'maximum')}",
                           f"(({text})^2) along copy", f"({text}) as {self.label()}",
                           f"let {f} = {text} in {f} >> {f}",
                           f"{x} |-> let {f} = ({text}) in add({f}({x}), {f}(neg({x})))",
                           f"{self.injection(obj)} >> [{self.endo(obj, depth)}, {text}]", self.coloured(obj, text),
                           f"residual(residual({text}))^2")
        return text, obj

    def of_reals(self, obj: Array, depth: int) -> tuple[str, Any]:
        axes = obj.axes
        options: list[Callable[[], tuple[str, Any]]] = [
            lambda: (self.pointwise(), obj), lambda: ("copy", Pair(obj, obj))]
        options.append(lambda: ("x |-> greater(x, neg(x))", Array("Bool", axes)))
        options.append(lambda: (f"x |-> add(x, {self.choose('zero', 'one', 'normal', 'parameter')}())"
                                if all(fixed(one) for one in axes) else "x |-> add(x, one())", obj))
        if axes:
            names = [f"i{place}" for place in range(len(axes))]
            head, tail = names[0], names[1:]
            options += [
                lambda: self.each(obj, depth), lambda: self.each(obj, depth),
                lambda: (f"reduce({self.choose('mean', 'sum', 'max')}, {' '.join(names)} -> {' '.join(tail)})",
                         obj.rest()),
                lambda: self.part(obj, f"repeat({' '.join(names)} -> {' '.join([head, 'extra', *tail])})",
                                  Array("R", (axes[0], self.choose('2', 'd'), *axes[1:]))),
                lambda: ("pad[1, 2]", Array("R", (f"{axes[0]} + 3", *axes[1:]))),
                lambda: ("(id, flip) >> concat", Array("R", (f"2*({axes[0]})", *axes[1:]))),
                lambda: self.part(obj, f"rearrange((h k) {' '.join(tail)} -> k h {' '.join(tail)})",
                                  Array("R", ("2", axes[0], *axes[1:])), before="(id, flip) >> concat >> "),
            ]
            if least(axes[0]) >= 3:
                options.append(lambda: ("slice[1, 3]", Array("R", ("2", *axes[1:]))))
        if len(axes) == 1:
            options += [lambda: ("softmax", obj), lambda: ("logsumexp", Array("R", ())),
                        lambda: ("argmax", Array(f"Fin[{axes[0]}]", ())),
                        *([lambda: ("topk[2]", Pair(Array("R", ("2",)), Array(f"Fin[{axes[0]}]", ("2",))))]
                          if least(axes[0]) >= 2 else [])]
            if fixed(axes[0]):
                options += [self.learnt(kind) for kind in ("affine", "linear", "affine")]
        if len(axes) >= 2:
            order = self.draw(st.permutations(range(len(axes))))
            source, target = " ".join(f"i{one}" for one in range(len(axes))), " ".join(f"i{one}" for one in order)
            options += [
                lambda: (f"rearrange({source} -> {target})", Array("R", tuple(axes[one] for one in order))),
                lambda: (f"rearrange({source} -> (i0 i1){''.join(f' i{one}' for one in range(2, len(axes)))})",
                         Array("R", (f"({axes[0]})*({axes[1]})", *axes[2:]))),
                lambda: ("transpose", Array("R", (axes[1], axes[0], *axes[2:]))),
                lambda: ("x |-> (x, x)", Pair(obj, obj)),
            ]
        if len(axes) == 2:
            options += [lambda: ("(id, transpose) >> matmul", Array("R", (axes[0], axes[0]))),
                        lambda: ("x |-> contract(a b, c b -> c a)(x, x)", Array("R", (axes[0], axes[0]))),
                        lambda: ("x |-> attend(x, x, x)", obj)]
            if least(axes[1]) >= 3:
                options += [lambda: ("max_pool1d[2]", Array("R", (axes[0], f"({axes[1]} - 2) // 2 + 1"))),
                            lambda: ("upsample1d[2]", Array("R", (axes[0], f"2*({axes[1]})"))),
                            lambda: ("avg_pool1d[3, stride = 1, padding = 1]", obj)]
            if fixed(axes[0]):
                options += [lambda: ("group_norm[1]", obj),
                            lambda: (f"conv1d[_, {axes[0]}, 3, left = 1, groups = {axes[0]}]", obj)]
                options.append(lambda: ("conv1d[_, 2, 3, left = 1]", Array("R", ("2", axes[1]))))
            if fixed(axes[0]) and not fixed(axes[1]) and axes[1] in OPEN:
                options.append(lambda: ("conv1d[_, e, 3, stride = 2]", Array("R", ("e", f"({axes[1]} - 3) // 2 + 1"))))
        if len(axes) == 3 and fixed(axes[0]):
            options += [lambda: ("conv2d[_, 2, 3, top = 1]", Array("R", ("2", *axes[1:]))),
                        lambda: ("group_norm[1]", obj)]
        return self.choose(*options)()

    def captured(self, obj: Array, depth: int) -> tuple[str, Any]:
        """Wires and instances of the lambda around are used further in."""
        axes, inner = obj.axes, self.endo(obj, depth)
        x, v, w, f, s = (self.variable() for _ in range(5))
        options = [
            f"{x} |-> residual({v} |-> mul({v}, {x}))(relu({x}))",
            f"{x} |-> (({v} |-> add({v}, {x}))^3)({x})",
            f"{x} |-> twice({v} |-> residual({w} |-> add({w}, sub({v}, {x})))({v}))({x})",
            f"{x} |-> let {f} = ({inner}) in residual({v} |-> add({f}({v}), {f}({x})))({f}({x}))",
            f"{x} |-> let {f} = ({inner}) in (({v} |-> sub({f}({v}), {x}))^2)({x})",
            f"{x} |-> let ({v}, {w}) = ({x}, relu({x})) in sub({v}, {w})",
            f"{x} |-> residual(({inner}) >> ({v} |-> mul({v}, {x})))({x})",
        ]
        if axes:
            below, names = self.endo(obj.rest(), depth), " ".join(f"i{place}" for place in range(1, len(axes)))
            options += [
                f"{x} |-> let {s} = reduce(mean, i0 {names} -> {names})({x}) "
                f"in each({v} |-> residual({w} |-> add({w}, {s}))({v}))({x})",
                f"{x} |-> let {f} = ({below}) in each({v} |-> {f}({f}({v})))({x})",
                f"{x} |-> let {s} = reduce(sum, i0 {names} -> {names})({x}) "
                f"in each({v} |-> (({w} |-> add({w}, {s}))^2)({v}))({x})",
                f"{x} |-> each({v} |-> add({v}, dropout[0.3](one())))({x})",
                f"{x} |-> each({v} |-> add({v}, normal()))({x})",
                f"{x} |-> add({x}, each({v} |-> one())({x}))",
                f"{x} |-> scatter({x}, index(), {x})",
                f"{x} |-> gather({x}, index())",
                f"{x} |-> add({x}, gather({x}, flip(index())))",
            ]
        if len(axes) == 1 and fixed(axes[0]):
            [size] = axes
            options += [f"{x} |-> family[{size}]({inner})(argmax({x}), {x})",
                        f"linear[_, {size}] along ({v} : R[{size}, {size}]) |-> add({v}, transpose({v}))",
                        f"linear[_, {size}] along ({v} : R[{size}, 2], {w} : R[2, {size}]) |-> matmul({v}, {w})",
                        f"affine[_, {size}] along ({v} : R[{size}, {size}], {w} : R[]) |-> ({v}, repeat(-> k)({w}))",
                        f"{x} |-> add({x}, parameter())"]
        if len(axes) == 2:
            options += [f"{x} |-> masked_attend({x}, {x}, {x}, greater(contract(a b, c b -> a c)({x}, {x}), zero()))",
                        f"{x} |-> matmul(each(softmax)(contract(a b, c b -> a c)({x}, {x})), {x})",
                        f"{x} |-> each({v} |-> reduce(sum, a b -> b)(each({w} |-> mul({w}, {v}))({x})))({x})"]
        text = self.choose(*options)
        if depth > 0 and self.draw(st.integers(0, 4)) == 0:
            # What has one name in both bodies is one instance.
            second = self.pointwise()
            if self.maybe():
                text = second = self.endo(obj, depth)
            text, _ = self.part(obj, f"({text}) in eval ({second})", obj)
        return text, obj

    def learnt(self, kind: str) -> Callable[[], tuple[str, Any]]:
        def make() -> tuple[str, Any]:
            size = self.choose(*LEARNT)
            text = f"{kind}[_, {size}]"
            if self.maybe():
                text += f" as {self.label()}"
            return text, Array("R", (size,))

        return make

    def each(self, obj: Any, depth: int) -> tuple[str, Any]:
        inner, out = self.inside(obj.rest(), depth) if depth > 0 else (self.pointwise(), obj.rest())
        return f"each({inner})", out.under(obj.axes[0])

    def of_bools(self, obj: Array, depth: int) -> tuple[str, Any]:
        return self.choose(("logical_not", obj), ("indicator", Array("R", obj.axes)), ("id", obj),
                           ("b |-> logical_and(b, logical_not(b))", obj),
                           ("b |-> select(b, one(), zero())", Array("R", obj.axes)))

    def of_indices(self, obj: Array, depth: int) -> tuple[str, Any]:
        size = obj.base[4:-1]
        width = self.choose(*LEARNT)
        options = [("to_real", ()), ("id", None)]
        if fixed(size):
            options += [(f"embedding[_, {width}]", (width,)), ("one_hot", (size,)),
                        (f"embedding[_, {width}] >> tanh", (width,))]
            label = self.label()
            v = self.variable()
            tied = f"contract(k, v k -> v)((embedding[_, 3] as {label})({v}), {label}.weight)"
            options.append((f"{v} |-> {tied}", (size,)))
        text, more = self.choose(*options)
        for _ in obj.axes:
            text = f"each({text})"
        return text, obj if more is None else Array("R", (*obj.axes, *more))

    def of_pair(self, obj: Pair, depth: int) -> tuple[str, Any]:
        left, right = obj.left, obj.right
        options: list[Callable[[], tuple[str, Any]]] = [
            lambda: ("fst", left), lambda: ("snd", right), lambda: ("swap", Pair(right, left)),
            lambda: ("(x, y) |-> (y, x)", Pair(right, left)), lambda: ("(x, _) |-> x", left)]
        if depth > 0:
            options += [lambda: self.beside(obj, depth)] * 2
        if isinstance(left, Array) and left == right and left.base == "R":
            kinds = ("add", "sub", "mul", "maximum", "minimum", "(x, y) |-> sub(y, tanh(x))")
            options += [lambda: (self.choose(*kinds), left)] * 3
            options.append(lambda: ("less", Array("Bool", left.axes)))
        if isinstance(left, Array) and isinstance(right, Array) and left.axes and right.axes:
            if left.rest() == right.rest():
                length = f"{left.axes[0]} + {right.axes[0]}"
                options += [lambda: ("concat", Array(left.base, (length, *left.axes[1:])))] * 2
            if left.base == right.base == "R" and left.axes[0] == right.axes[0]:
                inner = Pair(left.rest(), right.rest())
                if depth > 0:
                    def along() -> tuple[str, Any]:
                        text, out = self.inside(inner, depth)
                        return f"each({text})", out.under(left.axes[0])
                    options += [along] * 2
            if left.base == right.base == "R" and left.rest() == right:
                options += [lambda: ("(x, y) |-> each(v |-> mul(v, y))(x)", left)] * 3
            if right.base == f"Fin[{left.axes[0]}]" and len(right.axes) == 1:
                options += [lambda: ("gather", Array(left.base, (right.axes[0], *left.axes[1:])))] * 3
        if isinstance(left, Array) and isinstance(right, Array):
            if left.axes and right.base == f"Fin[{left.axes[0]}]" and not right.axes:
                options += [lambda: ("at", left.rest())] * 3
            if left.base.startswith("Fin[") and fixed(left.base[4:-1]) and not left.axes and right.base == "R":
                options += [lambda: (f"family[{left.base[4:-1]}]({self.endo(right, depth)})", right)] * 3
        return self.choose(*options)()

    def beside(self, obj: Pair, depth: int) -> tuple[str, Any]:
        left, one = self.inside(obj.left, depth)
        right, other = self.inside(obj.right, depth)
        return f"{grouped(left)} * {grouped(right)}", Pair(one, other)

    def specification(self) -> Specification:
        domain = self.object()
        written = repr(domain)
        if isinstance(domain, Pair) and self.maybe():
            written = f"(first : {domain.left}) * (second : {domain.right})"
            # What the parts are called is a part of the object: it is left behind at once.
            first = [("(first, second) |-> (first, second)", domain)]
        else:
            first = []
        stages = first + self.chain(domain, self.draw(st.integers(1, 6)), self.draw(st.integers(1, 3)))
        return Specification(self.parts, domain, written, stages)


def grouped(text: str) -> str:
    signs = ("|->", " >> ", " * ", " + ", " as ", " along ", "let ")
    return f"({text})" if any(sign in text for sign in signs) else text


@st.composite
def specifications(draw: Any) -> Specification:
    return Maker(draw).specification()


@st.composite
def mistakes(draw: Any) -> str:
    return mistaken(draw)


def mistaken(draw: Callable[[Any], Any]) -> str:
    """A specification in which one thing is not as it was: a size in its type, or its last stage that mattered."""
    made = Maker(draw).specification()
    before = made.stages[-2][1] if len(made.stages) > 1 else made.domain
    edits = []
    for place, array in enumerate(arrays(made.codomain)):
        for axis in range(len(array.axes)):
            edits.append(lambda place=place, axis=axis: made.text(codomain=_grown(made.codomain, place, axis)))
    if before != made.codomain:
        edits.append(lambda: made.text(stages=made.stages[:-1]))
    if not edits:
        edits.append(lambda: made.text(codomain=Pair(made.codomain, made.codomain)))
    return draw(st.sampled_from(edits))()


def _grown(obj: Any, place: int, axis: int) -> Any:
    """The object with one of its sizes one larger."""
    if isinstance(obj, Pair):
        count = len(arrays(obj.left))
        if place < count:
            return Pair(_grown(obj.left, place, axis), obj.right)
        return Pair(obj.left, _grown(obj.right, place - count, axis))
    axes = list(obj.axes)
    axes[axis] = f"{axes[axis]} + 1"
    return Array(obj.base, tuple(axes))
