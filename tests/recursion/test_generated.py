"""Recursion over functors and cells made at random is the naive recursion: values and gradients, at any company.

They protect that a fold over any polynomial endofunctor, level by level over a whole batch, gives what each tree gives
by itself in a recursive function; that whatever becomes of a loop over lists, a kernel, a parallel scan or products
taken out of it, is the loop; and that what is an edit away from either is refused, by a place in the file.

A slice of it runs everywhere; ``CATLANG_GENERATED=2000`` runs that many of each.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

import catlang
from catlang import Lists
from catlang.checking import check_source
from catlang.source import decoded

USUAL = 40
CASES = int(os.environ.get("CATLANG_GENERATED", str(USUAL)))
slice_of = settings(max_examples=CASES, deadline=None, derandomize=CASES == USUAL, print_blob=True,
                    suppress_health_check=list(HealthCheck))
FILE = "generated.cat"
MANY = 40

#: By the label of an instance and the name of a weight, and the variables of a branch or step.
Env = dict[str, Any]
Value = Callable[[Env], Tensor]

HEADER = """morphism total[n, d] : R[n, d] -> R[d] = reduce(sum, n d -> d)
morphism mean[n, d] : R[n, d] -> R[d] = reduce(mean, n d -> d)
endofunctor Cons[A](X) = 1 + A * X
endofunctor Snoc[A](X) = 1 + X * A
"""
FUNCTIONS: dict[str, Callable[..., Tensor]] = {
    "add": torch.add, "sub": torch.sub, "mul": torch.mul, "tanh": torch.tanh, "sigmoid": torch.sigmoid,
    "sin": torch.sin, "relu": torch.relu, "neg": torch.neg, "scale[0.5]": lambda x: 0.5 * x,
    "sub_from_one": lambda x: 1.0 - x,
}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


def compiled(text: str) -> nn.Module:
    """The network, with weights so small that no state grows without bounds."""
    Path(FILE).write_text(text, encoding="utf-8")
    net = catlang.compile(FILE, "net").double()
    with torch.no_grad():
        for weight in net.parameters():
            weight.uniform_(-0.5, 0.5)
    return net


def weights(net: nn.Module) -> Env:
    """By label and name: each label is given once."""
    found = {".".join(name.split(".")[-2:]): weight for name, weight in net.named_parameters()}
    assert len(found) == len(list(net.parameters()))
    return found


def gradients(values: list[Tensor], of: list[Tensor]) -> list[Tensor]:
    """Those of a sum in which every entry has a factor of its own."""
    total = sum((value * torch.sin(torch.arange(value.numel()).reshape(value.shape) + 1.0)).sum() for value in values)
    if not isinstance(total, Tensor) or not total.requires_grad:
        return [torch.zeros_like(one) for one in of]
    return list(torch.autograd.grad(total, of, retain_graph=True, allow_unused=True, materialize_grads=True))


def same(found: list[Tensor], wanted: list[Tensor], tolerance: float, what: str) -> None:
    for one, other in zip(found, wanted, strict=True):
        torch.testing.assert_close(one, other, rtol=tolerance, atol=tolerance, msg=lambda text: f"{what}: {text}")


# ------------------------------------------------------------------ expressions


class Term:
    """An array as catlang writes it and as PyTorch computes it, and how often the state goes into it."""

    def __init__(self, text: str, value: Value, states: int = 0) -> None:
        self.text = text
        self.value = value
        self.states = states


def applied(name: str, *terms: Term) -> Term:
    function = FUNCTIONS[name]
    inside = ", ".join(term.text for term in terms)
    text = f"sub(1.0, {inside})" if name == "sub_from_one" else f"{name}({inside})"
    return Term(text, lambda env: function(*(term.value(env) for term in terms)), sum(one.states for one in terms))


def variable(name: str, states: int = 0) -> Term:
    return Term(name, lambda env: env[name], states)


class Maker:
    """Makes terms by choices drawn."""

    def __init__(self, draw: Callable[[Any], Any]) -> None:
        self.draw = draw
        self.labels = 0

    def choose(self, *options: Any) -> Any:
        return self.draw(st.sampled_from(options))

    def label(self) -> str:
        self.labels += 1
        return f"p{self.labels}"

    def parameter(self, label: str = "") -> Term:
        label = label or self.label()
        return Term(f"(parameter as {label})()", lambda env: env[f"{label}.weight"])

    def learnt(self, term: Term, width: int, before: str = "", kinds: tuple[str, ...] = ("affine", "linear"),
               first: Callable[[Tensor], Tensor] = lambda x: x, written: bool = True, source: str = "_") -> Term:
        """An affine map behind something that has no weights; what size it ends in may be inferred unless written."""
        label, kind = self.label(), self.choose(*kinds)
        size = f"[{source}, {width}]" if written or self.choose(True, False) else ""

        def value(env: Env) -> Tensor:
            x = first(term.value(env)) @ env[f"{label}.weight"].T
            return x + env[f"{label}.bias"] if kind == "affine" else x

        return Term(f"({before}{kind}{size} as {label})({term.text})", value, term.states)

    def embedded(self, term: Term, width: int) -> Term:
        label = self.label()
        return Term(f"(embedding[_, {width}] as {label})({term.text})",
                    lambda env: env[f"{label}.weight"][term.value(env)])


# ------------------------------------------------------------------ functors and algebras


class Branch:
    """A constructor with its parts, and what an algebra makes of it: a term for each array of the carrier."""

    def __init__(self, parts: list[str], names: list[str], terms: list[list[Term]], tops: list[str]) -> None:
        self.parts = parts
        self.names = names
        self.terms = terms
        self.tops = tops

    @property
    def functor(self) -> str:
        return " * ".join(self.parts) or "1"

    def results(self, dropped: int | None = None) -> list[Term]:
        """Each top of the sum of what is made of the parts, all but the one that is dropped."""
        found = []
        for terms, top in zip(self.terms, self.tops, strict=True):
            kept = [term for place, term in enumerate(terms) if place != dropped]
            summed = kept[0]
            for term in kept[1:]:
                summed = applied("add", summed, term)
            found.append(applied(top, summed))
        return found

    def text(self, dropped: int | None = None) -> str:
        names = [name for place, name in enumerate(self.names) if place != dropped]
        pattern = names[0] if len(names) == 1 else f"({', '.join(names)})"
        results = [term.text for term in self.results(dropped)]
        return f"{pattern} |-> {results[0] if len(results) == 1 else '(' + ', '.join(results) + ')'}"


class Algebra:
    def __init__(self, carrier: list[int], branches: list[Branch]) -> None:
        self.carrier = carrier
        self.branches = branches

    @property
    def object(self) -> str:
        return product(self.carrier)

    def text(self, *, branches: list[str] | None = None, functor: str = "", carrier: str = "", result: str = "",
             of: str = "F", codomain: str = "") -> str:
        """The specification, or one that has something else somewhere."""
        branches = [one.text() for one in self.branches] if branches is None else branches
        body = branches[0] if len(branches) == 1 else "[" + ",\n       ".join(branches) + "]"
        own = " + ".join(one.functor for one in self.branches)
        return (f"{HEADER}endofunctor F(X) = {own}\nendofunctor G(X) = {functor or own}\n"
                f"algebra alg : F({carrier or self.object}) -> {result or self.object}\n    = {body}\n"
                f"morphism net : mu {of} -> {codomain or self.object} = fold(alg)\n")

    def __repr__(self) -> str:
        return f"<<<\n{self.text()}>>>"

    def evaluated(self, tree: Any, env: Env) -> list[Tensor]:
        """The carrier's arrays, by recursion."""
        branch, inside = self.branches[tree[0]], dict(env)
        for place, (part, value) in enumerate(zip(branch.parts, tree[1:], strict=True)):
            if part not in ("X", "X^2", "List(X)"):
                inside[f"v{place}"] = value
                continue
            below = [self.evaluated(one, env) for one in ([value] if part == "X" else value)]
            for array, width in enumerate(self.carrier):
                several = torch.stack([one[array] for one in below]) if below else torch.zeros(0, width)
                inside[f"v{place}.{array}"] = several[0] if part == "X" else several
        return [term.value(inside) for term in branch.results()]


def product(sizes: list[int]) -> str:
    return " * ".join(f"R[{size}]" for size in sizes)


class AlgebraMaker(Maker):
    def algebra(self) -> Algebra:
        carrier = self.choose([2], [2], [2, 3])
        count = self.choose(1, 2, 2, 3, 3, 4)
        functors = [self.parts() for _ in range(count)]
        if not any(self.ends(parts) for parts in functors):
            functors[0] = [part for part in functors[0] if part not in ("X", "X^2")]
        # An object without X, sum or product, is read as one part of one constructor, not as constructors and parts.
        if not any("X" in part for parts in functors for part in parts):
            functors[-1] = [*functors[-1][:2], "X"] if count > 1 else functors[0][:1]
        functors = self.draw(st.permutations(functors))
        return Algebra(carrier, [self.branch(parts, carrier) for parts in functors])

    def parts(self) -> list[str]:
        kinds = st.sampled_from(("R[2]", "Fin[3]", "Bool", "X", "X", "X^2", "List(X)"))
        return self.draw(st.lists(kinds, max_size=3))

    @staticmethod
    def ends(parts: list[str]) -> bool:
        return "X" not in parts and "X^2" not in parts

    def branch(self, parts: list[str], carrier: list[int]) -> Branch:
        names = [f"v{place}" for place in range(len(parts))]
        terms = [[self.made_of(part, f"v{place}", width, carrier) for place, part in enumerate(parts)] or
                 [self.parameter()] for width in carrier]
        if not parts:
            names = ["()"]
        for place, part in enumerate(parts):
            if part == "X" and len(carrier) > 1:
                names[place] = "(" + ", ".join(f"v{place}_{array}" for array in range(len(carrier))) + ")"
        return Branch(parts, names, terms, [self.choose("tanh", "sin") for _ in carrier])

    def made_of(self, part: str, name: str, width: int, carrier: list[int]) -> Term:
        """An array of a width out of a part."""
        if part == "R[2]":
            raw = [variable(name)] if width == 2 else []
            return self.choose(*raw, self.learnt(variable(name), width, kinds=("affine",), written=False))
        if part == "Fin[3]":
            return self.embedded(variable(name), width)
        if part == "Bool":
            return Term(f"repeat(-> {width})(indicator({name}))",
                        lambda env: torch.full((width,), float(env[name])))
        # A part of the carrier, all of which is looked at sooner or later.
        array = self.draw(st.integers(0, len(carrier) - 1))
        several = len(carrier) > 1
        if part == "X":
            of_state = Term(f"{name}_{array}" if several else name, lambda env: env[f"{name}.{array}"], 1)
            raw = [of_state] if carrier[array] == width else []
            return self.choose(*raw, *(self.learnt(of_state, width, written=False) for _ in range(2)))
        side = ("fst", "snd")[array]
        if part == "X^2":
            both = Term(f"{side}({name})" if several else name, lambda env: env[f"{name}.{array}"], 1)
            return self.learnt(both, width, "rearrange(k h -> (k h)) >> ", ("affine", "linear"), torch.flatten, False)
        children = Term(f"map({side})({name})" if several else name, lambda env: env[f"{name}.{array}"], 1)
        reduced = self.choose("total", "mean")
        inner = self.choose("", "tanh", "affine")
        if inner == "affine":
            each = self.learnt(Term("@", children.value, 1), width, kinds=("affine",))
            # One morphism under `map`, of each child.
            morphism = each.text.removesuffix("(@)")
            children = Term(f"map{morphism}({children.text})", each.value, 1)
        elif inner == "tanh":
            before = children
            children = Term(f"map(tanh)({before.text})", lambda env: torch.tanh(before.value(env)), 1)

        def reduce(x: Tensor) -> Tensor:
            return x.sum(0) if reduced == "total" or not len(x) else x.mean(0)

        return self.learnt(children, width, f"{reduced} >> ", ("affine", "linear"), reduce, False)


class TreeMaker:
    """Trees of an algebra's functor, of shapes drawn and data random, and the arrays in them."""

    def __init__(self, draw: Callable[[Any], Any], algebra: Algebra) -> None:
        self.draw = draw
        self.functors = [branch.parts for branch in algebra.branches]
        self.ending = [number for number, parts in enumerate(self.functors) if AlgebraMaker.ends(parts)]
        self.data: list[Tensor] = []
        self.nodes = 0

    def tree(self, depth: int, number: int | None = None) -> Any:
        self.nodes += 1
        # Depth and not breadth is what may go wrong: no batch has many nodes.
        depth = depth if self.nodes < MANY else min(depth, 0)
        if number is None:
            number = self.draw(st.sampled_from(range(len(self.functors)) if depth else self.ending))
        return (number, *(self.part(part, depth - 1) for part in self.functors[number]))

    def part(self, part: str, depth: int) -> Any:
        below = max(depth, 0)
        if part == "X":
            return self.tree(below)
        if part == "X^2":
            return self.tree(below), self.tree(below)
        if part == "List(X)":
            some = self.draw(st.integers(0, 3)) if depth >= 0 and self.nodes < MANY else 0
            return [self.tree(below) for _ in range(some)]
        if part == "Fin[3]":
            return int(torch.randint(3, ()))
        if part == "Bool":
            return bool(torch.rand(()) < 0.5)
        self.data.append(torch.randn(2, requires_grad=True))
        return self.data[-1]

    def likes(self) -> list[list[Any]]:
        examples = {"R[2]": torch.zeros(2), "Fin[3]": 0, "Bool": False}
        found = [[examples[part] for part in parts if part in examples] for parts in self.functors]
        return [[tuple(one)] if self.one_datum(parts) else one
                for one, parts in zip(found, self.functors, strict=True)]

    @staticmethod
    def one_datum(parts: list[str]) -> bool:
        return len(parts) > 1 and all("X" not in part for part in parts)

    def as_given(self, tree: Any) -> Any:
        """A tree as catlang takes it: the data of a constructor without X are one datum."""
        number, *values = tree
        parts = self.functors[number]
        if self.one_datum(parts):
            return number, tuple(values)
        return number, *(
            self.as_given(value) if part == "X" else tuple(map(self.as_given, value)) if part == "X^2" else
            list(map(self.as_given, value)) if part == "List(X)" else value for part, value in zip(
                parts, values, strict=True))

    def listed(self, tree: Any) -> list[Any]:
        """A tree of `1 + A * X` is a list."""
        found = []
        while tree[0]:
            found.append(tree[1])
            tree = tree[2]
        return found


def as_list(value: Any) -> list[Tensor]:
    return list(value) if isinstance(value, tuple) else [value]


@st.composite
def algebras(draw: Any) -> Algebra:
    return AlgebraMaker(draw).algebra()


@slice_of
@given(algebras(), st.data())
def test_a_fold_over_trees_is_the_naive_recursion(algebra: Algebra, data: st.DataObject) -> None:
    """In one batch, and each tree alone: values and gradients of all weights and data."""
    torch.manual_seed(0)
    net = compiled(algebra.text())
    env, makers = weights(net), TreeMaker(data.draw, algebra)
    # What is `1 + A * X` is an object of lists.
    listed = makers.functors[0] == [] and [one[1:] for one in makers.functors[1:]] == [["X"]] and (
        "X" not in makers.functors[1][0])
    assert listed != hasattr(net, "constructors")
    constructors = None if listed else next(iter(net.constructors.values()))
    likes = makers.likes()
    depths = data.draw(st.lists(st.integers(0, 4), max_size=3))
    trees = [makers.tree(1, number) for number in range(len(algebra.branches))]
    trees = data.draw(st.permutations([*trees, *(makers.tree(depth) for depth in depths)]))
    wanted = [algebra.evaluated(tree, env) for tree in trees]
    if listed:
        given_all = catlang.lists([makers.listed(tree) for tree in trees])
        given_each = [catlang.list_of(makers.listed(tree), like=likes[1][0]) for tree in trees]
    else:
        given_all = catlang.trees(list(map(makers.as_given, trees)), constructors, likes=likes)
        given_each = [catlang.tree_of(makers.as_given(tree), constructors, likes=likes) for tree in trees]
    found = as_list(net(given_all))
    expected = [torch.stack(parts) for parts in zip(*wanted, strict=True)]
    same(found, expected, 1e-9, "outputs")
    of = [*net.parameters(), *makers.data]
    same(gradients(found, of), gradients(expected, of), 1e-9, "gradients")
    for one, values in zip(given_each, wanted, strict=True):
        alone = as_list(net(one))
        same(alone, values, 1e-9, "alone")
        same(gradients(alone, of), gradients(values, of), 1e-9, "gradients alone")


# ------------------------------------------------------------------ cells


class Cell:
    """A step from states and an element, where it starts, and what goes along a list by it."""

    def __init__(self, width: int, element: str, states: list[str], starts: list[Term], lets: list[tuple[str, str]],
                 results: list[Term], along: str, after: str, declared: bool) -> None:
        self.width = width
        self.element = element
        self.states = states
        self.starts = starts
        self.lets = lets
        self.results = results
        self.along = along
        self.after = after
        self.declared = declared

    @property
    def left(self) -> bool:
        return self.along in ("foldl", "scanl")

    @property
    def object(self) -> str:
        return product([self.width] * len(self.states))

    def text(self, along: str = "", codomain: str = "", steps: int = 1, carrier: str = "") -> str:
        def several(texts: list[str]) -> str:
            return texts[0] if len(texts) == 1 else f"({', '.join(texts)})"

        start = f"() |-> {several([term.text for term in self.starts])}"
        state = several(self.states)
        pattern = f"({state}, x)" if self.left else f"(x, {state})"
        lets = ",\n        ".join(f"{name} = {body}" for name, body in self.lets)
        body = several([term.text for term in self.results])
        step = f"{pattern} |->\n        {f'let {lets} in ' if lets else ''}{body}"
        parts = f"[{start},\n    {', '.join([step] * steps)}]"
        out = f"List({self.object})" if self.along.startswith("scan") else self.object
        functor = "Snoc" if self.left else "Cons"
        algebra = f"algebra alg : {functor}[{self.element}]({carrier or self.object}) -> {self.object} = {parts}\n"
        after = f" >> {self.after}" if self.after else ""
        return (f"{HEADER}{algebra if self.declared else ''}morphism net : List({self.element}) -> {codomain or out}\n"
                f"    = {along or self.along}({'alg' if self.declared else parts}){after}\n")

    def __repr__(self) -> str:
        return f"<<<\n{self.text()}>>>"

    def looped(self, elements: Tensor, env: Env) -> list[Tensor]:
        """The arrays that come out, by a loop."""
        states = [term.value(env) for term in self.starts]
        passed = [states]
        for x in elements if self.left else elements.flip(0):
            inside = {**env, "x": x, **dict(zip(self.states, states, strict=True))}
            states = [term.value(inside) for term in self.results]
            passed.append(states)
        if not self.along.startswith("scan"):
            return states
        if not self.left:
            passed.reverse()
        kept = {"tail": passed[1:], "but_last": passed[:-1]}.get(self.after, passed)
        return [torch.stack(one) for one in zip(*kept, strict=True)] if kept else [
            torch.zeros(0, self.width) for _ in states]


class CellMaker(Maker):
    def __init__(self, draw: Callable[[Any], Any]) -> None:
        super().__init__(draw)
        self.width = self.choose(1, 2, 3)
        self.element = self.choose("R[2]", "R[3]", "R[2]", "Fin[4]")
        self.lets: list[tuple[str, str]] = []
        self.bound: list[Term] = []
        self.shared: list[tuple[str, str]] = []

    def cell(self) -> Cell:
        make, states = self.choose((self.free, 1), (self.free, 1), (self.free, 2), (self.affine, 1), (self.affine, 1),
                                   (self.affine, 2), (self.rnn, 1), (self.gru, 1), (self.lstm, 2), (self.mixed, 2))
        names = ["s", "t"][:states]
        results = make([variable(name, 1) for name in names])
        starts = [self.start(f"start{place}") for place in range(states)]
        along, after = self.choose(("fold", ""), ("foldl", ""), ("scan", ""), ("scanl", ""), ("scan", "but_last"),
                                   ("scanl", "tail"))
        return Cell(self.width, self.element, names, starts, self.lets, results, along, after, self.choose(True, False))

    def start(self, label: str) -> Term:
        width = self.width
        return self.choose(Term("zero()", lambda env: torch.zeros(width)), Term("one()", lambda env: torch.ones(width)),
                           self.parameter(label))

    # ---------------------------------------------------------------- terms of the cell's width

    def any_order(self, name: str, one: Term, other: Term) -> Term:
        return applied(name, *self.choose((one, other), (other, one)))

    def named(self, term: Term) -> Term:
        """What may be used again is bound to a variable."""
        name = f"w{len(self.lets)}"
        self.lets.append((name, term.text))
        self.bound.append(Term(name, term.value, term.states))
        return self.bound[-1]

    def by_shared(self, term: Term) -> Term:
        """By an instance that other terms go through as well."""
        if not self.shared or self.choose(True, False):
            name, label = f"f{len(self.lets)}", self.label()
            self.lets.append((name, f"linear[{self.width}, {self.width}] as {label}"))
            self.shared.append((name, label))
        name, label = self.choose(*self.shared)
        return Term(f"{name}({term.text})", lambda env: term.value(env) @ env[f"{label}.weight"].T, term.states)

    def of_input(self, written: bool = True) -> Term:
        if self.element == "Fin[4]":
            return self.embedded(variable("x"), self.width)
        raw = [variable("x")] if self.element == f"R[{self.width}]" else []
        return self.choose(*raw, *(self.learnt(variable("x"), self.width, written=written) for _ in range(2)))

    def still(self, depth: int = 2) -> Term:
        """Of the input and weights alone, and no larger than one or so."""
        kind = self.choose("squashed", "squashed", "parameter", "input") if depth else "parameter"
        if kind == "squashed":
            return applied(self.choose("tanh", "sigmoid", "sin"), self.of_input())
        if kind == "input":
            return applied("tanh", self.any_order(self.choose("add", "mul"), self.still(depth - 1), self.of_input()))
        return self.parameter()

    def term(self, states: list[Term], depth: int) -> Term:
        """Whatever of state and input."""
        if depth == 0:
            again = self.bound[-1:] if self.bound else []
            return self.choose(*again, self.choose(*states), self.of_input(), self.parameter(),
                               self.learnt(self.choose(*states), self.width))
        kind = self.choose("add", "mul", "sub", "tanh", "sigmoid", "neg", "sub_from_one", "scale[0.5]", "learnt",
                           "shared", "named")
        one = self.term(states, depth - 1)
        if kind in ("add", "mul", "sub"):
            return applied(kind, one, self.term(states, self.draw(st.integers(0, depth - 1))))
        if kind == "learnt":
            return self.learnt(one, self.width, source=str(self.width))
        if kind == "shared":
            return self.by_shared(one)
        if kind == "named":
            return self.named(one)
        return applied(kind, one)

    def straight(self, states: list[Term], depth: int) -> Term:
        """Affine in the state."""
        if depth == 0:
            return self.choose(*states, *states, self.still())
        kind = self.choose("add", "add", "sub", "mul", "mul", "neg", "scale[0.5]", "learnt", "shared", "named")
        one = self.straight(states, depth - 1)
        if kind in ("add", "sub"):
            return applied(kind, one, self.straight(states, self.draw(st.integers(0, depth - 1))))
        if kind == "mul":
            return self.any_order("mul", one, self.still())
        if kind == "learnt":
            return self.learnt(one, self.width, source=str(self.width))
        if kind == "shared":
            return self.by_shared(one)
        if kind == "named":
            return self.named(one)
        return applied(kind, one)

    # ---------------------------------------------------------------- cells

    def free(self, states: list[Term]) -> list[Term]:
        return [self.squashed(states) for _ in states]

    def squashed(self, states: list[Term]) -> Term:
        return applied(self.choose("tanh", "sigmoid", "sin"), self.term(states, self.draw(st.integers(1, 3))))

    def affine(self, states: list[Term]) -> list[Term]:
        """Halved as often as the state goes into it more than once."""
        results = []
        for _ in states:
            term = self.straight(states, self.draw(st.integers(1, 3)))
            for _ in range(max(term.states - 1, 0)):
                term = applied("scale[0.5]", term)
            results.append(self.any_order("add", term, self.of_input(False)) if self.choose(True, False) else term)
        return results

    def mixed(self, states: list[Term]) -> list[Term]:
        """One affine in itself, and one that is not."""
        return [*self.affine(states[:1]), self.squashed(states)]

    def gate(self, state: Term) -> Term:
        return self.any_order("add", self.of_input(False), self.learnt(state, self.width, written=False))

    def nearly(self, name: str) -> str:
        """Mostly what a kernel has."""
        return self.choose(*[name] * 9, "sigmoid" if name == "tanh" else "tanh")

    def rnn(self, states: list[Term]) -> list[Term]:
        return [applied(self.choose("tanh", "tanh", "relu"), self.gate(states[0]))]

    def gru(self, states: list[Term]) -> list[Term]:
        [s] = states
        r = self.named(applied(self.nearly("sigmoid"), self.gate(s)))
        z = self.named(applied(self.nearly("sigmoid"), self.gate(s)))
        n = applied(self.nearly("tanh"),
                    self.any_order("add", self.of_input(), self.any_order("mul", r, self.learnt(s, self.width))))
        sides = self.choose((applied("sub_from_one", z), z), (z, applied("sub_from_one", z)))
        return [self.any_order("add", self.any_order("mul", sides[0], n), self.any_order("mul", sides[1], s))]

    def lstm(self, states: list[Term]) -> list[Term]:
        s, c = self.choose((states[0], states[1]), (states[1], states[0]))
        if self.element != "Fin[4]" and self.choose(True, False):
            gates = self.stacked_gates(s)
        else:
            gates = [self.gate(s) for _ in range(4)]
        i, f, o = (applied(self.nearly("sigmoid"), gate) for gate in gates[:3])
        g = applied(self.nearly("tanh"), gates[3])
        kept = self.named(self.any_order("add", self.any_order("mul", f, c), self.any_order("mul", i, g)))
        out = self.any_order("mul", o, applied(self.nearly("tanh"), kept))
        return [out, kept] if s is states[0] else [kept, out]

    def stacked_gates(self, state: Term) -> list[Term]:
        """Rows of one product, in any order."""
        width = self.width
        whole = self.any_order("add", self.learnt(variable("x"), 4 * width), self.learnt(state, 4 * width))
        stacked = self.named(Term(f"rearrange((g h) -> g h)({whole.text})",
                                  lambda env: whole.value(env).reshape(4, width), whole.states))
        self.bound.pop()
        return [Term(f"at({stacked.text}, {row})", lambda env, row=row: stacked.value(env)[row], whole.states)
                for row in self.draw(st.permutations(range(4)))]


@st.composite
def cells(draw: Any) -> Cell:
    return CellMaker(draw).cell()


LENGTHS = st.one_of(
    st.lists(st.integers(0, 9), max_size=3).map(lambda some: [0, *some, 40]),
    st.lists(st.integers(0, 40), min_size=1, max_size=3),
    st.tuples(st.integers(0, 12), st.integers(1, 3)).map(lambda even: [even[0]] * even[1]),
)


@slice_of
@given(cells(), LENGTHS, st.sampled_from((0.0, 7.0, float("nan"))))
def test_a_cell_along_lists_is_the_naive_loop(cell: Cell, lengths: list[int], garbage: float) -> None:
    """Whatever stands behind the ends: values and gradients of all weights and elements."""
    torch.manual_seed(0)
    net = compiled(cell.text())
    env, longest = weights(net), max(1, *lengths)
    behind = torch.arange(longest) >= torch.tensor(lengths)[:, None]
    if cell.element == "Fin[4]":
        data = torch.randint(4, (len(lengths), longest))
        of = list(net.parameters())
    else:
        data = torch.randn(len(lengths), longest, int(cell.element[2:-1]))
        data[behind] = garbage
        data.requires_grad_()
        of = [*net.parameters(), data]
    output = net(Lists(data, torch.tensor(lengths)))
    wanted = [cell.looped(data[row, :length], env) for row, length in enumerate(lengths)]
    if cell.along.startswith("scan"):
        there = torch.arange(output.data[0].shape[1] if isinstance(output.data, tuple) else output.data.shape[1]
                             ) < output.lengths[:, None]
        assert output.lengths.tolist() == [len(one[0]) for one in wanted]
        found = [one[there] for one in as_list(output.data)]
        expected = [torch.cat(parts) for parts in zip(*wanted, strict=True)]
    else:
        found, expected = as_list(output), [torch.stack(parts) for parts in zip(*wanted, strict=True)]
    same(found, expected, 1e-8, "outputs")
    same(gradients(found, of), gradients(expected, of), 1e-8, "gradients")


# ------------------------------------------------------------------ an edit away


@st.composite
def mistakes(draw: Any) -> tuple[str, str]:
    """A specification with one thing that is not as it was, and what."""
    if draw(st.integers(0, 2)) == 0:
        return mistaken_cell(draw)
    algebra = AlgebraMaker(draw).algebra()
    branches = [one.text() for one in algebra.branches]
    wrong = product([algebra.carrier[0] + 1, *algebra.carrier[1:]])
    place = draw(st.integers(0, len(branches) - 1))
    extra = draw(st.sampled_from(("1", "R[2]", "X", "R[2] * X")))
    edits = {
        "one too many": {"branches": [*branches[:place], branches[place], *branches[place:]]},
        "carrier of the domain": {"carrier": wrong},
        "carrier of the codomain": {"result": wrong},
        "codomain of the fold": {"codomain": wrong},
        "another functor": {"functor": " + ".join([*(one.functor for one in algebra.branches), extra]), "of": "G"},
    }
    # A lambda that binds nothing takes whatever comes in.
    rest = [*branches[:place], *branches[place + 1:]]
    if rest and (len(rest) > 1 or not rest[0].startswith("()")):
        edits["one left out"] = {"branches": rest}
    if len(branches) > 1:
        edits["a functor with one fewer"] = {
            "functor": " + ".join(one.functor for one in algebra.branches[:-1]), "of": "G"}
    droppable = [(number, part) for number, one in enumerate(algebra.branches) if len(one.parts) > 1
                 for part in range(len(one.parts))]
    if droppable:
        number, part = draw(st.sampled_from(droppable))
        edits["a part dropped"] = {
            "branches": [one.text(part if which == number else None) for which, one in enumerate(algebra.branches)]}
    what = draw(st.sampled_from(sorted(edits)))
    return what, algebra.text(**edits[what])


def mistaken_cell(draw: Any) -> tuple[str, str]:
    cell = CellMaker(draw).cell()
    other = {"fold": "foldl", "foldl": "fold", "scan": "scanl", "scanl": "scan"}[cell.along]
    wrong = product([cell.width + 1] * len(cell.states))
    edits = {"one too many": cell.text(steps=2)}
    # Without a type a step may be one of another size, and if it does not look at its state one from the other side.
    if cell.declared:
        edits["codomain of the list"] = cell.text(
            codomain=f"List({wrong})" if cell.along.startswith("scan") else wrong)
        edits["carrier of the domain"] = cell.text(carrier=wrong)
    if cell.declared and cell.element != cell.object:
        edits["from the other side"] = cell.text(other)
    element = cell.element
    stop = (f"coalgebra co : {cell.object} -> Cons[{element}]({cell.object})\n    = s |-> "
            f"(drop + id)(decide(true, (parameter(), s)))\n" if element != "Fin[4]" else "")
    if stop:
        edits["no bound"] = f"{HEADER}{stop}morphism net : {cell.object} -> List({element}) = unfold(co)\n"
    what = draw(st.sampled_from(sorted(edits)))
    return what, edits[what]


@slice_of
@given(mistakes())
def test_what_is_an_edit_away_is_refused(mistake: tuple[str, str]) -> None:
    """By a place in the file, and by the compiler as well."""
    _, text = mistake
    errors = [found for found in check_source(decoded(text.encode(), FILE, None)).bag if found.severity == "error"]
    assert errors
    for error in errors:
        span = error.labels[0].span
        assert span.source.name == FILE and 0 <= span.start <= span.end <= len(text)
    Path(FILE).write_text(text, encoding="utf-8")
    with pytest.raises(catlang.compiler.CompileError):
        catlang.compile(FILE, "net")
