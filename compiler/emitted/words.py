"""Loops along words from one start, of which emitted sources carry copies: words that begin alike are one as far as
they do."""

from __future__ import annotations

import torch

from catlang.compiler.emitted.lists import reversed_places
from catlang.compiler.emitted.loops import at_once, ran_along
from catlang.compiler.emitted.products import watched


def fold_words(step, state, inputs, size, words, lengths=None, backwards=False, rank=None, steady=(), reverse=None):
    """The state that steps along words end in; a tuple of them, where there is more than one."""
    return ran_along_words(step, state, inputs, size, (), words, lengths, backwards, rank, steady, reverse)[0]


def run_words(step, state, inputs, size, places, words, lengths=None, backwards=False, rank=None, steady=(),
              reverse=None):
    """The state that steps along words end in, and what they gave on the way."""
    state, given = ran_along_words(step, state, inputs, size, places, words, lengths, backwards, rank, steady, reverse)
    return state, given[0] if len(given) == 1 else given


def ran_along_words(step, state, inputs, size, places, words, lengths, backwards, rank, steady, reverse):
    """A loop as in `ran_along`, whose entries are made of words: of a function of the symbols at places, the symbols
    at all of them, and how many there are of each kind.

    Where no gradients are wanted, a step is taken once for all words that have been the same so far."""
    entries, symbols, numbers = words
    if alike(state, symbols, numbers, lengths, rank):
        return along_beginnings(step, state, inputs, size, places, words, lengths, backwards, rank, steady)
    made = iter(entries(*(x.movedim(-1, 0) for x in symbols)))
    inputs = [(next(made).movedim(0, place) if x is None else x, place, entry) for x, place, entry in inputs]
    return ran_along(step, state, inputs, size, places, lengths, backwards, rank, steady, (), reverse)


def alike(state, symbols, numbers, lengths, rank):
    """Whether it is worth while to look which words begin alike, which takes as long as a few steps with small states
    do. The number was fitted to the times of a GRU's steps on a processor, along words that soon differ."""
    state = state if isinstance(state, tuple) else (state,)
    if rank is None or torch.is_grad_enabled() or watched(*state, *symbols):
        return False
    kinds = 1
    for number in numbers:
        kinds *= number
    return sum(one.numel() for one in state) >= 2**15 and kinds < 2**31 and int(lengths.max()) > 0


def along_beginnings(step, state, inputs, size, places, words, lengths, backwards, rank, steady):
    """A loop with a state for each beginning of a word, the beginnings of one length side by side."""
    entries, symbols, numbers = words
    single = not isinstance(state, tuple)
    state = (state,) if single else state
    shape = state[0].shape[: state[0].dim() - rank]
    axes, ends = len(shape), lengths.expand(shape).reshape(-1)
    codes, kinds = coded([x.expand(*shape, x.shape[-1]).reshape(ends.numel(), -1) for x in symbols], numbers)
    longest = int(ends.max())
    if backwards:
        codes = codes.gather(1, reversed_places(ends, codes.shape[1]))
    counts, parents, letters, number = beginnings(codes[:, :longest], kinds, ends)
    table = entries(*decoded(torch.arange(kinds, device=ends.device), numbers)) if kinds <= letters.numel() else None
    by_length = ends.argsort(stable=True).split(torch.bincount(ends, minlength=longest + 1).tolist())
    state = tuple(one.reshape(ends.numel(), *one.shape[axes:])[:1] for one in state)
    over, columns = [tuple(one.expand(by_length[0].numel(), *one.shape[1:]) for one in state)], []
    for place, (above, here) in enumerate(zip(parents.split(counts), letters.split(counts), strict=True)):
        made, rows = [], at_once(state)
        for some, chosen in zip(above.split(rows), here.split(rows), strict=True):
            given = iter(entries(*decoded(chosen, numbers)) if table is None else [
                x.index_select(0, chosen) for x in table])
            given = [next(given) if x is None else None for x, _, _ in inputs]
            found = step(*(one.index_select(0, some) for one in state), *given, *steady)
            made.append(found if isinstance(found, tuple) else (found,))
        made = made[0] if len(made) == 1 else tuple(map(torch.cat, zip(*made, strict=True)))
        columns.append(made[len(state):len(state) + len(places)])
        state = made[:len(state)]
        done = number[by_length[place + 1], place]
        over.append(tuple(one.index_select(0, done) for one in state))
    back = torch.cat(by_length).argsort()
    final = tuple(torch.cat(parts).index_select(0, back).reshape((*shape, *parts[0].shape[1:]))
                  for parts in zip(*over, strict=True))
    there, given = torch.arange(longest, device=ends.device) < ends[:, None], []
    if places:
        rows = (number + torch.tensor([0, *counts[:-1]], device=ends.device).cumsum(0))[there]
        there = there.nonzero(as_tuple=True)
        if backwards:
            there = there[0], ends[there[0]] - 1 - there[1]
        for column, place in zip(zip(*columns, strict=True), places, strict=True):
            column = torch.cat(column)
            whole = column.new_zeros(ends.numel(), size, *column.shape[1:])
            whole = whole.index_put(there, column.index_select(0, rows)).unflatten(0, shape)
            given.append(whole.movedim(axes, place))
    return final[0] if single else final, tuple(given)


def coded(symbols, numbers):
    """Several symbols at each place as one, and how many of these there are."""
    codes, kinds = symbols[0], numbers[0]
    for x, number in zip(symbols[1:], numbers[1:], strict=True):
        codes, kinds = codes * number + x, kinds * number
    return codes, kinds


def decoded(codes, numbers):
    """The symbols that one stands for."""
    found = []
    for number in reversed(numbers[1:]):
        found.append(codes % number)
        codes = codes // number
    return [codes, *reversed(found)]


def beginnings(codes, kinds, ends):
    """All beginnings of some words, each once, those of one symbol first: how many there are of each length; of each,
    its number among those of the length before without its last symbol, and its last symbol; and of each word and
    length the number of its beginning."""
    words, size = codes.shape
    there = torch.arange(size, device=ends.device) < ends[:, None]
    keys = torch.where(there, codes + 1, 0)
    # In the order of a dictionary words that begin alike stand beside each other; so many symbols make one number.
    digits = max(1, 62 // int(kinds + 1).bit_length())
    order = torch.arange(words, device=ends.device)
    for begin in reversed(range(0, size, digits)):
        some = keys[:, begin:begin + digits]
        powers = (kinds + 1) ** torch.arange(some.shape[1] - 1, -1, -1, device=ends.device)
        order = order[(some * powers).sum(1)[order].argsort(stable=True)]
    keys, there = keys[order], there[order]
    new = torch.ones_like(there)
    new[1:] = (keys[1:] != keys[:-1]).cumsum(1) > 0
    new &= there
    number = new.cumsum(0) - 1
    above = torch.cat([torch.zeros_like(number[:, :1]), number[:, :-1]], 1)
    parents, letters = above.t()[new.t()], keys.t()[new.t()] - 1
    return new.sum(0).tolist(), parents, letters, torch.empty_like(number).index_copy(0, order, number)
