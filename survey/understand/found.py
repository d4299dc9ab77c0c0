"""A found theme as it lasts: its id, its name, and its place among the vectors.

The place is a few points (the centres of the small groups it was joined from) and a radius. It is
all that is needed to let new answers join, so a theme can be stored and used again without a fit.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from survey.errors import EngineError
from survey.understand.blocks import nearest, unit

_HEADER = struct.Struct("<4sHHf")
_MAGIC = b"FT01"


@dataclass(frozen=True)
class Quote:
    """A verbatim stretch of the answer at `row` of the texts a model was fitted on."""

    row: int
    start: int
    end: int
    text: str


@dataclass(frozen=True, eq=False)
class FoundTheme:
    """A theme that came out of the answers themselves.

    `centroid` has shape (d,), `points` (p, d), both float16 and unit length; `radius` is the
    least cosine to one of the points at which a clause joins. `exemplars` are typical clauses.
    """

    id: str
    name: str
    centroid: NDArray[np.float16]
    points: NDArray[np.float16]
    radius: float
    exemplars: tuple[Quote, ...] = ()
    answers: int = 0
    clauses: int = 0
    key: None = field(default=None, init=False)
    origin: str = field(default="found", init=False)

    @property
    def definition(self) -> str:
        """Say what the theme covers, in the words of its first quote."""
        return f"Answers like “{self.exemplars[0].text}”" if self.exemplars else ""

    @property
    def quotes(self) -> tuple[str, ...]:
        """Give the words of the exemplars."""
        return tuple(quote.text for quote in self.exemplars)

    def anchor(self) -> bytes:
        """Pack the theme's place: a short header, then centroid and points as float16."""
        count, dimension = self.points.shape
        rows = np.concatenate([self.centroid[None], self.points]).astype("<f2")
        return _HEADER.pack(_MAGIC, count, dimension, self.radius) + rows.tobytes()

    @staticmethod
    def from_anchor(id: str, name: str, anchor: bytes) -> "FoundTheme":
        """Unpack a theme that was stored.

        Parameters
        ----------
        id, name : str
            As stored beside the anchor.
        anchor : bytes
            What `anchor` gave.

        Returns
        -------
        FoundTheme
            Ready to take new answers; without exemplars and counts.

        Raises
        ------
        EngineError
            If the bytes are not a theme's place.
        """
        try:
            magic, count, dimension, radius = _HEADER.unpack_from(anchor)
            rows = np.frombuffer(anchor, "<f2", offset=_HEADER.size).reshape(count + 1, dimension)
        except (struct.error, ValueError) as error:
            raise EngineError(f"Theme {name!r} is stored incompletely: sort again.") from error
        if magic != _MAGIC:
            raise EngineError(f"Theme {name!r} was stored by another version: sort again.")
        places = rows.astype(np.float16)
        return FoundTheme(id, name, places[0], places[1:], radius)


@dataclass(frozen=True)
class Joining:
    """Where clauses go: index of the theme or -1, the cosine to it, how clearly (0 to 1)."""

    theme: NDArray[np.int32]
    cosine: NDArray[np.float32]
    confidence: NDArray[np.float32]


CLEAR = 0.05
"""Lead over the next theme, in cosine, that makes a clause's theme clear (confidence .73)."""


class Places:
    """The points of several themes side by side, so that clauses can join the nearest."""

    def __init__(self, themes: Sequence[FoundTheme]) -> None:
        self._radius = np.array([theme.radius for theme in themes], dtype=np.float32)
        self._points = [unit(theme.points) for theme in themes]

    def join(self, vectors: NDArray[np.floating]) -> Joining:
        """Let each clause join the nearest theme, if it lies within that theme's radius.

        Parameters
        ----------
        vectors : ndarray, shape (n, d)
            Unit rows in their stored form; a zero row joins nothing.

        Returns
        -------
        Joining
            Arrays of shape (n,).
        """
        count = len(vectors)
        best = np.full(count, -2, dtype=np.float32)
        second = np.full(count, -2, dtype=np.float32)
        theme = np.full(count, -1, dtype=np.int32)
        for number, points in enumerate(self._points):
            _, cosine = nearest(vectors, points)
            cosine = np.round(cosine, 5)
            better = cosine > best
            second = np.where(better, best, np.maximum(second, cosine))
            theme[better], best[better] = number, cosine[better]
        rival = np.maximum(second, self._radius[theme] if len(self._points) else second)
        confidence = 1 / (1 + np.exp(-(best - rival) / CLEAR))
        outside = (theme < 0) | (best < self._radius[theme]) if len(self._points) else theme < 0
        theme[outside] = -1
        return Joining(theme, best, confidence.astype(np.float32))
