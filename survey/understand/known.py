"""What the engine is told and what it tells, as plain data: no arrays, no records."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

BOOK, FOUND = "book", "found"
THEMES = "themes"


@dataclass(frozen=True)
class KnownAnswer:
    """One version of an answer as the engine reads it."""

    id: int
    version: int
    body: str


@dataclass(frozen=True)
class Arrivals:
    """Answers in which the book recognised nothing: those of late, and a sample of the others."""

    late: tuple[KnownAnswer, ...] = ()
    earlier: tuple[KnownAnswer, ...] = ()


NO_ARRIVALS = Arrivals()


@dataclass(frozen=True)
class KnownTheme:
    """A theme as it is kept.

    Parameters
    ----------
    id : int
        The theme's lasting id.
    key : str or None
        Its key in the book, for a theme of the book.
    name, definition, not_this : str
        Its words.
    examples : tuple of str
        What a customer would say, from the book; for a found theme the clauses it stands on.
    origin : str
        ``book`` or ``found``.
    anchor : bytes or None
        A found theme's place among the vectors of `model_digest`.
    split_from : int or None
        The theme it was split from by hand.
    rest_anchor : bytes or None
        The place of what stayed in that theme.
    """

    id: int
    key: str | None
    name: str
    definition: str
    not_this: str
    examples: tuple[str, ...]
    origin: str
    anchor: bytes | None = None
    model_digest: str | None = None
    split_from: int | None = None
    rest_anchor: bytes | None = None


@dataclass(frozen=True)
class Taught:
    """What a person said of an answer: it belongs in a theme, or it does not."""

    body: str
    theme_id: int
    belongs: bool


def taught_digest(taught: Sequence[Taught]) -> str:
    """Name what an engine was taught, so that a run tells what it was sorted with."""
    told = hashlib.sha256()
    for one in taught:
        told.update(f"{one.theme_id} {one.belongs:d} {one.body}\0".encode())
    return told.hexdigest()[:16]


@dataclass(frozen=True)
class Placed:
    """An answer in a theme, with the clause that decided where one did."""

    theme_id: int
    start: int | None
    end: int | None
    tone: str
    confidence: float


@dataclass(frozen=True)
class Told:
    """What the engine made of one answer."""

    answer: KnownAnswer
    outcome: str
    placed: tuple[Placed, ...] = ()


@dataclass(frozen=True)
class Clue:
    """A clause that stands for a found theme: which answer, where, and its vector."""

    answer: KnownAnswer
    start: int
    end: int
    vector: bytes


@dataclass(frozen=True)
class FoundNow:
    """A theme that was just found."""

    name: str
    definition: str
    anchor: bytes
    model_digest: str
    clues: tuple[Clue, ...]
