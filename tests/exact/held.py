"""Holding PyTorch against exact evaluation: one network, the same small integers, both ways."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Any

import torch

from catlang.checker.module import Module
from catlang.checking import check_source
from catlang.diagram.diagram import Value, Wire, wires
from catlang.meaning.exact import Array, evaluate
from catlang.meaning.exact.array import count, places
from catlang.network.network import Network
from catlang.objects.colour import BOOL, REAL, Finite, Object, axes_of, base_of
from catlang.span import Source

#: How the real numbers of an array are drawn: so many of them.
Draw = Callable[[random.Random, int], list[int]]


def small(chance: random.Random, number: int) -> list[int]:
    return [chance.randint(-4, 4) for _ in range(number)]


def halves(chance: random.Random, number: int) -> list[Any]:
    return [Fraction(chance.randint(-9, 9), 2) for _ in range(number)]


def distinct(chance: random.Random, number: int) -> list[int]:
    return chance.sample(range(-number, number + 1), number)


def positive(chance: random.Random, number: int) -> list[int]:
    return [chance.randint(1, 4) for _ in range(number)]


def natural(chance: random.Random, number: int) -> list[int]:
    return [chance.randint(0, 3) for _ in range(number)]


def checked(text: str) -> Module:
    """The module of a text without mistakes."""
    module = check_source(Source("m.cat", None, text))
    assert not list(module.bag), [(found.headline, found.help) for found in module.bag]
    return module


def array_of(obj: Object, chance: random.Random, draw: Draw, batch: tuple[int, ...] = ()) -> Array:
    """An array of an object with batch axes in front, its numbers drawn."""
    shape = (*batch, *axes_of(obj))
    base, number = base_of(obj), count(shape)
    if isinstance(base, Finite):
        return Array(shape, [chance.randrange(base.size) for _ in range(number)])
    if base is BOOL:
        return Array(shape, [chance.random() < 0.5 for _ in range(number)])
    return Array(shape, draw(chance, number))


def tensor_of(array: Array, obj: Object) -> torch.Tensor:
    base = base_of(obj)
    kind = torch.long if isinstance(base, Finite) else torch.bool if base is BOOL else torch.float64
    entries = [bool(x) if base is BOOL else int(x) if isinstance(base, Finite) else float(x) for x in array.entries]
    return torch.tensor(entries, dtype=kind).reshape(array.shape)


def flat(value: Any) -> list[torch.Tensor]:
    return [value] if isinstance(value, torch.Tensor) else [inner for part in value for inner in flat(part)]


def nested(value: Value, tensors: Iterator[torch.Tensor]) -> Any:
    """Tensors in the shape of a value."""
    return next(tensors) if isinstance(value, Wire) else tuple(nested(part, tensors) for part in value)


def batched(arrays: Sequence[Array], batch: tuple[int, ...], objects: Sequence[Object], run: Any) -> list[Array]:
    """What an exact function of single elements makes of a batch of them."""
    made = []
    for place in places(batch):
        single = []
        for array, obj in zip(arrays, objects, strict=True):
            rest = axes_of(obj)
            size = count(rest)
            start = 0
            for axis, at in zip(batch, place, strict=True):
                start = start * axis + at
            single.append(Array(rest, array.entries[start * size:(start + 1) * size]))
        made.append(run(single))
    return [Array((*batch, *parts[0].shape), [entry for part in parts for entry in part.entries])
            for parts in zip(*made, strict=True)]


def hold(module: Module, name: str, *, seed: int = 0, draws: Sequence[Draw] = (), batch: tuple[int, ...] = (),
         sizes: dict[str, int] | None = None, given: dict[str, int] | None = None,
         weights: Draw = small) -> tuple[Network, torch.nn.Module]:
    """Compiles a morphism and evaluates it, on the same numbers; they are to agree.

    ``sizes`` are the values of all sizes, ``given`` those that are given to the compiler: the others it has to read off
    the inputs.
    """
    from catlang.compiler.build import Build
    from catlang.compiler.loading import instantiate

    chance = random.Random(seed)
    entry = module.scope.names[name]
    sizes = sizes or {}
    network, _ = Build(module, entry, sizes, {}).network()
    net = instantiate(Build(module, entry, sizes if given is None else given, {}).source(), name).double().eval()
    state: dict[str, Array] = {}
    for address, weight in net.state_dict().items():
        state[address] = Array(weight.shape, weights(chance, weight.numel()))
    net.load_state_dict({address: tensor_of(array, REAL) for address, array in state.items()})
    objects = [wire.object for wire in wires(network.diagram.inputs)]
    inputs = [array_of(obj, chance, draws[place] if place < len(draws) else small, batch)
              for place, obj in enumerate(objects)]
    wanted = batched(inputs, batch, objects, lambda single: evaluate(network, single, None, state))
    with torch.no_grad():
        tensors = iter([tensor_of(array, obj) for array, obj in zip(inputs, objects, strict=True)])
        arguments = nested(network.diagram.inputs, tensors)
        found = flat(net(*arguments) if isinstance(arguments, tuple) else net(arguments))
    assert len(found) == len(wanted)
    for ours, exact in zip(found, wanted, strict=True):
        shape = exact.shape if inputs or not batch else exact.shape[len(batch):]
        assert tuple(ours.shape) == shape, f"PyTorch's shape is {tuple(ours.shape)}, exactly it is {exact.shape}"
        for mine, true in zip(ours.flatten().tolist(), exact.entries, strict=False):
            assert abs(Fraction(mine) - true) <= Fraction(1, 10**9) * (1 + abs(true)), (
                f"PyTorch has {mine}, exactly it is {true}: {ours.tolist()} against {exact}")
    return network, net
