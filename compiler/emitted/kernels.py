"""Kernels of PyTorch's and parallel scans along padded lists, of which emitted sources carry copies."""

from __future__ import annotations

import torch

from catlang.compiler.emitted.lists import beside, list_reverse, reversed_places
from catlang.compiler.emitted.scans import (
    affine_loop,
    affine_scan,
    block_loop,
    block_scan,
    matrix_loop,
    matrix_scan,
    prefers_scan,
)


def kernel_along(kind, x, place, state, weights, lengths=None, backwards=False):
    """One of PyTorch's recurrent kernels along an axis: the states it ends in, and the first state at each place.

    `kind` is lstm, gru, rnn_tanh or rnn_relu; `weights` are weight_ih, weight_hh and, where there are any, both
    biases."""
    single = not isinstance(state, tuple)
    state = (state,) if single else state
    batch, size = state[0].shape[:-1], x.shape[place]
    x = x.expand(*batch, *x.shape[-2:]).reshape(-1, *x.shape[-2:]).transpose(0, 1)
    begin = tuple(one.reshape(1, -1, one.shape[-1]) for one in state)
    shorter = None
    if lengths is not None:
        lengths = lengths.expand(batch).reshape(-1)
        if torch.compiler.is_compiling() or (not lengths.is_meta and bool((lengths < size).any())):
            shorter = lengths
    # Where all lists are as long as the axis, or the lists begin together, the kernel goes along all of it.
    if backwards:
        turned = None if shorter is None else reversed_places(shorter, size).t()[..., None]
        x = x.flip(0) if turned is None else x.gather(0, turned.expand(x.shape))
    function = getattr(torch, kind)
    hidden = begin if kind == "lstm" else begin[0]
    options = (len(weights) == 4, 1, 0.0, False, False)
    if shorter is None or (kind != "lstm" and torch.compiler.is_compiling()):
        y, *final = function(x, hidden, list(weights), *options, False)
        if shorter is not None:
            final = [state_at_end(y, begin[0][0], shorter, 0)[None]]
    else:
        y, final = packed_along(function, x, hidden, weights, options, shorter)
    if backwards:
        y = y.flip(0) if turned is None else y.gather(0, turned.expand(y.shape))
    final = tuple(one.reshape(*batch, one.shape[-1]) for one in final)
    return final[0] if single else final, y.transpose(0, 1).reshape(*batch, size, y.shape[-1])


def packed_along(function, x, begin, weights, options, lengths):
    """A kernel on lists of different lengths, packed; of an empty list the state stays what it was."""
    order = lengths.clamp(min=1).argsort(descending=True, stable=True)
    back = order.argsort()
    sizes = lengths.clamp(min=1)[order]
    counts = (torch.arange(int(sizes[0]), device=sizes.device)[:, None] < sizes[None]).sum(1).cpu()
    places = torch.arange(int(sizes[0]), device=sizes.device)[:, None] < sizes[None]
    sorted_x = x[: int(sizes[0])].index_select(1, order)
    data = sorted_x[places]
    single = not isinstance(begin, tuple)
    begin = (begin,) if single else begin
    hidden = tuple(one.index_select(1, order) for one in begin)
    y, *final = function(data, counts, hidden[0] if single else hidden, list(weights), *options)
    padded = y.new_zeros(x.shape[0], x.shape[1], y.shape[-1])
    padded[: int(sizes[0])] = y.new_zeros(*places.shape, y.shape[-1]).masked_scatter(places[..., None], y)
    empty = (lengths == 0)[None, :, None]
    final = tuple(torch.where(empty, old, one.index_select(1, back)) for one, old in zip(final, begin, strict=True))
    return padded.index_select(1, back), final


def state_at_end(states, start, lengths, place):
    """Of the states at each place the one at the end of each list; of an empty list what it began with."""
    last = (lengths - 1).clamp(min=0)
    own = states.dim() + place if place < 0 else place
    index = beside(last, start).unsqueeze(own)
    found = states.gather(own, index.expand(*index.shape[: own + 1], *start.shape[own:])).squeeze(own)
    return torch.where(beside(lengths == 0, start), start, found)


def affine_along(state, coefficients, offsets, place, size, lengths=None, backwards=False):
    """A state that each step along an axis maps affinely: where it ends, and what it is at every place.

    Of a state of k parts there are k by k coefficients (None is 0) and k offsets, each with the axis, of size 1 where
    it is the same everywhere."""
    single = not isinstance(state, tuple)
    state = (state,) if single else state
    shorter, turn = along_lists(lengths, size, backwards)
    coefficients = tuple(tuple(None if one is None else turn(one, place) for one in row) for row in coefficients)
    offsets = tuple(turn(one, place) for one in offsets)
    offsets = tuple(one.expand(*one.shape[:place], size, *one.shape[one.dim() + place + 1:]) for one in offsets)
    row = max(one.numel() for one in offsets) // max(size, 1)
    scans = prefers_scan(size, row, len(state))
    if single and coefficients[0][0] is not None:
        states = ((affine_scan if scans else affine_loop)(coefficients[0][0], offsets[0], state[0], place),)
    else:
        states = (block_scan if scans else block_loop)(coefficients, offsets, state, place)
    if shorter is None:
        final = tuple(one.select(place, -1) if size else first for one, first in zip(states, state, strict=True))
    else:
        final = tuple(state_at_end(one, first, shorter, place) for one, first in zip(states, state, strict=True))
    states = tuple(turn(one, place) for one in states)
    return (final[0], states[0]) if single else (final, states)


def linear_along(state, weight, offset, place, size, lengths=None, backwards=False):
    """The same for a state that goes through one matrix at each step, and is then added to."""
    shorter, turn = along_lists(lengths, size, backwards)
    offset = turn(offset, place).expand(*state.shape[:-1], size, state.shape[-1])
    row = offset.numel() // max(size, 1)
    scans = prefers_scan(size, row, 1, state.shape[-1])
    states = (matrix_scan if scans else matrix_loop)(weight, offset, state, place)
    if shorter is None:
        final = states.select(place, -1) if size else state
    else:
        final = state_at_end(states, state, shorter, place)
    return final, turn(states, place)


def along_lists(lengths, size, backwards):
    """The lengths, where some list is shorter than the axis, and what turns the lists around for a loop from their
    end."""
    shorter = None
    if lengths is not None and not lengths.is_meta and (
            torch.compiler.is_compiling() or bool((lengths < size).any())):
        shorter = lengths

    def turn(x, place):
        if not backwards or x.shape[place] == 1 != size:
            return x
        return x.flip(place) if shorter is None else list_reverse(x, shorter, place)

    return shorter, turn
