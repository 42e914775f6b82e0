"""Protects what is given at compile: sizes under every name they have, and numbers that have no value at them."""

from __future__ import annotations

import pytest
import torch

import catlang
from catlang.compiler import CompileError

BLOCKS = "dim d\nmorphism f : R[d] -> R[d] = affine\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "blocks.cat").write_text(BLOCKS)
    (tmp_path / "aliases.cat").write_text(
        'import "blocks.cat" as a\nimport "blocks.cat" as b\nmorphism net : R[a.d] -> R[a.d] = a.f\n')
    (tmp_path / "plain.cat").write_text('import "blocks.cat"\nmorphism net : R[d] -> R[d] = f\n')
    (tmp_path / "inverse.cat").write_text("dim d\nmorphism net : R[d] -> R[d] = scale[1/(d - 4)]\n")
    return tmp_path


def codes(path, **sizes):
    with pytest.raises(CompileError) as refused:
        catlang.compile(path, "net", **sizes)
    return [(one.code, one.help) for one in refused.value.diagnostics]


def test_a_dim_of_an_import_is_given_behind_its_alias(folder):
    assert codes(folder / "aliases.cat") == [("E0807", ("pass `a.d=...`",))]
    net = catlang.compile(folder / "aliases.cat", "net", **{"a.d": 4})
    assert [tuple(weight.shape) for weight in net.state_dict().values()] == [(4, 4), (4,)]


def test_one_dim_has_one_value(folder):
    assert [code for code, _ in codes(folder / "aliases.cat", **{"a.d": 4, "b.d": 6})] == ["E0803"]


def test_a_dim_that_comes_unqualified_is_given_unqualified(folder):
    net = catlang.compile(folder / "plain.cat", "net", d=3)
    assert [tuple(weight.shape) for weight in net.state_dict().values()] == [(3, 3), (3,)]


def test_a_number_without_a_value_is_told(folder):
    assert [code for code, _ in codes(folder / "inverse.cat", d=4)] == ["E0805"]


def test_a_size_beyond_64_bits_is_refused(folder):
    assert [code for code, _ in codes(folder / "plain.cat", d=2**63)] == ["E0803"]


def test_a_morphism_of_any_endofunctor_is_no_network(compiled):
    with pytest.raises(catlang.compiler.CompileError) as caught:
        compiled("morphism net[F : endofunctor] : mu F -> mu F = id")
    [found] = caught.value.diagnostics
    assert found.code == "E0802" and found.help == (
        "compile a morphism that uses it at one: `net[F = ...]`",)


def test_a_frozen_weight_of_a_colour_has_the_shape_of_what_carries_it(compiled):
    net = compiled("object Direction : R[3]\nfrozen up : Direction\nmorphism net : 1 -> Direction = () |-> up")
    assert net.up.shape == (3,) and net().shape == (3,)


def test_new_weights_without_a_name_have_one_of_their_own(compiled):
    net = compiled("morphism net : R[3] -> R[3] = linear along (_, base, _) |-> base")
    shapes = {name: tuple(weight.shape) for name, weight in net.named_parameters()}
    assert shapes == {"linear_0.base1": (), "linear_0.base": (3, 3), "linear_0.base2": ()}
    assert net(torch.randn(2, 3)).shape == (2, 3)


def test_a_run_of_axes_cannot_be_given(folder):
    """A module has any number of batch axes: where the sizes of a generic run are needed, nothing tells them."""
    (folder / "run.cat").write_text("morphism net[s...] : R[s...] -> R[s...] = x |-> add(x, one())\n")
    assert codes(folder / "run.cat") == [("E0807", ("compile a morphism of one shape that uses `net`",))]
