"""Catlang a line at a time: declarations that are kept, types of expressions, and their values."""
