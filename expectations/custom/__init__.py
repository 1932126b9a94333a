"""Expectations of our own.

Lives here: counted.py, the library's own expectations asked for a count only; meaning.py, what no built-in one says.
Add here: a meaning that no expectation of the library has.
Must not live here: choosing which rule becomes which expectation (vocabulary.py).
"""
