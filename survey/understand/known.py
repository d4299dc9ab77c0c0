"""What the engine is told and what it tells, as plain data: no arrays, no records."""

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
