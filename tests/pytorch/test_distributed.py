"""Training on two processes is training on one: replicated (DDP) and sharded (FSDP2), by `torchrun` over gloo.

Protects that a network outgrows one machine as any module of PyTorch does: its blocks are found and sharded, the losses
and the weights are those of one process, and a checkpoint that was written in shards is loaded whole.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch
import torch.distributed.checkpoint as dcp

from . import distributed

PROGRAM = Path(distributed.__file__)


@pytest.fixture(scope="module")
def alone() -> tuple[list[float], dict[str, torch.Tensor]]:
    net = distributed.network()
    losses = distributed.train(net, torch.optim.SGD(net.parameters(), 0.1, momentum=0.9), 0, 1)
    return losses, net.state_dict()


@pytest.mark.parametrize("how", ["replicated", "sharded"])
def test_two_processes_are_one(how: str, alone: tuple[list[float], dict[str, torch.Tensor]], tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", PROGRAM, how, tmp_path],
        check=True, timeout=300)
    losses, weights = alone
    assert torch.load(tmp_path / "losses.pt") == pytest.approx(losses, rel=1e-5)
    if how == "replicated":
        found = torch.load(tmp_path / "net.pt")
    else:
        assert len(list((tmp_path / "checkpoint").glob("*.distcp"))) == 2
        whole = distributed.network()
        found = {name: torch.zeros_like(one) for name, one in whole.state_dict().items()}
        dcp.load({"net": found}, checkpoint_id=tmp_path / "checkpoint")
        whole.load_state_dict(found)
    assert found.keys() == weights.keys()
    for name, one in weights.items():
        torch.testing.assert_close(found[name], one, rtol=1e-4, atol=1e-5)
