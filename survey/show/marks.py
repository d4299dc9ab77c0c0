"""An answer's words as a page shows them: verbatim, the deciding clauses marked, long ones cut."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

LONGEST_SHOWN = 700  # characters; a longer answer is cut around its first mark
_BEFORE_MARK = 200
_ENDS = ".!?\n"


@dataclass(frozen=True)
class Piece:
    """Some of an answer's text; `marked` where it decided a theme."""

    text: str
    marked: bool


def pieces(body: str, marks: Iterable[tuple[int, int]]) -> tuple[Piece, ...]:
    """Cut a text at its marks.

    Parameters
    ----------
    body : str
        The text.
    marks : iterable of (int, int)
        Start and end in code points; in any order, overlapping or out of bounds.

    Returns
    -------
    tuple of Piece
        Together exactly the text.
    """
    found: list[Piece] = []
    at = 0
    for start, end in _merged(body, marks):
        if at < start:
            found.append(Piece(body[at:start], False))
        found.append(Piece(body[start:end], True))
        at = end
    if at < len(body):
        found.append(Piece(body[at:], False))
    return tuple(found)


def _merged(body: str, marks: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted((max(0, start), min(end, len(body))) for start, end in marks):
        if start >= end:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def shown_part(body: str, marks: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """Return which part of a text a list shows: all of it, or some around its first mark."""
    if len(body) <= LONGEST_SHOWN:
        return 0, len(body)
    start = max(0, min((mark[0] for mark in marks), default=0) - _BEFORE_MARK)
    start = min(start, len(body) - LONGEST_SHOWN)
    return start, start + LONGEST_SHOWN


def within(part: tuple[int, int], marks: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return marks as offsets into a part of the text."""
    return [(start - part[0], end - part[0]) for start, end in marks]


def sentence_around(body: str, start: int, end: int) -> tuple[int, int]:
    """Return where the sentence or line that holds a clause begins and ends.

    Parameters
    ----------
    body : str
        An answer.
    start, end : int
        Of the clause, in code points.
    """
    first = max(body.rfind(sign, 0, start) for sign in _ENDS) + 1
    if end > 0 and body[end - 1 : end] in _ENDS:
        return first, end
    stops = [at for sign in _ENDS if (at := body.find(sign, end)) >= 0]
    return first, min(stops) + 1 if stops else len(body)
