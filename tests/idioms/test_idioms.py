"""Ten idioms of deep learning, each written in catlang and by hand in PyTorch.

They protect that the two are one network: with the same weights they give the same outputs, the same
gradients of inputs and weights, and the same running statistics, in training and in evaluation, the
noise of one seed included.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import catlang

HERE = Path(__file__).parent
BATCH = 6
# What rounding alone may do; weights and inputs are of size one.
TOLERANCE = {torch.float32: 1e-5, torch.float64: 1e-9}

Sizes = Mapping[str, int]
# Ours on the left; on the right a tensor of the reference, or a part of it, whose tensors keep their names.
Names = dict[str, str]


@dataclass(frozen=True)
class Idiom:
    """A morphism of a `.cat` file, the function that builds its reference, and where ours has what weight."""

    spec: str
    sizes: Sizes
    inputs: Callable[[Sizes], tuple[Any, ...]]
    names: Names
    entry: str = "net"
    build: str = "build"

    def __str__(self) -> str:
        return self.spec if self.entry == "net" else f"{self.spec}.{self.entry}"

    def compile(self, **sizes: int) -> nn.Module:
        return catlang.compile(HERE / f"{self.spec}.cat", self.entry, **{**self.sizes, **sizes})

    def reference(self) -> nn.Module:
        place = importlib.util.spec_from_file_location(self.spec, HERE / "reference" / f"{self.spec}.py")
        assert place is not None and place.loader is not None
        module = importlib.util.module_from_spec(place)
        place.loader.exec_module(module)
        return getattr(module, self.build)(**self.sizes)

    def renamed(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Tensors of the reference, at our addresses."""
        found = {}
        for ours, theirs in self.names.items():
            if theirs in tensors:
                found[ours] = tensors[theirs]
            else:
                rests = {name.removeprefix(theirs) for name in tensors if name.startswith(theirs + ".")}
                found |= {ours + rest: tensors[theirs + rest] for rest in rests}
        return found

    def pair(self, training: bool, **sizes: int) -> tuple[nn.Module, nn.Module]:
        """Ours and the reference with the same weights, none of them special, as zeros and ones would be."""
        reference, ours = self.reference(), self.compile(**sizes)
        with torch.no_grad():
            for name, tensor in reference.state_dict().items():
                if tensor.is_floating_point():
                    tensor.add_(0.1 * torch.randn_like(tensor))
                    if name.endswith("running_var"):
                        tensor.abs_()
        ours.load_state_dict(self.renamed(reference.state_dict()))
        return ours.train(training), reference.train(training)


# ------------------------------------------------------------------ the ten


def unet_names() -> Names:
    full, halved = "full", "full.inner_0.halved"
    blocks = {
        f"{full}.down": "down.0",
        f"{full}.up": "up.0",
        f"{halved}.down": "down.1",
        f"{halved}.up": "up.1",
    }
    blocks[f"{halved}.inner_0.bottom"] = "bottom"
    names: Names = {
        "embed_time_0": "time",
        "stem.conv2d_0": "stem",
        "head.conv2d_0": "head",
        f"{full}.widen.conv2d_0": "widen.0",
        f"{halved}.widen.conv2d_0": "widen.1",
    }
    for ours, theirs in blocks.items():
        names |= {f"{ours}.{part}": f"{theirs}.{part}" for part in ("moment", "shortcut")}
        for part in ("before", "after"):
            names[f"{ours}.{part}.conv3_0.conv2d_0"] = f"{theirs}.{part}.conv"
            names[f"{ours}.{part}.group_norm_0"] = f"{theirs}.{part}.norm"
    return names


def tied_names() -> Names:
    names: Names = {"token": "token", "position": "position", "last_norm": "norm"}
    for i in range(2):
        ours, theirs = f"layers.{i}.block_0", f"blocks.{i}"
        names |= {
            f"{ours}.listen.layer_norm_0": f"{theirs}.attention_norm",
            f"{ours}.listen.f_0.attention_0": f"{theirs}.attention",
            f"{ours}.think.layer_norm_0": f"{theirs}.mlp_norm",
            f"{ours}.think.f_0.up": f"{theirs}.up",
            f"{ours}.think.f_0.down": f"{theirs}.down",
        }
    return names


def vae_names(ours: str = "", theirs: str = "") -> Names:
    return {
        f"{ours}encode_0": f"{theirs}encoder",
        f"{ours}decode_0.inner": f"{theirs}decoder.0",
        f"{ours}decode_0.outer": f"{theirs}decoder.2",
    }


def siamese_names(ours: str = "", theirs: str = "") -> Names:
    return {f"{ours}twin.inner": f"{theirs}encoder.0", f"{ours}twin.outer": f"{theirs}encoder.3"}


def image(channels: str, scale: int = 1) -> Callable[[Sizes], Tensor]:
    return lambda s: torch.randn(BATCH, s[channels], scale * s["h"], scale * s["w"])


def read(s: Sizes) -> tuple[Any, ...]:
    """A cache and the tokens that come after it."""
    cache = torch.randn(2, BATCH, s["past"], s["g"], 2 * s["half"])
    return (cache[0].clone(), cache[1].clone()), torch.randn(BATCH, s["n"], s["d"])


def graph(s: Sizes) -> tuple[Any, ...]:
    """Features, and edges with a loop at every node."""
    n = s["n"]
    edges = (torch.rand(BATCH, n, n) < 0.4) | torch.eye(n, dtype=torch.bool)
    return torch.randn(BATCH, n, s["d"]), edges


RESNET = Idiom(
    "resnet_block",
    {"c": 3, "e": 5, "h": 9, "w": 8},
    lambda s: (image("c")(s),),
    {
        "first.conv1.conv2d_0": "0.conv1",
        "first.bn1": "0.bn1",
        "first.conv2.conv2d_0": "0.conv2",
        "first.bn2": "0.bn2",
        "first.shortcut_0.projection_0.conv2d_0": "0.downsample.0",
        "first.shortcut_0.projection_0.batch_norm_0": "0.downsample.1",
        "second.conv1.conv2d_0": "1.conv1",
        "second.bn1": "1.bn1",
        "second.conv2.conv2d_0": "1.conv2",
        "second.bn2": "1.bn2",
    },
)
UNET = Idiom(
    "unet",
    {"c": 3, "h": 2, "w": 3, "width": 8, "half": 4},
    lambda s: (image("c", 4)(s), 10 * torch.rand(BATCH)),
    unet_names(),
)
PROJECTIONS: Names = {f"{part}_proj": f"{part}_proj" for part in "qkvo"}
PREFILL = Idiom(
    "grouped_attention", {"past": 0, "n": 7, "d": 12, "g": 2, "r": 3, "half": 2}, read, PROJECTIONS
)
DECODE = Idiom("grouped_attention", {**PREFILL.sizes, "past": 5, "n": 2}, read, PROJECTIONS)
EXPERTS = 5
MIXTURE = Idiom(
    "mixture",
    {"n": 4, "d": 6, "hidden": 7, "e": EXPERTS},
    lambda s: (torch.randn(BATCH, s["n"], s["d"]),),
    {
        "layer_norm_0": "norm",
        "mixture_0.router": "router",
        **{f"mixture_0.experts.{e}.expert_0": f"experts.{e}" for e in range(EXPERTS)},
    },
)
VAE = Idiom(
    "vae",
    {"pixels": 10, "hidden": 8, "latent": 3},
    lambda s: (torch.rand(BATCH, s["pixels"]),),
    vae_names(),
)
VAE_LOSS = Idiom("vae", VAE.sizes, VAE.inputs, vae_names("net_0.", "net."), "loss", "build_loss")
TIED = Idiom(
    "tied_embedding",
    {"v": 11, "n": 5, "d": 6},
    lambda s: (torch.randint(s["v"], (BATCH, s["n"])),),
    tied_names(),
)
BATCH_NORM = Idiom(
    "batch_norm",
    {"c": 2, "n": 9, "wide": 6, "classes": 3},
    lambda s: (torch.randn(BATCH, s["c"], s["n"]),),
    {
        "features_0.conv": "conv",
        "features_0.norm": "conv_norm",
        "classify_0.inner": "inner",
        "classify_0.norm": "norm",
        "classify_0.outer": "outer",
    },
)
GRAPH = Idiom(
    "graph_attention",
    {"n": 6, "d": 5, "h": 3, "k": 4, "classes": 2},
    graph,
    {
        f"{layer}.{ours}": f"{layer}.{theirs}"
        for layer in ("first", "second")
        for ours, theirs in (
            ("project", "project"),
            ("scores_0.hearing.weight", "listener"),
            ("scores_0.saying.weight", "speaker"),
        )
    },
)
LORA = Idiom(
    "lora",
    {"d": 5, "hidden": 8, "r": 2},
    lambda s: (torch.randn(BATCH, s["d"]),),
    {
        "W_up": "0.weight",
        "up.linear_0.U": "0.U",
        "up.linear_0.V": "0.V",
        "W_down": "2.weight",
        "down.linear_0.U": "2.U",
        "down.linear_0.V": "2.V",
    },
)
SIAMESE = Idiom(
    "siamese",
    {"d": 5, "hidden": 8, "code": 3},
    lambda s: (torch.randn(BATCH, s["d"]), torch.randn(BATCH, s["d"])),
    siamese_names(),
)
SIAMESE_LABELLED = Idiom("siamese", SIAMESE.sizes, SIAMESE.inputs, siamese_names(), "labelled")
SIAMESE_LOSS = Idiom(
    "siamese",
    SIAMESE.sizes,
    lambda s: (*SIAMESE.inputs(s), torch.arange(BATCH) % 2 == 0),
    siamese_names("net_0.", "net."),
    "loss",
    "build_loss",
)

IDIOMS = {
    **{str(idiom): idiom for idiom in (RESNET, UNET, MIXTURE, VAE, VAE_LOSS, TIED, BATCH_NORM, GRAPH, LORA)},
    **{str(idiom): idiom for idiom in (SIAMESE, SIAMESE_LABELLED, SIAMESE_LOSS)},
    "grouped_attention.prefill": PREFILL,
    "grouped_attention.decode": DECODE,
}
every_idiom = pytest.mark.parametrize("idiom", IDIOMS.values(), ids=IDIOMS.keys())
every_precision = pytest.mark.parametrize(
    "dtype", TOLERANCE, ids=lambda dtype: str(dtype).removeprefix("torch.")
)


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


@pytest.fixture
def dtype(request: pytest.FixtureRequest) -> Iterator[torch.dtype]:
    """The precision of everything a test makes; double where it does not ask."""
    chosen = getattr(request, "param", torch.float64)
    before = torch.get_default_dtype()
    torch.set_default_dtype(chosen)
    yield chosen
    torch.set_default_dtype(before)


# ------------------------------------------------------------------ comparing


def leaves(value: Any) -> list[Tensor]:
    """The tensors of a product, in order."""
    if isinstance(value, Tensor):
        return [value]
    return [leaf for part in value for leaf in leaves(part)]


def mapped(value: Any, f: Callable[[Tensor], Tensor]) -> Any:
    if isinstance(value, Tensor):
        return f(value)
    return tuple(mapped(part, f) for part in value)


def same(ours: Tensor, theirs: Tensor, what: str) -> None:
    torch.testing.assert_close(
        ours,
        theirs,
        rtol=TOLERANCE[torch.get_default_dtype()],
        atol=TOLERANCE[torch.get_default_dtype()],
        msg=lambda text: f"{what}: {text}",
    )


def run_through(
    network: nn.Module, inputs: tuple[Any, ...]
) -> tuple[list[Tensor], list[Tensor | None], dict[str, Tensor]]:
    """Outputs, and the gradients of inputs and weights along one random direction, all noise seeded."""
    inputs = mapped(inputs, lambda x: x.clone().requires_grad_(x.is_floating_point()))
    torch.manual_seed(1)
    outputs = leaves(network(*inputs))
    torch.manual_seed(2)
    torch.autograd.backward(outputs, [torch.randn_like(output) for output in outputs])
    # In a product of outputs not every one hangs on every input.
    of_weights = {
        name: torch.zeros_like(weight) if weight.grad is None else weight.grad
        for name, weight in network.named_parameters()
        if weight.requires_grad
    }
    return outputs, [x.grad for x in leaves(inputs)], of_weights


def agree(idiom: Idiom, training: bool) -> None:
    ours, reference = idiom.pair(training)
    inputs = idiom.inputs(idiom.sizes)
    outputs, of_inputs, of_weights = run_through(ours, inputs)
    their_outputs, their_of_inputs, their_of_weights = run_through(reference, inputs)

    for i, (output, theirs) in enumerate(zip(outputs, their_outputs, strict=True)):
        same(output, theirs, f"output {i}")
    for i, (gradient, theirs) in enumerate(zip(of_inputs, their_of_inputs, strict=True)):
        assert (gradient is None) == (theirs is None), f"gradient of input {i}"
        if gradient is not None and theirs is not None:
            same(gradient, theirs, f"gradient of input {i}")
    expected = idiom.renamed(their_of_weights)
    assert of_weights.keys() == expected.keys()
    for address, gradient in of_weights.items():
        same(gradient, expected[address], f"gradient of {address}")
    for address, tensor in idiom.renamed(reference.state_dict()).items():
        same(ours.state_dict()[address], tensor, f"{address} afterwards")


# ------------------------------------------------------------------ all of them


@every_idiom
def test_every_weight_has_its_place(idiom: Idiom) -> None:
    """Neither network has a weight that the other lacks."""
    reference = idiom.reference()
    expected = idiom.renamed(reference.state_dict())
    assert {a: tuple(t.shape) for a, t in idiom.compile().state_dict().items()} == {
        a: tuple(t.shape) for a, t in expected.items()
    }
    count = sum(tensor.numel() for tensor in idiom.renamed(dict(reference.named_parameters())).values())
    assert count == sum(weight.numel() for weight in reference.parameters())


@every_idiom
@every_precision
def test_agrees_in_evaluation(idiom: Idiom, dtype: torch.dtype) -> None:
    agree(idiom, training=False)


@every_idiom
@every_precision
def test_agrees_in_training(idiom: Idiom, dtype: torch.dtype) -> None:
    agree(idiom, training=True)


@every_idiom
@pytest.mark.parametrize("axes", [(), (2, 3)], ids=["none", "two"])
def test_any_leading_axes_are_a_batch(idiom: Idiom, axes: tuple[int, ...], dtype: torch.dtype) -> None:
    ours, _ = idiom.pair(training=False)
    inputs = idiom.inputs(idiom.sizes)
    expected = leaves(ours(*inputs))
    found = leaves(ours(*mapped(inputs, lambda x: x.unflatten(0, axes) if axes else x[0])))
    for output, flat in zip(found, expected, strict=True):
        same(output, flat.unflatten(0, axes) if axes else flat[0], "output")


# ------------------------------------------------------------------ what each is about


@pytest.mark.parametrize("idiom", [BATCH_NORM, RESNET], ids=str)
def test_running_statistics_after_three_steps(idiom: Idiom, dtype: torch.dtype) -> None:
    ours, reference = idiom.pair(training=True)
    optimisers = [torch.optim.SGD(network.parameters(), 0.1, momentum=0.9) for network in (ours, reference)]
    for _ in range(3):
        inputs = idiom.inputs(idiom.sizes)
        for network, optimiser in zip((ours, reference), optimisers, strict=True):
            optimiser.zero_grad()
            network(*inputs).square().mean().backward()
            optimiser.step()
    state = ours.state_dict()
    assert any(address.endswith("running_var") for address in state)
    for address, tensor in idiom.renamed(reference.state_dict()).items():
        same(state[address], tensor, address)
    inputs = idiom.inputs(idiom.sizes)
    same(ours.eval()(*inputs), reference.eval()(*inputs), "output in evaluation")


def test_a_text_read_in_pieces_is_the_text_read_at_once(dtype: torch.dtype) -> None:
    """The cache carries all that later tokens need, keys already turned to their positions."""
    whole, reference = PREFILL.pair(training=False)
    cache, x = PREFILL.inputs(PREFILL.sizes)
    (keys, values), y = whole(cache, x)
    pieces = []
    for start, stop in ((0, 3), (3, 4), (4, 7)):
        piece = PREFILL.compile(past=start, n=stop - start)
        piece.load_state_dict(PREFILL.renamed(reference.state_dict()))
        cache, part = piece(cache, x[:, start:stop])
        pieces.append(part)
    same(torch.cat(pieces, dim=1), y, "output")
    same(cache[0], keys, "keys")
    same(cache[1], values, "values")


def test_one_module_reads_any_piece(dtype: torch.dtype) -> None:
    """Sizes that no weight depends on may stay open; what no input of a submodule tells is told to it."""
    whole, reference = PREFILL.pair(training=False)
    sizes = {name: size for name, size in PREFILL.sizes.items() if name not in ("past", "n")}
    reader = catlang.compile(HERE / "grouped_attention.cat", "net", **sizes)
    reader.load_state_dict(PREFILL.renamed(reference.state_dict()))
    cache, x = PREFILL.inputs(PREFILL.sizes)
    expected = whole(cache, x)[1]
    pieces = []
    for piece in x.split((3, 1, 3), dim=1):
        cache, part = reader(cache, piece)
        pieces.append(part)
    same(torch.cat(pieces, dim=1), expected, "output")


@pytest.mark.parametrize("idiom", [idiom for idiom in IDIOMS.values() if "loss" not in idiom.entry], ids=str)
def test_exports(idiom: Idiom) -> None:
    """PyTorch's exporter takes every network as one graph, in which it computes the same."""
    ours, _ = idiom.pair(training=False)
    inputs = idiom.inputs(idiom.sizes)
    graph = torch.export.export(ours, inputs).module()
    for found, expected in zip(leaves(graph(*inputs)), leaves(ours(*inputs)), strict=True):
        same(found, expected, "output")


@every_idiom
def test_devices_and_types_come_from_inputs_and_weights(idiom: Idiom) -> None:
    """Nothing is made on a device or in a type of its own: the meta device has no values to mix with others."""
    ours = idiom.compile().to(torch.bfloat16).to("meta")
    inputs = mapped(idiom.inputs(idiom.sizes), lambda x: x.to("meta"))
    inputs = mapped(inputs, lambda x: x.to(torch.bfloat16) if x.is_floating_point() else x)
    for output in leaves(ours(*inputs)):
        assert output.device.type == "meta"
        assert output.dtype == torch.bfloat16


def test_experts_not_asked_learn_nothing(dtype: torch.dtype) -> None:
    ours, _ = MIXTURE.pair(training=True)
    one_token = torch.randn(1, 1, MIXTURE.sizes["d"]).expand(1, MIXTURE.sizes["n"], -1)
    ours(one_token).square().sum().backward()
    weights = dict(ours.named_parameters())
    gradients = [weights[f"mixture_0.experts.{e}.expert_0.up.weight"].grad for e in range(EXPERTS)]
    assert sum(gradient is not None and bool(gradient.any()) for gradient in gradients) == 2


def test_sampling_is_for_training(dtype: torch.dtype) -> None:
    """Every picture of a batch has noise of its own, and in evaluation there is none."""
    ours, _ = VAE.pair(training=True)
    twice = torch.rand(1, VAE.sizes["pixels"]).expand(2, -1)
    first, second = ours(twice)[0]
    assert not torch.allclose(first, second)
    assert not torch.allclose(first, ours(twice)[0][0])
    ours.eval()
    assert torch.equal(ours(twice)[0][0], ours(twice)[0][1])


def test_a_tied_embedding_is_one_matrix() -> None:
    shapes = [tuple(weight.shape) for weight in TIED.compile().parameters()]
    assert shapes.count((TIED.sizes["v"], TIED.sizes["d"])) == 1


def test_only_the_adapters_are_trained(dtype: torch.dtype) -> None:
    """They begin as no change at all, and the loaded matrices stay what they were."""
    ours = LORA.compile()
    trained = {name for name, weight in ours.named_parameters() if weight.requires_grad}
    assert trained == {"up.linear_0.U", "up.linear_0.V", "down.linear_0.U", "down.linear_0.V"}
    state = {**ours.state_dict(), "W_up": torch.randn(8, 5), "W_down": torch.randn(5, 8)}
    ours.load_state_dict(state)
    (x,) = LORA.inputs(LORA.sizes)
    untouched = nn.functional.gelu(x @ state["W_up"].T) @ state["W_down"].T
    same(ours(x), untouched, "output before training")

    optimiser = torch.optim.AdamW([w for w in ours.parameters() if w.requires_grad], 0.1, weight_decay=0.1)
    for _ in range(2):
        ours(x).square().mean().backward()
        optimiser.step()
    assert torch.equal(ours.state_dict()["W_up"], state["W_up"])
    assert not torch.allclose(ours(x), untouched)


def test_twins_share_weights_and_never_noise(dtype: torch.dtype) -> None:
    ours, _ = SIAMESE.pair(training=True)
    x = torch.randn(BATCH, SIAMESE.sizes["d"])
    assert bool((ours(x, x) > 0.01).any())
    same(ours.eval()(x, x), torch.full((BATCH,), 1e-3), "distance of an input from itself")
