"""A multilayer perceptron of three layers: the compiled forward pass against `nn.Sequential`, written by hand."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import torch
from harness import Effort, Row, compare
from torch import Tensor, nn

import catlang

TARGET = 1.05
SPEC = """\
dim d, h, c
morphism mlp : R[d] -> R[c] = affine[_, h] as first >> relu >> affine[_, h] as second >> relu >> affine as third
"""


def pair(d: int, h: int, c: int) -> tuple[nn.Module, nn.Module]:
    """Ours and the peer, with the same weights."""
    peer = nn.Sequential(nn.Linear(d, h), nn.ReLU(), nn.Linear(h, h), nn.ReLU(), nn.Linear(h, c))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mlp.cat"
        path.write_text(SPEC, encoding="utf-8")
        ours = catlang.compile(path, "mlp", d=d, h=h, c=c)
    names = {"first": "0", "second": "2", "third": "4"}
    state = peer.state_dict()
    ours.load_state_dict({f"{name}.{part}": state[f"{place}.{part}"] for name, place in names.items()
                          for part in ("weight", "bias")})
    return ours, peer


def forward(net: nn.Module, x: Tensor) -> Callable[[], object]:
    def call() -> Tensor:
        with torch.inference_mode():
            return net(x)

    return call


def step(net: nn.Module, x: Tensor) -> Callable[[], object]:
    """Forward and backward, as in training."""

    def call() -> None:
        net.zero_grad()
        net(x).sum().backward()

    return call


def rows(effort: Effort, threads: int) -> tuple[list[Row], str]:
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    d, h, c = (5, 7, 3) if effort.tiny else (784, 512, 10)
    ours, peer = pair(d, h, c)
    found = []
    for batch in (1, 256):
        x = torch.randn(batch, d)
        torch.testing.assert_close(ours(x), peer(x))
        found.append(compare(f"forward, batch {batch}", TARGET, forward(ours, x), forward(peer, x), effort))
        found.append(compare(f"forward and backward, batch {batch}", TARGET, step(ours, x), step(peer, x), effort))
    for one, other in zip(ours.parameters(), peer.parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad)
    return found, f"PyTorch {torch.__version__}, {threads} thread{'s' * (threads != 1)}, {d}-{h}-{h}-{c}"
