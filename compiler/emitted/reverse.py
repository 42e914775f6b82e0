"""How gradients go back along a loop, of which emitted sources carry copies."""

from __future__ import annotations

import torch

from catlang.compiler.emitted.products import watched


class Reversed(torch.autograd.Function):
    """A loop whose gradients go back by the reverse derivative of its step, with no node for each operation of it.

    `reverse` is a function, the places of the axis in what the steps keep for it, and the products with weights. The
    function takes a number of steps, the lengths, arrays that what comes back to the entries may be put into (the axis
    in front), what comes back to the last state and to what was given, and what was kept. It gives what comes back to
    the first state, to all else that the loop takes, and for each product what comes back to it and what it was taken
    of. It is called for some steps at a time, so that what it makes stays near."""

    @staticmethod
    def forward(ctx, looped, reverse, counts, axes, size, lengths, backwards, *tensors):
        _, places, kept_places = axes
        state, arrays, steady, around = in_groups(tensors, counts)
        turns = turns_of(size, state)
        # Packed lists are so all at once.
        loops = turns if lengths is None else [(0, size)]
        given, kept = [None] * len(loops), [None] * len(loops)
        for turn in reversed(range(len(loops))) if backwards else range(len(loops)):
            state, made = looped(*loops[turn], (*places, *kept_places), state, arrays, steady, around)
            given[turn], kept[turn] = made[:len(places)], made[len(places):]
        if lengths is not None:
            kept = [[one.narrow(place, *turn) for one, place in zip(kept[0], kept_places, strict=True)]
                    for turn in turns]
        ctx.reverse, ctx.counts, ctx.axes, ctx.turns = reverse, counts, axes, turns
        ctx.lengths, ctx.backwards, ctx.shapes = lengths, backwards, [x.shape for x in tensors]
        ctx.dtypes = [x.dtype for x in tensors]
        # Of what the loop took the state and the arrays are not needed; the rest must not have changed meanwhile.
        ctx.save_for_backward(*(one for some in kept for one in some), *tensors[counts[0] + counts[1]:])
        # Copied even where it is one: it may lie where something lies that was kept.
        return (*state, *(torch.cat(some, place)
                          for some, place in zip(zip(*given, strict=True), places, strict=True)))

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, *back):
        input_places, places, kept_places = ctx.axes
        states, entries = ctx.counts[:2]
        found, kept = [None] * len(ctx.shapes), ctx.saved_tensors
        function, _, products = ctx.reverse
        # Of many gradients at once the arrays are like those that come.
        alone = not watched(*back)
        back, given = back[:states], back[states:]
        for place, axis in enumerate(input_places, states):
            if ctx.needs_input_grad[7 + place] and alone:
                found[place] = along_first(back[0], ctx.shapes[place], axis, ctx.dtypes[place])
        for turn in range(len(ctx.turns)) if ctx.backwards else reversed(range(len(ctx.turns))):
            begin, number = ctx.turns[turn]
            some = [one.narrow(place, begin, number) for one, place in zip(given, places, strict=True)]
            lengths = None if ctx.lengths is None else (ctx.lengths - begin).clamp(0, number)
            own = kept[turn * len(kept_places):(turn + 1) * len(kept_places)]
            into = [one if one is None else one.movedim(axis, 0).narrow(0, begin, number)
                    for one, axis in zip(found[states:states + entries], input_places, strict=True)]
            back, others, pairs = function(number, lengths, into, *back, *some, *own)
            for place, (one, axis) in enumerate(zip(others[:entries], input_places, strict=True), states):
                if one is None or not ctx.needs_input_grad[7 + place]:
                    found[place] = None
                    continue
                if found[place] is None:
                    found[place] = along_first(one, ctx.shapes[place], axis, one.dtype)
                # Nothing is done where it lies there already.
                found[place].narrow(axis, begin, number).copy_(one)
            for place, one in enumerate(others[entries:], states + entries):
                if one is not None:
                    one = one.sum_to_size(ctx.shapes[place])
                    found[place] = one if found[place] is None else found[place] + one
            put_products(found, sum(ctx.counts), products, pairs)
        found[:states] = [one.sum_to_size(shape) for one, shape in zip(back, ctx.shapes, strict=False)]
        return (None,) * 7 + tuple(found)


def turns_of(size, state):
    """Some steps at a time, each turn where it begins and how many: so many that what is made of them stays in a core's
    own cache."""
    number = max(8, 80_000 // max(1, *(one.numel() for one in state)))
    return [(begin, min(number, size - begin)) for begin in range(0, size, number)]


def along_first(like, shape, axis, dtype):
    """An array whose memory goes along one axis first, as a loop does."""
    others = [*shape]
    size = others.pop(axis)
    return like.new_empty(size, *others, dtype=dtype).movedim(0, axis)


def put_products(found, place, products, pairs):
    """Adds what comes back to weights, and to biases where there are any: products over all steps of a turn."""
    for product, (back, x) in zip(products, pairs, strict=True):
        # Place by place, as both lie in memory.
        rows, of = (one.movedim(-2, 0).reshape(-1, one.shape[-1]) for one in (back, x))
        found[place] = rows.t() @ of if found[place] is None else found[place].addmm_(rows.t(), of)
        place += 1
        if product.bias is not None:
            found[place] = rows.sum(0) if found[place] is None else found[place].add_(rows.sum(0))
            place += 1


def in_groups(tensors, counts):
    """The tensors in groups of so many; what is left over is in none."""
    groups, begin = [], 0
    for count in counts:
        groups.append(tensors[begin:begin + count])
        begin += count
    return groups
