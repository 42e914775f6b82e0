"""What goes wrong while a network runs is told with its place in the `.cat` file and its address."""

from __future__ import annotations

import traceback

import pytest
import torch

TEXT = """dim n, d
morphism look : R[n, d] * Fin[n] -> R[d]
    = (table, i) |-> at(table, i)
morphism inner : Fin[10] -> R[d]
    = embedding as words
        >> relu
morphism net : Fin[10]^n -> R[n, d] = each(inner as first >> affine)
"""


def test_an_index_outside_its_set(compiled):
    net = compiled(TEXT, d=4)
    with pytest.raises(IndexError) as caught:
        net(torch.tensor([3, 10]))
    assert caught.value.__notes__ == ["model.cat:5: in `first` (Inner)"]
    shown = "".join(traceback.format_exception(caught.value))
    assert "words = self.words(x)  # model.cat:5" in shown or ("self.words(x)" in shown and "# model.cat:5" in shown)


def test_at_the_root(compiled):
    net = compiled(TEXT, "look", d=4)
    with pytest.raises(Exception) as caught:
        net(torch.randn(3, 4), torch.tensor(7))
    assert caught.value.__notes__ == ["model.cat:3: at the root of the network (Look)"]


def test_what_is_refused_at_the_entry_needs_no_place(compiled):
    with pytest.raises(TypeError) as caught:
        compiled(TEXT, d=4)(3)
    assert not hasattr(caught.value, "__notes__")


def test_a_hook_sees_its_own_exception(compiled):
    net = compiled(TEXT, d=4)

    def hook(module, inputs):
        raise KeyError("mine")

    net.register_forward_pre_hook(hook)
    with pytest.raises(KeyError, match="mine") as caught:
        net(torch.tensor([3]))
    assert not hasattr(caught.value, "__notes__")


def test_the_note_survives_a_network_of_ones_own_around_it(compiled):
    around = torch.nn.Sequential(compiled(TEXT, d=4))
    with pytest.raises(IndexError) as caught:
        around(torch.tensor([10]))
    assert caught.value.__notes__ == ["model.cat:5: in `first` (Inner)"]
