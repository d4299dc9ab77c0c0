"""Themes that a person made: where they lie, and where a theme falls into two."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from survey.understand.blocks import nearest, unit
from survey.understand.corrections import Correction
from survey.understand.embed import Embedder, stored
from survey.understand.found import FoundTheme
from survey.understand.known import BOOK, KnownTheme, Placed, Taught, Told
from survey.understand.name import find_names
from survey.understand.refit import BESIDE_A_BOOK, JOINS_FROM_PERCENTILE
from survey.understand.split import split

MOST_POINTS = 6
WIDE_ENOUGH = 0.55
"""Greatest radius of a theme made by hand: a few picked answers lie nearer to their own centre
than anything that comes later, and clauses about one subject lie at .5 to .7 from theirs."""
ROUNDS = 12
FEWEST_IN_A_PART = 3

Vectors = NDArray[np.floating]


def place_of(answers: Sequence[Vectors]) -> FoundTheme:
    """Say where a theme lies that a person made of some answers.

    Parameters
    ----------
    answers : sequence of ndarray, each of shape (clauses, d)
        Unit vectors of each answer's clauses: of the one that speaks for the theme where that is
        known, else of all. At least one clause in all.

    Returns
    -------
    FoundTheme
        Without id and name. Of each answer the clause counts that lies nearest to the others'.
    """
    clauses = _shared(answers)
    points = _spread(clauses, min(MOST_POINTS, max(1, len(clauses) // 3)))
    places = stored(points)
    _, cosines = nearest(clauses, unit(places))
    radius = round(float(np.percentile(cosines, JOINS_FROM_PERCENTILE)) - 0.001, 3)
    radius = min(max(radius, BESIDE_A_BOOK), WIDE_ENOUGH)
    centre = unit(clauses.mean(axis=0, keepdims=True))[0]
    return FoundTheme("", "", stored(centre), places, radius, clauses=len(clauses))


def _shared(answers: Sequence[Vectors]) -> NDArray[np.float32]:
    """Choose, of each answer, the clause nearest to what the answers have in common."""
    told = [np.asarray(one, dtype=np.float32) for one in answers if len(one)]
    centre = np.mean([one.mean(axis=0) for one in told], axis=0)
    chosen = np.stack([one[0] for one in told])
    for _ in range(ROUNDS):
        picked = np.stack([one[int((one @ centre).argmax())] for one in told])
        if np.array_equal(picked, chosen):
            break
        chosen, centre = picked, picked.mean(axis=0)
    return chosen


def _spread(vectors: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """Find a few centres that lie apart: each next one farthest from those before, then settled."""
    centres = unit(vectors.mean(axis=0, keepdims=True))
    while len(centres) < count:
        _, cosines = nearest(vectors, centres)
        centres = np.concatenate([centres, vectors[[int(cosines.argmin())]]])
    return _settled(vectors, centres)[1]


def _settled(
    vectors: NDArray[np.float32], centres: NDArray[np.float32]
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Let every vector join its nearest centre, and every centre move among its own, in turns."""
    labels, _ = nearest(vectors, centres)
    for _ in range(ROUNDS):
        moved = np.stack(
            [
                vectors[labels == number].mean(axis=0) if (labels == number).any() else centre
                for number, centre in enumerate(centres)
            ]
        )
        centres = unit(moved)
        again, _ = nearest(vectors, centres)
        if np.array_equal(again, labels):
            break
        labels = again
    return labels, centres


@dataclass(frozen=True)
class Halves:
    """A cut: which part each vector is in (0 the larger, 1), shape (n,)."""

    labels: NDArray[np.int32]
    centres: NDArray[np.float32]


@dataclass(frozen=True)
class CutPart:
    """One part of a cut: what it might be called, and its answers' rows, the most typical first."""

    name: str
    rows: tuple[int, ...]


def cut_in_two(vectors: Vectors) -> Halves | None:
    """Cut a theme where its answers differ most; None where there are too few to cut.

    Whether the two parts are two themes is for a person to say: on labelled answers the distance
    between the halves of one theme (.23 to .39 in mean cosine) is no smaller than that between two
    themes laid together (.18 to .28).

    Parameters
    ----------
    vectors : ndarray, shape (n, d)
        Unit vectors of the clauses that put each answer into the theme.

    Returns
    -------
    Halves or None
        The same for the same vectors: it begins along the direction in which they differ most.
    """
    wide = np.asarray(vectors, dtype=np.float32)
    if len(wide) < 2 * FEWEST_IN_A_PART:
        return None
    centred = wide - wide.mean(axis=0)
    _, directions = np.linalg.eigh((centred.T @ centred).astype(np.float64))
    along = centred @ directions[:, -1].astype(np.float32)
    sides = [wide[along >= 0], wide[along < 0]]
    if not all(len(side) for side in sides):
        return None
    labels, centres = _settled(wide, unit(np.stack([side.mean(axis=0) for side in sides])))
    if (labels == 1).sum() > (labels == 0).sum():
        labels, centres = 1 - labels, centres[::-1]
    if (labels == 1).sum() < FEWEST_IN_A_PART:
        return None
    return Halves(labels.astype(np.int32), np.ascontiguousarray(centres))


def place_by_words(
    spoken: Sequence[tuple[str, str | None]], embedder: Embedder
) -> FoundTheme | None:
    """Say where a theme lies by what its answers say; None where they say nothing.

    Parameters
    ----------
    spoken : sequence of (str, str or None)
        Each answer, and the clause of it that speaks for the theme where one is known.
    embedder : Embedder
        Gives the vectors.
    """
    texts = [[clause] if clause else [one.text for one in split(body)] for body, clause in spoken]
    told = [embedder.encode(some) for some in texts if some]
    return place_of(told) if told else None


def cut_by_words(
    clauses: Sequence[str], embedder: Embedder, taken: Sequence[str]
) -> tuple[CutPart, ...]:
    """Cut a theme in two by its clauses; no parts where there are too few.

    Parameters
    ----------
    clauses : sequence of str
        The clause that put each answer into the theme.
    embedder : Embedder
        Gives the vectors.
    taken : sequence of str
        Names of the themes there are.
    """
    wide = embedder.encode(clauses)
    halves = cut_in_two(wide)
    if halves is None:
        return ()
    names = find_names(
        clauses,
        halves.labels,
        halves.centres,
        lambda texts: stored(embedder.encode(texts)),
        taken=taken,
    )
    return tuple(
        CutPart(name.text, _typical_first(wide, halves, part)) for part, name in enumerate(names)
    )


def _typical_first(wide: NDArray[np.float32], halves: Halves, part: int) -> tuple[int, ...]:
    """Return the rows of a part, those nearest to its centre first."""
    rows = np.flatnonzero(halves.labels == part)
    nearness = (wide[rows] @ halves.centres[part]).round(5)
    return tuple(int(row) for row in rows[np.argsort(-nearness, kind="stable")])


def parted(
    told: list[Told],
    themes: Sequence[KnownTheme],
    placed: Callable[[KnownTheme], FoundTheme],
    embedder: Embedder,
) -> list[Told]:
    """Give a part that was split off by hand what lies nearer to it than to the rest.

    Parameters
    ----------
    told : list of Told
        What the engine made of answers, the parts of the book's themes left aside.
    themes : sequence of KnownTheme
        The themes; a part names the one it was split from.
    placed : callable
        Gives the place of a theme that has one.
    embedder : Embedder
        Gives the vectors of clauses.
    """
    parts: dict[int, list[_Part]] = {}
    for theme in themes:
        if theme.split_from is not None and theme.anchor and theme.rest_anchor:
            rest = placed(replace(theme, anchor=theme.rest_anchor))
            part = _Part(theme.id, placed(theme), rest)
            parts.setdefault(theme.split_from, []).append(part)
    return [_Partition(parts, embedder).of(one) for one in told] if parts else told


@dataclass(frozen=True)
class _Part:
    id: int
    place: FoundTheme
    rest: FoundTheme


@dataclass(frozen=True)
class _Partition:
    parts: dict[int, list[_Part]]
    embedder: Embedder

    def of(self, told: Told) -> Told:
        if not any(placed.theme_id in self.parts for placed in told.placed):
            return told
        there: dict[int, Placed] = {}
        for placed in told.placed:
            mine = replace(placed, theme_id=self._part(told.answer.body, placed))
            before = there.setdefault(mine.theme_id, mine)
            if mine.confidence > before.confidence:
                there[mine.theme_id] = mine
        return replace(told, placed=tuple(there.values()))

    def _part(self, body: str, placed: Placed) -> int:
        theme_id = placed.theme_id
        if theme_id not in self.parts or placed.start is None or placed.end is None:
            return theme_id
        vector = self.embedder.encode([body[placed.start : placed.end]])[0]
        while theme_id in self.parts:
            nearer = [
                (closeness, part.id)
                for part in self.parts[theme_id]
                if (closeness := _nearness(vector, part.place)) > _nearness(vector, part.rest)
            ]
            if not nearer:
                break
            theme_id = max(nearer)[1]
        return theme_id


def _nearness(vector: NDArray[np.float32], place: FoundTheme) -> float:
    return float((place.points.astype(np.float32) @ vector).max().round(5))


def corrections_for(
    themes: Sequence[KnownTheme], taught: Sequence[Taught]
) -> tuple[Correction, ...]:
    """Return what people said as the book's reader takes it."""
    keys = {theme.id: theme.key or str(theme.id) for theme in themes if theme.origin == BOOK}
    return tuple(
        Correction(one.body, keys[one.theme_id], one.belongs)
        for one in taught
        if one.theme_id in keys
    )
