"""Protects externs in networks: they compute what their class computes, at every place a morphism can stand.

Outputs and gradients are held to the class called by hand; what it gives is held to its header at every call.
"""

from __future__ import annotations

import copy
import importlib
import pickle
import re
from collections.abc import Callable
from typing import Any

import pytest
import torch

import catlang
from catlang.compiler.build import CompileError
from catlang.compiler.loading import source_of

Spec = Callable[[str], str]

EXTERNS = """
dim n
extern morphism encoder[n, w] : R[n, w] -> R[n, w] = python "outside:Encoder" (width = w)
extern morphism masked[n, w] : R[n, w] * (mask : Bool[n]) -> R[n, w] = python "outside:Masked" (width = w, depth = 2)
extern morphism narrow[w] : R[2*w] -> R[w] = python "outside:narrow" (width = 2*w)
extern morphism search[n, k] : R[n] -> (scores : R[k]) * (places : Fin[n]^k)
    = python "outside:Search" (k = k) where k <= n
extern morphism noisy[w] : R[w] -> R[w] = python "outside:Noisy"
extern morphism cell[w] : R[w] * R[w] -> R[w] = python "outside:Cell" (width = w)
"""


def compiled(spec: Spec, body: str, name: str = "net", **sizes: Any) -> Any:
    return catlang.compile(spec(EXTERNS + body), name, allow_extern=True, **sizes)


def outside() -> Any:
    return importlib.import_module("outside")


@pytest.mark.parametrize("batch", [(), (2,), (2, 3), (0,)])
def test_outputs_and_gradients_are_those_of_the_class(spec: Spec, batch: tuple[int, ...]) -> None:
    net = compiled(spec, "morphism net : R[n, 16] -> R[n, 16] = encoder >> encoder as second").eval()
    first, second = (outside().Encoder(16).eval() for _ in range(2))
    first.load_state_dict(net.encoder_0.state_dict())
    second.load_state_dict(net.second.state_dict())
    x = torch.randn(*batch, 5, 16, requires_grad=True)
    twin = x.detach().clone().requires_grad_()
    made = net(x)
    by_hand = second(first(twin.reshape(-1, 5, 16))).reshape(*batch, 5, 16)
    torch.testing.assert_close(made, by_hand)
    made.square().sum().backward()
    by_hand.square().sum().backward()
    torch.testing.assert_close(x.grad, twin.grad)
    for mine, theirs in zip(net.second.parameters(), second.parameters(), strict=True):
        torch.testing.assert_close(mine.grad, theirs.grad)


def test_each_mention_has_weights_of_its_own_and_one_name_one(spec: Spec) -> None:
    net = compiled(spec, "morphism net : R[8] -> R[2] = narrow >> narrow")
    assert {name: tuple(one.shape) for name, one in net.named_parameters()} == {
        "narrow_0.weight": (4, 8), "narrow_0.bias": (4,), "narrow_1.weight": (2, 4), "narrow_1.bias": (2,)}
    shared = compiled(spec, "morphism net : R[n, 4] -> R[n, 4] = let g = encoder in g >> g")
    apart = compiled(spec, "morphism net : R[n, 4] -> R[n, 4] = encoder^2")
    assert 2 * sum(one.numel() for one in shared.parameters()) == sum(one.numel() for one in apart.parameters())


def test_along_an_axis_and_with_names(spec: Spec) -> None:
    net = compiled(spec, "morphism net : R[3, n, 8] * Bool[3, n] -> R[3, n, 8] = each(masked)")
    x, mask = torch.randn(2, 3, 5, 8), torch.rand(2, 3, 5) < 0.5
    made = net(x, mask)
    for place in range(3):
        torch.testing.assert_close(made[:, place], net.masked_0(x[:, place], mask=mask[:, place]))


def test_parts_that_come_out_by_name(spec: Spec) -> None:
    net = compiled(spec, "morphism net : R[4, 6] -> R[4, 2] * Fin[6]^(4, 2) = each(search[_, 2])")
    x = torch.randn(7, 4, 6)
    values, places = x.topk(2)
    made = net(x)
    torch.testing.assert_close(made[0], values)
    assert torch.equal(made[1], places)


def test_on_lists_and_in_a_fold(spec: Spec) -> None:
    """Steps of a list that are there are computed as they are by hand; the cell has one set of weights."""
    net = compiled(spec, """
        endofunctor Snoc[A](X) = 1 + X * A
        algebra step : Snoc[R[4]](R[4]) -> R[4] = [zero, cell]
        morphism net : List(R[8]) -> R[4] = map(narrow) >> foldl(step)""")
    words = [torch.randn(length, 8) for length in (3, 0, 5)]
    found = net(catlang.lists(words))
    narrow = net.get_submodule("narrow_0")
    [cell] = [one for one in net.modules() if type(one).__name__ == "Cell"]
    for row, sequence in enumerate(words):
        state = torch.zeros(1, 4)
        for word in sequence:
            state = cell(state, narrow(word[None]))
        torch.testing.assert_close(found[row], state[0])


def test_what_may_draw_noise_stays_where_it_is(spec: Spec) -> None:
    """A step that gives something else each time is not taken out of a loop as if it did not."""
    net = compiled(spec, """
        endofunctor Snoc[A](X) = 1 + X * A
        algebra step : Snoc[R[64]](R[64]) -> R[64] = [zero, (x, y) |-> add(x, noisy(1.0))]
        morphism net : List(R[64]) -> R[64] = foldl(step)""")
    torch.manual_seed(0)
    found = net(catlang.lists([torch.zeros(6, 64)]))
    drawn = set(found.flatten().tolist())
    assert drawn <= {0.0, 2.0, 4.0, 6.0, 8.0, 10.0, 12.0} and len(drawn) > 2
    assert torch.equal(net.eval()(catlang.lists([torch.zeros(6, 64)])), torch.full((1, 64), 6.0))


def test_lives_as_a_module_does(spec: Spec) -> None:
    net = compiled(spec, "morphism net : R[n, 16] -> R[n, 16] = encoder >> each(affine)").eval()
    x = torch.randn(2, 5, 16)
    for twin in (pickle.loads(pickle.dumps(net)), copy.deepcopy(net)):
        torch.testing.assert_close(twin(x), net(x))
    other = compiled(spec, "morphism net : R[n, 16] -> R[n, 16] = encoder >> each(affine)").eval()
    other.load_state_dict(net.state_dict())
    torch.testing.assert_close(other(x), net(x))
    program = torch.export.export(net, (x,), dynamic_shapes=({0: torch.export.Dim("b"), 1: torch.export.Dim("n")},))
    y = torch.randn(3, 7, 16)
    torch.testing.assert_close(program.module()(y), net(y))


def test_constants_of_a_file_reach_the_class(spec: Spec) -> None:
    net = compiled(spec, """
        param rate : real = 0.1
        param fine : bool = false
        dim w
        extern morphism made[n, scale : real] : R[n, w] * (mask : Bool[n]) -> R[n, w]
            = python "outside:Masked" (width = w, depth = 1, eps = scale * rate / sqrt(w), scaled = fine)
        morphism net : R[n, w] * Bool[n] -> R[n, w] = made[scale = 3.0]""", w=4, rate=0.5)
    assert net.made_0.norm.eps == pytest.approx(0.75) and net.made_0.scaled is False


def test_externs_of_one_name_in_two_files_are_two(spec: Spec) -> None:
    with open("other.cat", "w", encoding="utf-8") as file:
        file.write('dim w\nextern morphism narrow : R[w] -> R[w] = python "torch.nn:Identity"\n')
    name = spec('import "other.cat" (w = 4) as other\n'
                'extern morphism narrow : R[4] -> R[2] = python "outside:narrow" (width = 4)\n'
                'morphism net : R[4] -> R[2] = other.narrow >> narrow\n')
    net = catlang.compile(name, "net", allow_extern=True)
    x = torch.randn(3, 4)
    torch.testing.assert_close(net(x), net.narrow_1(x))
    assert re.findall(r"^from (.*)", source_of(net), re.MULTILINE)[-2:] == [
        "torch.nn import Identity as extern_narrow", "outside import narrow as extern_narrow2"]


BROKEN = [
    ("wrong : R[n, 4] -> R[n, 5]", "torch.nn:Identity", ValueError,
     r"gives \(2, 3, 4\) where its header promises \(2, 3, 5\)"),
    ("wrong : R[n, 4] -> Bool[n, 4]", "torch.nn:Identity", TypeError,
     "gives torch.float32 where its header promises truth"),
    ("wrong : R[n, 4] -> R[n, 4]", "outside:Several", TypeError, "gives a tuple where its header promises one array"),
]


@pytest.mark.parametrize(("header", "reference", "error", "said"), BROKEN, ids=[header for header, *_ in BROKEN])
def test_what_is_not_promised_is_refused_at_the_call(spec: Spec, header: str, reference: str, error: type[Exception],
                                                     said: str) -> None:
    """The exception names the extern, and the place in the spec."""
    name = spec(f'dim n\nextern morphism {header} = python "{reference}"\n'
                f'morphism net : {header.partition(" : ")[2]} = wrong\n')
    net = catlang.compile(name, "net", allow_extern=True)
    with pytest.raises(error, match=said) as raised:
        net(torch.randn(2, 3, 4))
    assert f"the extern `wrong` ({reference})" in str(raised.value)
    assert any("spec.cat:3" in note for note in raised.value.__notes__)


def test_a_class_that_cannot_be_made_is_told_with_what_it_was_given(spec: Spec) -> None:
    name = spec('dim d\nextern morphism broken : R[d] -> R[d] = python "outside:Broken" (width = d)\n'
                'morphism net : R[d] -> R[d] = broken\n')
    with pytest.raises(RuntimeError, match="no weights for 7") as raised:
        catlang.compile(name, "net", d=7, allow_extern=True)
    assert raised.value.__notes__ == ["while the extern `broken` (outside:Broken) is made with {'width': 7}"]


def test_missing_classes_are_mistakes_of_compiling(spec: Spec) -> None:
    name = spec('extern morphism gone : R[2] -> R[2] = python "outside:Gone"\nmorphism net : R[2] -> R[2] = gone\n')
    with pytest.raises(CompileError) as raised:
        catlang.compile(name, "net", allow_extern=True)
    assert [one.code for one in raised.value.diagnostics] == ["E0832"]


def test_a_size_that_a_class_is_made_with_must_be_given(spec: Spec) -> None:
    with pytest.raises(CompileError) as raised:
        compiled(spec, "dim d\nmorphism net : R[2*d] -> R[d] = narrow")
    assert [one.code for one in raised.value.diagnostics] == ["E0807"]
