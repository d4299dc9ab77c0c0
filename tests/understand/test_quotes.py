"""Quotes are typical, short and unlike each other."""

import numpy as np

from survey.understand.blocks import unit
from survey.understand.quotes import choose_quotes

CENTRE = np.array([1.0, 0, 0], np.float32)


def test_the_most_typical_comes_first() -> None:
    rows = unit(np.array([[1, 1, 0], [1, 0, 0.1], [1, 0, 1]], np.float32))
    clauses = ["kept me waiting an hour", "they were late once again", "nobody came out at all"]
    assert choose_quotes(clauses, rows, CENTRE, 1) == [1]


def test_near_copies_are_quoted_once() -> None:
    rows = unit(np.array([[1, 0, 0], [1, 0.01, 0], [1, 1, 0]], np.float32))
    clauses = ["late again and no word", "late again, and no word!", "no call for a week now"]
    assert choose_quotes(clauses, rows, CENTRE) == [0, 2]


def test_readable_lengths_come_before_others() -> None:
    rows = unit(np.array([[1, 0, 0], [1, 1, 0]], np.float32))
    assert choose_quotes(["late", "the man was an hour late"], rows, CENTRE, 1) == [1]


def test_a_theme_of_short_clauses_is_still_quoted() -> None:
    assert choose_quotes(["late"], np.ones((1, 3), np.float32), CENTRE) == [0]
