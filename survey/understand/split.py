"""Cut an answer into clauses: the smallest stretches that make a point of their own.

Offsets are code points of the stored answer, and every clause is a verbatim stretch of it.
All patterns here match within a bounded reach, so that time grows with length alone.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

LONG_WORDS = 22
"""A clause of more words is cut again at commas and at 'and'."""
LONGEST_WORDS = 60
"""No clause is longer than this, punctuation or not."""
PART_WORDS = 4
FRAGMENT_WORDS = 3

_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]{0,15})\b[^<>]{0,300}>|<!--[^<>]{0,300}-->")
_BLOCK_TAG = re.compile(
    r"address|article|blockquote|br|d[dlt]|div|h[1-6r]|li|[ou]l|p|pre|section|t(?:able|[dhr])"
)
_ENTITY = re.compile(r"&(?:nbsp|#160|#xa0);", re.IGNORECASE)
_WORD = re.compile(r"\w+(?:['’]\w+)*")

_ABBREVIATION = r"(?<!\bMr)(?<!\bMrs)(?<!\bMs)(?<!\bDr)(?<!\bSt)(?<!\be\.g)(?<!\bi\.e)(?<!\bapprox)"
_SENTENCE_END = re.compile(
    rf"{_ABBREVIATION}[.!?;…。！？؟।]{{1,20}}[\"'’”)\]]{{0,3}}(?=\s|$|[A-Z])"  # a stop, then a gap
    r"|[。！？]"  # scripts that leave no gap
    r"|[\n\r\u2028\u2029]"
    r"|(?<=\s)(?:[-*•·–—/|])(?=\s)"  # bullets, dashes and typed line breaks
)
_PRONOUN = r"(?:I|we|they|he|she|it|you|that|my|our|there|the)\b"
_TURN = re.compile(
    r"\b(?:but|although|though|however|also|plus|except|whereas|and then|because)\b"
    rf"|(?<=,\s)so\b|\bso(?=\s{_PRONOUN})",
    re.IGNORECASE,
)
_SOFT = re.compile(r",(?=\s)|\band\b", re.IGNORECASE)


@dataclass(frozen=True)
class Clause:
    """A verbatim stretch of an answer: ``answer[start:end] == text``."""

    start: int
    end: int
    text: str


def split(answer: str) -> tuple[Clause, ...]:
    """Cut an answer into clauses, in reading order and without overlap.

    Parameters
    ----------
    answer : str
        The answer as stored; any text at all.

    Returns
    -------
    tuple of Clause
        Empty for an answer without a single letter, digit or symbol.
    """
    bare = _without_tags(answer)
    spans = [
        part
        for sentence in _cut_at(bare, (0, len(bare)), _SENTENCE_END, keep="left")
        for part in _parts(bare, sentence)
    ]
    merged = _merge_fragments(bare, spans)
    trimmed = (_trim(bare, span) for span in merged)
    return tuple(Clause(a, b, answer[a:b]) for a, b in trimmed if a < b)


def plain(text: str) -> str:
    """Give the text as a reader sees it: no tags, single spaces."""
    return " ".join(_without_tags(text).split())


def word_count(text: str) -> int:
    """Count the words of a text; an apostrophe does not end a word."""
    return sum(1 for _ in _WORD.finditer(text))


def _without_tags(text: str) -> str:
    """Blank out tags, length unchanged, so that offsets still hold."""
    if "<" in text:
        text = _TAG.sub(_blank_tag, text)
    if "&" in text:
        text = _ENTITY.sub(lambda match: " " * len(match[0]), text)
    return text


def _blank_tag(match: re.Match[str]) -> str:
    fill = "\n" if _BLOCK_TAG.fullmatch((match[2] or "").lower()) else " "
    return fill + " " * (len(match[0]) - 1)


def _parts(text: str, span: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """Cut one sentence at its turns, then what is still long at commas and 'and'."""
    for part in _cut_long_enough(text, span, _TURN, FRAGMENT_WORDS):
        if _words(text, part) <= LONG_WORDS:
            yield part
            continue
        for piece in _cut_long_enough(text, part, _SOFT, PART_WORDS):
            yield from _chop(text, piece)


def _cut_at(
    text: str, span: tuple[int, int], pattern: re.Pattern[str], *, keep: str
) -> Iterator[tuple[int, int]]:
    """Cut a span at each match; the mark stays with the part on its left or right."""
    start = span[0]
    for match in pattern.finditer(text, *span):
        cut = match.end() if keep == "left" else match.start()
        if cut > start:
            yield start, cut
            start = cut
    if start < span[1]:
        yield start, span[1]


def _cut_long_enough(
    text: str, span: tuple[int, int], pattern: re.Pattern[str], least: int
) -> Iterator[tuple[int, int]]:
    """Cut before each match that leaves `least` words on both sides of the cut."""
    pieces = [(piece, _words(text, piece)) for piece in _cut_at(text, span, pattern, keep="right")]
    left = sum(words for _, words in pieces)
    start, gathered = span[0], 0
    for (_, end), words in pieces:
        gathered += words
        left -= words
        if gathered >= least and left >= least:
            yield start, end
            start, gathered = end, 0
    if start < span[1]:
        yield start, span[1]


def _chop(text: str, span: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """Cut a stretch without punctuation every LONGEST_WORDS words."""
    start, seen = span[0], 0
    for word in _WORD.finditer(text, *span):
        if seen == LONGEST_WORDS:
            yield start, word.start()
            start, seen = word.start(), 0
        seen += 1
    yield start, span[1]


def _merge_fragments(text: str, spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Join a fragment of under three words to the part before it, else to the next one."""
    merged: list[tuple[int, int, int]] = []  # start, end, words
    carried: tuple[int, int] | None = None  # start, words
    for start, end in spans:
        if carried and carried[1] and not _same_line(text, start, start):
            merged.append((carried[0], start, carried[1]))
            carried = None
        first, words = carried or (start, 0)
        words += _words(text, (start, end))
        carried = None
        if words >= FRAGMENT_WORDS:
            merged.append((first, end, words))
        elif merged and merged[-1][2] < LONG_WORDS and _same_line(text, merged[-1][1], first):
            merged[-1] = (merged[-1][0], end, merged[-1][2] + words)
        else:
            carried = (first, words)
    if carried and spans:
        merged.append((carried[0], spans[-1][1], carried[1]))
    return [(start, end) for start, end, _ in merged]


def _same_line(text: str, end: int, start: int) -> bool:
    return "\n" not in text[max(end - 1, 0) : start + 1]


def _trim(text: str, span: tuple[int, int]) -> tuple[int, int]:
    start, end = span
    while start < end and (text[start].isspace() or text[start] in ",-*•·–—/|\0"):
        start += 1
    while end > start and (text[end - 1].isspace() or text[end - 1] in ",-–—/|\0"):
        end -= 1
    return start, end


def _words(text: str, span: tuple[int, int]) -> int:
    return sum(1 for _ in _WORD.finditer(text, *span))
