"""An answer's words as a page shows them: verbatim, marked, long ones cut."""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

from survey.records.finding import Sought, words_at

LONGEST_SHOWN = 700  # characters; a longer answer is cut around its first mark
MOST_FOUND = 300  # marks in an answer: nobody looks for more, and a page of them is slow
_BEFORE_MARK = 200
_ENDS = ".!?\n"
_ABOVE = re.compile("[\u0300-\u036f]+")  # long rows of them take long to put in order


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
        Start and end in code points, in the order of the text, the first `MOST_FOUND`. Neither
        case nor accents count, as in the word index.
    """
    words = words_at(body) if search else []
    plain = _plain("".join(f"\n{word}" for word, _, _ in words)) + "\n"
    parts = {part for part in map(_as_in_plain, search) if part}
    stretches = {one for part in parts for one in islice(_standing(plain, part), MOST_FOUND)}
    first = sorted(stretches)[:MOST_FOUND]
    ends = {last: _with_its_signs(body, words[last][2]) for last in {last for _, last in first}}
    return [(words[start][1], ends[last]) for start, last in first]


def _as_in_plain(part: Sought) -> str:
    """Return a part of a search as a text's plain words hold it; empty where a word is only signs.

    Each word has a line of its own: so whole parts are found by one look through the text, however
    often a word of them stands in it.
    """
    words = [_plain(word) for word in part.words]
    return "\n" + "\n".join(words) + ("" if part.goes_on else "\n") if all(words) else ""


def _standing(plain: str, part: str) -> Iterator[tuple[int, int]]:
    """Yield the first and the last word, counted from 0, of each place in which a part stands."""
    more, word, seen = part.rstrip("\n").count("\n") - 1, 0, 0
    at = plain.find(part)
    while at >= 0:
        word += plain.count("\n", seen, at)
        yield word, word + more
        seen, at = at, plain.find(part, at + 1)


def _plain(words: str) -> str:
    if words.isascii():
        return words.lower()
    letters = unicodedata.normalize("NFKD", _ABOVE.sub("", words))
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
