"""What `torchrun` starts in the tests of training on several processes: `distributed.py HOW FOLDER`.

Each process trains on its part of every batch; the first writes the losses, and with `sharded` all of them write their
parts of a checkpoint.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import torch
import torch.distributed as dist
import torch.distributed.checkpoint as dcp
from torch import Tensor, nn
from torch.distributed.checkpoint.state_dict import get_model_state_dict
from torch.distributed.fsdp import fully_shard
from torch.nn.parallel import DistributedDataParallel

import catlang

SPEC = Path(__file__).parent / "networks.cat"
BATCH, STEPS = 8, 4


def network() -> nn.Module:
    torch.manual_seed(0)
    return catlang.compile(SPEC, "encoder", d=8)


def batches() -> list[tuple[Tensor, Tensor, Tensor]]:
    generator = torch.Generator().manual_seed(1)
    found = []
    for _ in range(STEPS):
        mask = torch.rand(BATCH, 6, generator=generator) < 0.7
        mask[:, 0] = True
        found.append((torch.randint(50, (BATCH, 6), generator=generator), mask,
                      torch.randint(5, (BATCH, 6), generator=generator)))
    return found


def train(net: nn.Module, optimiser: torch.optim.Optimizer, rank: int, world: int) -> list[float]:
    """The mean losses over all processes."""
    part = slice(rank * BATCH // world, (rank + 1) * BATCH // world)
    losses = []
    for ids, mask, wanted in batches():
        output = net(ids[part], mask[part])
        loss = nn.functional.cross_entropy(output.flatten(0, 1), wanted[part].flatten())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        mean = loss.detach().clone()
        if world > 1:
            dist.all_reduce(mean, dist.ReduceOp.AVG if dist.get_backend() == "nccl" else dist.ReduceOp.SUM)
            mean /= 1 if dist.get_backend() == "nccl" else world
        losses.append(mean.item())
    return losses


def sharded(net: nn.Module) -> nn.Module:
    """Each block by itself, then what is left."""
    for block in net.blocks:
        fully_shard(block)
    return fully_shard(net)


def main(how: str, folder: Path) -> None:
    dist.init_process_group("gloo")
    rank, world = dist.get_rank(), dist.get_world_size()
    net = network()
    run = DistributedDataParallel(net) if how == "replicated" else sharded(net)
    losses = train(run, torch.optim.SGD(run.parameters(), 0.1, momentum=0.9), rank, world)
    if how == "sharded":
        assert all(weight.to_local().shape != weight.shape for weight in net.parameters() if weight.shape[0] > 1)
        dcp.save({"net": get_model_state_dict(net)}, checkpoint_id=folder / "checkpoint")
    elif rank == 0:
        torch.save(net.state_dict(), folder / "net.pt")
    if rank == 0:
        torch.save(losses, folder / "losses.pt")
    # What reduces gradients ends before the group that it reduces them over.
    del run
    dist.barrier()
    dist.destroy_process_group()
    # All is written. Now and then a thread of PyTorch's asks for Python's lock while the interpreter shuts down, and
    # Python before 3.12 then ends that thread, and C++ the whole process: there is nothing left to shut down for.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
