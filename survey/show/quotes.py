"""Which of a theme's answers are quoted: typical ones, short, and different from each other."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from survey.show.marks import sentence_around

FEWEST_WORDS, MOST_WORDS = 4, 25
_MOST_OF_IT = 0.6  # of a sentence, from which a clause is quoted with the rest of it
_LOOSE_ENDS = " \t\n,;:-–"
_MARKS = "\"'“”„‘’«»"
_PARTNER = re.compile("[\"“”„«»]|(?<!\\w)['‘’]|['‘’](?!\\w)")  # inside a word: an apostrophe
_OPENED = re.compile(f"[{_MARKS}](?P<words>.*)(?P<end>)", re.S)
_CLOSED = re.compile(f"(?P<words>.*)[{_MARKS}](?P<end>[.!?]*)", re.S)
_ALIKE = 0.5  # share of words in common from which two quotes say the same


@dataclass(frozen=True)
class Candidate:
    """An answer that could be quoted, with the clause that decided (or None, None)."""

    answer_id: int
    body: str
    start: int | None
    end: int | None


@dataclass(frozen=True)
class Quote:
    """Words of a customer, as typed."""

    answer_id: int
    text: str


def chosen_quotes(candidates: Iterable[Candidate], wanted: int = 2) -> tuple[Quote, ...]:
    """Choose quotes for a theme.

    Parameters
    ----------
    candidates : iterable of Candidate
        The most typical first.
    wanted : int
        How many, at most.

    Returns
    -------
    tuple of Quote
        Verbatim, 4 to 25 words where there are such, no two alike.
    """
    found: list[Quote] = []
    for quote in _good_before_short(candidates):
        if not any(_alike(quote.text, other.text) for other in found):
            found.append(quote)
        if len(found) == wanted:
            break
    return tuple(found)


def _good_before_short(candidates: Iterable[Candidate]) -> Iterator[Quote]:
    """Yield quotes of the right length, then the short ones; what nobody asks for is not cut."""
    short = []
    for one in candidates:
        quote = Quote(one.answer_id, _quotable(one))
        length = _length(quote.text)
        if FEWEST_WORDS <= length <= MOST_WORDS:
            yield quote
        elif 0 < length < FEWEST_WORDS:
            short.append(quote)
    yield from short


def _quotable(candidate: Candidate) -> str:
    """The clause that decided, or its sentence where the clause alone would be a scrap of it."""
    if candidate.start is None or candidate.end is None:
        return _tidy(candidate.body)
    clause = candidate.body[candidate.start : candidate.end].strip(_LOOSE_ENDS)
    sentence = sentence_around(candidate.body, candidate.start, candidate.end)
    scrap = _length(clause) < FEWEST_WORDS or _length(clause) >= _MOST_OF_IT * _length(sentence)
    return _tidy(sentence if scrap and _length(sentence) <= MOST_WORDS else clause)


def _tidy(text: str) -> str:
    """Leave out what hangs loose at either end, and a quotation mark whose partner is elsewhere."""
    text = text.strip(_LOOSE_ENDS)
    for alone in (_OPENED, _CLOSED):
        found = alone.fullmatch(text)
        if found and not _PARTNER.search(found["words"]):
            text = (found["words"] + found["end"]).strip(_LOOSE_ENDS)
    return text


def _length(text: str) -> int:
    return len(text.split())


def _alike(one: str, other: str) -> bool:
    a, b = (set(text.casefold().split()) for text in (one, other))
    return len(a & b) >= _ALIKE * min(len(a), len(b))
