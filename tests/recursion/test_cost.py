"""What recursion costs: the flops that PyTorch counts, at every length and for every tree; the weights of a loop are
counted once."""

from __future__ import annotations

import random
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

# What the tests of exact evaluation share.
sys.path.insert(0, str(Path(__file__).parent.parent / "exact"))

from held import checked
from laid import Garbage, drawn, factors, for_pytorch

from catlang.compiler.build import Build
from catlang.compiler.loading import instantiate
from catlang.meaning.cost import Cost, cost
from catlang.network.erasure import Padded
from catlang.objects.substitution import Substitution

# A step that is neither affine nor one of PyTorch's own, so that it is what is run.
HEADER = """
morphism cell : R[5] * R[3] -> R[3] = (affine * (linear >> relu)) >> maximum
endofunctor ListF[A](X) = 1 + A * X
endofunctor Out[O](X) = O * X
endofunctor Mealy[I, O](X) = (O * X)^I
endofunctor Moore[I, O](X) = O * X^I
endofunctor Three[A](X) = A + R[2] * X * X + X^3
endofunctor Fork[A](X) = 1 + A * X * X
morphism summed[n, d] : R[n, d] -> R[d] = reduce(sum, n d -> d)
"""

ALONG = {
    "fold": "algebra a : ListF[R[5]](R[3]) -> R[3] = [zero, cell]\nmorphism net : List(R[5]) -> R[3] = fold(a)",
    "foldl": "morphism net : List(R[5]) -> R[3] = foldl([one, swap >> cell])",
    "scan": "morphism net : List(R[5]) -> List(R[3]) = scan([one, cell])",
    "scanl": "morphism net : List(R[5]) -> List(R[3])\n"
             "    = scanl([one, swap >> cell]) >> tail >> map(affine[_, 2] >> affine)",
    "Mealy": "coalgebra m : R[3] -> Mealy[R[5], R[4]](R[3]) = curry(swap >> cell >> (affine, id))\n"
             "morphism net : R[3] * List(R[5]) -> List(R[4]) * R[3] = run(m)",
    "Moore": "coalgebra m : R[3] -> Moore[R[5], R[4]](R[3]) = (affine, curry(swap >> cell))\n"
             "morphism net : R[3] * List(R[5]) -> List(R[4]) * R[3] = run(m)",
    "map": "morphism net : List(R[5]) -> List(R[4]) = map(affine[_, 7] >> relu >> affine)",
    "an axis": "morphism f[n] : R[n, 5] -> R[n, 5] = x |-> matmul(matmul(x, transpose(x)), x)\n"
               "morphism net : List(R[5]) -> List(R[5]) = f",
    "contracted": "morphism f[n] : R[n, 5] -> R[5, 5] = (id, id) >> contract(n a, n b -> a b)\n"
                  "morphism net : List(R[5]) -> R[5, 5] = f",
}


def compiled(text: str) -> tuple[Any, Any, Cost]:
    module = checked(HEADER + text)
    build = Build(module, module.scope.names["net"], {}, {})
    network, _ = build.network()
    return network, instantiate(build.source(), "net").eval(), cost(network)


def counted(network: Any, net: Any, value: Any) -> int:
    """The flops of one value by itself."""
    takes = Substitution().object(network.takes)
    given = for_pytorch(takes, [value], Garbage(), ())
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        net(*given) if factors(takes) is not None else net(given)
    return counter.get_total_flops()


@pytest.fixture(autouse=True)
def _double() -> Any:
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize("name", ALONG)
def test_a_step_costs_as_often_as_a_list_is_long(name: str) -> None:
    network, net, found = compiled(ALONG[name])
    assert found.params == sum(weight.numel() for weight in net.parameters())
    [length] = [variable for variable in network.sizes if isinstance(variable, Padded)]
    for size in (2, 3, 7):
        value = drawn(network.takes, random.Random(1), size)
        assert found.at({length: size}).flops == counted(network, net, value), size


def test_an_unfolding_costs_its_bound() -> None:
    network, net, found = compiled(
        "coalgebra c : R[3] -> Out[R[4]](R[3]) = (affine, (affine, linear >> relu) >> maximum)\n"
        "morphism net : R[3] -> R[6, 4] = unfold[6](c)")
    assert found.flops == counted(network, net, drawn(network.takes, random.Random(1))) == 6 * (24 + 18 + 18)
    assert (found.params, found.depth) == (16 + 12 + 9, 6)


def test_a_fold_of_a_tree_costs_by_its_nodes() -> None:
    network, net, found = compiled(
        "algebra a : Three[R[5]](R[3]) -> R[3] = [affine,\n"
        "    (x, l, r) |-> maximum(affine(x), maximum(linear(l), linear(r))),\n"
        "    rearrange(k d -> (k d)) >> affine]\n"
        "morphism net : mu Three[R[5]] -> R[3] = fold(a)")
    nodes = {variable.name: variable for variable in found.variables}
    assert list(nodes) == ["height", "nodes0", "nodes1", "nodes2"]
    assert repr(found.flops) == "30*nodes0 + 48*nodes1 + 54*nodes2" and repr(found.depth) == "height"
    for seed in range(5):
        tree = drawn(network.takes, random.Random(seed))
        numbers = [0, 0, 0]
        for number in constructors(tree):
            numbers[number] += 1
        at = found.at({nodes[f"nodes{number}"]: count for number, count in enumerate(numbers)})
        assert at.flops == counted(network, net, tree)


def constructors(tree: Any) -> Any:
    """The constructor of each node."""
    if isinstance(tree, tuple) and tree and isinstance(tree[0], int):
        yield tree[0]
        for part in tree[1:]:
            yield from constructors(part)
    elif isinstance(tree, list):
        for child in tree:
            yield from constructors(child)


def text_cost(text: str) -> Cost:
    return cost(checked(HEADER + text).scope.names["net"])


def test_one_tree_has_one_number_of_nodes() -> None:
    once = "fold([affine[_, 3], maximum])"
    found = text_cost("endofunctor Binary[A](X) = A + X * X\n"
                      f"morphism net : mu Binary[R[5]] -> R[3] * R[3] = ({once}, {once})")
    assert repr(found.flops) == "60*nodes0" and [variable.name for variable in found.variables] == [
        "height", "nodes0", "nodes1"]


def test_a_tree_that_was_grown_is_as_high_as_its_bound() -> None:
    found = text_cost("coalgebra c : R[3] -> Fork[R[2]](R[3])\n"
                      "    = s |-> (drop + id)(decide(greater(at(s, 0), 0.0), (affine(s), linear(s), relu(s))))\n"
                      "morphism net : R[3] -> R[2]\n"
                      "    = unfold[4](c) >> fold([zero, (a, l, r) |-> linear(add(a, add(l, r)))])")
    assert repr(found.flops) == "30*nodes0 + 38*nodes1" and found.depth == 4 + 5


def test_what_only_says_which_entries_are_meant_is_free() -> None:
    free = text_cost("morphism net : List(R[5]) * List(R[3]) -> List(R[5] * R[3]) = (but_last * id) >> zip")
    moved = text_cost("morphism net : List(R[5]) -> List(R[5]) = reverse")
    assert (free.flops, free.pointwise, free.memory) == (0, 0, 0)
    assert moved.flops == 0 and repr(moved.pointwise) == repr(moved.memory) == "5*length"


def test_weights_computed_in_a_step_are_computed_in_each() -> None:
    found = text_cost("morphism net : List(R[5]) -> R[5]\n"
                      "    = fold([one, (x, s) |-> maximum(x, (linear along (U, V) |-> matmul[_, 2, _](U, V))(s))])")
    # 2*5*2*5 for the product of the weights, 2*5*5 for that with the state.
    assert repr(found.flops) == "150*length" and found.params == 20


def test_a_step_inside_of_a_step() -> None:
    found = text_cost("morphism net : List(List(R[5])) -> R[3] = map(fold([zero, cell])) >> fold([one, maximum])")
    lengths = found.variables
    assert len(lengths) == 2 and found.at(dict.fromkeys(lengths, 4)).flops == 16 * (30 + 18)
