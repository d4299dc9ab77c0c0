"""Answers by likeness of meaning: a table of vectors that is asked which are nearest to one."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Near:
    """An answer and how like it is: the cosine, -1 to 1."""

    answer_id: int
    likeness: float


class Nearest:
    """Vectors of answers, to be asked for the nearest.

    Parameters
    ----------
    ids : sequence of int
        The answers'.
    vectors : array of float16 or float32, shape (len(ids), dimension)
        Of unit length, row by row; held in full precision, since turning 100,000 of them into it
        for each question takes ten times as long as comparing them.
    """

    def __init__(self, ids: Sequence[int], vectors: NDArray[Any]) -> None:
        self.ids = np.asarray(ids, dtype=np.int64)
        self.vectors = np.ascontiguousarray(vectors, dtype=np.float32)
        self._row = {answer_id: row for row, answer_id in enumerate(ids)}

    def vector(self, answer_id: int) -> NDArray[np.float32] | None:
        """Return the vector of an answer; None where it has none."""
        row = self._row.get(answer_id)
        return None if row is None else self.vectors[row].copy()

    def nearest(
        self,
        vector: NDArray[np.float32],
        most: int,
        *,
        among: Collection[int] | None = None,
        but: int | None = None,
    ) -> list[Near]:
        """Return the answers nearest to a vector, the nearest first.

        Parameters
        ----------
        vector : array of float32, shape (dimension,)
            Of unit length.
        most : int
            At most so many.
        among : collection of int, optional
            Only among these answers.
        but : int, optional
            But for this one.
        """
        if not len(self.ids):
            return []
        likeness: NDArray[np.float32] = self.vectors @ vector
        if among is not None:
            inside = np.fromiter(among, dtype=np.int64, count=len(among))
            likeness[~np.isin(self.ids, inside)] = -2
        if but in self._row:
            likeness[self._row[but]] = -2
        most = min(most, len(self.ids))
        rows = np.argpartition(-likeness, most - 1)[:most]
        rows = rows[np.lexsort((self.ids[rows], -likeness[rows]))]
        return [
            Near(int(self.ids[row]), float(likeness[row])) for row in rows if likeness[row] > -2
        ]


def of_whole(packed: bytes, dimension: int) -> NDArray[np.float16] | None:
    """Return the vector of a text out of its packed form; None where nobody computed any.

    Parameters
    ----------
    packed : bytes
        Vectors of the whole text and then of its clauses, float16; unneeded ones are zero.
    dimension : int
        Length of each.
    """
    rows = np.frombuffer(packed, "<f2")
    if rows.size == 0 or rows.size % dimension:
        return None
    table = rows.reshape(-1, dimension).astype(np.float32)
    vector = table[0] if table[0].any() else table.sum(axis=0)
    length = float(np.linalg.norm(vector))
    return (vector / length).astype(np.float16) if length else None
