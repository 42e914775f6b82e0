"""Where the steps of loops put what they give, of which emitted sources carry copies."""

from __future__ import annotations


class Gathered:
    """What the steps of a loop give, gathered along its axis without being moved.

    `told` are the outputs of a step, states first, that it puts where it is told to. `sources` says of each thing that
    it gives which output it is, or by -1 - n that it is the n-th state as the step found it. So a state is there once,
    as one step gives it and the next one finds it. `into` are arrays, the axis in front, that things are to be put
    into; None for those that get one of their own."""

    def __init__(self, told=(), sources=(), into=()):
        self.told, self.sources, self.into = told, sources, into
        # What a first step has shown of the outputs, and the things that are put where they are wanted.
        self.likes, self.things = None, []

    def waits(self):
        """Whether a first step has yet to show what it gives."""
        return bool(self.told) and self.likes is None

    def shown(self, made, state, number):
        """A first step has made this of a state; so many things are asked for."""
        if any(one.dtype != old.dtype for one, old in zip(made, state, strict=False)):
            # Other numbers than the next step makes.
            self.told = ()
        self.sources = self.sources[:number]
        asked = {-1 - source if source < 0 else source for source in self.sources}
        self.likes = [made[place] if place in asked else None for place in self.told]

    def along(self, size, state, backwards):
        """Where each of so many steps puts what it is told to."""
        arrays, columns = {}, []
        for place, like in zip(self.told, self.likes or (), strict=False):
            if like is None:
                columns.append([None] * size)
            elif place < len(state):
                # One row more: the state that the first step finds.
                whole = like.new_empty(size + 1, *like.shape)
                whole[size if backwards else 0] = state[place]
                first, second = whole[:-1], whole[1:]
                arrays[place], arrays[-1 - place] = (first, second) if backwards else (second, first)
                columns.append(arrays[place].unbind(0))
            else:
                into = [array for array, source in zip(self.into, self.sources, strict=False) if source == place]
                arrays[place] = like.new_empty(size, *like.shape) if not into or into[0] is None else into[0]
                columns.append(arrays[place].unbind(0))
        self.things = [arrays.get(source) for source in self.sources]
        return list(zip(*columns, strict=True)) if columns else [()] * size

    def packed(self, counts):
        """Where each of the steps puts what it is told to, steps of so many rows each."""
        arrays, columns = {}, []
        for place, like in zip(self.told, self.likes or (), strict=False):
            if like is None or place not in self.sources:
                columns.append([None] * len(counts))
            else:
                arrays[place] = like.new_empty(sum(counts), *like.shape[1:])
                columns.append(arrays[place].split(counts))
        self.things = [arrays.get(source) for source in self.sources]
        return list(zip(*columns, strict=True)) if columns else [()] * len(counts)

    def left(self, columns, states):
        """Columns for what is put nowhere, each with its place among the outputs."""
        return [(column, states + number) for number, column in enumerate(columns) if self.thing(number) is None]

    def thing(self, number):
        """One of the things given, where it was put; None where it was not put anywhere."""
        return self.things[number] if number < len(self.things) else None


def put(rows, made, told):
    """Puts outputs of a step that it was not told to put somewhere."""
    for row, place in zip(rows, told, strict=False):
        if row is not None:
            row.copy_(made[place])
