"""What the specifications here speak of besides arrays and pairs, and declarations that several of them use."""

from __future__ import annotations

import copy
from typing import Any

from .reused import Array, Pair


class Boxed(Array):
    """An object that is no array of numbers, truth values or indices; it may have axes in front all the same."""

    def __init__(self, base: str) -> None:
        super().__init__(base, ())

    def rest(self, count: int = 1) -> Boxed:
        return self.with_axes(self.axes[count:])

    def under(self, axis: str) -> Boxed:
        return self.with_axes((axis, *self.axes))

    def with_axes(self, axes: tuple[str, ...]) -> Boxed:
        made = copy.copy(self)
        made.axes = axes
        return made


class Unit(Boxed):
    """The terminal object; a power of it is itself."""

    def __init__(self) -> None:
        super().__init__("1")

    def under(self, axis: str) -> Boxed:
        return self


class Sum(Boxed):
    def __init__(self, left: Any, right: Any) -> None:
        super().__init__(f"({left} + {right})")
        self.left = left
        self.right = right


class Listed(Boxed):
    def __init__(self, element: Any) -> None:
        super().__init__(f"List({element})")
        self.element = element


class Coloured(Boxed):
    """A colour of its own, carried by an array."""

    def __init__(self, name: str, carrier: Array, generics: str = "") -> None:
        super().__init__(name + generics)
        self.name = name
        self.carrier = carrier


class Tree(Boxed):
    """The fixed point of an endofunctor that a fold is declared for: of an algebra so called, which gives an object."""

    def __init__(self, functor: str, algebra: str, result: Any) -> None:
        super().__init__(f"mu {functor}")
        self.algebra = algebra
        self.result = result


def written(obj: Any) -> str:
    """An object as a part of a product or of a sum."""
    return f"({obj})" if isinstance(obj, Pair) else repr(obj)


def holds(obj: Any, *kinds: type) -> bool:
    """Whether an object of these kinds is a part of it."""
    if isinstance(obj, kinds):
        return True
    if isinstance(obj, Pair | Sum):
        return holds(obj.left, *kinds) or holds(obj.right, *kinds)
    return isinstance(obj, Listed) and holds(obj.element, *kinds)


#: Declarations by name, and the names of those that they need.
SHARED: dict[str, str] = {
    "residual": "morphism residual[A](f : A -> A) : A -> A = (id, f) >> add\n",
    "twice": "morphism twice[A](f : A -> A) : A -> A = f >> f\n",
    "std": "import std.nn\n",
    "total": "morphism total[p, q] : R[p, q] -> R[q] = reduce(sum, p q -> q)\n",
    "average": "morphism average[p, q] : R[p, q] -> R[q] = reduce(mean, p q -> q)\n",
    "count": "morphism count[p] : R[p] -> R[] = reduce(sum, p ->)\n",
    "mix": "morphism mix[p, q] : R[p, q] -> R[p, q] = (id, id, id) >> attend[causal = true]\n",
    "Cons": "endofunctor Cons[A](X) = 1 + A * X\n",
    "Snoc": "endofunctor Snoc[A](X) = 1 + X * A\n",
    "Stream": "endofunctor Stream[O](X) = O * X\n",
    "Mealy": "endofunctor Mealy[I, O](X) = (O * X)^I\n",
    "Moore": "endofunctor Moore[I, O](X) = O * X^I\n",
    "Beside": "endofunctor Beside[A](X) = X * A\n",
    "Perhaps": "endofunctor Perhaps[A](X) = A + X\n",
    "Both": "endofunctor Both[A, B] = Beside[A] >> Perhaps[B]\n",
    "kept": "morphism kept[A, B](f : A -> B) : A -> A * B = (id, f)\n",
    "turned": "morphism turned[by : int, p, A] : A^p -> A^p = roll[by]\n",
    "scaled": "morphism scaled[s..., by : real = 0.5] : R[s...] -> R[s...] = scale[by]\n",
    "looking": "morphism looking[hindsight : bool, p, q] : R[p, q] -> R[p, q]\n"
               "    = x |-> attend[causal = hindsight](x, x, x)\n",
    "padded": "morphism padded[mode : choice(constant, circular), p, s...] : R[p, s...] -> R[p + 2, s...]\n"
              "    = pad[1, 1, mode = mode]\n",
    "folded": "morphism folded[F : endofunctor, X](a : F(X) -> X) : mu F -> X = fold(a)\n",
    "scanned": "morphism scanned[A, X](a : 1 + X * A -> X) : List(A) -> List(X) = scanl(a) >> tail\n",
    "repeated": "morphism repeated[k : nat, A](f : A -> A) : A -> A = f^k\n",
    "with_start": "morphism with_start[p](f : R[p] -> R[p], start : R[p]) : R[p] -> R[p] = x |-> f(add(start, x))\n",
    "split_up": "morphism split_up[h : dim, p, A : object] : A^p -> A^(h, p // h) = rearrange((h k) -> h k)\n"
                "    where h divides p\n",
    "rate": "param rate : real = 0.25\n",
    "back": "param back : bool\n",
    "step": "param step : int = -1\n",
    "border": "param border : choice(constant, replicate) = replicate\n",
    "half": "dim half = d // 2 where 2 divides d\n",
    "soft": "primitive soft[s...] : R[s...] -> R[s...]\n",
    "frozen": "frozen held : R[d, d] init normal(0, 0.5)\n",
    "blocks": 'import "blocks.cat" (w = d) as blocks\n',
    "plain": 'import "plain.cat" (width = 2*d)\n',
    "Line": "object Line[p : dim] = R[p] * R[p]\n",
    "Folding": "theory Folding { sort M, op e : 1 -> M, op m : M * M -> M,\n"
               "                 law assoc (x, y, z : M) : m(m(x, y), z) == m(x, m(y, z)) }\n",
    "Adding": "model Adding[s...] : Folding { M = R[s...], e = zero, m = add }\n",
    "Largest": "model Largest[s...] : Folding { M = R[s...], e = zero, m = maximum }\n",
    "Product": "model Product[s...] : Folding { M = R[s...], e = one, m = mul >> id }\n",
    "Lines": "model Lines[s...] : Folding { M = R[s...] * R[s...], e = (one, zero),\n"
             "    m = ((a, b), (c, f)) |-> (mul(c, a), add(mul(c, b), f)) }\n",
}
NEEDS = {"Both": ("Beside", "Perhaps"), **dict.fromkeys(("Adding", "Largest", "Product", "Lines"), ("Folding",))}

#: What the specifications import, by the name of the declaration that does.
FILES = {
    "blocks": ("blocks.cat", "dim w, free\nobject Wide = R[w]\nmorphism block : Wide -> Wide = affine[_, 2*w] >> "
                             "relu >> affine as out\nmorphism along_free : R[free, w] -> R[free, w] = each(block)\n"),
    "plain": ("plain.cat", "import \"below/deep.cat\" (v = width) as deep\ndim width\n"
                           "morphism widened : R[width] -> R[width] = deep.gate >> layer_norm\n"),
}
BELOW = ("below/deep.cat", "dim v\nmorphism gate : R[v] -> R[v] = (id, linear >> sigmoid) >> mul\n")
