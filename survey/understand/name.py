"""Give each found theme the few words an owner would call it by.

A name is a phrase somebody typed: it is frequent in the theme, rare in the others, and close in
meaning to the theme's centre. Where the centre lies next to a theme of the book, the book's
curated name is taken instead.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

from survey.understand.blocks import Floats

CURATED_AT = 0.50
"""Least cosine of a theme's centre to a book theme's name, and to its definition, from which it
takes that name; to one alone it is often an accident."""
LONGEST = 5
CANDIDATES = 80
SAID_ONCE = 0.30
"""What it costs a name that only one clause uses it."""
SPEAKS_FOR = 0.10
"""Share of a theme's clauses that must hold one of a name's telling words; less costs FOR_FEW."""
FOR_FEW = 0.15
ODD_WORD = 0.12
"""What each word costs that only one clause of the theme holds: it is that clause's own matter."""
WORTH = 0.6
"""How much a phrase's worth counts beside its closeness to the theme's centre."""
A_THING = 0.10
"""What a name gains that always follows an article or the like: it names a thing."""
ALONE_FROM = 0.35
"""Share of a theme's clauses that a single word must be in to stand as its name."""
READ_AT_MOST = 3000
"""Clauses of a theme that are looked at for its name."""

_WORD = re.compile(r"[^\W\d_]+(?:['’&-][^\W\d_]+)*|\d+")
_BREAK = re.compile(r"[.,;:!?()\[\]\"“”\n•*/]+")
_FILLERS = (
    "very really just quite too also much many lot lots bit got get getting gets would could "
    "should may might will shall can cant can't couldn't don't didn't doesn't wasn't isn't won't "
    "im i'm ive i've id i'd it's its that's they're there's i'll we'd you're let make made "
    "please thank thanks ok okay yes maybe perhaps think thought feel felt know said say her him "
    "did does doing one two thing things something anything everything etc sure able actually "
    "definitely always never ever usually later often still because"
)
_CONTENT_WORDS = (
    "bill call fire system detail interest amount serious empty front back full top side bottom "
    "computer cry fill move show describe name part found keep done alone together"
)
_FUNCTION = ENGLISH_STOP_WORDS - frozenset(_CONTENT_WORDS.split())
_STOPS = _FUNCTION | frozenset(_FILLERS.split())
_BLAND_WORDS = (
    "service services staff patient patients customer customers client clients people good great "
    "better best worse bad worst nice excellent experience fine happy improve improved improvement "
    "need needed needs want wanted thing work job place company team looked help helpful business "
    "care treated treatment given went going come came took take taken told asked ask use used "
    "using true trouble case score reason answer question survey comment issue problem lovely "
    "brilliant perfect pleased satisfied amazing wonderful fantastic well been had has have "
    "time times day days way people person something somebody somewhere "
    "long hour hours minute minutes moment difficult poor hard overall general available possible "
    "understand felt especially extremely"
)
_BLAND = frozenset(_BLAND_WORDS.split())
"""Words that say nothing alone, in any trade; inside a phrase they are welcome."""
_TELLING_WORDS = (
    "her him i me my we us our you your he she they it its this these those is are was were be am"
)
_TELLING = frozenset(_TELLING_WORDS.split())
"""Words of a story rather than of a name."""
_OPENING_WORDS = (
    "because and but so also as since that which the a an it its it's was were is are i we they he "
    "she there there's just then when if had has have very really been being me my they're"
)
_OPENINGS = frozenset(_OPENING_WORDS.split())
"""Words that a short clause can lose at its start and still be understood."""
_DANGLING_WORDS = (
    "arrived called said seemed gave going getting having being made like want need needed wanted "
    "received used took became put kept let rang asked told went came given brought"
)
_DANGLING = frozenset(_DANGLING_WORDS.split())
"""Verbs that leave a phrase open when they end it."""
_ARTICLES_WORDS = (
    "the a an my your our their his her this that these those no any some more better of for with "
    "by about"
)
_ARTICLES = frozenset(_ARTICLES_WORDS.split())
"""Words after which a thing is named."""
_HEDGES_WORDS = (
    "could would should might may will shall must can cannot can't couldn't wouldn't shouldn't "
    "won't have has had having did do does didn't don't doesn't done not never been being to "
    "wasn't weren't isn't aren't hadn't haven't hasn't if when than because although"
)
_HEDGES = frozenset(_HEDGES_WORDS.split())
"""Words that make a sentence, or a piece of one, of a phrase."""
_PASTS_WORDS = (
    "got went came took had told asked kept found made gave rang put felt spoke sent left used "
    "broke said saw knew thought brought wanted needed tried answered liked was were been"
)
_PASTS = frozenset(_PASTS_WORDS.split())
"""Verbs that begin a story."""
_LY_NAMES_WORDS = (
    "friendly lovely elderly family early daily weekly monthly reply supply silly timely lonely "
    "ugly jelly belly italy assembly lively costly orderly july fly"
)
_LY_NAMES = frozenset(_LY_NAMES_WORDS.split())
"""Words in -ly that are no adverbs."""
_LENGTH_BONUS = {1: -0.32, 2: 0.02, 3: 0.05, 4: 0.04, 5: 0.0}


@dataclass(frozen=True)
class Phrase:
    """A candidate name: its words, how it was typed, how often, and how often after an article."""

    words: tuple[str, ...]
    typed: str
    clauses: int
    things: int


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
    curated : sequence of (str, ndarray of shape (m, d))
        Names from the book, each with the unit rows that must all be close.
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
            *_ranked(label, phrases, centres, encode),
            *sorted(set(texts[label]), key=len),
            f"Theme {label + 1}",
        ]
        name = next(name for name in ranked if _essence(name) not in used)
        used.add(_essence(name))
        names.append(name)
    return tuple(names)


def _count_phrases(texts: Sequence[str]) -> dict[tuple[str, ...], Phrase]:
    """Count, once a clause, each word and each phrase that could stand as a name."""
    counts: Counter[tuple[str, ...]] = Counter()
    things: Counter[tuple[str, ...]] = Counter()
    typed: dict[tuple[str, ...], str] = {}
    for text in texts:
        seen: dict[tuple[str, ...], str] = {}
        held: set[tuple[str, ...]] = set()
        for part in _BREAK.split(text[:600]):
            matches = list(_WORD.finditer(part))
            words = [match[0].lower().replace("’", "'") for match in matches]
            for start, end in _stretches(words):
                spelling = part[matches[start].start() : matches[end - 1].end()]
                seen.setdefault(tuple(words[start:end]), spelling)
                if start and words[start - 1] in _ARTICLES:
                    held.add(tuple(words[start:end]))
        counts.update(seen.keys())
        things.update(held)
        for key, spelling in seen.items():
            typed.setdefault(key, spelling)
    return {key: Phrase(key, typed[key], count, things[key]) for key, count in counts.items()}


def _stretches(words: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield every word, every phrase with a natural start and end, and a short whole clause."""
    for start in range(len(words)):
        yield start, start + 1
        if start and not _is_function(words[start - 1]):
            continue
        for end in range(start + 2, min(start + LONGEST, len(words)) + 1):
            if (end == len(words) or _is_function(words[end])) and _could_name(words[start:end]):
                yield start, end
    first = next((at for at, word in enumerate(words) if not _opens(word)), len(words))
    rest = words[first:]
    if any(_is_odd_number(word) or _hedges(word) for word in rest):
        return
    if 2 <= len(rest) <= LONGEST and sum(not _is_stop(word) for word in rest) > 1:
        yield first, len(words)


def _opens(word: str) -> bool:
    return word in _OPENINGS or _is_adverb(word)


def _is_adverb(word: str) -> bool:
    return word.endswith("ly") and len(word) > 4 and word not in _LY_NAMES


def _is_odd_number(word: str) -> bool:
    """Tell a number that names nothing; one of three figures may be a service's own: 111, 999."""
    return word.isdigit() and len(word) != 3


def _hedges(word: str) -> bool:
    return word in _HEDGES or word.endswith("n't")


def _is_function(word: str) -> bool:
    """Tell a word that only holds others together; "he'd" is "he" and "nobody's" is "nobody"."""
    return word in _FUNCTION or word.partition("'")[0] in _FUNCTION


def _is_stop(word: str) -> bool:
    return word in _STOPS or _is_function(word)


def _could_name(words: Sequence[str]) -> bool:
    if _is_stop(words[0]) or _is_stop(words[-1]) or len(words[0]) < 2 or len(words[-1]) < 2:
        return False
    if any(map(_is_odd_number, words)) or len(set(words)) < len(words):
        return False
    if _is_adverb(words[0]) or any(map(_hedges, words)):
        return False
    return _says_something(words)


def _says_something(words: Sequence[str]) -> bool:
    return any(not _is_stop(word) and word not in _BLAND for word in words)


def _shortlist(
    label: int, counts: Sequence[dict[tuple[str, ...], Phrase]], sizes: Sequence[int]
) -> list[tuple[float, Phrase]]:
    """Keep the phrases that tell this theme from the others.

    A phrase is worth what its words are worth: the share of the theme's clauses that hold the
    word, times how much rarer it is elsewhere. So 'long wait' also counts where 'waited' stands
    alone, and a rare phrase of frequent words can win over a frequent one of empty words.
    """
    inside = _word_shares(counts[label], sizes[label])
    total = max(sum(sizes) - sizes[label], 1)
    outside: Counter[str] = Counter()
    for other, shares in enumerate(counts):
        if other != label:
            for key, phrase in shares.items():
                if len(key) == 1:
                    outside[_stem(key[0])] += phrase.clauses
    fewest = 1 if sizes[label] < 20 else 2
    scored = []
    for key, phrase in counts[label].items():
        if phrase.clauses < fewest and len(key) < 3:
            continue
        alone = _could_name(key) and phrase.clauses >= ALONE_FROM * sizes[label]
        if len(key) == 1 and not alone:
            continue
        worth = [
            _worth(inside.get(_stem(word), 0.0), outside[_stem(word)] / total)
            for word in key
            if not _is_stop(word)
        ]
        often = np.log1p(phrase.clauses) / np.log1p(max(sizes[label], 2))
        worth = worth or [0.0]
        telling = [word for word in key if not _is_stop(word) and word not in _BLAND]
        spoken = max((inside.get(_stem(word), 0.0) for word in telling), default=0.0)
        odd = sum(
            inside.get(_stem(word), 0.0) * sizes[label] < 1.5 for word in key if word in telling
        )
        few = (FOR_FEW * (spoken < SPEAKS_FOR) + ODD_WORD * odd) / WORTH
        scored.append(
            (sum(worth) / len(worth) + 0.3 * max(worth) + 0.3 * float(often) - few, phrase)
        )
    scored.sort(key=lambda pair: (-pair[0], pair[1].words))
    often_said = sorted(scored, key=lambda pair: (-pair[1].clauses, -pair[0], pair[1].words))
    frequent = [pair for pair in often_said if len(pair[1].words) > 1][: CANDIDATES // 4]
    return [*scored[:CANDIDATES], *(pair for pair in frequent if pair not in scored[:CANDIDATES])]


def _worth(inside: float, outside: float) -> float:
    return float(np.sqrt(inside) * inside / (inside + outside)) if inside else 0.0


def _word_shares(phrases: dict[tuple[str, ...], Phrase], size: int) -> dict[str, float]:
    shares: Counter[str] = Counter()
    for key, phrase in phrases.items():
        if len(key) == 1:
            shares[_stem(key[0])] += phrase.clauses
    return {stem: min(1.0, count / max(size, 1)) for stem, count in shares.items()}


def _stem(word: str) -> str:
    """Cut the commonest endings, so that 'waiting' and 'waited' count as one word."""
    for ending in ("ingly", "edly", "ing", "ied", "ies", "ed", "ly", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


def _ranked(
    label: int,
    candidates: Sequence[tuple[float, Phrase]],
    centres: Floats,
    encode: Callable[[Sequence[str]], NDArray[np.floating]],
) -> list[str]:
    if not candidates:
        return []
    vectors = np.asarray(encode([phrase.typed for _, phrase in candidates]), dtype=np.float32)
    cosines = np.round(vectors @ centres.T, 4)
    rivals = np.delete(cosines, label, axis=1)
    closest_rival = rivals.max(axis=1) if rivals.shape[1] else np.zeros(len(cosines))
    scores = [
        float(
            1.2 * cosines[row, label]
            + 0.4 * (cosines[row, label] - closest_rival[row])
            + WORTH * worth
            + _form(phrase.words)
            + A_THING * phrase.things / phrase.clauses
            - (SAID_ONCE if phrase.clauses == 1 else 0.0)
        )
        for row, (worth, phrase) in enumerate(candidates)
    ]
    order = sorted(range(len(scores)), key=lambda row: (-scores[row], candidates[row][1].words))
    return [_as_title(candidates[row][1].typed) for row in order]


def _form(words: Sequence[str]) -> float:
    """Prefer two to four words that read as a name, not as a piece of a story."""
    telling = 0.14 * sum(word in _TELLING for word in words)
    telling += 0.15 * sum(word in _PASTS for word in words[1:] if word not in _TELLING)
    dangling = 0.12 if words[-1] in _DANGLING else 0.0
    bland = 0.0 if _says_something(words) else 0.15
    begun = 0.15 if _is_stop(words[0]) else 0.0
    begun += 0.12 if words[0] in ("better", "best", "worse") else 0.0
    dangling += 0.12 if words[-1] in _BLAND and words[-2:-1] in (("a",), ("the",)) else 0.0
    begun += 0.12 if words[0] in _PASTS or words[0].endswith("ed") else 0.0
    dangling += 0.08 if _is_adverb(words[-1]) or words[-1].endswith("ed") else 0.0
    return _LENGTH_BONUS[len(words)] - telling - dangling - bland - begun


def _curated(
    centre: NDArray[np.floating], curated: Sequence[tuple[str, NDArray[np.floating]]]
) -> list[str]:
    close = [
        (-float(np.round((np.asarray(places, np.float32) @ centre).min(), 4)), name)
        for name, places in curated
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
    return " ".join(sorted({word.rstrip("s") for word in words if not _is_stop(word)} or {name}))
