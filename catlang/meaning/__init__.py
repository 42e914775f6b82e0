"""Meanings: one functor out of networks a folder."""
