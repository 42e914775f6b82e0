"""Spans: what a node covers is what it was read from. Reports, the editor and the formatter stand on that."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from catlang.syntax import tree

from .material import body, expression, only, read, sentence, shape, text_of


def again(node: tree.Node, text: str) -> tree.Node | None:
    """A node read anew from its own text, put where such a node may stand; None where that is nowhere."""
    own = text[node.start:node.end]
    if isinstance(node, tree.Declaration):
        return None if isinstance(node, tree.Later) else only(own)
    if isinstance(node, tree.Typed | tree.Named):
        if own.startswith("("):
            return expression(own)
        found = expression(f"f[{own}]")
        assert isinstance(found, tree.Index)
        return found.arguments[0]
    if isinstance(node, tree.Axes):
        if not node.items:
            return None
        found = expression(f"rearrange({own} -> )")
        assert isinstance(found, tree.Shuffle)
        side = found.sources[0]
        # A side that is one group covers what the group covers.
        return side.items[0] if len(side.items) == 1 and shape(side) != shape(node) else side
    if isinstance(node, tree.Binding):
        found = expression(f"let {own} in x")
        assert isinstance(found, tree.Let)
        return found.bindings[0]
    if isinstance(node, tree.Initialiser):
        found = expression(f"f init {own}" if node.weight is None else f"f init ({own})")
        assert isinstance(found, tree.Initialised)
        return found.initialisers[0]
    if isinstance(node, tree.Arrow):
        return only(f"primitive p : {own}").type
    if isinstance(node, tree.Bank):
        return only(f"primitive p : A -> B {own}").banks[0]
    if isinstance(node, tree.Relation):
        return only(f"object A = B where {own}").where[0]
    if isinstance(node, tree.Generic):
        return only(f"object A[{own}] = B").generics[0]
    if isinstance(node, tree.Parameter):
        # In `x, y : A` the type of `x` stands behind `y`.
        return None if node.type.start >= node.end else only(f"primitive p({own}) : A -> B").parameters[0]
    if isinstance(node, tree.Sort | tree.Operation | tree.Equation):
        return only(f"theory T {{ {own} }}").entries[0]
    if isinstance(node, tree.ModelEntry):
        return only(f"model A : T {{ {own} }}").entries[0]
    if isinstance(node, tree.DimItem):
        return only(f"dim {own}").items[0]
    if isinstance(node, tree.Name) and own == "endofunctor":
        # A word that is reserved, and a kind of generic.
        return only(f"object A[F : {own}] = B").generics[0].kind
    return expression(own)


def check_again(text: str) -> None:
    for declaration in read(text).declarations:
        for node in tree.walk(declaration):
            once_more = again(node, text)
            assert once_more is None or shape(once_more) == shape(node), text[node.start:node.end]


def check_nested(text: str) -> None:
    """A node lies in the one above it, behind its elder siblings, and has no blank at either end."""
    last = 0
    for declaration in read(text).declarations:
        assert last <= declaration.start < declaration.end <= len(text)
        last = declaration.end
        for node in tree.walk(declaration):
            own = text[node.start:node.end]
            assert own == own.strip()
            assert own or isinstance(node, tree.Axes)
            children = list(node.children())
            if isinstance(node, tree.Compose) and node.backwards:
                children.reverse()
            place = node.start
            for child in children:
                if isinstance(node, tree.Parameter) and child.start >= node.end:
                    continue
                assert place <= child.start <= child.end <= node.end, (own, text[child.start:child.end])
                place = child.end


def test_fixtures_are_read_again_from_their_spans(path):
    check_again(text_of(path))


def test_spans_of_fixtures_are_nested(path):
    check_nested(text_of(path))


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 2**40))
def test_expressions_are_read_again_from_their_spans(seed):
    text = body(seed)
    if not read(text).diagnostics:
        check_again(text)


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 2**40), st.sampled_from((sentence, body)))
def test_spans_are_nested(seed, made):
    text = made(seed)
    if not read(text).diagnostics:
        check_nested(text)


def test_spans_name_exactly_what_they_are():
    text = ("morphism m[A : object](f : A -> A) : (x : A) * B -> C "
            "= (f >> ( g ) ) as h init (weight = zeros()) where n == 1, 2 <= d")
    node = only(text)
    found = [text[one.start:one.end] for one in tree.walk(node)]
    assert found == [
        text, "A : object", "object", "f : A -> A", "A -> A", "A", "A", "(x : A) * B -> C", "(x : A) * B",
        "(x : A)", "A", "B", "C", "(f >> ( g ) ) as h init (weight = zeros())", "(f >> ( g ) ) as h",
        "(f >> ( g ) )", "f", "( g )", "weight = zeros()", "n == 1", "n", "1", "2 <= d", "2", "d"]
