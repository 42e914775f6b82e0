"""Loops whose step is associative, taken part by part, of which emitted sources carry copies."""

from __future__ import annotations

import torch

from catlang.compiler.emitted.kernels import along_lists
from catlang.compiler.emitted.lists import beside, inside
from catlang.compiler.emitted.loops import fold_along, run_along


def fold_in_parts(combine, state, arrays, places, size, lengths=None, backwards=False, rank=None):
    """The state that an associative step along an axis ends in; a tuple of them, where there is more than one.

    `combine` takes the parts of two states and gives those of one; it does so for arrays of states, too, which have
    axes more in front. `arrays` are the states to be taken in, along the axis at `places`; `rank` is as in
    `ran_along`."""
    steps, shorter = longest_of(lengths, size)
    part = steps_in_part(arrays, size, steps, shorter is not None, False)
    if part >= steps:
        inputs = tuple((x, place, None) for x, place in zip(arrays, places, strict=True))
        return fold_along(combine, state, inputs, size, lengths, backwards, rank)
    start, entries, there, fill = begun_in_parts(state, arrays, places, steps, shorter)
    if backwards:
        entries, there = turned_states(entries, there)
    rest = []
    while len(entries[0]) > 1:
        columns, masks, more = part_columns(entries, there, min(part, len(entries[0])))
        rest[:0] = more
        entries, there = part_total(combine, columns, masks, fill, backwards)
    final = joined_states(combine, start, entries, there, fill)
    for one, mask in rest:
        final = joined_states(combine, final, one, mask, fill)
    final = tuple(x.squeeze(0) for x in final)
    return final if isinstance(state, tuple) else final[0]


def scan_in_parts(combine, state, arrays, places, size, lengths=None, backwards=False, rank=None):
    """The same, and the state at every place along the axis: behind the end of a list, whatever the loop is in then."""
    steps, shorter = longest_of(lengths, size)
    part = steps_in_part(arrays, size, steps, shorter is not None, True)
    if part >= steps:
        inputs = tuple((x, place, None) for x, place in zip(arrays, places, strict=True))
        return run_along(given_too(combine), state, inputs, size, places, lengths, backwards, rank)
    start, entries, there, fill = begun_in_parts(state, arrays, places, steps, shorter)
    if backwards:
        entries, there = turned_states(entries, there)
    states = part_prefixes(combine, start, entries, there, fill, backwards, part)
    final = tuple(x[-1] for x in states)
    if backwards:
        states, _ = turned_states(states, None)
    if steps < size:
        behind = start if backwards else [x.unsqueeze(0) for x in final]
        states = [torch.cat((x, one.expand(size - steps, *one.shape[1:])))
                  for x, one in zip(states, behind, strict=True)]
    states = tuple(x.movedim(0, place) for x, place in zip(states, places, strict=True))
    return (final, states) if isinstance(state, tuple) else (final[0], states[0])


def longest_of(lengths, size):
    """How many steps there are to be taken, and the lengths, where some list has fewer."""
    shorter, _ = along_lists(lengths, size, False)
    if shorter is None or torch.compiler.is_compiling() or not shorter.numel():
        return size, shorter
    steps = int(shorter.max())
    return steps, None if bool((shorter == steps).all()) else shorter


def steps_in_part(arrays, size, steps, ragged, every):
    """How many steps to take one after the other, in all parts of so many side by side; all that there are, where that
    takes least time.

    A function of the shapes, so that the same shapes are always computed in the same way. In parts, each step is taken
    twice where `every` state is wanted, and what comes out is put together again: that pays where it is calls that
    take the time, not what they do."""
    # Fitted to both ways, forward and backward, with steps of one to nine operations and products of matrices of 2 to
    # 128 rows, at lengths 4 to 4096 with 4 to 65536 elements in a step: float32, one thread of a server's processor.
    # Where lists are of different lengths, the loop leaves out what is not there.
    if arrays[0].device.type != "cpu" or torch.compiler.is_compiling():
        return 4
    least, most = (32, 1024) if every else (20, 2048)
    row = max(x.numel() for x in arrays) // max(size, 1)
    pays = steps >= least * (2 if ragged else 1) and row * (2 if ragged else 1) <= most
    return 8 if pays else steps


def begun_in_parts(state, arrays, places, steps, shorter):
    """The state as an array of one, what it takes in, the axis first, and, where some list has fewer of these, which of
    them are there, with what stands at the other places."""
    start = [one.unsqueeze(0) for one in (state if isinstance(state, tuple) else (state,))]
    entries = [x.movedim(place, 0) for x, place in zip(arrays, places, strict=True)]
    entries = [x if len(x) == steps else x[:steps] for x in entries]
    if shorter is None:
        return start, entries, None, None
    there, fill = inside(shorter, steps).movedim(-1, 0), [one.detach() for one in start]
    entries = [torch.where(beside(there, x), x, one) for x, one in zip(entries, fill, strict=True)]
    return start, entries, there, fill


def turned_states(entries, there):
    """From the end to the front."""
    return [x.flip(0) for x in entries], there if there is None else there.flip(0)


def part_columns(entries, there, width):
    """Parts of so many entries side by side: the first ones of all, the second ones, and so on, each with which of them
    are there; and the entries that are left over, one by one, with the same."""
    count, left = len(entries[0]) // width, len(entries[0]) % width

    def split(x):
        whole, *rest = x.split((count * width, *[1] * left)) if left else (x,)
        return whole.unflatten(0, (count, width)).unbind(1), rest

    columns, rest = zip(*map(split, entries), strict=True)
    masks, more = ([None] * width, [None] * left) if there is None else split(there)
    return list(zip(*columns, strict=True)), masks, list(zip(zip(*rest, strict=True), more, strict=True))


def part_total(combine, columns, masks, fill, backwards):
    """What the entries of each part come to, and in which parts there is any."""
    made = columns[0]
    for place in range(1, len(columns)):
        # Lists that are turned around begin with what is not there.
        mask = masks[place - 1 if backwards else place]
        made = joined_states(combine, made, columns[place], mask, fill, backwards)
    return made, masks[-1 if backwards else 0]


def part_prefixes(combine, before, entries, there, fill, backwards, part):
    """What each entry comes to, with all in front of it and what was `before`."""
    columns, masks, rest = part_columns(entries, there, min(part, len(entries[0])))
    if len(columns[0][0]) > 1:
        totals, own = part_total(combine, columns, masks, fill, backwards)
        ends = part_prefixes(combine, before, totals, own, fill, backwards, part)
        # Each part goes on where the one in front of it ended.
        before = [torch.cat((x, y[:-1])) for x, y in zip(before, ends, strict=True)]
    states = []
    for column, mask in zip(columns, masks, strict=True):
        before = joined_states(combine, before, column, mask, fill)
        states.append(before)
    states = [torch.stack(column, 1) for column in zip(*states, strict=True)]
    states = [x.flatten(0, 1) for x in states]
    if not rest:
        return states
    after = [[x[-1:] for x in before]]
    for one, mask in rest:
        after.append(joined_states(combine, after[-1], one, mask, fill))
    return [torch.cat((x, *column)) for x, *column in zip(states, *after[1:], strict=True)]


def joined_states(combine, first, second, there=None, fill=None, last=False):
    """Two arrays of states combined, where both are `there`; elsewhere the first ones, or the `last`.

    What is made elsewhere is made of `fill`, so that no gradient comes from there, be it no number."""
    if there is not None:
        kept = second if last else first
        known = [torch.where(beside(there, x), x, one) for x, one in zip(kept, fill, strict=True)]
        first, second = (first, known) if last else (known, second)
    made = combine(*first, *second)
    made = made if isinstance(made, tuple) else (made,)
    if there is None:
        return made
    return [torch.where(beside(there, x), x, one) for x, one in zip(made, kept, strict=True)]


def given_too(combine):
    """A step that gives its state as what it gives at each place, too."""
    def step(*given):
        made = combine(*given)
        return (*made, *made) if isinstance(made, tuple) else (made, made)

    return step
