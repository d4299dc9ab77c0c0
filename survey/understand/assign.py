"""One answer in one theme, and why: what the engine says of each answer in the end."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from survey.understand.found import Joining
from survey.understand.reading import NOTHING, OTHER_LANGUAGE, Reading
from survey.understand.recognise import Recognised

Origin = Literal["book", "found", "nothing", "other_language", "unsorted"]


@dataclass(frozen=True, slots=True)
class Assignment:
    """One answer in one theme, or in none: then `origin` says why.

    `start` and `end` are code points of the answer: the clause that decided.
    """

    row: int
    theme_id: str
    theme_name: str
    origin: Origin
    confidence: float | None = None
    start: int | None = None
    end: int | None = None
    tone: str = "unclear"


@dataclass(frozen=True)
class Seen:
    """Answers read, with the theme each clause joins and the book's themes by row."""

    reading: Reading
    joining: Joining
    recognised: dict[int, list[Recognised]]


def by_row(recognised: Sequence[Recognised]) -> dict[int, list[Recognised]]:
    """Gather the book's themes of each answer."""
    rows: dict[int, list[Recognised]] = {}
    for one in recognised:
        rows.setdefault(one.row, []).append(one)
    return rows


def deciding(joining: Joining, span: tuple[int, int]) -> list[tuple[int, int]]:
    """Find, for each theme that a clause of the answer joined, the clause that lies closest."""
    best: dict[int, int] = {}
    for clause in range(*span):
        theme = int(joining.theme[clause])
        if theme >= 0 and (
            theme not in best or joining.cosine[clause] > joining.cosine[best[theme]]
        ):
            best[theme] = clause
    return sorted(best.items(), key=lambda pair: pair[1])


def without_theme(row: int, state: str) -> Assignment:
    """Say why an answer is in no theme."""
    if state == NOTHING:
        return Assignment(row, NOTHING, "Nothing more needed", "nothing", 1.0)
    if state == OTHER_LANGUAGE:
        return Assignment(row, OTHER_LANGUAGE, "Another language", "other_language", 1.0)
    return Assignment(row, "unsorted", "Not sorted", "unsorted")
