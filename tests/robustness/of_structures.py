"""What may follow pairs, sums, lists, colours and trees, and how algebras, coalgebras and machines are made."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from .objects import Boxed, Coloured, Listed, Sum, Tree, Unit, holds
from .reused import LEARNT, AlgebraMaker, Array, Pair, fixed, grouped

#: Objects that machines and algebras keep: arrays of sizes that are known.
STATES = ("2", "3", "d")


def of_boxed(maker: Any, obj: Boxed, depth: int) -> tuple[str, Any]:
    if obj.axes:
        if maker.rarely():
            return maker.choose(("flip", obj), ("roll[1]", obj), (_along(maker, obj), obj.rest()))
        inner, out = maker.stage(obj.rest(), min(depth, 1))
        if holds(out, Tree):
            return "id", obj
        return f"each({inner})", out.under(obj.axes[0])
    if isinstance(obj, Unit):
        return _of_nothing(maker)
    if isinstance(obj, Sum):
        return _of_sum(maker, obj, depth)
    if isinstance(obj, Listed):
        return _of_list(maker, obj, depth)
    if isinstance(obj, Coloured):
        if maker.rarely():
            x = maker.variable()
            return f"{x} |-> {obj.name}.carrier({x})", obj.carrier
        return f"{obj.name}.carrier", obj.carrier
    assert isinstance(obj, Tree)
    return maker.choose(f"fold({obj.algebra})", f"fold({obj.algebra}) as {maker.label()}",
                        f"{maker.need('folded')}({obj.algebra})"), obj.result


def _along(maker: Any, obj: Boxed) -> str:
    x = maker.variable()
    return f"{x} |-> at({x}, 0)"


def _of_nothing(maker: Any) -> tuple[str, Any]:
    axes = tuple(maker.choose("2", "3", "d", "e") for _ in range(maker.draw(st.integers(0, 2))))
    out = Array("R", axes)
    kind = maker.draw(st.integers(0, 5))
    if kind == 0:
        size = maker.choose("3", "d")
        return maker.part(Unit(), "index", Array(f"Fin[{size}]", (size,)))
    if kind == 1 and len(axes) == 1:
        maker.need("std")
        return maker.part(Unit(), "sinusoidal", Array("R", ("3", f"2*{axes[0]}")))
    if kind == 2:
        return maker.part(Unit(), "nil", Listed(out))
    body = maker.choose("zero", "one", "parameter", "2.5", "const[-1]", "normal", "uniform", "gumbel", "parameter as p")
    return maker.part(Unit(), body, out)


def _of_sum(maker: Any, obj: Sum, depth: int) -> tuple[str, Any]:
    if depth > 0 and maker.rarely():
        left, one = maker.inside(obj.left, depth)
        right, other = maker.inside(obj.right, depth)
        if not (holds(one, Tree) or holds(other, Tree)):
            return f"{grouped(left)} + {grouped(right)}", Sum(one, other)
    if obj.left == obj.right and maker.rarely() and isinstance(obj.left, Array) and obj.left.base == "R":
        return f"[{maker.endo(obj.left, depth)}, {maker.endo(obj.left, depth)}]", obj.left
    target = Array("R", tuple(maker.choose("2", "3", "d") for _ in range(maker.draw(st.integers(0, 2)))))
    return f"[{maker.into(obj.left, target)}, {maker.into(obj.right, target)}]", target


def _of_list(maker: Any, obj: Listed, depth: int) -> tuple[str, Any]:
    element = obj.element
    x = maker.variable()
    options: list[Any] = [
        lambda: (maker.choose("reverse", "tail", "but_last", "reverse >> tail"), obj),
        lambda: ("length", Array("R", ())),
        lambda: ("copy >> zip", Listed(Pair(element, element))),
        lambda: ("(reverse, id) >> zip >> map(fst)", obj),
        lambda: _mapped(maker, obj, depth), lambda: _mapped(maker, obj, depth), lambda: _folded(maker, obj),
        lambda: _folded(maker, obj), lambda: _folded(maker, obj), lambda: _machine(maker, obj),
    ]
    if isinstance(element, Array) and element.base == "R":
        options += [lambda: (f"{x} |-> cons(one(), {x})", obj), lambda: ("cumsum", obj),
                    lambda: (f"map({maker.endo(element, 1)})", obj), lambda: (f"each({maker.endo(element, 0)})", obj),
                    lambda: _by_model(maker, obj)]
        if len(element.axes) == 1:
            total, average, mix = "total", "average", "mix"
            options += [lambda: (maker.need(maker.choose(total, average)), element)] * 2
            options.append(lambda: (maker.need(mix), obj))
    return maker.choose(*options)()


def _by_model(maker: Any, obj: Listed) -> tuple[str, Any]:
    """By the operations of a model of a theory whose law is proved."""
    kind = maker.choose("fold", "foldl", "scan", "scanl")
    model, element = maker.need(maker.choose("Adding", "Largest", "Product", "Lines")), obj.element
    text, out = f"map(tanh) >> {kind}({model})", element
    if model == "Lines":
        text, out = f"map(tanh >> copy) >> {kind}({model})", Pair(element, element)
    elif maker.maybe():
        x = maker.variable()
        text += f" >> {'map' if kind.startswith('scan') else ''}({x} |-> {model}.m({x}, {model}.e))"
    return text, Listed(out) if kind.startswith("scan") else out


def _mapped(maker: Any, obj: Listed, depth: int) -> tuple[str, Any]:
    if depth <= 0:
        inner, out = maker.stage(obj.element, 0)
    else:
        inner, out = maker.inside(obj.element, depth)
    if holds(out, Tree) or isinstance(out, Unit):
        return "id", obj
    return f"map({inner})", Listed(out)


def _state(maker: Any) -> Array:
    return Array("R", (maker.choose(*STATES),))


def _step(maker: Any, element: Any, state: Array, left: bool) -> str:
    """A morphism from an element and a state, on the side that is said, to the next state."""
    [size] = state.axes
    first, second = grouped(maker.into(element, state)), f"{maker.choose('affine', 'linear')}[_, {size}]"
    both = f"({second} * {first})" if left else f"({first} * {second})"
    x, s = maker.variable(), maker.variable()
    pattern = f"({s}, {x})" if left else f"({x}, {s})"
    return maker.choose(
        f"{both} >> add >> tanh", f"{both} >> maximum", f"{both} >> mul >> sigmoid",
        f"{pattern} |-> tanh(add({first}({x}), {second}({s})))" if not first.startswith("(") else f"{both} >> sub",
        f"{pattern} |-> let g{s} = sigmoid({second}({s})) in add(mul(g{s}, {s}), ({first})({x}))",
    )


def _algebra(maker: Any, element: Any, state: Array, left: bool) -> str:
    start = maker.choose("zero", "one", "parameter", f"parameter[{state.axes[0]}] as {maker.label()}")
    step = _step(maker, element, state, left)
    cases = f"[{start}, {step}]"
    if maker.maybe():
        return cases
    name, functor = maker.named("algebra_"), maker.need("Snoc" if left else "Cons")
    maker.declare(f"algebra {name} : {functor}[{element}]({state}) -> {state} = {cases}\n")
    return name


def _folded(maker: Any, obj: Listed) -> tuple[str, Any]:
    state = _state(maker)
    kind = maker.choose("fold", "foldl", "scan", "scanl")
    text = f"{kind}({_algebra(maker, obj.element, state, kind in ('foldl', 'scanl'))})"
    if maker.rarely():
        text += f" as {maker.label()}"
    if kind == "foldl" and maker.rarely():
        return f"{maker.need('scanned')}({text[6:-1]})" if text.endswith(")") else text, (
            Listed(state) if text.endswith(")") else state)
    if kind in ("scan", "scanl"):
        return maker.choose(text, text, f"{text} >> {maker.choose('tail', 'but_last')}"), Listed(state)
    if maker.rarely():
        q, xs = maker.variable(), maker.variable()
        step = _step(maker, obj.element, state, False)
        return f"{xs} |-> let {q} = ({text})({xs}) in fold([() |-> {q}, {step}])({xs})", state
    return text, state


def _machine(maker: Any, obj: Listed) -> tuple[str, Any]:
    state, out = _state(maker), maker.choose("2", "3")
    name, xs = maker.named("machine"), maker.variable()
    step = _step(maker, obj.element, state, True)
    if maker.maybe():
        functor = maker.need("Mealy")
        body = f"curry(({step}) >> (affine[_, {out}], id))"
    else:
        functor = maker.need("Moore")
        body = f"(affine[_, {out}], curry({step}))"
    maker.declare(f"coalgebra {name} : {state} -> {functor}[{obj.element}, R[{out}]]({state}) = {body}\n")
    result = Pair(Listed(Array("R", (out,))), state)
    return f"{xs} |-> run({name})({maker.choose('zero', 'one')}(), {xs})", result


def unfolded(maker: Any, obj: Array) -> tuple[str, Any]:
    """Out of a state, a stream or a list of so many, perhaps folded again."""
    out = Array("R", (maker.choose("2", "3"),))
    name, bound, s = maker.named("growing"), maker.draw(st.integers(1, 4)), maker.variable()
    kind = maker.draw(st.integers(0, 5))
    if kind == 0:
        maker.need("Stream")
        maker.declare(f"coalgebra {name} : {obj} -> Stream[{out}]({obj}) = (affine, affine >> tanh)\n")
        return f"unfold[{bound}]({name})", out.under(str(bound))
    if kind == 1:
        maker.need("Stream")
        stream = maker.named("stream")
        maker.declare(f"coalgebra {name} : {obj} -> Stream[{out}]({obj}) = (affine, affine >> sin)\n"
                      f"morphism {stream} : {obj} -> nu Stream[{out}] = unfold({name})\n")
        return f"{stream} >> take[{bound}]", out.under(str(bound))
    maker.need("Cons")
    maker.declare(f"coalgebra {name} : {obj} -> Cons[{out}]({obj})\n    = {s} |-> (drop + id)(decide("
                  f"greater(at({s}, 0), 0.0), (affine({s}), tanh(affine({s})))))\n")
    if kind in (2, 3):
        return f"unfold[{bound}]({name})", Listed(out)
    state = _state(maker)
    return f"unfold[{bound}]({name}) >> fold({_algebra(maker, out, state, False)})", state


def of_pairs(maker: Any, obj: Pair, depth: int) -> tuple[str, Any] | None:
    left, right = obj.left, obj.right
    x, y = maker.variable(), maker.variable()
    options: list[Any] = []
    if isinstance(left, Listed) and isinstance(right, Listed) and not left.axes and not right.axes:
        options.append(lambda: ("zip", Listed(Pair(left.element, right.element))))
    if isinstance(right, Listed) and not right.axes and right.element == left:
        options += [lambda: ("cons", right)] * 2
    if isinstance(right, Listed) and isinstance(left, Array) and left.base == "R" and len(left.axes) == 1 and (
            fixed(left.axes[0])) and not right.axes:
        options += [lambda: (f"({x}, {y}) |-> fold([() |-> {x}, {_step(maker, right.element, left, False)}])({y})",
                             left)] * 2
    if isinstance(left, Array) and isinstance(right, Array) and not isinstance(left, Boxed) and (
            not isinstance(right, Boxed)):
        options += _of_two(maker, left, right, x, y)
    return maker.choose(*options)() if options else None


def _of_two(maker: Any, left: Array, right: Array, x: str, y: str) -> list[Any]:
    options: list[Any] = []
    if left == right and left.base == "R":
        a, b = maker.variable(), maker.variable()
        options += [
            lambda: (maker.choose("mse_loss", "l1_loss", "huber_loss", "bce_with_logits"), Array("R", ())),
            lambda: (maker.choose("less", "equal", "greater_equal"), Array("Bool", left.axes)),
            lambda: (f"({x}, {y}) |-> uncurry(curry(({a}, {b}) |-> sub({b}, {a})))({x}, {y})", left),
            lambda: (f"({x}, {y}) |-> select(less({x}, {y}), {x}, {y})", left),
            lambda: ("uncurry(curry(mul))", left),
        ]
        if len(left.axes) == 1:
            options += [lambda: (f"({x}, {y}) |-> contract(i, i ->)({x}, {y})", Array("R", ())),
                        lambda: (maker.need("std") and "cosine_similarity", Array("R", ()))]
            if fixed(left.axes[0]):
                out = maker.choose(*LEARNT)
                options.append(lambda: (f"bilinear[_, _, {out}]", Array("R", (out,))))
    if left.base == right.base == "R" and len(left.axes) == len(right.axes) == 2:
        if left.axes[1] == right.axes[0]:
            options += [lambda: ("matmul", Array("R", (left.axes[0], right.axes[1])))] * 3
        if left.axes[1] == right.axes[1]:
            options += [lambda: (f"({x}, {y}) |-> attend({x}, {y}, {y})", left)] * 3
    if left == right and left.base == "Bool":
        options.append(lambda: (maker.choose("logical_and", "logical_or"), left))
    if left == right and left.base.startswith("Fin[") and not left.axes:
        options.append(lambda: ("equal_index", Array("Bool", ())))
    if left.base == "Bool" and not left.axes:
        options.append(lambda: ("decide", Sum(right, right)))
    if left.base == "Bool" and right == Array("R", left.axes):
        options.append(lambda: (f"({x}, {y}) |-> select({x}, {y}, neg({y}))", right))
    return options


def tree(maker: Any) -> Tree:
    """The endofunctor and the algebra that the tests of recursion make at random, under names of their own."""
    number = len(maker.parts)
    algebra = AlgebraMaker(maker.draw).algebra()
    functor, name = f"Grown{number}", f"algebra_{number}"
    branches = [one.text() for one in algebra.branches]
    body = branches[0] if len(branches) == 1 else "[" + ", ".join(branches) + "]"
    if "total >>" in body:
        maker.need("total")
    if "mean >>" in body:
        maker.need("average")
        body = body.replace("mean >>", "average >>")
    carrier = algebra.carrier
    maker.declare(f"endofunctor {functor}(X) = {' + '.join(one.functor for one in algebra.branches)}\n"
                  f"algebra {name} : {functor}({algebra.object}) -> {algebra.object}\n    = {body}\n")
    arrays = [Array("R", (str(size),)) for size in carrier]
    return Tree(functor, name, arrays[0] if len(arrays) == 1 else Pair(*arrays))
