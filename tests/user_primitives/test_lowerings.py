"""Primitives of one's own: a signature in the `.cat` file, a lowering from Python or from an installed package.

They protect that checking a file runs nobody's code, that weights of such a primitive are weights of the network, and
that a lowering that does not fit its signature is refused before anything runs.
"""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

import catlang
from catlang.compiler.loading import source_of

ROOT = Path(catlang.__file__).parents[1]
TEXT = """
dim n, d
primitive flash[h, q, k] : R[h, q, k] * R[h, q, k] -> R[h, q, k]
primitive gated[n, slope : real = 0.5] : R[n] -> R[n] weights (gate : R[n]) * (shift : R[n])
primitive counter[n] : R[n] -> R[n] state (count : R[])
primitive both[n] : R[n] -> R[n] * R[n]
primitive rough[n] : 1 -> R[n] noise R[n]
morphism look  : R[2, n, d] -> R[2, n, d] = copy >> flash
morphism net   : R[d] -> R[d] = affine[_, d] >> gated as inner >> relu >> gated init (gate = ones, shift = constant(2))
morphism tied  : R[d] -> R[d] = let g = gated in g >> g
morphism along_a_map : R[d] -> R[d] = gated along (mean : R[d]) |-> (mean, mean)
morphism count : R[d] -> R[d] = counter
morphism two   : R[d] -> R[d] = both >> add
morphism noisy : R[d] -> R[d] = x |-> add(x, rough())
"""


def flash(x, y, *, k, q):
    """Here a function of a module."""
    assert x.shape[-2:] == (q, k)
    return x + y


def gated(x, *, gate, shift, slope, training):
    return x * gate + shift + (slope if training else 0)


class Gated(nn.Module):
    def __init__(self, n, slope=0.1):
        super().__init__()
        self.gate = nn.Parameter(torch.full((n,), 3.0))
        self.shift = nn.Parameter(torch.zeros(n))
        self.slope = slope

    def forward(self, x):
        return x * self.gate + self.shift


class Counter(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("count", torch.zeros(()))

    def forward(self, x):
        if self.training:
            self.count += 1
        return x


def refusal(compiled, name, **lowerings):
    with pytest.raises(catlang.compiler.CompileError) as caught:
        compiled(TEXT, name, d=3, lowerings=lowerings)
    [diagnostic] = caught.value.diagnostics
    return diagnostic.headline


# ------------------------------------------------------------------ functions


@pytest.mark.parametrize("batch", [(), (5,), (5, 4)], ids=str)
def test_a_function_gets_the_inputs_and_the_generics_that_it_names(compiled, batch):
    net = compiled(TEXT, "look", d=3, lowerings={"flash": flash})
    x = torch.randn(*batch, 2, 7, 3)
    assert torch.equal(net(x), 2 * x)


def test_a_function_gets_its_weights_by_name(compiled):
    net = compiled(TEXT, d=3, lowerings={"gated": gated}).eval()
    assert {name: tuple(one.shape) for name, one in net.state_dict().items()} == {
        "affine_0.weight": (3, 3), "affine_0.bias": (3,), "inner.gate": (3,), "inner.shift": (3,),
        "gated_0.gate": (3,), "gated_0.shift": (3,)}
    assert (net.gated_0.gate == 1).all() and (net.gated_0.shift == 2).all()
    x = torch.randn(4, 3)
    torch.testing.assert_close(net(x), torch.relu(net.affine_0(x) * net.inner.gate + net.inner.shift) + 2)
    training = torch.relu(net.affine_0(x) * net.inner.gate + net.inner.shift + 0.5) + 2.5
    torch.testing.assert_close(net.train()(x), training)
    net(x).sum().backward()
    assert all(one.grad is not None for one in net.parameters())


def test_one_instance_used_twice_has_one_set_of_weights(compiled):
    net = compiled(TEXT, "tied", d=3, lowerings={"gated": gated})
    assert list(net.state_dict()) == ["g.gate", "g.shift"]


def test_weights_along_a_map(compiled):
    net = compiled(TEXT, "along_a_map", d=3, lowerings={"gated": gated}).eval()
    assert list(net.state_dict()) == ["gated_0.mean"]
    x, mean = torch.randn(3), net.state_dict()["gated_0.mean"]
    torch.testing.assert_close(net(x), x * mean + mean)


def test_several_outputs(compiled):
    net = compiled(TEXT, "two", d=3, lowerings={"both": lambda x: (x, 2 * x)})
    assert torch.equal(net(torch.ones(3)), torch.full((3,), 3.0))


def test_what_surrounds_a_use(compiled):
    net = compiled(TEXT, "noisy", d=3, lowerings={
        "rough": lambda *, batch, n, dtype, device: torch.ones((*batch, n), dtype=dtype, device=device)})
    x = torch.zeros(4, 5, 3, dtype=torch.float64)
    assert torch.equal(net(x), x + 1)


def test_pytorchs_own_functions(compiled):
    net = compiled("primitive floored[s...] : R[s...] -> R[s...]\nmorphism net : R[2, 3] -> R[2, 3] = floored",
                   lowerings={"floored": torch.floor})
    assert torch.equal(net(torch.full((2, 3), 1.5)), torch.ones(2, 3))


def test_many_inputs(compiled):
    text = f"""primitive all[n] : {' * '.join(['R[n]'] * 9)} -> R[n]
morphism net : R[3] -> R[3] = x |-> all({', '.join('x' * 9)})"""
    net = compiled(text, lowerings={"all": lambda *inputs: sum(inputs)})
    assert torch.equal(net(torch.ones(3)), torch.full((3,), 9.0))


# ------------------------------------------------------------------ classes


def test_a_class_is_made_once_an_instance(compiled):
    net = compiled(TEXT, d=3, lowerings={"gated": Gated})
    assert type(net.inner) is Gated and net.inner.slope == 0.5
    assert (net.inner.gate == 3).all() and (net.gated_0.gate == 1).all()
    x = torch.randn(2, 3)
    torch.testing.assert_close(net(x), 2 + torch.relu(3 * net.affine_0(x)))


def test_state_is_buffers(compiled):
    net = compiled(TEXT, "count", d=3, lowerings={"counter": Counter})
    net(torch.zeros(3)), net.eval()(torch.zeros(3))
    assert net.state_dict() == {"counter_0.count": torch.tensor(1.0)}


# ------------------------------------------------------------------ what is refused


def test_no_lowering(compiled):
    assert refusal(compiled, "look") == "the primitive `flash` has no lowering"


def test_of_no_primitive(compiled):
    assert refusal(compiled, "look", flahs=flash) == "no primitive is called `flahs`"


def test_what_is_no_function(compiled):
    with pytest.raises(TypeError, match="the lowering of `flash` is 3, which is no function and no class"):
        compiled(TEXT, "look", d=3, lowerings={"flash": 3})


@pytest.mark.parametrize(("name", "lowering", "told"), [
    ("look", lambda x: x, "the lowering of `flash` takes 1 by position, but `flash` has 2 inputs"),
    ("look", lambda x, y, z: x, "the lowering of `flash` takes 3 by position, but `flash` has 2 inputs"),
    ("look", lambda x, y, *, other: x, "the lowering of `flash` asks for `other`, which `flash` does not have"),
    ("look", nn.Identity, "the lowering of `flash` is a class, but `flash` has no weights"),
    ("net", lambda x, *, gate: x, "the lowering of `gated` does not take the weight `shift`"),
    ("net", type("Odd", (Gated,), {"__init__": lambda self, other: None}),
     "the lowering of `gated` is made with `other`, which `gated` does not have"),
    ("along_a_map", Gated, "the weights of `gated` are computed, but its lowering is a class with its own"),
    ("count", lambda x: x, "`counter` has a state, but its lowering is a function"),
])
def test_a_lowering_that_does_not_fit(compiled, name, lowering, told):
    primitive = {"look": "flash", "net": "gated", "along_a_map": "gated", "count": "counter"}[name]
    assert refusal(compiled, name, **{primitive: lowering}) == told


def test_a_class_with_other_weights_than_its_signature(compiled):
    class More(Gated):
        def __init__(self, n):
            super().__init__(n)
            self.extra = nn.Parameter(torch.zeros(1))

    with pytest.raises(ValueError, match=r"More has the weights .*extra.*, but its signature says"):
        compiled(TEXT, d=3, lowerings={"gated": More})


# ------------------------------------------------------------------ life of a network with such a lowering


MODULE = """
import torch
def flash(x, y, *, k):
    return x + y
class Holder:
    @staticmethod
    def gated(x, *, gate, shift):
        return x * gate + shift
"""


def test_emitted_source_imports_a_lowering_from_its_module(compiled, tmp_path, monkeypatch):
    (tmp_path / "kernels.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    import kernels

    look = compiled(TEXT, "look", d=3, lowerings={"flash": kernels.flash})
    assert "from kernels import flash as lowered_flash" in source_of(look)
    net = compiled(TEXT, d=3, lowerings={"gated": kernels.Holder.gated})
    assert "from kernels import Holder\n" in source_of(net)
    torch.save((look, net), tmp_path / "both.pt")
    (tmp_path / "alone.py").write_text(source_of(look))
    code = ("import torch, alone, sys; x = torch.ones(2, 4, 3); assert alone.Look()(x).sum() == 48\n"
            "assert not any(name.startswith('catlang') for name in sys.modules)\n"
            f"sys.path.append({str(ROOT)!r})\n"
            "look, net = torch.load('both.pt', weights_only=False); look(x), net(x)")
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert run.returncode == 0, run.stderr


def test_a_lowering_that_stands_in_no_module_leaves_a_gap(compiled, tmp_path):
    net = compiled(TEXT, "look", d=3, lowerings={"flash": lambda x, y: x})
    (tmp_path / "alone.py").write_text(source_of(net))
    run = subprocess.run([sys.executable, "-c", "import torch, alone; alone.Look()(torch.ones(2, 4, 3))"],
                         capture_output=True, text=True, cwd=tmp_path)
    assert "NotImplementedError: put the lowering of `flash` for `lowered_flash`" in run.stderr


def test_two_lowerings_of_one_primitive_are_two_networks(compiled):
    one = compiled(TEXT, "look", d=3, lowerings={"flash": lambda x, y: x})
    other = compiled(TEXT, "look", d=3, lowerings={"flash": lambda x, y: -y})
    x = torch.ones(2, 4, 3)
    assert torch.equal(one(x), -other(x))
    assert torch.equal(copy.deepcopy(other)(x), other(x))


def test_what_cannot_be_pickled_says_so(compiled):
    net = compiled(TEXT, "look", d=3, lowerings={"flash": lambda x, y: x})
    with pytest.raises((pickle.PicklingError, AttributeError)):
        pickle.dumps(net)


def test_compiled_and_exported(compiled):
    net = compiled(TEXT, "look", d=3, lowerings={"flash": flash})
    torch._dynamo.reset()
    x = torch.randn(4, 2, 7, 3)
    assert torch.equal(torch.compile(net, fullgraph=True, backend="aot_eager")(x), net(x))
    batch, n = torch.export.Dim("batch"), torch.export.Dim("n")
    program = torch.export.export(net, (x,), dynamic_shapes=({0: batch, 2: n},))
    y = torch.randn(3, 2, 5, 3)
    assert torch.equal(program.module()(y), net(y))


# ------------------------------------------------------------------ installed packages


PACKAGE = """
import torch
print("imported", __name__)
def flash(x, y):
    return x - y
relu = 0
"""


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A package with its metadata, as an installation leaves it."""

    def install(name: str, points: str, text: str = PACKAGE) -> Path:
        (tmp_path / f"{name}.py").write_text(text)
        info = tmp_path / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[catlang.lowerings]\n{points}\n")
        monkeypatch.syspath_prepend(tmp_path)
        return tmp_path

    return install


def test_an_installed_package_lowers(compiled, installed):
    installed("kernels_one", "flash = kernels_one:flash")
    net = compiled(TEXT, "look", d=3)
    assert net(torch.ones(2, 4, 3)).sum() == 0
    assert "from kernels_one import flash as lowered_flash" in source_of(net)


def test_what_is_given_goes_before_what_is_installed(compiled, installed):
    installed("kernels_two", "flash = kernels_two:flash")
    net = compiled(TEXT, "look", d=3, lowerings={"flash": flash})
    assert net(torch.ones(2, 4, 3)).sum() == 48
    assert "kernels_two" not in sys.modules


def test_the_prelude_is_nobody_elses(compiled, installed):
    installed("kernels_three", "relu = kernels_three:relu")
    assert compiled("morphism net : R[2] -> R[2] = relu")(torch.ones(2)).sum() == 2


def test_two_packages_for_one_primitive(compiled, installed):
    installed("kernels_four", "flash = kernels_four:flash")
    installed("kernels_five", "flash = kernels_five:flash")
    assert refusal(compiled, "look").startswith("several installed packages lower `flash`: `kernels_")


@pytest.mark.parametrize("text", ["raise RuntimeError('mine')", "flash = 3", "other = 3"])
def test_a_package_that_is_broken(compiled, installed, text):
    installed("kernels_six", "flash = kernels_six:flash", text)
    sys.modules.pop("kernels_six", None)
    assert refusal(compiled, "look").startswith("the lowering `kernels_six:flash` of `flash` ")


def test_a_primitive_of_a_morphism_is_refused_where_it_is_used(tmp_path):
    (tmp_path / "model.cat").write_text(
        "primitive twice(k : R[3] -> R[3]) : R[3] -> R[3]\nmorphism net : R[3] -> R[3] = twice(tanh)\n")
    with pytest.raises(catlang.compiler.CompileError, match="the primitive `twice` takes a morphism") as found:
        catlang.compile(tmp_path / "model.cat", "net")
    assert found.value.diagnostics[0].code == "E0808"


CHECK = """
import builtins, sys
class Guard:
    def find_spec(self, name, path=None, target=None):
        assert not name.startswith(("kernels_", "torch")), name
sys.meta_path.insert(0, Guard())
import catlang
checked = catlang.check("model.cat")
assert checked.ok, checked
print("checked")
"""


def test_checking_imports_nobodys_code(installed, tmp_path):
    installed("kernels_seven", "flash = kernels_seven:flash")
    (tmp_path / "model.cat").write_text(TEXT)
    run = subprocess.run([sys.executable, "-c", CHECK], capture_output=True, text=True, cwd=tmp_path,
                         env={"PYTHONPATH": f"{ROOT}:{tmp_path}", "PATH": ""})
    assert run.stdout == "checked\n", run.stderr
