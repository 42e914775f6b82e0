"""Cost: the weights that PyTorch counts, the flops that its flop counter counts; symbolic costs are the costs at every
size; every primitive has a row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from catlang.checker.entry import Definition
from catlang.checker.module import Module
from catlang.checking import check_file, check_source
from catlang.compiler.build import Build
from catlang.compiler.loading import instantiate
from catlang.diagram.diagram import Value, Wire
from catlang.meaning.cost import ROWS, Cost, cost, weights
from catlang.network.erasure import WIRING
from catlang.network.network import Network
from catlang.objects.colour import BOOL, Finite, axes_of, base_of
from catlang.span import Source

IDIOMS = Path(__file__).parent.parent / "idioms"

NETS: dict[str, tuple[str, dict[str, int]]] = {
    "batch_norm": ("", {"c": 2, "n": 5, "wide": 3, "classes": 4}),
    "graph_attention": ("", {"n": 4, "d": 3, "h": 2, "k": 3, "classes": 5}),
    "grouped_attention": ("", {"past": 2, "n": 3, "d": 8, "g": 2, "r": 2, "half": 2}),
    "lora": ("", {"d": 4, "hidden": 6, "r": 2}),
    "mixture": ("", {"n": 3, "d": 4, "hidden": 5, "e": 3}),
    "resnet_block": ("", {"c": 2, "e": 4, "h": 6, "w": 5}),
    "siamese": ("", {"d": 3, "hidden": 4, "code": 2}),
    "tied_embedding": ("", {"v": 7, "n": 4, "d": 6}),
    "unet": ("", {"c": 3, "h": 2, "w": 2, "width": 4, "half": 2}),
    "vae": ("", {"pixels": 6, "hidden": 5, "latent": 2}),
    "copies": ("dim n, d, k\nmorphism block : R[d] -> R[d] = affine[_, 4*d] >> relu >> affine\n"
               "morphism net : R[n, d] -> R[n, d] = each(block^k)", {"n": 3, "d": 4, "k": 3}),
    "tied copies": ("dim d, k\nmorphism deep : R[d] -> R[d] = affine^k\nmorphism net : R[d] -> R[d] = deep along copy",
                    {"d": 4, "k": 3}),
    "computed once": ("dim n, d\nmorphism net : R[n, d] -> R[n, d]"
                      " = each(linear along (U, V) |-> matmul[_, 2, _](U, V))",
                      {"n": 5, "d": 3}),
    "transposed": ("dim c, n\nmorphism net : R[4*c, n] -> R[6*c, 2*(n - 1) + 3]"
                   " = conv_transpose1d[_, _, 3, stride = 2, groups = 2, bias = false]", {"c": 1, "n": 4}),
    "grouped": ("dim c, h, w\nmorphism net : R[4*c, h, w] -> R[2*c, h, w]"
                " = conv2d[_, _, 3, 1, top = 1, left = 0, groups = 2]",
                {"c": 2, "h": 4, "w": 3}),
    "matrices": ("dim n, m\nmorphism net : R[n, m] * R[m, n] -> R[n, n] = matmul >> softmax_rows\n"
                 "morphism softmax_rows : R[n, n] -> R[n, n] = each(softmax)", {"n": 3, "m": 4}),
    "contraction of three": ("dim n, m\nmorphism net : R[n] * R[n, m] * R[m] -> R[] = contract(a, a b, b ->)",
                             {"n": 3, "m": 4}),
}


#: Primitives that become loops, passes over trees and what is done to lists: a cost is that of their bodies.
RECURSION = {"fold", "foldl", "scan", "scanl", "unfold", "take", "run", "map", "curry", "uncurry", "decide", "nil",
             "cons", "tail", "but_last", "reverse", "zip", "to_list", "length"}


def module_of(name: str) -> Module:
    text = NETS[name][0]
    module = check_source(Source("m.cat", None, text)) if text else check_file(str(IDIOMS / f"{name}.cat"))
    assert not list(module.bag), [found.headline for found in module.bag]
    return module


def compiled(module: Module, sizes: dict[str, int]) -> tuple[Network, torch.nn.Module]:
    build = Build(module, module.scope.names["net"], sizes, {})
    network, _ = build.network()
    return network, instantiate(build.source(), "net").eval()


def zeros(value: Value) -> Any:
    if isinstance(value, Wire):
        base = base_of(value.object)
        kind = torch.long if isinstance(base, Finite) else torch.bool if base is BOOL else torch.float32
        return torch.zeros(axes_of(value.object), dtype=kind)
    return tuple(zeros(part) for part in value)


def symbolic(module: Module) -> tuple[Network, Cost]:
    network, _ = Build(module, module.scope.names["net"], {}, {}).network()
    return network, cost(network)


@pytest.mark.parametrize("name", NETS)
def test_as_pytorch_counts(name: str) -> None:
    module = module_of(name)
    network, net = compiled(module, NETS[name][1])
    found = cost(network)
    assert found.params == sum(weight.numel() for weight in net.parameters() if weight.requires_grad)
    inputs = zeros(network.diagram.inputs)
    # The counter knows matrices; of the fused attentions it misses that of a CPU.
    with FlopCounterMode(display=False) as counter, torch.no_grad(), sdpa_kernel(SDPBackend.MATH):
        net(*inputs) if isinstance(inputs, tuple) else net(inputs)
    assert found.flops == counter.get_total_flops(), counter.get_flop_counts()


@pytest.mark.parametrize("name", NETS)
def test_symbolic_cost_is_the_cost_at_every_size(name: str) -> None:
    module = module_of(name)
    sizes = NETS[name][1]
    general, found = symbolic(module)
    network, _ = Build(module, module.scope.names["net"], sizes, {}).network()
    assert found.at({variable: sizes[variable.name] for variable in general.sizes}) == cost(network)


def test_every_primitive_costs_something_said() -> None:
    prelude = check_source(Source("m.cat", None, "morphism f : 1 -> 1 = id")).loader.prelude
    primitives = {name for name, entry in prelude.scope.all() if isinstance(entry, Definition) and entry.primitive}
    assert set(ROWS) == primitives - {*WIRING, "inl", "inr", "each", "family"} - RECURSION


def text_cost(text: str, **options: Any) -> Cost:
    module = check_source(Source("m.cat", None, text))
    assert not list(module.bag), [found.headline for found in module.bag]
    return cost(module.scope.names["net"], **options)


def test_depth_is_the_longest_path_through_weights() -> None:
    assert text_cost("morphism net : R[2] -> R[2] * R[2] = (affine[_, 3] >> affine, relu)").depth == 2
    assert text_cost("morphism net : R[2] * R[2] -> R[2] = ((affine^3) * (affine^2)) >> add >> affine").depth == 4
    assert repr(text_cost("dim k, l\nmorphism net : R[2] -> R[2] * R[2] = (affine^k, affine^l)").depth) == "max(k, l)"


def test_shared_weights_count_once_and_work_twice() -> None:
    found = text_cost("morphism net : R[3] -> R[3] = let f = linear in f >> f")
    assert (found.params, found.flops, found.depth) == (9, 36, 2)


def test_what_does_not_depend_on_an_axis_is_done_once() -> None:
    apart = text_cost("dim n\nmorphism net : R[n, 3] * R[3] -> R[n, 3]\n"
                      "    = (xs, y) |-> each(x |-> add(x, linear as f(y)))(xs)")
    assert apart.flops == 18
    drawn = text_cost("dim n\nmorphism net : R[n, 3] -> R[n, 3] = each(x |-> add(x, normal()))")
    assert repr(drawn.pointwise) == "6*n"


def test_evaluation_drops_nothing_out() -> None:
    text = "morphism net : R[3] -> R[3] = dropout >> relu"
    assert (text_cost(text).memory, text_cost(text, training=True).memory) == (3, 6)


def test_weights_of_a_loop_are_multiplied() -> None:
    module = check_source(Source("m.cat", None, "dim k\nmorphism net : R[2] -> R[2] = affine^k"))
    network, found = symbolic(module)
    assert repr(found.params) == "6*k" and weights(network, {network.sizes[0]: 5}) == 30
