"""Says words, with a network specified in `speech.cat` and the weights that the package `g2p-en` carries.

    python examples/pronunciation/run.py                     # the words below, then all of a test against the package
    python examples/pronunciation/run.py catlang functor     # your words
"""

from __future__ import annotations

import sys
import time
from functools import cache
from pathlib import Path

import reference
import torch

import catlang

HERE = Path(__file__).parent
WORDS = ("category", "initial", "algebra", "unfolding", "pronunciation",
         "pneumonoultramicroscopicsilicovolcanoconiosis")


@cache
def network() -> torch.nn.Module:
    """The network, with the published weights."""
    net = catlang.compile(HERE / "speech.cat", "say")
    arrays = {name: torch.from_numpy(array) for name, array in reference.arrays().items()}
    catlang.load(net, arrays, rename=HERE / "weights.toml")
    return net.eval()


@torch.inference_mode()
def say(words: list[str]) -> list[list[str]]:
    """The phonemes of each word."""
    index = {symbol: place for place, symbol in enumerate(reference.graphemes())}
    unknown, end = index["<unk>"], index["</s>"]
    spelled = [[index.get(letter, unknown) for letter in word] + [end] for word in words]
    phonemes = reference.phonemes()
    found = network()(catlang.lists(spelled)).tolist()
    return [[phonemes[sound] for sound in sounds] for sounds in found]


def compared(count: int = 5000) -> tuple[int, float, float]:
    """On so many words of the dictionary how often the two agree, and how many words a second each of them says."""
    words, predict = reference.words(count), reference.predictor()
    say(words[:100])
    start = time.perf_counter()
    ours = say(words)
    middle = time.perf_counter()
    theirs = [predict(word) for word in words]
    end = time.perf_counter()
    return sum(one == other for one, other in zip(ours, theirs, strict=True)), count / (middle - start), (
        count / (end - middle))


def main(words: list[str]) -> None:
    asked = words or list(WORDS)
    for word, sounds in zip(asked, say(asked), strict=True):
        print(f"{word}: {' '.join(sounds)}")
    if words:
        return
    same, ours, theirs = compared()
    print(f"the same phonemes as the package's predictor: {same} of 5000 words")
    print(f"words a second: {ours:,.0f}, the package's predictor {theirs:,.0f}, ratio {ours / theirs:.1f}")


if __name__ == "__main__":
    main(sys.argv[1:])
