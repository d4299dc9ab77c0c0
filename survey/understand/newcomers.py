"""Themes made of what people have begun to say, beside the themes there are."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from survey.understand.blocks import unit
from survey.understand.by_hand import place_of
from survey.understand.embed import Embedder, stored
from survey.understand.emerging import around, crowds
from survey.understand.found import FoundTheme, Places, Quote
from survey.understand.known import Arrivals
from survey.understand.language import is_foreign
from survey.understand.name import find_names
from survey.understand.nothing import says_nothing
from survey.understand.quotes import choose_quotes
from survey.understand.split import Clause, split
from survey.understand.tightness import TIGHT, closeness, is_like

THE_SAME = 0.90
"""Cosine of centres from which a crowd is a theme there is, grown; a part of one lies at .75 to .88
from the whole."""
QUOTES = 3


@dataclass(frozen=True)
class Said:
    """Clauses that say something, of answers old and new.

    `row_of` tells whose each is, from 0; `vectors` has shape (len(clauses), d); `recent` tells of
    each answer whether it is.
    """

    clauses: Sequence[Clause]
    row_of: NDArray[np.int64]
    vectors: NDArray[np.float16]
    recent: NDArray[np.bool_]


def said_in(new: Arrivals, embedder: Embedder) -> Said:
    """Cut answers into the clauses that say something, the late answers first.

    Parameters
    ----------
    new : Arrivals
        Answers in which the book recognised nothing.
    embedder : Embedder
        Gives the vectors.

    Returns
    -------
    Said
        Rows in the order of the answers, those of late before the others.
    """
    told = [
        (row, clause)
        for row, answer in enumerate((*new.late, *new.earlier))
        if not is_foreign(answer.body, embedder.languages)
        for clause in split(answer.body)
        if not says_nothing(clause.text)
    ]
    recent = np.zeros(len(new.late) + len(new.earlier), dtype=bool)
    recent[: len(new.late)] = True
    return Said(
        [clause for _, clause in told],
        np.array([row for row, _ in told], dtype=np.int64),
        stored(embedder.encode([clause.text for _, clause in told])),
        recent,
    )


def newcomers(
    said: Said,
    known: Sequence[FoundTheme],
    *,
    fewest: int,
    taken: Sequence[str],
    embedder: Embedder,
) -> tuple[FoundTheme, ...]:
    """Find themes that have come up of late, though their clauses may have joined others.

    Parameters
    ----------
    said : Said
        Recent clauses and earlier ones.
    known : sequence of FoundTheme
        The found themes there are; what is one of them is not new.
    fewest : int
        Clauses that must go to a theme for it to be told, 1 or more.
    taken : sequence of str
        Names that others have.
    embedder : Embedder
        Places the words that might name them.

    Returns
    -------
    tuple of FoundTheme
        With names, quotes from recent answers, and counts; the most striking first.
    """
    if not len(said.clauses):
        return ()

    def encode(texts: Sequence[str]) -> NDArray[np.floating]:
        return stored(embedder.encode(texts))

    beside = around(said.vectors, said.row_of)
    found: list[FoundTheme] = []
    names = list(taken)
    for rows in crowds(beside, said.row_of, said.recent):
        theme = place_of([said.vectors[[row]] for row in rows])
        if is_like(theme, [one.centroid for one in (*known, *found)], least=THE_SAME):
            continue
        members = Places([*known, theme]).join(said.vectors).theme == len(known)
        if members.sum() < fewest or closeness(said.vectors[members].astype(np.float32)) < TIGHT:
            continue
        theme = _described(theme, said, members, names, encode)
        names.append(theme.name)
        found.append(theme)
    return tuple(found)


def _described(
    theme: FoundTheme,
    said: Said,
    members: NDArray[np.bool_],
    taken: Sequence[str],
    encode: Callable[[Sequence[str]], NDArray[np.floating]],
) -> FoundTheme:
    texts = [clause.text for clause in said.clauses]
    rest = said.vectors[~members].astype(np.float32)
    centres = [theme.centroid.astype(np.float32), *([rest.mean(axis=0)] if len(rest) else [])]
    labels = np.where(members, 0, len(centres) - 1 or -1)
    name = find_names(texts, labels, unit(np.stack(centres)), encode, taken=taken)[0].text
    new = np.flatnonzero(members & said.recent[said.row_of])
    picked = choose_quotes([texts[row] for row in new], said.vectors[new], theme.centroid, QUOTES)
    quotes = tuple(
        Quote(int(said.row_of[row]), place.start, place.end, place.text)
        for row, place in ((new[at], said.clauses[new[at]]) for at in picked)
    )
    answers = len(np.unique(said.row_of[members]))
    return replace(theme, name=name, exemplars=quotes, answers=answers, clauses=int(members.sum()))
