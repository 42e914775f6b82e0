"""What changed in meaning between two files.

``writing`` writes what diagrams hold as text that says all of it, whatever things are called; ``normal`` is a functor
from networks to such text, equal for two networks only if they are the same up to the names of wires; ``facts`` has
what is to be compared of each declaration, ``changes`` compares, ``telling`` tells. ``revision`` reads out of git.
"""
