"""An answer's words as a page shows them: verbatim, marked, long ones cut."""

import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from survey.records.finding import Sought, words_at

LONGEST_SHOWN = 700  # characters; a longer answer is cut around its first mark
_BEFORE_MARK = 200
_ENDS = ".!?\n"


@dataclass(frozen=True)
class Piece:
    """Some of an answer; `marked` where it decided a theme, `found` where it was searched."""

    text: str
    marked: bool
    found: bool = False


def pieces(
    body: str, marks: Iterable[tuple[int, int]], found: Iterable[tuple[int, int]] = ()
) -> tuple[Piece, ...]:
    """Cut a text at its marks.

    Parameters
    ----------
    body : str
        The text.
    marks : iterable of (int, int)
        Start and end of each deciding clause in code points; in any order, overlapping or out of
        bounds.
    found : iterable of (int, int)
        Those of words that were searched.

    Returns
    -------
    tuple of Piece
        Together exactly the text.
    """
    clauses, words = _merged(body, marks), _merged(body, found)
    cuts = {0, len(body), *(at for span in (*clauses, *words) for at in span)}
    return tuple(
        Piece(body[start:end], _holds(clauses, start), _holds(words, start))
        for start, end in pairwise(sorted(cuts))
    )


def _holds(spans: Sequence[tuple[int, int]], at: int) -> bool:
    """Whether one of some spans, in order and apart, holds a place."""
    before = bisect_right(spans, at, key=lambda span: span[0])
    return before > 0 and at < spans[before - 1][1]


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


def words_found(body: str, search: Sequence[Sought]) -> list[tuple[int, int]]:
    """Return where the words of a search stand.

    Parameters
    ----------
    body : str
        An answer.
    search : sequence of Sought
        As `survey.records.finding.sought` returns it.

    Returns
    -------
    list of (int, int)
        Start and end in code points. Neither case nor accents count, as in the word index.
    """
    words = [(_plain(word), start, end) for word, start, end in words_at(body)] if search else []
    return [span for part in search for span in _standing(words, part, body)]


def _standing(
    words: Sequence[tuple[str, int, int]], part: Sought, body: str
) -> Iterator[tuple[int, int]]:
    *first, last = (_plain(word) for word in part.words)
    for at in range(len(words) - len(first)):
        here = [word for word, _, _ in words[at : at + len(first) + 1]]
        ends_alike = here[-1].startswith(last) if part.goes_on else here[-1] == last
        if ends_alike and here[:-1] == first:
            yield words[at][1], _with_its_signs(body, words[at + len(first)][2])


def _plain(word: str) -> str:
    letters = unicodedata.normalize("NFKD", word)
    return "".join(one for one in letters if not unicodedata.combining(one)).casefold()


def _with_its_signs(body: str, end: int) -> int:
    """Return where a word ends with the signs that are written above or beside its last letter."""
    while end < len(body) and unicodedata.category(body[end]).startswith("M"):
        end += 1
    return end


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
