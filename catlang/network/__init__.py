"""Diagrams made closed, flat and first-order: what every functor works on, and the walk that functors share."""
