"""Notebooks: specs written in cells, and how specs and what is wrong with them are shown.

``%load_ext catlang`` gives the magic ``%%cat``. All that is shown is text of files made harmless: it holds no script.
"""
