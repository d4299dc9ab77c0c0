"""Choose the clauses that show what a theme is: typical, short, verbatim, unlike each other."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

FEWEST_WORDS, MOST_WORDS = 4, 25
ALIKE = 0.80
"""Cosine from which two quotes say the same thing to a reader."""
LOOKED_AT = 400


def choose_quotes(
    clauses: Sequence[str],
    vectors: NDArray[np.floating],
    centre: NDArray[np.floating],
    count: int = 3,
) -> list[int]:
    """Choose quotes for one theme.

    Parameters
    ----------
    clauses : sequence of str
        The theme's clauses as typed.
    vectors : ndarray, shape (len(clauses), d)
        Their unit rows.
    centre : ndarray, shape (d,)
        The theme's unit centre.
    count : int, default 3
        How many are wanted.

    Returns
    -------
    list of int
        Rows of `clauses`, most typical first; clauses of 4 to 25 words come before others, and
        none says nearly what an earlier one says while different ones are left.
    """
    wide = np.asarray(vectors, dtype=np.float32)
    typical = np.round(wide @ np.asarray(centre, dtype=np.float32), 4)
    lengths = [len(clause.split()) for clause in clauses]
    order = sorted(
        range(len(clauses)),
        key=lambda row: (
            not FEWEST_WORDS <= lengths[row] <= MOST_WORDS,
            -typical[row],
            clauses[row],
        ),
    )[:LOOKED_AT]
    return _unlike(order, [" ".join(clause.casefold().split()) for clause in clauses], wide, count)


def _unlike(
    order: Sequence[int], texts: Sequence[str], vectors: NDArray[np.float32], count: int
) -> list[int]:
    chosen: list[int] = []
    for row in order:
        if len(chosen) == count:
            break
        if all(
            texts[row] != texts[other] and float(vectors[row] @ vectors[other]) < ALIKE
            for other in chosen
        ):
            chosen.append(row)
    return chosen
