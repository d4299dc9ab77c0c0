"""Give each found theme the few words an owner would call it by.

A name is a phrase somebody typed: it is frequent in the theme, rare in the others, and close in
meaning to the theme's centre. Where the centre lies next to a theme of the book, the book's
curated name is taken instead.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

from survey.understand.blocks import Floats

CURATED_AT = 0.50
"""Cosine of a theme's centre to a book theme from which the book's name is taken."""
LONGEST = 5
CANDIDATES = 60
READ_AT_MOST = 3000
"""Clauses of a theme that are looked at for its name."""

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*|\d+")
_BREAK = re.compile(r"[.,;:!?()\"“”\n•]+")
_FILLERS = (
    "very really just quite too also much many lot lots bit got get getting gets would could "
    "should may might will shall can cant can't couldn't don't didn't doesn't wasn't isn't won't "
    "im i'm ive i've id i'd it's its that's they're there's i'll we'd you're let make made "
    "please thank thanks ok okay yes maybe perhaps think thought feel felt know said say "
    "did does doing done one two thing things something anything everything time times "
    "day days way people person etc sure able actually definitely always never ever"
)
_STOPS = ENGLISH_STOP_WORDS | frozenset(_FILLERS.split())
_BLAND_WORDS = (
    "service services staff patient patients customer customers client clients people good great "
    "better best worse bad worst nice excellent experience fine happy improve improved improvement "
    "need needed needs want wanted thing work job place company team looked help helpful business "
    "care treated treatment given went going come came took take taken told asked ask"
)
_BLAND = frozenset(_BLAND_WORDS.split())
"""Words that say nothing alone, in any trade; inside a phrase they are welcome."""
_LENGTH_BONUS = {1: -0.25, 2: 0.0, 3: 0.06, 4: 0.05, 5: 0.0}


@dataclass(frozen=True)
class Phrase:
    """A candidate name: its words, how it was typed, and how often."""

    words: tuple[str, ...]
    typed: str
    clauses: int


def name_themes(
    clauses: Sequence[str],
    labels: NDArray[np.integer],
    centres: Floats,
    encode: Callable[[Sequence[str]], NDArray[np.floating]],
    *,
    curated: Sequence[tuple[str, NDArray[np.floating]]] = (),
    taken: Sequence[str] = (),
) -> tuple[str, ...]:
    """Name every theme, each name once.

    Parameters
    ----------
    clauses : sequence of str
        What was said, clause by clause.
    labels : ndarray of int, shape (len(clauses),)
        The theme of each clause, from 0; -1 for none.
    centres : ndarray of float32, shape (k, d)
        Unit centre of each theme.
    encode : callable
        Turns texts into unit rows, as an embedder does.
    curated : sequence of (str, ndarray of shape (d,))
        Names from the book, each with its place.
    taken : sequence of str
        Names that others have already.

    Returns
    -------
    tuple of str
        One name a theme, in the order of `centres`.
    """
    texts = [
        [clauses[row] for row in np.flatnonzero(labels == label)[:READ_AT_MOST]]
        for label in range(len(centres))
    ]
    counts = [_count_phrases(theme) for theme in texts]
    candidates = [
        _shortlist(label, counts, [len(theme) for theme in texts]) for label in range(len(texts))
    ]
    used = {_essence(name) for name in taken}
    names: list[str] = []
    for label, phrases in enumerate(candidates):
        ranked = [
            *_curated(centres[label], curated),
            *_ranked(label, phrases, len(texts[label]), centres, encode),
            *sorted(set(texts[label]), key=len),
            f"Theme {label + 1}",
        ]
        name = next(name for name in ranked if _essence(name) not in used)
        used.add(_essence(name))
        names.append(name)
    return tuple(names)


def _count_phrases(texts: Sequence[str]) -> dict[tuple[str, ...], Phrase]:
    """Count, once a clause, each phrase that could stand as a name."""
    counts: Counter[tuple[str, ...]] = Counter()
    typed: dict[tuple[str, ...], str] = {}
    for text in texts:
        seen: dict[tuple[str, ...], str] = {}
        for part in _BREAK.split(text[:600]):
            matches = list(_WORD.finditer(part))
            words = [match[0].lower().replace("’", "'") for match in matches]
            for start in range(len(words)):
                for end in range(start + 1, min(start + LONGEST, len(words)) + 1):
                    if _could_name(words[start:end]):
                        key = tuple(words[start:end])
                        seen.setdefault(key, part[matches[start].start() : matches[end - 1].end()])
        counts.update(seen.keys())
        for key, spelling in seen.items():
            typed.setdefault(key, spelling)
    return {key: Phrase(key, typed[key], count) for key, count in counts.items()}


def _could_name(words: Sequence[str]) -> bool:
    if words[0] in _STOPS or words[-1] in _STOPS or len(words[0]) < 2 or len(words[-1]) < 2:
        return False
    if any(word.isdigit() for word in words):
        return False
    return any(word not in _STOPS and word not in _BLAND for word in words)


def _shortlist(
    label: int, counts: Sequence[dict[tuple[str, ...], Phrase]], sizes: Sequence[int]
) -> list[tuple[float, Phrase]]:
    """Keep the phrases that tell this theme from the others, by smoothed log-odds."""
    total = sum(sizes)
    scored = []
    for key, phrase in counts[label].items():
        if phrase.clauses < min(3, 1 + sizes[label] // 20):
            continue
        everywhere = sum(other[key].clauses for other in counts if key in other)
        inside = (phrase.clauses + 0.5) / (sizes[label] + 1)
        outside = (everywhere - phrase.clauses + 0.5) / (total - sizes[label] + 1)
        exclusive = phrase.clauses / everywhere
        score = np.log(inside / outside) * np.sqrt(inside) + 0.3 * exclusive
        scored.append((float(score), phrase))
    scored.sort(key=lambda pair: (-pair[0], pair[1].words))
    return scored[:CANDIDATES]


def _ranked(
    label: int,
    candidates: Sequence[tuple[float, Phrase]],
    size: int,
    centres: Floats,
    encode: Callable[[Sequence[str]], NDArray[np.floating]],
) -> list[str]:
    if not candidates:
        return []
    vectors = np.asarray(encode([phrase.typed for _, phrase in candidates]), dtype=np.float32)
    cosines = np.round(vectors @ centres.T, 4)
    rivals = np.delete(cosines, label, axis=1)
    nearest_rival = rivals.max(axis=1) if rivals.shape[1] else np.zeros(len(cosines))
    scores = [
        float(
            cosines[row, label]
            + 0.5 * (cosines[row, label] - nearest_rival[row])
            + 0.4 * odds
            + 0.5 * np.sqrt(phrase.clauses / max(size, 1))
            + _LENGTH_BONUS[len(phrase.words)]
        )
        for row, (odds, phrase) in enumerate(candidates)
    ]
    order = sorted(range(len(scores)), key=lambda row: (-scores[row], candidates[row][1].words))
    return [_as_title(candidates[row][1].typed) for row in order]


def _curated(
    centre: NDArray[np.floating], curated: Sequence[tuple[str, NDArray[np.floating]]]
) -> list[str]:
    close = [
        (-float(np.round(np.asarray(place, np.float32) @ centre, 4)), name)
        for name, place in curated
    ]
    return [name for cosine, name in sorted(close) if -cosine >= CURATED_AT]


def _as_title(typed: str) -> str:
    words = typed.split()
    shouting = typed.isupper() and len(typed) > 4
    text = " ".join(words).lower() if shouting else " ".join(words)
    return text[:1].upper() + text[1:]


def _essence(name: str) -> str:
    """Reduce a name to what makes it different: its words without endings, in any order."""
    words = [match[0].lower() for match in _WORD.finditer(name)]
    return " ".join(sorted({word.rstrip("s") for word in words if word not in _STOPS} or {name}))
