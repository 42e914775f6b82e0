"""Protects module structure: what is made of layers is a morphism, also where PyTorch has made it."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn
from torch.export import Dim

import catlang


class Encoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        layer = nn.TransformerEncoderLayer(16, 2, 24, batch_first=True)
        self.layers = nn.TransformerEncoder(layer, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layers(x)


def test_a_model_of_pytorchs_own_modules_keeps_them(tmp_path: Path) -> None:
    model = Encoder().eval()
    for weight in model.parameters():
        nn.init.normal_(weight, std=0.3)
    program = torch.export.export(model, (torch.randn(2, 5, 16),), dynamic_shapes=({0: Dim("batch"), 1: Dim("n")},))
    made = catlang.import_program(program)
    assert "(transformer_encoder_layer^3) as inner" in made.text
    path, table = tmp_path / "encoder.cat", tmp_path / "encoder.toml"
    path.write_text(made.text, encoding="utf-8")
    table.write_text(made.toml(), encoding="utf-8")
    torch.save(model.state_dict(), tmp_path / "encoder.pt")
    net = catlang.compile(path, made.name).eval()
    catlang.load(net, tmp_path / "encoder.pt", rename=table)
    for shape in ((3, 7, 16), (1, 2, 16)):
        x = torch.randn(shape)
        torch.testing.assert_close(net(x), model(x), atol=1e-5, rtol=1e-5)
