"""What is promised of a specification that checks, held: it is written in one style and means the same in it, it
compiles, runs at any sizes under any batch, forward and backward, as its header says, alone and as exact evaluation
does; its source stands by itself, and copies of the network are as it is.
"""

from __future__ import annotations

import ast
import copy
import io
import pickle
import random
import sys
from collections import Counter
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
from torch import nn

from catlang.checking import check_file, check_source, deep_calls
from catlang.compiler.build import Build
from catlang.compiler.loading import PREFIX, instantiate
from catlang.diagram.diagram import wires
from catlang.difference.changes import differences
from catlang.difference.facts import File, generics_of
from catlang.formatter import formatted
from catlang.meaning.cost.table import table
from catlang.meaning.exact import Array, Inexact, Undefined, evaluate
from catlang.meaning.exact.array import places
from catlang.network.erasure import carrier
from catlang.network.request import Request
from catlang.objects.colour import BOOL, Finite, Object, axes_of, base_of
from catlang.objects.substitution import Substitution
from catlang.span import Source

from .answers import Failed, patience, told
from .refusals import put
from .reused import laid
from .values import (
    DIVIDES,
    FLAT,
    JUMPS,
    LOOPS,
    NOISE,
    POLES,
    alike,
    finite,
    largest,
    leaves_that_want,
    softened,
    speaks_of_lists,
    speaks_of_trees,
    tensors,
)
from .writer import Spec

#: So many numbers may a value have that is computed exactly.
MOST_EXACT = 150


def hold(spec: Spec, folder: Path, seed: int = 0) -> Counter[str]:
    """Holds a specification to all that is promised; raises ``Failed``, and gives what was held of it."""
    path = put(spec.text(), spec.files(), folder)
    with patience(30):
        return Held(spec, path, seed).everything()


class Held:
    def __init__(self, spec: Spec, path: Path, seed: int) -> None:
        self.spec = spec
        self.path = path
        self.chance = random.Random(seed)
        self.words = spec.words()
        self.done: Counter[str] = Counter()
        torch.manual_seed(seed)

    def everything(self) -> Counter[str]:
        before = torch.get_default_dtype()
        torch.set_default_dtype(torch.float64)
        try:
            self.checks()
            self.means_the_same_formatted()
            self.compiles()
            self.costs_what_it_has()
            self.runs()
            self.loops_are_as_written()
            self.stands_alone()
            self.is_copied()
            self.is_exact()
        finally:
            torch.set_default_dtype(before)
            forget()
        return self.done

    def fail(self, why: str) -> None:
        raise Failed(why)

    # ---------------------------------------------------------------- before there is a network

    def checks(self) -> None:
        self.module = check_file(str(self.path))
        found = list(self.module.bag)
        for one in found:
            told(one)
        if found:
            self.fail(f"refused: {found[0].code} {found[0].headline}")
        self.definition = self.module.scope.names["net"]

    def means_the_same_formatted(self) -> None:
        text = self.path.read_text(encoding="utf-8")
        once = formatted(text)
        if formatted(once) != once:
            self.fail("what is formatted is formatted otherwise once more")
        again = check_source(Source(str(self.path), str(self.path), once), str(self.path.parent))
        if list(again.bag):
            self.fail(f"formatted, it is refused: {next(iter(again.bag)).headline}")
        before, after = File(self.module), File(again, generics_of(self.module))
        before.read(None)
        after.read(None)
        for change in differences(before, after):
            self.fail(f"formatted, `{change.name}` means something else: "
                      f"{change.status} {[(one.kind, one.what, one.old, one.new) for one in change.changes]}")
        self.done["formatted"] += 1

    # ---------------------------------------------------------------- the network

    def lowerings(self) -> dict[str, Any]:
        return {"soft": torch.nn.functional.softsign} if "soft" in self.words else {}

    def compiles(self) -> None:
        given = self.spec.given()
        build = Build(self.module, self.definition, given, self.lowerings())
        with deep_calls():
            self.source = build.source()
        self.net = instantiate(self.source, "net", self.lowerings()).double()
        with torch.no_grad():
            for weight in self.net.parameters():
                if weight.numel() and not weight.any():
                    weight.uniform_(-0.5, 0.5)
        self.done["compiled"] += 1

    def objects(self, sizes: dict[str, int]) -> tuple[Object, Object, Any]:
        """The domain and the codomain at sizes, and the network there; None where conditions do not allow these."""
        given = {**self.spec.given(), **{name: sizes[name] for name in ("n", "m")}}
        build = Build(self.module, self.definition, given, self.lowerings())
        if build.conditions():
            self.fail("conditions are left though all sizes are given")
        network, _ = build.network()
        put = Substitution(dims=dict(build.sizes))
        assert network.takes is not None and network.gives is not None
        return put.object(network.takes), put.object(network.gives), network

    def costs_what_it_has(self) -> None:
        with deep_calls():
            found = table(Request(self.module, self.definition, self.spec.given()), False).total
        trained = sum(one.numel() for one in self.net.parameters() if one.requires_grad)
        buffers = sum(one.numel() for one in self.net.buffers())
        frozen = sum(one.numel() for one in self.net.parameters() if not one.requires_grad)
        if found.parameters != trained:
            self.fail(f"`catlang cost` counts {found.parameters} parameters, there are {trained}")
        if found.frozen + found.buffers != buffers + frozen:
            self.fail(f"`catlang cost` counts {found.frozen} frozen and {found.buffers} in buffers, there are {frozen} "
                      f"and {buffers}")
        self.done["counted"] += 1

    # ---------------------------------------------------------------- values

    def given(self, takes: Object, values: list[Any], batch: tuple[int, ...]) -> Any:
        return laid.for_pytorch(takes, values, laid.Garbage(least=1), batch)

    def called(self, net: nn.Module, takes: Object, given: Any) -> Any:
        items = laid.factors(takes)
        return net(*given) if items is not None else net(given)

    def runs(self) -> None:
        """At several sizes and batches, in training; and each element of a batch alone as in it."""
        self.takes, self.gives, self.network = self.objects(self.spec.sizes)
        trees = speaks_of_trees(self.takes) or speaks_of_trees(self.gives)
        sizes = dict(self.spec.sizes)
        for batch in [(), (2,), (3,)] if trees else [(), (2,), (3, 2)]:
            takes, gives, _ = self.objects(sizes)
            number = 1
            for axis in batch:
                number *= axis
            values = [softened(laid.drawn(takes, self.chance), self.chance) for _ in range(number)]
            values = [leaves_that_want(value) for value in values]
            out = self.trained(takes, self.given(takes, values, batch))
            # What takes nothing gives no batch.
            self.conforms(gives, laid.bare(out), batch if wires(self.network.diagram.inputs) else ())
            self.goes_back(out, values)
            sizes |= {name: self.chance.randint(4, 7) for name in ("n", "m")}
        self.done["run"] += 1
        self.alone_as_together(takes, gives, values, batch)

    def trained(self, takes: Object, given: Any) -> Any:
        """What comes out in training. One number for each channel has no variance, which PyTorch refuses: of one
        element, and of what hangs on none of the batch."""
        try:
            return self.called(self.net.train(), takes, given)
        except ValueError as refused:
            if "batch_norm" not in self.words or "more than 1 value per channel" not in str(refused):
                raise
            return self.called(self.net.eval(), takes, given)

    def conforms(self, obj: Object, nest: Any, batch: tuple[int, ...]) -> None:
        """Whether what comes out is of the object, for each index of the batch, and made of numbers."""
        if laid.functor_of(obj) is not None:
            if not hasattr(nest, "levels"):
                self.fail("no trees come out")
            return
        if (element := laid.listed(obj)) is not None or laid.powered(obj) is not None:
            lengths, data = nest
            axes = (*batch, *(laid.powered(obj)[0] if element is None else ()))
            if tuple(lengths.shape) != axes:
                self.fail(f"lengths of shape {tuple(lengths.shape)}, not {axes}")
            if element is None:
                element = laid.listed(laid.powered(obj)[1])
            for array in list(tensors(data))[:1]:
                longest = int(array.shape[len(lengths.shape)])
                if lengths.numel() and int(lengths.max()) > longest:
                    self.fail("a list is longer than its array")
                self.conforms(element, data, (*lengths.shape, longest))
            return
        if (items := laid.factors(obj)) is not None:
            if not isinstance(nest, tuple) or len(nest) != len(items):
                self.fail(f"{len(items)} parts are promised")
            for item, part in zip(items, nest, strict=True):
                self.conforms(item, part, batch)
            return
        obj = carrier(obj)
        base = base_of(obj)
        kind = torch.int64 if isinstance(base, Finite) else torch.bool if base is BOOL else torch.float64
        shape = (*batch, *axes_of(obj))
        if tuple(nest.shape) != shape or nest.dtype != kind:
            self.fail(f"{tuple(nest.shape)} of {nest.dtype} comes out, the header says {shape} of {kind}")
        if not self.words & POLES and nest.is_floating_point() and not nest.isfinite().all():
            self.fail("what comes out is not finite")
        if isinstance(base, Finite) and nest.numel() and not self.words & {"List", "mu"} and not (
                int(nest.min()) >= 0 and int(nest.max()) < base.size):
            self.fail("an index lies outside of its set")

    def goes_back(self, out: Any, values: list[Any]) -> None:
        """Gradients of all that comes out, of the shapes of what they are of."""
        self.net.zero_grad()
        learnt = [one for one in tensors(out) if one.requires_grad]
        if learnt:
            sum((one * one).sum() + one.sum() for one in learnt).backward()
        for name, weight in self.net.named_parameters():
            if weight.grad is not None and weight.grad.shape != weight.shape:
                self.fail(f"the gradient of `{name}` has another shape")
            if weight.grad is not None and not self.words & POLES and not weight.grad.isfinite().all():
                self.fail(f"the gradient of `{name}` is not finite")
        self.done["backward"] += bool(learnt)

    def alone_as_together(self, takes: Object, gives: Object, values: list[Any], batch: tuple[int, ...]) -> None:
        self.net.eval()
        with torch.no_grad():
            given = self.given(takes, values, batch)
            whole = laid.bare(self.called(self.net, takes, given))
            self.sample = takes, given
            self.of_sample = gives, batch if wires(self.network.diagram.inputs) else ()
            if self.words & NOISE:
                return
            self.weights_are_reached(takes, given)
            if not wires(self.network.diagram.inputs):
                return
            for place, value in list(zip(places(batch), values, strict=True))[:3]:
                alone = laid.bare(self.called(self.net, takes, self.given(takes, [value], ())))
                one, other = laid.read(gives, laid.one_of(gives, whole, place)), laid.read(
                    gives, laid.one_of(gives, alone, ()))
                # What comes out of a pole is no number, and kernels differ in what they make of it.
                if not alike(one, other) and not self.words & JUMPS and not (
                        self.words & POLES and not finite((one, other))):
                    self.fail(f"in a batch it gives {one}, alone {other}")
        self.done["alone"] += 1

    def weights_are_reached(self, takes: Object, given: Any) -> None:
        """A weight on which what comes out hangs has a gradient."""
        if self.words & FLAT:
            return
        before = [one.clone() for one in tensors(self.called(self.net, takes, given)) if one.is_floating_point()]
        for name, weight in list(self.net.named_parameters())[:6]:
            if weight.requires_grad and weight.grad is None:
                kept = weight.clone()
                weight.add_(0.5)
                after = [one for one in tensors(self.called(self.net, takes, given)) if one.is_floating_point()]
                weight.copy_(kept)
                if any(not alike(one, other) for one, other in zip(before, after, strict=True)):
                    self.fail(f"what comes out hangs on `{name}`, which has no gradient")

    def loops_are_as_written(self) -> None:
        """Whatever form a loop takes, values and gradients are those of the loop that was written."""
        gives, batch = self.of_sample
        if not self.words & LOOPS or self.words & (NOISE | POLES) or speaks_of_trees(gives):
            return
        build = Build(self.module, self.definition, self.spec.given(), self.lowerings(), derived=False)
        with deep_calls():
            written = instantiate(build.source(), "net", self.lowerings()).double().eval()
        written.load_state_dict(self.net.state_dict())
        takes, given = self.sample

        def given_by(net: nn.Module) -> list[torch.Tensor]:
            made = laid.bare(self.called(net, takes, given))
            # What stands behind the ends of lists is nobody's.
            return [leaf for place in places(batch)
                    for leaf in laid.leaves(laid.read(gives, laid.one_of(gives, made, place)))]

        found: list[list[torch.Tensor]] = []
        for net in (self.net.eval(), written):
            net.zero_grad()
            out = given_by(net)
            learnt = [one for one in out if one.requires_grad]
            if learnt:
                sum(torch.sin(one).sum() for one in learnt).backward()
            found.append([one.detach() for one in out] + [
                torch.zeros_like(one) if one.grad is None else one.grad.clone() for one in net.parameters()])
        if not alike(*found) and not self.words & JUMPS:
            self.fail("what loops become gives other values or gradients than they do as they are written")
        with torch.no_grad(), forced(self.net):
            out = given_by(self.net)
        if not alike(out, found[1][:len(out)]) and not self.words & JUMPS:
            self.fail("without gradients loops give other values than they do as they are written")
        self.done["as written"] += 1

    # ---------------------------------------------------------------- its source, and copies of it

    def same(self, net: nn.Module, what: str) -> None:
        takes, given = self.sample
        with torch.no_grad():
            torch.manual_seed(7)
            wanted = list(tensors(self.called(self.net.eval(), takes, given)))
            torch.manual_seed(7)
            found = list(tensors(self.called(net.eval(), takes, given)))
        if len(found) != len(wanted) or not all(
                one.shape == other.shape and torch.equal(torch.nan_to_num(one), torch.nan_to_num(other))
                for one, other in zip(found, wanted, strict=True)):
            self.fail(f"{what} gives something else")

    def stands_alone(self) -> None:
        """Its source imports PyTorch and what PyTorch comes with, and is the network."""
        for node in ast.walk(ast.parse(self.source)):
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else [
                node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                if name.split(".")[0] not in {"torch", *sys.stdlib_module_names}:
                    self.fail(f"its source imports `{name}`")
        name = "alone_on_its_own"
        space: dict[str, Any] = {"__name__": name}
        sys.modules[name] = type(sys)(name)
        sys.modules[name].__dict__.update(space)
        try:
            space = sys.modules[name].__dict__
            exec(compile(self.source, "alone.py", "exec", dont_inherit=True), space)
            kind = [one for one in space.values() if isinstance(one, type) and issubclass(one, nn.Module)
                    and one.__module__ == name][-1]
            net = kind().double()
            net.load_state_dict(self.net.state_dict())
            if not speaks_of_lists(self.takes) and not speaks_of_trees(self.takes):
                self.same(net, "its source alone")
        finally:
            del sys.modules[name]
        self.done["stands alone"] += 1

    def is_copied(self) -> None:
        self.same(copy.deepcopy(self.net), "a deep copy")
        self.same(pickle.loads(pickle.dumps(self.net)), "what was pickled")
        kept = io.BytesIO()
        torch.save(self.net.state_dict(), kept)
        kept.seek(0)
        fresh = instantiate(self.source, "net", self.lowerings()).double()
        fresh.load_state_dict(torch.load(kept, weights_only=True))
        self.same(fresh, "what was saved and loaded")
        self.done["copied"] += 1

    # ---------------------------------------------------------------- exact evaluation

    def is_exact(self) -> None:
        """What PyTorch gives is what exact evaluation gives, where that is defined and small."""
        if self.words & (NOISE | {"topk"}) or list(self.net.buffers()) or self.chance.random() < 0.5:
            return
        sizes = {**self.spec.sizes, "n": 4, "m": 5}
        takes, gives, network = self.objects(sizes)
        value = laid.drawn(takes, self.chance, 2)
        if sum(one.numel() for one in laid.leaves(value)) > MOST_EXACT or sum(
                one.numel() for one in self.net.parameters()) > 4 * MOST_EXACT:
            return
        weights = {address: Array(tuple(weight.shape),
                                  [self.chance.choice((-1, 0, 1, 2)) for _ in range(weight.numel())])
                   for address, weight in self.net.state_dict().items()}
        kept = copy.deepcopy(self.net.state_dict())
        self.net.load_state_dict({address: torch.tensor([float(one) for one in array.entries]).reshape(array.shape)
                                  for address, array in weights.items()})
        try:
            with patience(3):
                made = evaluate(network, laid.for_exact(takes, value, laid.Garbage()), None, weights)
        except (Inexact, Undefined, OverflowError):
            return
        except BaseException as late:
            if type(late).__name__ == "Late":
                return
            raise
        finally:
            state = self.net.state_dict()
            self.net.load_state_dict(kept)
        wanted = laid.read(gives, laid.nested(network.diagram.outputs, iter(made)))
        self.net.load_state_dict({address: torch.tensor([float(one) for one in array.entries]).reshape(array.shape)
                                  for address, array in weights.items()})
        del state
        with torch.no_grad():
            out = laid.bare(self.called(self.net.eval(), takes, self.given(takes, [value], ())))
            # What comes out may be a weight itself.
            out = laid.over(lambda x: x.clone(), out) if not hasattr(out, "levels") else out
        found = laid.read(gives, laid.one_of(gives, out, ()))
        self.net.load_state_dict(kept)
        rounded = self.words & JUMPS and self.words & DIVIDES
        if not laid.close(found, wanted) and largest(wanted) < 1e6 and not rounded:
            self.fail(f"exactly it is {wanted}, PyTorch gives {found}")
        self.done["exact"] += 1


def forced(net: nn.Module) -> AbstractContextManager[Any]:
    """While it lasts words share the states of their beginnings, however few they are and however small the states."""
    module = sys.modules[type(net).__module__]
    if not hasattr(module, "shares"):
        return nullcontext()
    return patch.object(module, "shares", lambda state, symbols, alphabets, lengths, rank: rank is not None and bool(
        lengths.numel()) and int(lengths.max()) > 0)


def forget() -> None:
    """Loaded sources are kept while the process lasts; a long run makes very many."""
    import linecache

    for name in [one for one in sys.modules if one.startswith(PREFIX)]:
        linecache.cache.pop(f"<{name}>", None)
        del sys.modules[name]
