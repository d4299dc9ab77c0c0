"""Give each found theme the few words an owner would call it by.

Two kinds of names stand for election. A phrase that somebody typed: frequent in the theme, rare in
the others, and close in meaning to the theme's centre. And a name from the list of common names,
where the theme's clauses keep using the words that show it. Where the centre lies next to a theme
of the book, the book's curated name is taken instead.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from survey.understand.blocks import Floats
from survey.understand.common_names import common_names, shares, words_of
from survey.understand.phrases import (
    Phrase,
    as_title,
    could_name,
    count_phrases,
    essence,
    form,
    is_stop,
    names_of_people,
    stem,
    stems_of,
    tells,
)

CURATED_AT = 0.50
"""Least cosine of a theme's centre to a book theme's name, and to its definition, from which it
takes that name; to one alone it is often an accident."""
BESIDE_BOOK, LENT = 9.0, 1.0
"""What a curated name scores on top of the cosine: beside the book itself nothing comes before it,
as such a theme is more of the same; a name that is only lent stands beside the others. It says
what was wished for ("Being kept waiting"), and a found theme often holds the praise as well."""
LENT_TO_FEW = 0.60
"""The same for a name that is lent to a few clauses: a handful of leftovers often lies by the
centre of some theme of the book."""
CANDIDATES = 80
SAID_ONCE = 0.30
"""What it costs a name that only one clause uses it."""
SPEAKS_FOR = 0.10
"""Share of a theme's clauses that must hold one of a name's telling words; less costs FOR_FEW."""
FOR_FEW = 0.15
ODD_WORD = 0.12
"""What each word costs that only one clause of the theme holds: it is that clause's own matter."""
NO_ODD_WORD_FROM = 15
"""Clauses of a theme from which such a word rules a phrase out."""
WORTH = 0.6
"""How much a phrase's worth counts beside its closeness to the theme's centre."""
A_THING = 0.10
"""What a name gains that always follows an article or the like: it names a thing."""
LAME, FOR_LAME = 0.25, 0.40
"""Share of a phrase's weightiest word's clauses that each other telling word must be in, and what
less costs: the theme is about the one, and the phrase would narrow it by a chance companion
("Emergency ambulance", where one in twenty speaks of an emergency)."""
ALONE_FROM = 0.35
"""Share of a theme's clauses that a single word must be in to stand as its name."""
THING_ALONE_FROM = 0.20
"""The same for a word that mostly follows an article."""
SHOWN_FROM, SHOWN_BY = 0.25, 3
"""Share of a theme's clauses, and number of them, that must show a common name."""
FEW, SHOWN_IN_FEW = 30, 0.50
"""Clauses of a theme below which that share must be larger: seven of them are often chance."""
SHOWN_WIDE = 0.50
"""The same share for a wide name."""
WIDE = 0.35
"""What a wide name costs: a narrower one that fits nearly as well says more."""
SPOKEN_FROM, UNSPOKEN = 0.25, 1.00
"""Share of a theme's clauses that must hold a telling word of a typed phrase, and what less costs:
it fits no theme then, and stands only where nothing does."""
SHOWN_MORE = 1.5
"""How many times the share in all other themes that must be."""
COMMON = 0.15
"""What a common name gains: it reads as a heading in any trade."""
LIES_BY, SHOWN_CLEARLY = 0.45, 0.35
"""Cosine of a common name to the theme's centre that it must have, or else the share of clauses
that show it."""
NAMELESS = 1.00
"""Score below which nothing that can be said of a theme fits it: a reader of the real answers
would refuse nearly every such name."""
EVERYWHERE = 0.05
"""Share of all clauses from which a bare thing is what the trade is about, and names nothing."""
EMPTY = 0.60
"""What the name of such a thing costs."""
ONE_MATTER = 0.85
"""Cosine from which two names say the same to a reader."""
READ_AT_MOST = 3000
"""Clauses of a theme that are looked at for its name."""


@dataclass(frozen=True)
class Name:
    """What a theme may be called, how well that fits it, and where it lies."""

    text: str
    score: float
    vector: NDArray[np.float32] | None = None
    curated: bool = False

    @property
    def fits(self) -> bool:
        """Whether it says what the theme is about."""
        return self.score >= NAMELESS


@dataclass(frozen=True)
class _Theme:
    """What is said in a theme: its clauses, its phrases, the share that shows a common name."""

    texts: Sequence[str]
    phrases: dict[tuple[str, ...], Phrase]
    shown: Mapping[str, float]
    people: frozenset[str]
    stems: Sequence[frozenset[str]]
    own: frozenset[str]

    def share_of(self, words: frozenset[str]) -> float:
        """Return the share of clauses that hold one of some stems."""
        return sum(not words.isdisjoint(one) for one in self.stems) / max(self.size, 1)

    def speaks_of_somebody(self, words: Sequence[str]) -> bool:
        """Tell words, in lower case, that hold a person's name: no theme is called by it."""
        return any(word.removesuffix("'s") in self.people for word in words)

    @property
    def size(self) -> int:
        return len(self.texts)


def find_names(
    clauses: Sequence[str],
    labels: NDArray[np.integer],
    centres: Floats,
    encode: Callable[[Sequence[str]], NDArray[np.floating]],
    *,
    curated: Sequence[tuple[str, NDArray[np.floating]]] = (),
    beside_book: bool = False,
    taken: Sequence[str] = (),
    own: frozenset[str] = frozenset(),
) -> tuple[Name, ...]:
    """Find a name for every theme, each name once, and how well it fits.

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
    beside_book : bool
        Whether the book's own themes stand beside these: then its names come first.
    taken : sequence of str
        Names that others have already.
    own : frozenset of str
        Stems that alone name what the whole service is about: no theme is called by them alone.

    Returns
    -------
    tuple of Name
        In the order of `centres`. Where two would take the same name, the one it fits better has
        it.
    """
    people = names_of_people(clauses)
    themes = [
        _read([clauses[row] for row in np.flatnonzero(labels == label)[:READ_AT_MOST]], people, own)
        for label in range(len(centres))
    ]
    gain = BESIDE_BOOK if beside_book else LENT

    def least(label: int) -> float:
        return LENT_TO_FEW if not beside_book and themes[label].size < FEW else CURATED_AT

    ranked = [
        [
            *_by_score(
                [
                    *_curated(centres[label], curated, gain, least(label)),
                    *_ranked(label, themes, centres, encode),
                ]
            ),
            *_last_resort(label, themes[label]),
        ]
        for label in range(len(themes))
    ]
    used = [Name(name, 0.0) for name in taken]
    names: dict[int, Name] = {}
    while len(names) < len(themes):
        free = {
            label: _first_free(ranked[label], used)
            for label in range(len(themes))
            if label not in names
        }
        label = max(free, key=lambda label: (free[label].score, -label))
        names[label] = free[label]
        used.append(free[label])
    return tuple(names[label] for label in range(len(themes)))


def _read(texts: Sequence[str], people: frozenset[str], own: frozenset[str]) -> _Theme:
    said = [stems_of(text) for text in texts]
    shown = shares(said, common_names(stem), len(texts))
    return _Theme(texts, count_phrases(texts), shown, people, [frozenset(s) for s in said], own)


def _first_free(ranked: Sequence[Name], used: Sequence[Name]) -> Name:
    """Choose the best name that nobody has; a curated one may say what another says."""
    taken = {essence(one.text) for one in used}
    spelt = {one.text for one in used}
    vectors = [one.vector for one in used if one.vector is not None]
    for one in ranked:
        alike = one.vector is not None and any(
            float(one.vector @ other) >= ONE_MATTER for other in vectors
        )
        if one.text not in spelt and (one.curated or essence(one.text) not in taken) and not alike:
            return one
    return ranked[-1]


def _last_resort(label: int, theme: _Theme) -> list[Name]:
    """Give what is left where no phrase stands out: short clauses as they are, then a number."""
    whole = [
        Name(text, -2.0)
        for text in sorted(set(theme.texts), key=lambda text: (len(text), text))
        if not theme.speaks_of_somebody(text.lower().replace("’", "'").strip(".,;:!?()").split())
    ]
    return [*whole, Name(f"Theme {label + 1}", -3.0)]


def _ranked(
    label: int,
    themes: Sequence[_Theme],
    centres: Floats,
    encode: Callable[[Sequence[str]], NDArray[np.floating]],
) -> list[Name]:
    """Rank phrases that were typed and common names that are shown, in one list."""
    typed = [
        (
            WORTH * worth
            + form(phrase.words)
            + A_THING * phrase.things / phrase.clauses
            - (SAID_ONCE if phrase.clauses == 1 else 0.0),
            as_title(phrase.typed),
        )
        for worth, phrase in _shortlist(label, themes)
    ]
    told = [*((worth, name, 1.0) for worth, name in typed), *_shown(label, themes)]
    if not told:
        return []
    vectors = np.asarray(encode([name for _, name, _ in told]), dtype=np.float32)
    cosines = np.round(vectors @ centres.T, 4)
    rivals = np.delete(cosines, label, axis=1)
    closest_rival = rivals.max(axis=1) if rivals.shape[1] else np.zeros(len(cosines))
    return [
        Name(
            name,
            float(
                1.2 * cosines[row, label] + 0.4 * (cosines[row, label] - closest_rival[row]) + worth
            ),
            vectors[row],
        )
        for row, (worth, name, share) in enumerate(told)
        if share >= SHOWN_CLEARLY or cosines[row, label] >= LIES_BY
    ]


def _by_score(names: Sequence[Name]) -> list[Name]:
    return sorted(names, key=lambda one: (-one.score, one.text))


def _shown(label: int, themes: Sequence[_Theme]) -> list[tuple[float, str, float]]:
    """Weigh the common names that a theme's clauses show, as phrases are weighed."""
    theme = themes[label]
    total = sum(other.size for other in themes)
    found = []
    for one in common_names(stem):
        if one.is_bare and words_of(one) <= theme.own:
            continue
        share = theme.shown.get(one.name, 0.0)
        count = share * theme.size
        least = SHOWN_WIDE if one.is_wide else SHOWN_IN_FEW if theme.size < FEW else SHOWN_FROM
        if share < least or count < SHOWN_BY - 0.5:
            continue
        said = sum(other.shown.get(one.name, 0.0) * other.size for other in themes)
        outside = (said - count) / max(total - theme.size, 1)
        if share < SHOWN_MORE * outside:
            continue
        often = float(np.log1p(count) / np.log1p(max(theme.size, 2)))
        worth = WORTH * (1.3 * _worth(share, outside) + 0.3 * often)
        empty = EMPTY if one.is_bare and said >= EVERYWHERE * total else 0.0
        worth -= empty + (WIDE if one.is_wide else 0.0)
        found.append((worth + COMMON + A_THING, one.name, share))
    return found


def _shortlist(label: int, themes: Sequence[_Theme]) -> list[tuple[float, Phrase]]:
    """Keep the phrases that tell this theme from the others.

    A phrase is worth what its words are worth: the share of the theme's clauses that hold the
    word, times how much rarer it is elsewhere. So 'long wait' also counts where 'waited' stands
    alone, and a rare phrase of frequent words can win over a frequent one of empty words.
    """
    theme = themes[label]
    inside = _word_shares(theme.phrases, theme.size)
    total = max(sum(other.size for other in themes) - theme.size, 1)
    outside: Counter[str] = Counter()
    for other in themes:
        if other is not theme:
            for key, phrase in other.phrases.items():
                if len(key) == 1:
                    outside[stem(key[0])] += phrase.clauses
    scored = []
    for key, phrase in theme.phrases.items():
        if not _stands(phrase, theme.size) or theme.speaks_of_somebody(key):
            continue
        worth = [
            _worth(inside.get(stem(word), 0.0), outside[stem(word)] / total)
            for word in key
            if not is_stop(word)
        ] or [0.0]
        telling = [inside.get(stem(word), 0.0) for word in key if tells(word)]
        odd = sum(share * theme.size < 1.5 for share in telling)
        if odd and theme.size >= NO_ODD_WORD_FROM:
            continue
        if theme.size < FEW and max(telling, default=0.0) < SHOWN_FROM:
            continue
        everywhere = all(
            inside.get(stem(word), 0.0) * theme.size + outside[stem(word)]
            >= EVERYWHERE * (total + theme.size)
            for word in key
            if tells(word)
        )
        few = (
            FOR_FEW * (max(telling, default=0.0) < SPEAKS_FOR)
            + FOR_LAME * (min(telling, default=0.0) < LAME * max(telling, default=0.0))
            + ODD_WORD * odd
            + UNSPOKEN * (not _is_spoken(theme, key))
            + EMPTY / 2 * everywhere
        ) / WORTH
        often = float(np.log1p(phrase.clauses) / np.log1p(max(theme.size, 2)))
        scored.append((sum(worth) / len(worth) + 0.3 * max(worth) + 0.3 * often - few, phrase))
    scored.sort(key=lambda pair: (-pair[0], pair[1].words))
    often_said = sorted(scored, key=lambda pair: (-pair[1].clauses, -pair[0], pair[1].words))
    frequent = [pair for pair in often_said if len(pair[1].words) > 1][: CANDIDATES // 4]
    return [*scored[:CANDIDATES], *(pair for pair in frequent if pair not in scored[:CANDIDATES])]


def _is_spoken(theme: _Theme, words: Sequence[str]) -> bool:
    """Tell a phrase one of whose telling words is in as many clauses as a name must be true of."""
    stems = frozenset(stem(word) for word in words if tells(word)) - theme.own
    return theme.share_of(stems) >= SPOKEN_FROM


def _stands(phrase: Phrase, size: int) -> bool:
    """Tell whether a phrase was typed often enough to be looked at."""
    if len(phrase.words) > 1:
        return phrase.clauses >= (1 if size < 20 else 2) or len(phrase.words) > 2
    thing = 2 * phrase.things >= phrase.clauses
    least = THING_ALONE_FROM if thing else ALONE_FROM
    return could_name(phrase.words) and phrase.clauses >= least * size


def _worth(inside: float, outside: float) -> float:
    return float(np.sqrt(inside) * inside / (inside + outside)) if inside else 0.0


def _word_shares(phrases: dict[tuple[str, ...], Phrase], size: int) -> dict[str, float]:
    shares: Counter[str] = Counter()
    for key, phrase in phrases.items():
        if len(key) == 1:
            shares[stem(key[0])] += phrase.clauses
    return {stem: min(1.0, count / max(size, 1)) for stem, count in shares.items()}


def _curated(
    centre: NDArray[np.floating],
    curated: Sequence[tuple[str, NDArray[np.floating]]],
    gain: float,
    least: float,
) -> list[Name]:
    close = [
        (-float(np.round((np.asarray(places, np.float32) @ centre).min(), 4)), name)
        for name, places in curated
    ]
    return [Name(name, gain - cosine, curated=True) for cosine, name in close if -cosine >= least]
