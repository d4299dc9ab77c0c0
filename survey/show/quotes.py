"""Which of a theme's answers are quoted: typical ones, short, and different from each other."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from survey.quoting import nested
from survey.show.marks import sentence_around

FEWEST_WORDS, MOST_WORDS = 4, 25
_MOST_OF_IT = 0.6  # of a sentence, from which a clause is quoted with the rest of it
_LOOSE_ENDS = " \t\n,;:-–"
_MARKS = "\"'“”„‘’«»"
_PARTNER = re.compile("[\"“”„«»]|(?<!\\w)['‘’]|['‘’](?!\\w)")  # inside a word: an apostrophe
_OPENED = re.compile(f"[{_MARKS}](?P<words>.*)(?P<end>)", re.S)
_CLOSED = re.compile(f"(?P<words>.*)[{_MARKS}](?P<end>[.!?]*)", re.S)
_WORD = re.compile(r"\w")
_WORDS = re.compile(r"\w+")
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
    """Words of a customer, as typed.

    Parameters
    ----------
    answer_id : int
        Whose.
    text : str
        Verbatim.
    cut_before, cut_after : bool
        Whether their sentence begins before it, and goes on after it.
    """

    answer_id: int
    text: str
    cut_before: bool = False
    cut_after: bool = False

    @property
    def shown(self) -> str:
        """The words as they stand in quotation marks, with an ellipsis where they go on."""
        return "… " * self.cut_before + nested(self.text) + " …" * self.cut_after


class Told:
    """What a page quotes already.

    Parameters
    ----------
    texts : iterable of str
        Quotes as they stand there.
    """

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self._said = {_folded(text) for text in texts}

    def add(self, quotes: Iterable[Quote]) -> None:
        """Take in what is quoted now."""
        self._said.update(_folded(quote.text) for quote in quotes)

    def holds(self, text: str) -> bool:
        """Whether it is told already, or either within the other; a few words stand in many."""
        words = _folded(text)
        if words in self._said:
            return True
        if _length(words) < FEWEST_WORDS:
            return False
        return any(
            words in other or (other in words and _length(other) >= FEWEST_WORDS)
            for other in self._said
        )


def chosen_quotes(
    candidates: Iterable[Candidate], wanted: int = 2, told: Told | None = None
) -> tuple[Quote, ...]:
    """Choose quotes for a theme.

    Parameters
    ----------
    candidates : iterable of Candidate
        The most typical first.
    wanted : int
        How many, at most.
    told : Told, optional
        What the page quotes already, for another theme: not said again, neither a part of it nor
        more around it, unless there is nothing else to quote.

    Returns
    -------
    tuple of Quote
        Verbatim, 4 to 25 words where there are such, no two alike.
    """
    found: list[Quote] = []
    again: list[Quote] = []
    for quote in _good_before_short(candidates):
        if told is not None and told.holds(quote.text):
            again.append(quote)
        elif not any(_alike(quote.text, other.text) for other in found):
            found.append(quote)
        if len(found) == wanted:
            break
    return tuple(found or again[:1])


def _good_before_short(candidates: Iterable[Candidate]) -> Iterator[Quote]:
    """Yield quotes of the right length, then the short ones; what nobody asks for is not cut."""
    short = []
    for one in candidates:
        quote = _quotable(one)
        length = _length(quote.text)
        if FEWEST_WORDS <= length <= MOST_WORDS:
            yield quote
        elif 0 < length < FEWEST_WORDS:
            short.append(quote)
    yield from short


def _quotable(candidate: Candidate) -> Quote:
    """The clause that decided, or its sentence where the clause alone would be a scrap of it."""
    body, start, end = candidate.body, candidate.start, candidate.end
    if start is None or end is None:
        return Quote(candidate.answer_id, _tidy(body))
    first, last = sentence_around(body, start, end)
    clause, sentence = body[start:end].strip(_LOOSE_ENDS), body[first:last].strip()
    scrap = _length(clause) < FEWEST_WORDS or _length(clause) >= _MOST_OF_IT * _length(sentence)
    if scrap and _length(sentence) <= MOST_WORDS:
        return Quote(candidate.answer_id, _tidy(sentence))
    before, after = (_WORD.search(rest) for rest in (body[first:start], body[end:last]))
    return Quote(candidate.answer_id, _tidy(clause), before is not None, after is not None)


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


def _folded(text: str) -> str:
    return f" {' '.join(_WORDS.findall(text.casefold()))} "


def _alike(one: str, other: str) -> bool:
    a, b = (set(text.casefold().split()) for text in (one, other))
    return len(a & b) >= _ALIKE * min(len(a), len(b))
