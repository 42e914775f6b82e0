"""The greedy decoder of `decoder.cat`, by hand: one text at a time."""

from __future__ import annotations

from torch import Tensor, nn


class Decoder(nn.Module):
    def __init__(self, width: int, hidden: int, v: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(v, width)
        self.gru = nn.GRUCell(width, hidden)
        self.logits = nn.Linear(hidden, v)

    def forward(self, state: Tensor, steps: int) -> tuple[list[int], list[Tensor]]:
        """The words before the end, and their logits."""
        word, words, found = state.new_zeros((), dtype=int), [], []
        for _ in range(steps):
            state = self.gru(self.embedding(word), state)
            logits = self.logits(state)
            word = logits.argmax()
            if word == 0:
                break
            words.append(int(word))
            found.append(logits)
        return words, found
