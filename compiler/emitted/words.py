"""Loops along words from one start, of which emitted sources carry copies: words that begin alike are one as far as
they do."""

from __future__ import annotations

import torch

from catlang.compiler.emitted.containers import product_of
from catlang.compiler.emitted.lists import reversed_places
from catlang.compiler.emitted.loops import at_once, begun, ran_along
from catlang.compiler.emitted.products import watched


def fold_words(step, state, inputs, size, words, lengths=None, backwards=False, rank=None, steady=(), reverse=None,
               puts=()):
    """The state that steps along words end in; a tuple of them, where there is more than one."""
    return ran_along_words(step, state, inputs, size, (), words, lengths, backwards, rank, steady, reverse, puts)[0]


def run_words(step, state, inputs, size, places, words, lengths=None, backwards=False, rank=None, steady=(),
              reverse=None, puts=()):
    """The state that steps along words end in, and what they gave on the way."""
    state, given = ran_along_words(step, state, inputs, size, places, words, lengths, backwards, rank, steady, reverse,
                                   puts)
    return state, given[0] if len(given) == 1 else given


def ran_along_words(step, state, inputs, size, places, words, lengths, backwards, rank, steady, reverse, puts):
    """A loop as in `ran_along`, of whose inputs those that are None are made of words. These are a function of the
    symbols at a place to what is taken there, the symbols at all places, and how many there are of each kind.

    Where no gradients are wanted, a step is taken once for all words that have been the same so far."""
    entries, symbols, alphabets = words
    if shares(state, symbols, alphabets, lengths, rank):
        return along_beginnings(step, state, inputs, size, places, entries, symbols, alphabets, lengths, backwards,
                                rank, steady, puts[0] if puts else ())
    made = iter(entries(*(x.movedim(-1, 0) for x in symbols)))
    inputs = [(next(made).movedim(0, place) if x is None else x, place, entry) for x, place, entry in inputs]
    return ran_along(step, state, inputs, size, places, lengths, backwards, rank, steady, (), reverse, puts)


def shares(state, symbols, alphabets, lengths, rank):
    """Whether words that begin alike share their states, which pays where a step takes longer than to find them. The
    number was fitted to the times of a GRU's steps on a processor, along words that soon differ."""
    state = state if isinstance(state, tuple) else (state,)
    if rank is None or torch.is_grad_enabled() or watched(*state, *symbols):
        return False
    wide = sum(one.numel() for one in state) >= 2**15
    return wide and product_of(alphabets) < 2**31 and int(lengths.max()) > 0


def along_beginnings(step, state, inputs, size, places, entries, symbols, alphabets, lengths, backwards, rank, steady,
                     told):
    """A loop with a state for each beginning of a word, the beginnings of one length side by side."""
    single = not isinstance(state, tuple)
    state = (state,) if single else state
    shape = state[0].shape[: state[0].dim() - rank]
    axes, ends = len(shape), lengths.expand(shape).reshape(-1)
    count, longest = ends.numel(), int(ends.max())
    letters, kinds = coded([x.expand(*shape, x.shape[-1]).reshape(count, -1) for x in symbols], alphabets)
    if backwards:
        letters = letters.gather(1, reversed_places(ends, letters.shape[1]))
    counts, parents, letters, which = beginnings(letters[:, :longest], kinds, ends)

    def taken(letters):
        """What a step takes, of letters; nothing for products that are added to nothing."""
        made = iter(entries(*decoded(letters, alphabets)))
        return [begun(next(made), entry, backwards) if x is None else None for x, _, entry in inputs]

    # Of few letters all that a step may take is made in front, of many what it does take.
    table = taken(torch.arange(kinds, device=ends.device)) if kinds <= letters.numel() else None
    by_length = ends.argsort(stable=True).split(torch.bincount(ends, minlength=longest + 1).tolist())
    state = tuple(one.reshape(count, *one.shape[axes:])[:1] for one in state)
    most = at_once(state)
    over, columns = [tuple(one.expand(by_length[0].numel(), *one.shape[1:]) for one in state)], []
    for place, (above, here) in enumerate(zip(parents.split(counts), letters.split(counts), strict=True)):
        # Where the next states are put; what kind of numbers they are a first step shows.
        rows = [one.new_empty(len(here), *one.shape[1:]) for one in state] if place else []
        made, turns = [], (one.split(most) for one in (above, here, *rows))
        for some, chosen, *row in zip(*turns, strict=True):
            given = taken(chosen) if table is None else [
                None if x is None else x.index_select(0, chosen) for x in table]
            into = [row[one] if one < len(row) else None for one in told]
            found = step(*(one.index_select(0, some) for one in state), *given, *steady, *into)
            # Not what it keeps for the way back.
            made.append(found[:len(state) + len(places)] if isinstance(found, tuple) else (found,))
            for one, there in zip(row, made[-1], strict=False):
                # Nothing is done where it lies there already.
                one.copy_(there)
        made = [*rows, *map(torch.cat, list(zip(*made, strict=True))[len(rows):])]
        state, column = tuple(made[:len(state)]), made[len(state):]
        columns.append(column)
        done = which[by_length[place + 1], place]
        over.append(tuple(one.index_select(0, done) for one in state))
    back = torch.cat(by_length).argsort()
    final = tuple(torch.cat(parts).index_select(0, back).reshape((*shape, *parts[0].shape[1:]))
                  for parts in zip(*over, strict=True))
    given = []
    if places:
        there = torch.arange(longest, device=ends.device) < ends[:, None]
        rows = (which + torch.tensor([0, *counts[:-1]], device=ends.device).cumsum(0))[there]
        word, place_in = there.nonzero(as_tuple=True)
        cells = word, ends[word] - 1 - place_in if backwards else place_in
        for column, place in zip(zip(*columns, strict=True), places, strict=True):
            column = torch.cat(column)
            whole = column.new_zeros(count, size, *column.shape[1:]).index_put(cells, column.index_select(0, rows))
            given.append(whole.reshape(*shape, *whole.shape[1:]).movedim(axes, place))
    return final[0] if single else final, tuple(given)


def coded(symbols, alphabets):
    """Several symbols at each place as one letter, and how many of these there are."""
    letters, kinds = symbols[0], alphabets[0]
    for x, number in zip(symbols[1:], alphabets[1:], strict=True):
        letters, kinds = letters * number + x, kinds * number
    return letters, kinds


def decoded(letters, alphabets):
    """The symbols that a letter stands for."""
    found = []
    for number in reversed(alphabets[1:]):
        found.append(letters % number)
        letters = letters // number
    return [letters, *reversed(found)]


def beginnings(letters, kinds, ends):
    """All beginnings of some words, each once, those of one letter first: how many there are of each length; of each,
    which of those of the length before it is without its last letter, and its last letter; and of each word and length
    which is its beginning."""
    count, size = letters.shape
    there = torch.arange(size, device=ends.device) < ends[:, None]
    keys = torch.where(there, letters + 1, 0)
    # In the order of a dictionary words that begin alike stand beside each other; so many letters make one number.
    digits = max(1, 62 // int(kinds + 1).bit_length())
    order = torch.arange(count, device=ends.device)
    for begin in reversed(range(0, size, digits)):
        some = keys[:, begin:begin + digits]
        powers = (kinds + 1) ** torch.arange(some.shape[1] - 1, -1, -1, device=ends.device)
        order = order[(some * powers).sum(1)[order].argsort(stable=True)]
    keys, there = keys[order], there[order]
    new = torch.ones_like(there)
    new[1:] = (keys[1:] != keys[:-1]).cumsum(1) > 0
    new &= there
    which = new.cumsum(0) - 1
    above = torch.cat([torch.zeros_like(which[:, :1]), which[:, :-1]], 1)
    parents, last = above.t()[new.t()], keys.t()[new.t()] - 1
    return new.sum(0).tolist(), parents, last, torch.empty_like(which).index_copy(0, order, which)
