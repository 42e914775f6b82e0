"""Functions on padded lists, of which emitted sources carry copies.

A list is an array with an axis of padded size, of whose entries the first so many, its length, are its own. What stands
behind them is finite, whatever it is.
"""

from __future__ import annotations

import torch


def inside(lengths, size, least=0):
    """Of each of so many places whether it lies in a list: (*batch, size). Those below `least` do in any case."""
    return torch.arange(size, device=lengths.device) < lengths.clamp(min=least)[..., None]


def beside(mask, x):
    """A mask with axes behind its own, as many as the array has more."""
    return mask.reshape(mask.shape + (1,) * (x.dim() - mask.dim()))


def list_cons(first, x, place):
    """One entry more in front."""
    return torch.cat([first.unsqueeze(place), x], place)


def list_end(last, x, lengths, place):
    """One entry more behind all of a list and of its padding."""
    x = torch.cat([x, last.unsqueeze(place)], place)
    mask = beside(inside(lengths, x.shape[place]), x)
    return torch.where(mask, x, last.unsqueeze(place))


def list_tail(x, place):
    """All entries one place to the front; the last place keeps what it has."""
    return torch.cat([x.narrow(place, 1, x.shape[place] - 1), x.narrow(place, -1, 1)], place)


def list_reverse(x, lengths, place):
    """The entries of each list from the last to the first; its padding stays."""
    return x.gather(place, beside(reversed_places(lengths, x.shape[place]), x).expand(x.shape))


def reversed_places(lengths, size):
    """Where the entries of lists stand once each list is turned around: (*batch, size)."""
    index = torch.arange(size, device=lengths.device)
    return torch.where(index < lengths[..., None], lengths[..., None] - 1 - index, index)


def list_fit(x, size, place):
    """The axis cut or padded to a size."""
    here = x.shape[place]
    if here >= size:
        return x.narrow(place, 0, size)
    return torch.cat([x, x.narrow(place, 0, 1).expand_as(x.narrow(place, 0, 1)).repeat_interleave(size - here, place)],
                     place)


def packed(x, mask):
    """The entries of lists that are their own, as rows: (*batch, n, ...) to (rows, ...)."""
    return x.expand(*mask.shape, *x.shape[mask.dim():])[mask]


def packed_for_each(x, mask, rank):
    """What a list has besides its entries, for each of these: (*batch, ...) to (rows, ...), of so many own axes."""
    return packed(x.unsqueeze(x.dim() - rank), mask)


def unpacked(rows, mask):
    """The entries of lists out of rows, zeros behind the ends of the lists."""
    return rows.new_zeros(*mask.shape, *rows.shape[1:]).index_put(mask.nonzero(as_tuple=True), rows)


def cleaned(x, *around):
    """Entries of lists with zeros behind the lists' ends, whatever stood there; `around` are the lengths, outermost
    first."""
    for lengths in around:
        size = x.shape[lengths.dim()]
        if torch.compiler.is_compiling() or lengths.is_meta or bool((lengths < size).any()):
            mask = inside(lengths, size)
            x = torch.where(beside(mask, x), x, torch.zeros_like(x))
    return x
