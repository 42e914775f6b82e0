"""Protects what is given at compile: sizes under every name they have, and numbers that have no value at them."""

from __future__ import annotations

import pytest

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
