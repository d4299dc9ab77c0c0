"""A found theme as it lasts: its id, its name, and its place among the vectors.

The place is a point or a few, a radius and a pull: all that is needed to let new answers join, so a
theme can be stored and used again without a fit.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from survey.errors import EngineError
from survey.understand.blocks import in_blocks, unit

_HEADER = struct.Struct("<4sHHff")
_MAGIC = b"FT02"
_HEADER_BEFORE = struct.Struct("<4sHHf")
_MAGIC_BEFORE = b"FT01"
"""Of themes stored before there were pulls."""


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
    least cosine to one of the points at which a clause joins. `pull` is what its cosines gain
    where a clause chooses between themes: more than 0 for a theme that much is said of.
    `exemplars` are typical clauses.
    """

    id: str
    name: str
    centroid: NDArray[np.float16]
    points: NDArray[np.float16]
    radius: float
    exemplars: tuple[Quote, ...] = ()
    answers: int = 0
    clauses: int = 0
    pull: float = 0.0
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
        header = _HEADER.pack(_MAGIC, count, dimension, self.radius, self.pull)
        return header + rows.tobytes()

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
            header = _HEADER_BEFORE if anchor[:4] == _MAGIC_BEFORE else _HEADER
            magic, count, dimension, radius, *pull = header.unpack_from(anchor)
            rows = np.frombuffer(anchor, "<f2", offset=header.size).reshape(count + 1, dimension)
        except (struct.error, ValueError) as error:
            raise EngineError(f"Theme {name!r} is stored incompletely: sort again.") from error
        if magic not in {_MAGIC, _MAGIC_BEFORE}:
            raise EngineError(f"Theme {name!r} was stored by another version: sort again.")
        places = rows.astype(np.float16)
        return FoundTheme(id, name, places[0], places[1:], radius, pull=sum(pull))


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
        self._pull = np.array([theme.pull for theme in themes], dtype=np.float32)
        self._starts = np.cumsum([0, *(len(theme.points) for theme in themes)])[:-1]
        self._points = unit(np.concatenate([theme.points for theme in themes])) if themes else None

    def join(self, vectors: NDArray[np.floating]) -> Joining:
        """Let each clause join the theme that is nearest, pull and all, if within its radius.

        Parameters
        ----------
        vectors : ndarray, shape (n, d)
            Unit rows in their stored form; a zero row joins nothing.

        Returns
        -------
        Joining
            Arrays of shape (n,).
        """
        points = self._points
        if points is None or not len(vectors):
            nowhere = np.full(len(vectors), -1, dtype=np.int32)
            nothing = np.zeros(len(vectors), dtype=np.float32)
            return Joining(nowhere, nothing, nothing)

        def block(start: int, end: int) -> Joining:
            cosines = np.asarray(vectors[start:end], dtype=np.float32) @ points.T
            return self._closest(np.maximum.reduceat(cosines.round(5), self._starts, axis=1))

        found = in_blocks(len(vectors), block, size=8192)
        return Joining(
            np.concatenate([part.theme for part in found]),
            np.concatenate([part.cosine for part in found]),
            np.concatenate([part.confidence for part in found]),
        )

    def _closest(self, cosines: NDArray[np.float32]) -> Joining:
        """Choose the theme from the cosines to each; columns are themes."""
        rows = np.arange(len(cosines))
        pulled = cosines + self._pull
        theme = pulled.argmax(axis=1).astype(np.int32)
        best, chosen = cosines[rows, theme], pulled[rows, theme]
        pulled[rows, theme] = -2
        radius = self._radius[theme]
        lead = np.minimum(chosen - pulled.max(axis=1), best - radius)
        theme[best < radius] = -1
        return Joining(theme, best, (1 / (1 + np.exp(-lead / CLEAR))).astype(np.float32))
