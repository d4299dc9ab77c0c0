"""Notice what people have begun to say: places among the clauses where new ones crowd.

A new matter seldom stays outside the themes there are: it lies nearest to one of them and joins
it. So what fits no theme shows little of it. Here the answers of the last weeks are laid among the
earlier ones, and every place is asked whether more of its answers are recent than chance would
have. How much more chance would have is found by shuffling which answers are recent, so that a
place is called new about once in a hundred looks at answers in which nothing is.

References
----------
Kulldorff (1997), A spatial scan statistic, Communications in Statistics 26(6).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from survey.understand.blocks import in_blocks

NEIGHBOURS = 120
"""Answers around a clause that are looked at, at most."""
LOOKED_AT = 300
"""Clauses that may be theirs: one answer may hold several."""
NEAR = 0.40
"""Least cosine between a clause and one beside it. Clauses about one subject lie at .5 to .7 from
their centre."""
LEAST_RECENT = 8
"""Recent answers that must crowd."""
MOST = 3
SHUFFLES = 199
CHANCE = 0.01
"""How often shuffled answers may look as new."""


@dataclass(frozen=True)
class Around:
    """For each clause those nearest to it, one an answer, itself first.

    `rows` and `cosines` have shape (n, k); where there are fewer, the cosine is -1.
    """

    rows: NDArray[np.int32]
    cosines: NDArray[np.float32]


def around(vectors: NDArray[np.floating], answer_of: NDArray[np.integer]) -> Around:
    """Find what lies around each clause.

    Parameters
    ----------
    vectors : ndarray, shape (n, d)
        Unit rows.
    answer_of : ndarray of int, shape (n,)
        Whose answer each clause is from.

    Returns
    -------
    Around
        The nearest first; ties in order of the clauses.
    """
    wide = np.asarray(vectors, dtype=np.float32)
    looked_at, kept = min(LOOKED_AT, len(wide)), min(NEIGHBOURS, len(wide))

    def block(start: int, end: int) -> Around:
        cosines = (wide[start:end] @ wide.T).round(4)
        top = np.sort(np.argpartition(-cosines, looked_at - 1, axis=1)[:, :looked_at], axis=1)
        near = np.take_along_axis(cosines, top, axis=1)
        near[top == np.arange(start, end)[:, None]] = 2  # itself first, whatever is said twice
        order = np.argsort(-near, axis=1, kind="stable")
        top, near = np.take_along_axis(top, order, axis=1), np.take_along_axis(near, order, axis=1)
        near[~_first_of_each(answer_of[top])] = -1
        order = np.argsort(near < NEAR, axis=1, kind="stable")[:, :kept]
        return Around(
            np.take_along_axis(top, order, axis=1).astype(np.int32),
            np.take_along_axis(near, order, axis=1),
        )

    found = in_blocks(len(wide), block, size=512)
    return Around(
        np.concatenate([part.rows for part in found]),
        np.concatenate([part.cosines for part in found]),
    )


def _first_of_each(answers: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Mark, row by row, where an answer comes up for the first time."""
    order = np.argsort(answers, axis=1, kind="stable")
    ordered = np.take_along_axis(answers, order, axis=1)
    fresh = np.ones(answers.shape, dtype=bool)
    fresh[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    first = np.empty_like(fresh)
    np.put_along_axis(first, order, fresh, axis=1)
    return first


def crowds(
    beside: Around,
    answer_of: NDArray[np.integer],
    recent: NDArray[np.bool_],
    *,
    seed: int = 0,
    most: int = MOST,
) -> list[NDArray[np.int32]]:
    """Find the places where recent answers crowd more than chance would have them.

    Parameters
    ----------
    beside : Around
        What lies around each clause.
    answer_of : ndarray of int, shape (n,)
        Whose answer each clause is from, from 0.
    recent : ndarray of bool, shape (number of answers,)
        Which answers are recent.
    seed : int, default 0
        Of the shuffles.
    most : int, default 3
        At most so many places.

    Returns
    -------
    list of ndarray of int
        The clauses of each, recent or not; the most striking first, none in two places.
    """
    here = np.unique(answer_of)
    share = float(recent[here].mean()) if len(here) else 0.0
    if not 0 < share < 1:
        return []
    scores = _scores(beside, recent[answer_of], share)
    least = max(_chance(beside, answer_of, recent, seed), 0.0)
    found: list[NDArray[np.int32]] = []
    taken = np.zeros(len(answer_of), dtype=bool)
    while len(found) < most:
        place, last = np.unravel_index(int(scores.argmax()), scores.shape)
        if scores[place, last] <= least:
            break
        rows = np.sort(beside.rows[place, : last + 1])
        if not taken[rows].any():
            found.append(rows)
        taken[rows] = True
        scores[place] = -1
        scores[taken] = -1
    return found


def _chance(
    beside: Around, answer_of: NDArray[np.integer], recent: NDArray[np.bool_], seed: int
) -> float:
    """Shuffle which answers are recent, and give the score that chance seldom passes."""
    here = np.unique(answer_of)
    draw = np.random.default_rng(seed)
    many = int(recent[here].sum())
    best = []
    for _ in range(SHUFFLES):
        shuffled = np.zeros(len(recent), dtype=bool)
        shuffled[draw.choice(here, many, replace=False)] = True
        scores = _scores(beside, shuffled[answer_of], many / len(here))
        best.append(float(scores.max(initial=-1.0)))
    return float(np.quantile(best, 1 - CHANCE, method="higher"))


def _scores(beside: Around, recent: NDArray[np.bool_], share: float) -> NDArray[np.float64]:
    """Score each place: clauses are rows, columns how many around them it takes in.

    The score is the log-likelihood ratio of a place with its own share of recent answers over one
    with everybody's, 0 or more where recent ones crowd; -1 where too few do.
    """
    scores = np.full(beside.rows.shape, -1.0)
    places = np.flatnonzero(recent)
    new = np.cumsum(recent[beside.rows[places]], axis=1, dtype=np.int32).astype(np.float64)
    every = np.arange(1, beside.rows.shape[1] + 1, dtype=np.float64)[None]
    crowded = (beside.cosines[places] >= NEAR) & (new >= LEAST_RECENT) & (new > share * every)
    n, m = new[crowded], np.broadcast_to(every, new.shape)[crowded]
    old = m - n
    ratio = n * np.log(n / (m * share))
    ratio += np.where(old > 0, old * np.log(np.maximum(old, 1) / (m * (1 - share))), 0.0)
    part = np.full(new.shape, -1.0)
    part[crowded] = ratio.round(6)
    scores[places] = part
    return scores
