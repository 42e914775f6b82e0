"""Ill-typed specifications: a well-typed one and one edit, after which no sizes and no inference can save it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from .objects import SHARED, Boxed, Listed, Sum
from .reused import Array, Pair, fixed
from .writer import Spec, Writer

#: What is wrong by itself, beside whatever else there is in the file.
BESIDE = (
    "morphism again : R[2] -> R[2] = relu\nmorphism again : R[2] -> R[2] = tanh\n",
    "morphism endless : R[2] -> R[2] = relu >> endless\n", "morphism hole : R[2] -> R[3] = affine[_, 3] >> ...\n",
    "morphism bad : R[2] -> R[2] = twice(affine[_, 3])\n", "morphism bad : R[2] -> R[2] = x |-> x + x\n",
    "morphism bad : R[2] -> R[2] = relu >> tanh ∘ relu\n", "object Own : R[2]\nmorphism bad : R[2] -> Own = relu\n",
    "morphism bad : R[4, n] -> R[4, n] = group_norm[3]\n", "morphism bad[k] : R[n] -> R[n] = relu\n",
    "morphism bad : List(R[2]) -> R[2] = fold([zero])\n", "morphism bad : R[d] -> R[d] = linear along add\n",
    "frozen bad : Fin[3]\n", "object Bad = Bad * R[2]\n", "dim bad = bad + 1\n",
    "morphism bad : R[d, n] -> R[n] = rearrange(d n -> n)\n",
    "morphism bad : R[d] -> R[n] = relu\n", "morphism bad : R[n] -> R[n] = slice[0, 9, 4]\n",
    "morphism bad : R[3] -> R[3] = affine as forward\n", "morphism bad : R[3] -> R[3] = dropout[p = true]\n",
    "morphism bad : R[3] -> R[3] = relu init zeros\n", "morphism bad : R[3] -> R[3] = affine init zeroes\n",
    "morphism bad : R[3] -> R[3] = x |-> (affine as one)(two.weight)\n", "endofunctor Bad(X) = R[2]^X\n",
    "morphism bad : 1 -> Fin[3] = () |-> 3\n", "coalgebra bad : R[2] -> R[2] = relu\n",
    "algebra bad : List(R[2]) -> R[2] = [zero, add]\n", "morphism bad : R[2]^R[2] -> R[2] = x |-> x\n",
    "morphism bad : List(R[2]) * List(R[2]) -> List(R[2]) = add\n", "morphism class : R[2] -> R[2] = relu\n",
    "morphism bad : R[3] -> R[3] = layer_norm as a >> (layer_norm as a >> relu)^2\n",
    "cell bad : twice => residual = copy\n", "theory T { sort M, sort M }\n",
    "theory T { sort M, op f : M -> N }\n", "theory T { sort M, op f : M -> M, law one (x : M) : f(x) == (x, x) }\n",
    "theory T { sort M, op f : M -> M }\nmodel Bad : T { M = R[2] }\n", "model Bad : residual { M = R[2] }\n",
    "theory T { sort M, op f : M -> M }\nmodel Bad : T { M = R[2], f = affine[_, 3] }\n",
    "theory T { sort M, op f : M -> M, law one (x : M) : f(x) == x }\nmodel Bad : T { M = R[2], f = neg }\n",
    "theory T { sort M, op f : M -> M }\nmodel Bad : T { M = R[2], f = relu }\nmorphism bad : R[2] -> R[2] = Bad.g\n",
    "morphism bad : R[2] -> R[2] + R[3] = [inl, inr]\n", "import \"nowhere.cat\" as nowhere\n", "import std.nothing\n",
    "allow E0205 \"nothing of the kind\"\nmorphism bad : R[2] -> R[2] = relu\n", "dim bad = 3 // 0\n",
)
#: Names of the prelude that a body may have.
KNOWN = ("relu", "tanh", "affine", "linear", "cumsum", "add", "softmax", "each", "map", "fold", "foldl", "scan",
         "scanl", "copy", "drop", "swap", "fst", "snd", "concat", "flip", "gelu", "layer_norm", "reverse", "zip",
         "transpose", "dropout", "sigmoid", "mul", "sub", "at", "index", "greater", "less", "select", "decide",
         "unfold", "embedding")


def shape(obj: Any, sizes: dict[str, int]) -> Any:
    """What an object is at sizes: equal for objects that may be equal."""
    if isinstance(obj, Pair):
        return (shape(obj.left, sizes), shape(obj.right, sizes))
    axes = tuple(eval(axis, {}, dict(sizes)) for axis in obj.axes)
    if isinstance(obj, Sum):
        return ("sum", axes, shape(obj.left, sizes), shape(obj.right, sizes))
    if isinstance(obj, Listed):
        return ("list", axes, shape(obj.element, sizes))
    base = obj.base
    if base.startswith("Fin["):
        base = f"Fin {eval(base[4:-1], {}, dict(sizes))}"
    return (base, axes)


def grown(obj: Any, choose: Callable[..., Any]) -> Any:
    """The object with one of its sizes one larger; None where it has none."""
    if isinstance(obj, Pair):
        left, right = grown(obj.left, choose), grown(obj.right, choose)
        sides = [Pair(left, obj.right)] if left is not None else []
        sides += [Pair(obj.left, right)] if right is not None else []
        return choose(*sides) if sides else None
    if not obj.axes or isinstance(obj, Boxed):
        return None
    place = choose(*range(len(obj.axes)))
    return Array(obj.base, tuple(f"{axis} + 1" if at == place else axis for at, axis in enumerate(obj.axes)))


def mistaken(draw: Callable[[Any], Any]) -> tuple[str, str, dict[str, str]]:
    """What is wrong, the main file, and the others."""
    maker = Writer(draw)
    spec = maker.specification()
    edits = possible(maker, spec)
    what = maker.choose(*sorted(edits))
    return what, edits[what](), spec.files()


def possible(maker: Writer, spec: Spec) -> dict[str, Callable[[], str]]:
    """The edits that this specification may have, each of which makes it wrong."""
    cod, choose = spec.codomain, maker.choose
    found: dict[str, Callable[[], str]] = {"beside": lambda: spec.text(extra=choose(*BESIDE))}
    larger = grown(cod, choose)
    if larger is not None:
        found["another size promised"] = lambda: spec.text(codomain=larger)
    if isinstance(cod, Pair) and shape(cod.left, spec.sizes) != shape(cod.right, spec.sizes):
        found["components swapped"] = lambda: spec.text(codomain=Pair(cod.right, cod.left))
    if isinstance(cod, Array) and not isinstance(cod, Boxed):
        found["another base promised"] = lambda: spec.text(codomain=Array("Bool" if cod.base == "R" else "R", cod.axes))
    if not isinstance(cod, Pair):
        found["a product taken apart"] = lambda: spec.text(behind=choose("fst", "snd", "swap"))
        found["two inputs wanted"] = lambda: spec.text(behind="(x, y) |-> x")
    if not (isinstance(cod, Array) and cod.base == "R") and not isinstance(cod, Listed):
        found["numbers wanted"] = lambda: spec.text(behind=choose("relu", "softplus", "scale[2]"))
    before = spec.stages[-2][1] if len(spec.stages) > 1 else spec.domain
    if shape(before, spec.sizes) != shape(cod, spec.sizes) and "mu " not in repr(before):
        found["the last stage left out"] = lambda: spec.text(stages=spec.stages[:-1], codomain=cod)
    body = spec.body([text for text, _ in spec.stages])
    names = [name for name in KNOWN if re.search(rf"\b{name}\b", body)]
    if names:
        found["a name misspelt"] = lambda: _misspelt(spec, body, choose(*names))
    if isinstance(cod, Array) and cod.base == "R" and len(cod.axes) == 1 and fixed(cod.axes[0]):
        for what, text in {"a label for two": "affine[_, 2] as dup >> affine[_, 3] as dup",
                           "brackets too many": "affine[_, 3, 3]", "no such generic": "affine[q = 3]",
                           "nothing says the size": "affine >> relu >> affine[_, 3]",
                           "an index wanted": "embedding[_, 3]", "given twice": "affine[_, 3, n = 3]"}.items():
            found[what] = lambda text=text: spec.text(behind=text, codomain=Array("R", ("3",)))  # type: ignore[misc]
    needed = [one for one in spec.declarations if one == "half" or one not in ("Line",) and any(
        re.search(rf"\b{name}\b", text) for name in _declared(one) for text in [body, *spec.parts])]
    if needed:
        found["a declaration left out"] = lambda: spec.text(without=choose(*needed))
    if maker.rigid:
        found["another size promised by a part"] = lambda: _part(maker, spec)
    return found


def _declared(name: str) -> list[str]:
    """What a shared declaration brings."""
    if name == "std":
        return ["mlp", "gated_mlp", "self_attention", "normalize", "cosine_similarity", "rotary", "masked_mean"]
    if name in ("blocks", "plain"):
        return {"blocks": ["blocks"], "plain": ["widened"]}[name]
    found = re.match(r"(?:morphism|param|endofunctor|primitive|frozen) (\w+)", SHARED[name])
    return [found[1]] if found else []


def _misspelt(spec: Spec, body: str, name: str) -> str:
    whole = spec.text()
    at = whole.rindex(body)
    return whole[:at] + re.sub(rf"\b{name}\b", f"{name}zq", body, count=1) + whole[at + len(body):]


def _part(maker: Writer, spec: Spec) -> str:
    obj, out = maker.choose(*maker.rigid)
    larger = grown(out, maker.choose)
    old = f": {obj} -> {out} = "
    return spec.text().replace(old, f": {obj} -> {larger} = ", 1) if larger is not None else spec.text(
        extra=BESIDE[0])


@st.composite
def mistakes(draw: Any) -> tuple[str, str, dict[str, str]]:
    return mistaken(draw)
