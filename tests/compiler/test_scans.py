"""Protects the scans of recurrences: what the loop gives they give, gradients too, in a logarithmic number of calls."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from catlang.compiler.emitted import scans

LENGTHS = (0, 1, 2, 3, 7, 18, 19, 64, 1000)
#: The shapes of the coefficients, the offsets and the start, without time; where time stands in the first two.
SHAPES = {
    "one row": ("T 5", "T 5", "5", -2),
    "no row": ("T", "T", "", -1),
    "batch": ("2 3 T 5", "2 3 T 5", "2 3 5", -2),
    "time last": ("3 T", "3 T", "3", -1),
    "time first": ("T 2 3 4", "T 2 3 4", "2 3 4", -4),
    "one start for all": ("3 T 5", "3 T 5", "5", -2),
    "starts alone have a batch": ("T 5", "T 5", "3 5", -2),
    "coefficients alone have a batch": ("3 T 5", "T 5", "5", -2),
    "one coefficient for a row": ("3 T 1", "3 T 5", "3 5", -2),
    "constant coefficients": ("5", "3 T 5", "3 5", -2),
    "constant coefficients with time": ("3 1 5", "3 T 5", "3 5", -2),
    "one coefficient": ("", "2 T 3 4", "2 3 4", -3),
    "one coefficient for time": ("1 5", "T 5", "5", -2),
}
#: Which of the coefficients of two leaves are not None.
PLACES = ("full", "diagonal", "triangle", "nilpotent", "empty")


def sized(shape, steps):
    return tuple(steps if axis == "T" else int(axis) for axis in shape.split())


def affine(steps, name, dtype=torch.float64):
    coefficient, offset, start, dim = SHAPES[name]
    inputs = (torch.rand(sized(coefficient, steps), dtype=dtype) * 2 - 1,
              *(torch.randn(sized(shape, steps), dtype=dtype) for shape in (offset, start)))
    return inputs, dim


def block(form, places):
    """A recurrence of two leaves as a function of the inputs of one."""
    def run(coefficient, offset, start, dim):
        a, b, c = coefficient * 0.5, coefficient * -0.4, coefficient * 0.3
        coefficients = {"full": ((a, b), (c, a)), "diagonal": ((a, None), (None, b)), "triangle": ((a, None), (b, c)),
                        "nilpotent": ((None, a), (None, None)), "empty": ((None, None), (None, None))}[places]
        return form(coefficients, (offset, offset * 2 + 1), (start, start - 1), dim)
    return run


def matrix(steps, shape, dtype=torch.float64):
    offset, dim = {"one": ((steps, 6), -2), "batch": ((2, 3, steps, 6), -2), "middle": ((2, steps, 3, 6), -3),
                   "first": ((steps, 2, 6), -3)}[shape]
    start = list(offset)
    del start[dim]
    weight = torch.linalg.qr(torch.randn(6, 6, dtype=dtype)).Q * 0.99
    return (weight, torch.randn(offset, dtype=dtype), torch.randn(start, dtype=dtype)), dim


def values_and_gradients(function, inputs, dim):
    inputs = [x.clone().requires_grad_() for x in inputs]
    states = function(*inputs, dim)
    states = states if isinstance(states, tuple) else (states,)
    generator = torch.Generator().manual_seed(1)
    weights = [torch.randn(x.shape, dtype=x.dtype, generator=generator) for x in states]
    loss = sum((x * y).sum() for x, y in zip(states, weights, strict=True))
    return states, torch.autograd.grad(loss, inputs, materialize_grads=True, allow_unused=True)


def same(scan, loop, inputs, dim, relative=1e-9):
    for found, wanted in zip(values_and_gradients(scan, inputs, dim), values_and_gradients(loop, inputs, dim),
                             strict=True):
        for x, y in zip(found, wanted, strict=True):
            bound = relative * max(1.0, y.abs().max().item() if y.numel() else 0.0)
            torch.testing.assert_close(x, y, rtol=relative, atol=bound)


class Calls(TorchDispatchMode):
    """Counts the calls of operators that a function makes."""

    def __init__(self):
        super().__init__()
        self.count = 0

    def __torch_dispatch__(self, function, types, arguments=(), named=None):
        self.count += 1
        return function(*arguments, **named or {})


def calls(scan, inputs, dim):
    with Calls() as mode:
        values_and_gradients(scan, inputs, dim)
    return mode.count


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("steps", LENGTHS)
def test_an_affine_scan_is_its_loop(steps, name):
    same(scans.affine_scan, scans.affine_loop, *affine(steps, name))


@pytest.mark.parametrize("places", PLACES)
@pytest.mark.parametrize("name", ["batch", "time last", "constant coefficients", "one coefficient for a row"])
@pytest.mark.parametrize("steps", LENGTHS)
def test_a_block_scan_is_its_loop(steps, name, places):
    same(block(scans.block_scan, places), block(scans.block_loop, places), *affine(steps, name))


@pytest.mark.parametrize("shape", ["one", "batch", "middle", "first"])
@pytest.mark.parametrize("steps", LENGTHS)
def test_a_matrix_scan_is_its_loop(steps, shape):
    same(scans.matrix_scan, scans.matrix_loop, *matrix(steps, shape))


@pytest.mark.parametrize("shape", ["one", "batch", "middle", "first"])
@pytest.mark.parametrize("steps", LENGTHS)
def test_a_matrix_scan_is_its_loop_whenever_it_squares(steps, shape, monkeypatch):
    monkeypatch.setattr(scans, "worth", lambda *_: True)
    same(scans.matrix_scan, scans.matrix_loop, *matrix(steps, shape))


def test_the_loop_is_the_recurrence():
    coefficient, offset, start = torch.tensor([2.0, 3.0]), torch.tensor([1.0, 1.0]), torch.tensor(5.0)
    assert scans.affine_loop(coefficient, offset, start, -1).tolist() == [11.0, 34.0]
    one, two = scans.block_loop(((None, coefficient), (coefficient, None)), (offset, -offset), (start, -start), -1)
    assert (one.tolist(), two.tolist()) == ([-9.0, 28.0], [9.0, -28.0])
    weight = torch.tensor([[0.0, 1.0], [2.0, 0.0]])
    states = scans.matrix_loop(weight, torch.ones(2, 2), torch.tensor([3.0, 4.0]), -2)
    assert states.tolist() == [[5.0, 7.0], [8.0, 11.0]]


@pytest.mark.parametrize("shapes", [
    ((2, 600, 700), (2, 600, 700), (2, 700)), ((600, 700), (2, 600, 700), (2, 700)), ((700,), (2, 600, 700), (700,)),
    ((600, 1), (600, 1400), (1400,)), ((30, 20000), (30, 20000), (20000,)), ((20000,), (30, 20000), (20000,)),
    ((8, 100, 1), (8, 100, 2000), (2000,)),
])
def test_many_elements_are_scanned_in_parts(shapes):
    inputs = [torch.rand(shapes[0]) * 2 - 1, *(torch.randn(shape) for shape in shapes[1:])]
    same(scans.affine_scan, scans.affine_loop, inputs, -2, 1e-5)
    same(block(scans.block_scan, "full"), block(scans.block_loop, "full"), inputs, -2, 1e-5)


@pytest.mark.parametrize("steps", [1, 2, 3, 7, 1000])
def test_float32_is_held_to_1e_5(steps):
    for name in SHAPES:
        same(scans.affine_scan, scans.affine_loop, *affine(steps, name, torch.float32), 1e-5)
    for coefficient in (0.0, 1.0, -1.0, 0.999):
        inputs = torch.full((steps, 4), coefficient), torch.randn(steps, 4), torch.randn(4)
        same(scans.affine_scan, scans.affine_loop, inputs, -2, 1e-5)
    same(block(scans.block_scan, "full"), block(scans.block_loop, "full"), *affine(steps, "batch", torch.float32), 1e-5)
    same(scans.matrix_scan, scans.matrix_loop, *matrix(steps, "batch", torch.float32), 1e-5)


@pytest.mark.parametrize("steps", [1, 2, 3, 10])
def test_gradients_of_first_and_second_order(steps):
    def run(function, inputs, dim):
        inputs = [x[..., :2].contiguous().requires_grad_() for x in inputs]
        assert torch.autograd.gradcheck(lambda *xs: function(*xs, dim), inputs)
        assert torch.autograd.gradgradcheck(lambda *xs: function(*xs, dim), inputs)

    for name in ("one row", "constant coefficients", "one start for all"):
        run(scans.affine_scan, *affine(steps, name))
        run(block(scans.block_scan, "triangle"), *affine(steps, name))
    (weight, offset, start), dim = matrix(steps, "batch")
    run(scans.matrix_scan, (weight[:2], offset, start), dim)


@pytest.mark.parametrize("learnt", list(itertools.product((False, True), repeat=3)))
def test_any_of_the_inputs_may_learn(learnt):
    (weight, offset, start), dim = matrix(9, "batch")
    for scan, first in ((scans.affine_scan, weight[0]), (scans.matrix_scan, weight)):
        inputs = [x.clone().requires_grad_(one) for x, one in zip((first, offset, start), learnt, strict=True)]
        found = scan(*inputs, dim)
        assert found.requires_grad == any(learnt)
        if any(learnt):
            found.square().sum().backward()
            wanted = [x.detach().requires_grad_() for x in inputs]
            (scans.affine_loop if first.dim() == 1 else scans.matrix_loop)(*wanted, dim).square().sum().backward()
            for x, y, one in zip(inputs, wanted, learnt, strict=True):
                assert x.grad is None if not one else torch.allclose(x.grad, y.grad, rtol=1e-9)


def test_inputs_stay_as_they_are():
    for scan, (inputs, dim) in ((scans.affine_scan, affine(20, "batch")), (scans.matrix_scan, matrix(20, "batch"))):
        before = [x.clone() for x in inputs]
        values_and_gradients(scan, inputs, dim)
        assert all(torch.equal(x, y) for x, y in zip(before, inputs, strict=True))


@pytest.mark.parametrize("steps", [0, 1, 2, 3, 7, 18, 19])
def test_transforms_of_functions(steps):
    recurrences = [(scans.affine_scan, scans.affine_loop, affine(steps, "batch")),
                   (scans.affine_scan, scans.affine_loop, affine(steps, "one coefficient")),
                   (block(scans.block_scan, "triangle"), block(scans.block_loop, "triangle"), affine(steps, "batch")),
                   (scans.matrix_scan, scans.matrix_loop, matrix(steps, "batch"))]
    for scan, loop, (inputs, dim) in recurrences:
        first, others = inputs[0], inputs[1:]
        axes = (0 if first.dim() > 2 else None, 0, 0)

        def outcome(form, first, axes=axes, dim=dim, others=others):
            def loss(*xs):
                states = form(*xs, dim)
                return sum(x.sin().sum() for x in (states if isinstance(states, tuple) else (states,)))

            values = torch.vmap(lambda *xs: form(*xs, dim), axes)(first, *others)
            gradients = torch.vmap(torch.func.grad(loss, (0, 1, 2)), axes)(first, *others)
            pushed = torch.func.jvp(loss, (first, *others), (first, *others))
            return (*(values if isinstance(values, tuple) else (values,)), *gradients, *pushed)

        for x, y in zip(outcome(scan, first), outcome(loop, first), strict=True):
            torch.testing.assert_close(x, y, rtol=1e-9, atol=1e-9)


def test_forward_mode():
    for scan, loop, (inputs, dim) in ((scans.affine_scan, scans.affine_loop, affine(9, "batch")),
                                      (scans.matrix_scan, scans.matrix_loop, matrix(9, "batch"))):
        with torch.autograd.forward_ad.dual_level():
            duals = [torch.autograd.forward_ad.make_dual(x, x + 1) for x in inputs]
            found, wanted = (torch.autograd.forward_ad.unpack_dual(form(*duals, dim)) for form in (scan, loop))
        torch.testing.assert_close(found.tangent, wanted.tangent, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("recorded", [False, True])
@pytest.mark.parametrize("kind", ["affine", "constant", "block", "matrix"])
def test_calls_grow_as_the_logarithm_of_the_length(kind, recorded, monkeypatch):
    monkeypatch.setattr(scans, "recorded", lambda: recorded)
    scan = {"block": block(scans.block_scan, "full"), "matrix": scans.matrix_scan}.get(kind, scans.affine_scan)
    name = "one coefficient for time" if kind == "constant" else "one row"
    counts = [calls(scan, *(matrix(2**n, "one") if kind == "matrix" else affine(2**n, name))) for n in (8, 10, 12, 14)]
    grown = [later - earlier for earlier, later in itertools.pairwise(counts)]
    assert grown[0] == grown[1] == grown[2]
    assert counts[-1] < (3000 if kind == "block" else 1000)


def test_autocast_and_mixed_types():
    for scan, loop, (inputs, dim) in ((scans.affine_scan, scans.affine_loop, affine(40, "batch", torch.float32)),
                                      (scans.matrix_scan, scans.matrix_loop, matrix(40, "batch", torch.float32))):
        first, offset, start = inputs
        wanted = loop(first, offset.bfloat16().float(), start, dim)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            found = scan(first, offset.bfloat16(), start, dim)
        assert found.dtype == torch.float32
        torch.testing.assert_close(found, wanted, rtol=1e-5, atol=1e-4)


def test_no_rows():
    for scan, loop, first in ((scans.affine_scan, scans.affine_loop, torch.rand(5)),
                              (scans.matrix_scan, scans.matrix_loop, torch.rand(5, 5))):
        same(scan, loop, (first, torch.randn(0, 9, 5), torch.randn(5)), -2)


def test_sizes_that_do_not_match_are_refused():
    for shape in ((2, 5), (3, 4), (4, 5)):
        with pytest.raises(RuntimeError):
            scans.affine_scan(torch.rand(shape), torch.rand(3, 5), torch.rand(5), -2)


def test_compilers_trace_it():
    class Scans(torch.nn.Module):
        def forward(self, weight, coefficient, offset, start):
            return (scans.affine_scan(coefficient, offset, start, -2), scans.matrix_scan(weight, offset, start, -2),
                    *scans.block_scan(((coefficient, None), (weight[0], None)), (offset, offset), (start, start), -2))

    inputs = torch.randn(5, 5) / 5, torch.rand(2, 19, 5), torch.randn(2, 19, 5), torch.randn(2, 5)
    wanted = Scans()(*inputs)
    found = torch.export.export(Scans(), inputs).module()(*inputs)
    torch.testing.assert_close(found, wanted, rtol=1e-5, atol=1e-5)
    compiled = torch.compile(Scans(), backend="aot_eager", fullgraph=True)
    torch.testing.assert_close(compiled(*inputs), wanted, rtol=1e-5, atol=1e-5)
    assert [x.shape for x in Scans()(*(x.to("meta") for x in inputs))] == [x.shape for x in wanted]


def test_the_loop_unbinds_time_once():
    inputs, dim = affine(50, "batch")
    assert calls(scans.affine_loop, inputs, dim) < 50 * 12


def test_long_and_narrow_recurrences_are_scanned_and_short_ones_looped():
    assert scans.prefers_scan(4096, 64)
    assert scans.prefers_scan(64, 64)
    assert scans.prefers_scan(64, 64 * 512)
    assert not scans.prefers_scan(1, 1)
    assert not scans.prefers_scan(4, 64)
    assert scans.prefers_scan(64, 64, leaves=2)
    assert scans.prefers_scan(64, 512, features=512)
    assert not scans.prefers_scan(2, 16, features=16)
    assert not scans.prefers_scan(0, 64)
