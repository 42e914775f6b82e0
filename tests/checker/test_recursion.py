"""What is inferred for recursion is exact: the types of cells and schemes, which objects and functors are one, what a
list may be given to."""

from __future__ import annotations

from pathlib import Path

import pytest

from catlang.checking import check_file, check_source
from catlang.diagram.diagram import object_of
from catlang.objects.colour import BOOL, UNIT, Object, Product, Sum, array, resolve
from catlang.objects.functor import Exponential, Fixed, Functor, apply, compose, list_of
from catlang.span import Source

#: What the tests below speak of.
FUNCTORS = """
dim m, h
object In     = R[m]
object Hidden = R[h]
endofunctor ListF[A](X)    = 1 + A * X
endofunctor SnocF[A](X)    = 1 + X * A
endofunctor TreeF[A](X)    = A + X * X
endofunctor Stream[O](X)   = O * X
endofunctor Mealy[I, O](X) = (O * X)^I
endofunctor Moore[I, O](X) = O * X^I
endofunctor Grow[A](X)     = 1 + A * X * X
"""

#: The five cells of Categorical Deep Learning.
CELLS = FUNCTORS + """
algebra   folding   : ListF[In](Hidden) -> Hidden       = [zero, affine * affine >> add >> tanh]
algebra   recursive : TreeF[In](Hidden) -> Hidden       = [affine, affine * affine >> add >> tanh]
coalgebra unfolding : Hidden -> Stream[R[3]](Hidden)    = (affine, affine >> tanh)
coalgebra mealy     : Hidden -> Mealy[In, R[3]](Hidden) = curry(affine[_, h] * affine >> add >> tanh >> (affine, id))
coalgebra moore     : Hidden -> Moore[In, R[3]](Hidden) = (affine, curry(affine * affine >> add >> tanh))
algebra   backwards : SnocF[In](Hidden) -> Hidden       = [zero, affine * affine >> add >> tanh]
coalgebra words     : Hidden -> ListF[R[3]](Hidden)     = (affine, affine) >> inr
coalgebra growing   : Hidden -> Grow[R[3]](Hidden)      = (affine, affine, affine) >> inr
"""


def checked(text: str):
    module = check_source(Source("m.cat", None, text))
    assert [found.headline for found in module.bag] == []
    return module


def codes(text: str) -> list[str]:
    return [found.code for found in check_source(Source("m.cat", None, text)).bag]


def colours(text: str, *written: str) -> list[Object]:
    """Objects as they are written, below a text."""
    module = checked(text + "".join(f"\nobject Asked{place} = {one}" for place, one in enumerate(written)))
    return [module.scope.names[f"Asked{place}"].body for place in range(len(written))]


def functors(text: str, *written: str) -> list[Functor]:
    """Endofunctors as they are written, below a text."""
    module = checked(text + "".join(f"\nendofunctor Asked{place} = {one}" for place, one in enumerate(written)))
    return [module.scope.names[f"Asked{place}"].functor for place in range(len(written))]


# -------------------------------------------------------------------- types


def test_the_five_cells_have_exactly_their_types():
    module = checked(CELLS)
    names = module.scope.names
    m, h = names["m"].value, names["h"].value
    state, read, write = array(h), array(m), array(3)
    wanted = {
        "folding": (Sum((UNIT, Product((read, state)))), state),
        "recursive": (Sum((read, Product((state, state)))), state),
        "unfolding": (state, Product((write, state))),
        "mealy": (state, Exponential(Product((write, state)), read)),
        "moore": (state, Product((write, Exponential(state, read)))),
    }
    for name, (domain, codomain) in wanted.items():
        diagram = names[name].diagram
        assert resolve(object_of(diagram.inputs)) == domain == names[name].domain, name
        assert resolve(object_of(diagram.outputs)) == codomain == names[name].codomain, name


#: A body on the left; the only type that it has on the right.
SCHEMES = [
    ("fold(folding)", "List(In)", "Hidden"),
    ("fold(recursive)", "mu TreeF[In]", "Hidden"),
    ("foldl(backwards)", "List(In)", "Hidden"),
    ("scan(folding)", "List(In)", "List(Hidden)"),
    ("scanl(backwards)", "List(In)", "List(Hidden)"),
    ("unfold(unfolding)", "Hidden", "nu Stream[R[3]]"),
    ("unfold(words)", "Hidden", "nu ListF[R[3]]"),
    ("unfold[7](unfolding)", "Hidden", "R[7, 3]"),
    ("unfold[m](unfolding)", "Hidden", "R[m, 3]"),
    ("unfold[0](unfolding)", "Hidden", "R[0, 3]"),
    ("unfold[7](words)", "Hidden", "List(R[3])"),
    ("unfold[7](growing)", "Hidden", "mu Grow[R[3]]"),
    ("unfold(unfolding) >> take[5]", "Hidden", "R[5, 3]"),
    ("unfold(words) >> take[5]", "Hidden", "List(R[3])"),
    ("unfold[F = Stream[In]]((affine, id))", "Hidden", "nu Stream[In]"),
    ("unfold[4, ListF[In]]((affine, id) >> inr)", "Hidden", "List(In)"),
    ("unfold[9](words) >> fold([zero, affine * id >> add])", "Hidden", "Hidden"),
    ("run(mealy)", "Hidden * List(In)", "List(R[3]) * Hidden"),
    ("run(moore)", "Hidden * List(In)", "List(R[3]) * Hidden"),
    ("map(affine[_, 5])", "List(In)", "List(R[5])"),
    ("map(fst)", "List(In * Bool)", "List(In)"),
    ("each(affine[_, 5])", "List(In)", "List(R[5])"),
    ("List(affine[_, 5])", "List(In)", "List(R[5])"),
    ("TreeF[Bool](affine[_, 5])", "TreeF[Bool](In)", "TreeF[Bool](R[5])"),
    ("curry(fst) >> Mealy[Bool, Hidden](affine[_, 5])", "Hidden * In", "Mealy[Bool, Hidden](R[5])"),
    ("zip", "List(In) * List(Bool)", "List(In * Bool)"),
    ("cons", "In * List(In)", "List(In)"),
    ("to_list", "R[7, m]", "List(In)"),
    ("length", "List(List(In))", "R[]"),
    ("decide", "Bool * In", "In + In"),
    ("curry(affine[h, 5] * affine >> add)", "Hidden", "R[5]^In"),
    ("uncurry(curry(fst))", "In * Hidden", "In"),
]


def given(text: str, domain: str, codomain: str, body: str) -> tuple[Object, Object]:
    """What a body gives, and what its header promises."""
    definition = checked(f"{text}\nmorphism asked : {domain} -> {codomain} = {body}").scope.names["asked"]
    last = definition.diagram.boxes[-1] if definition.diagram.boxes else definition.diagram
    return resolve(object_of(last.outputs)), definition.codomain


@pytest.mark.parametrize(("body", "domain", "codomain"), SCHEMES, ids=[body for body, *_ in SCHEMES])
def test_a_scheme_has_exactly_its_type(body, domain, codomain):
    gives, wanted = given(CELLS, domain, codomain, body)
    assert gives == wanted
    assert codes(f"{CELLS}\nmorphism asked : {domain} -> {codomain} * Bool = {body}") == ["E0302"]


def test_what_is_given_says_of_which_endofunctor_it_is():
    """Of two endofunctors that give one type at a carrier a scheme takes its own."""
    same = FUNCTORS + """
        algebra from_end   : ListF[In](In) -> In = [zero, affine * id >> add]
        algebra from_front : SnocF[In](In) -> In = [zero, affine * id >> add]
        morphism f : List(In) -> In = """
    for scheme, algebra in [("fold", "from_end"), ("foldl", "from_front")]:
        assert codes(f"{same}{scheme}({algebra})") == []
    for scheme, algebra in [("fold", "from_front"), ("foldl", "from_end")]:
        assert codes(f"{same}{scheme}({algebra})") == ["E0315"]


def test_a_combinator_takes_any_endofunctor():
    text = CELLS + """
        morphism any[F : endofunctor, X](a : F(X) -> X) : mu F -> X = fold(a)
        morphism twice[F : endofunctor](c : Hidden -> F(Hidden)) : Hidden -> nu F * nu F = (unfold(c), unfold(c))
        morphism lists : List(In) -> Hidden = any(folding)
        morphism trees : mu TreeF[In] -> Hidden = any(recursive)
        morphism named : mu TreeF[In] -> Hidden = any[F = TreeF[In]]([affine, add])
        morphism both  : Hidden -> nu Stream[R[3]] * nu Stream[R[3]] = twice(unfolding)
    """
    checked(text)
    assert codes(text + "morphism bad : List(In) -> Hidden = any(recursive)") == ["E0315"]
    assert codes(text + "morphism bad : List(In) -> Hidden = any(words)") == ["E0315"]


# -------------------------------------------------------------------- what is one


def test_a_list_is_the_fixed_point_of_its_endofunctor():
    element, by_name, by_lambda, by_list = colours(
        FUNCTORS, "In", "mu ListF[In]", "mu (Rest |-> 1 + In * Rest)", "List(In)")
    assert by_name == by_lambda == by_list == list_of(element)
    assert len({by_name, by_lambda, by_list}) == 1
    checked(FUNCTORS + "morphism same : mu ListF[In] * List(In) -> List(In) * mu (Y |-> 1 + In * Y) = id")
    snoc, tree, other = colours(FUNCTORS, "mu SnocF[In]", "mu TreeF[In]", "List(Hidden)")
    assert by_list not in (snoc, tree, other)
    assert codes(FUNCTORS + "morphism other : mu SnocF[In] -> List(In) = id") == ["E0302"]
    assert codes(FUNCTORS + "morphism other : List(In) -> nu ListF[In] = id") == ["E0302"]


def test_the_names_of_an_endofunctor_and_of_its_variable_are_no_part_of_it():
    text = FUNCTORS + """
        endofunctor Cons[B](Y) = 1 + B * Y
        endofunctor Nested[A](X) = A * mu (Y |-> 1 + X * Y)
        endofunctor Rose[B](Z) = B * List(Z)
    """
    one, other, bare = functors(text, "ListF[In]", "Cons[In]", "(Q |-> 1 + In * Q)")
    assert one == other == bare and hash(one) == hash(other) == hash(bare)
    nested, rose = functors(text, "Nested[In]", "Rose[In]")
    assert nested == rose
    assert [str(one), str(other)] == ["ListF[R[m]]", "Cons[R[m]]"]


def test_composition_is_associative_and_has_an_identity():
    text = FUNCTORS + "endofunctor Id(X) = X\nendofunctor Maybe(X) = 1 + X\n"
    three = ("ListF[In]", "TreeF[Bool]", "Maybe")
    left, right, flat = functors(text, "({} >> {}) >> {}".format(*three), "{} >> ({} >> {})".format(*three),
                                 "{} >> {} >> {}".format(*three))
    assert left == right == flat
    for name in ("ListF[In]", "TreeF[In]", "Mealy[In, Hidden]", "List"):
        before, itself, behind = functors(text, f"Id >> {name}", name, f"{name} >> Id")
        assert before == itself == behind
    first, second, both, turned = functors(text, "Maybe", "Stream[In]", "Maybe >> Stream[In]", "Stream[In] >> Maybe")
    assert both == compose(first, second) != turned
    assert apply(both, BOOL) == apply(second, apply(first, BOOL))
    one, other = colours(text + "endofunctor Both = Maybe >> Stream[In]", "Both(Bool)", "Stream[In](Maybe(Bool))")
    assert one == other


def test_a_fixed_point_is_no_more_than_its_endofunctor():
    mu, nu, same = colours(FUNCTORS, "mu TreeF[In]", "nu TreeF[In]", "mu TreeF[R[m]]")
    assert mu == same != nu
    assert isinstance(mu, Fixed) and isinstance(nu, Fixed) and mu.functor == nu.functor


def test_exponents_are_axes_or_objects_by_what_stands_above():
    axis, array_of, generic, morphisms, other = colours(
        "dim n\nobject I = R[2]\nobject To[A] = A^n\n", "R[3]^n", "R[n, 3]", "To[R[3]]", "R[3]^I", "R[3]^R[2]")
    assert axis == array_of == generic
    assert isinstance(morphisms, Exponential) and morphisms == other


def test_what_a_generic_is_follows_from_where_it_stands():
    """In brackets it is what the name in front of them takes."""
    text = FUNCTORS + """
        object Pairs[A] = mu TreeF[A * A]
        endofunctor Deep[A](X) = TreeF[List(A)](X) + mu ListF[A * X]
        object Rows[k] = mu ListF[R[k]]
        object Longer[K] = Rows[2*K]
    """
    pairs, wanted = colours(text, "Pairs[In]", "mu TreeF[In * In]")
    assert pairs == wanted
    longer, rows = colours(text, "Longer[m]", "List(R[2*m])")
    assert longer == rows


def test_endofunctors_and_algebras_of_an_import_are_at_the_sizes_given_for_it(tmp_path: Path):
    (tmp_path / "cells.cat").write_text("""
dim d
endofunctor Rows(X) = 1 + R[d] * X
algebra cell[h] : Rows(R[h]) -> R[h] = [zero, affine * affine >> add]
coalgebra write[h] : R[h] -> Rows(R[h]) = (affine, affine) >> inr
morphism mix[n] : R[n, d] -> R[n, d] = (id, id, id) >> attend
""")
    main = tmp_path / "main.cat"
    main.write_text("""
import "cells.cat" (d = 2*n) as a
import "cells.cat" as b
dim n
endofunctor Both = a.Rows >> b.Rows
algebra own : a.Rows(R[3]) -> R[3] = [zero, affine * id >> add]
morphism read  : mu a.Rows -> R[7] = fold(a.cell)
morphism lists : List(R[2*n]) -> R[7] = fold(a.cell)
morphism other : List(R[b.d]) -> R[7] = fold(b.cell)
morphism write : R[3] -> List(R[2*n]) = unfold[4](a.write)
morphism mixed : List(R[2*n]) -> List(R[2*n]) = a.mix
morphism acts  : a.Rows(R[3]) -> a.Rows(R[4]) = a.Rows(affine)
morphism bad   : mu b.Rows -> R[7] = fold(a.cell)
""")
    module = check_file(str(main))
    assert [(one.code, one.span.place.split(":")[-2]) for one in module.bag] == [("E0315", "13")]


# -------------------------------------------------------------------- lists as axes


GENERIC = """
morphism mean[n]   : R[n, 3] -> R[3]      = reduce(mean, n d -> d)
morphism mix[n]    : R[n, 3] -> R[n, 3]   = (id, id, id) >> attend
morphism causal[n] : R[n, 3] -> R[n, 3]   = (id, id, id) >> attend[causal = true]
morphism cross[n, m] : R[n, 3] * R[m, 3] -> R[n, 3] = (x, y) |-> attend(x, y, y)
morphism norm[n]   : R[n] -> R[n]         = softmax
morphism places[n] : R[n, 3] -> R[n, 5]   = each(affine)
morphism grams[n]  : R[n, 3] -> R[3, 3]   = (id, id) >> contract(n a, n b -> a b)
morphism blur[n]   : R[n, 3] -> R[n, 3]
    = rearrange(n d -> d n) >> conv1d[_, _, 3, left = 1] >> rearrange(d n -> n d)
morphism pairs[n]  : R[n, 3] * R[n, 3] -> R[n] = contract(n d, n d -> n)
morphism parts[n]  : R[n, 3] -> R[n, 1] * R[n, 2] = each(split)
morphism words[n]  : Fin[9]^n -> R[n, 4]  = each(embedding)
morphism again[n]  : R[n, 3] -> R[n, 3]   = mix^3
morphism within[n](f : R[n, 3] -> R[n, 3]) : R[n, 3] -> R[n, 3] = f >> f
morphism affine_along[n] : R[n, 3] -> R[n, 3] = rearrange(n d -> d n) >> each(affine) >> rearrange(d n -> n d)
morphism across[n] : R[n, 3] -> R[3, n]   = transpose
morphism longer[n] : R[n, 3] -> R[n + 1, 3] = pad[1]
morphism half[n]   : R[2*n, 3] -> R[n, 3] = rearrange((n k) d -> k n d) >> reduce(sum, k n d -> n d)
morphism begin[n]  : R[n, 3] -> R[2, 3]   = slice[0, 2]
morphism turned[n] : R[n, 3] -> R[n, 3]   = flip
morphism deep[n]   : R[n, 3] -> R[n, 3]   = each(relu)^n
morphism fixed     : R[7, 3] -> R[7, 3]   = relu
"""

LIFTED = [
    ("mean", "List(R[3])", "R[3]"),
    ("mix", "List(R[3])", "List(R[3])"),
    ("causal", "List(R[3])", "List(R[3])"),
    ("cross", "List(R[3]) * List(R[3])", "List(R[3])"),
    ("cross", "List(R[3]) * R[7, 3]", "List(R[3])"),
    ("cross", "R[7, 3] * List(R[3])", "R[7, 3]"),
    ("norm", "List(R[])", "List(R[])"),
    ("places", "List(R[3])", "List(R[5])"),
    ("grams", "List(R[3])", "R[3, 3]"),
    ("blur", "List(R[3])", "List(R[3])"),
    ("pairs", "List(R[3] * R[3])", "List(R[])"),
    ("zip >> pairs", "List(R[3]) * List(R[3])", "List(R[])"),
    ("parts", "List(R[3])", "List(R[1] * R[2])"),
    ("words", "List(Fin[9])", "List(R[4])"),
    ("again", "List(R[3])", "List(R[3])"),
    ("within(mix)", "List(R[3])", "List(R[3])"),
    ("mix >> mix >> mean", "List(R[3])", "R[3]"),
    ("x |-> mean(mix(x))", "List(R[3])", "R[3]"),
    ("each(mean)", "List(R[5, 3])", "List(R[3])"),
    ("map(mean)", "List(List(R[3]))", "List(R[3])"),
    ("each(each(relu))", "List(R[5, 3])", "List(R[5, 3])"),
]

NOT_LIFTED = [
    ("affine_along", "List(R[3])", "List(R[3])", "E0320"),
    ("across", "List(R[3])", "List(R[3])", "E0319"),
    ("longer", "List(R[3])", "List(R[3])", "E0319"),
    ("half", "List(R[3])", "List(R[3])", "E0303"),
    ("begin", "List(R[3])", "R[2, 3]", "E0403"),
    ("turned", "List(R[3])", "List(R[3])", "E0320"),
    ("deep", "List(R[3])", "List(R[3])", "E0320"),
    ("fixed", "List(R[3])", "R[7, 3]", "E0303"),
    ("pairs", "List(R[3]) * List(R[3])", "List(R[])", "E0318"),
    ("mix", "List(R[4])", "List(R[4])", "E0303"),
    ("relu", "List(R[3])", "List(R[3])", "E0303"),
    ("affine", "List(R[3])", "List(R[3])", "E0303"),
    ("concat", "List(R[3]) * List(R[3])", "List(R[3])", "E0319"),
]


@pytest.mark.parametrize(("body", "domain", "codomain"), LIFTED, ids=[f"{body} at {at}" for body, at, _ in LIFTED])
def test_what_is_generic_in_an_axis_is_one_of_lists(body, domain, codomain):
    checked(f"{GENERIC}\nmorphism asked : {domain} -> {codomain} = {body}")
    assert codes(f"{GENERIC}\nmorphism asked : {domain} -> {codomain} * Bool = {body}") == ["E0302"]


@pytest.mark.parametrize(("body", "domain", "codomain", "code"), NOT_LIFTED, ids=[one[0] for one in NOT_LIFTED])
def test_what_no_list_may_be_given_to_says_why_once(body, domain, codomain, code):
    assert codes(f"{GENERIC}\nmorphism asked : {domain} -> {codomain} = {body}") == [code]


def test_a_length_is_no_size_of_anything_else():
    """Two lists have two lengths, and neither is a dim of the file."""
    assert codes("dim n\nmorphism f : List(R[3]) -> R[n, 3] = id") == ["E0302"]
    assert codes("dim n\nmorphism f : R[n, 3] -> List(R[3]) = id") == ["E0302"]
    assert codes("""
        dim n
        morphism g[k] : R[k] * R[n] -> R[n] = snd
        morphism f : List(R[]) * List(R[]) -> List(R[]) = g""") == ["E0303"]
