"""How close together the clauses of a theme lie, and when two themes are one."""

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from survey.understand.common_names import one_matter
from survey.understand.decisions import Constraint, lasting_themes, read_decisions
from survey.understand.found import FoundTheme

LOOSEST = 0.20
"""Mean cosine between a theme's clauses below which they have nothing in common but leftovers:
of the themes found in the sample and in 1,995 real answers, those that a reader could not say
what they were about lay below .19, the others above .22."""
TIGHT = 0.28
"""The same for a new theme to be proposed: three in four themes found in real answers lie closer
(.29 to .31 and more). In shuffled answers, where nothing is new, twelve runs gave one group of 25
clauses, at .14."""
ONE_THING = 0.45
"""The same from which a theme is about one thing even where no name fits it."""
A_HANDFUL = 10
"""Clauses below which that shows nothing: some lie close by chance."""
ALIKE = 0.75
"""Cosine of centres from which two themes are one, and a new one is one that was refused."""


def closeness(vectors: NDArray[np.floating]) -> float:
    """Return the mean cosine between two clauses; 0 for fewer than two.

    Parameters
    ----------
    vectors : ndarray, shape (n, d)
        Unit rows.

    Returns
    -------
    float
        At most 1.
    """
    count = len(vectors)
    if count < 2:
        return 0.0
    total = vectors.sum(axis=0)
    return round((float(total @ total) - count) / (count * (count - 1)), 4)


def is_one_thing(vectors: NDArray[np.floating]) -> bool:
    """Tell a theme that is about one thing, whether or not a name fits it.

    Parameters
    ----------
    vectors : ndarray, shape (n, d)
        Unit rows of its clauses.
    """
    return len(vectors) >= A_HANDFUL and closeness(vectors.astype(np.float32)) >= ONE_THING


def gathered(found: Sequence[FoundTheme]) -> tuple[FoundTheme, ...]:
    """Join themes whose centres are so close that an owner would call them one.

    Parameters
    ----------
    found : sequence of FoundTheme
        The largest first.

    Returns
    -------
    tuple of FoundTheme
        With the clauses of all that were joined.
    """
    merged: list[Constraint] = []
    sizes: dict[str, int] = {}
    kept: list[FoundTheme] = []
    for theme in found:
        near = next((one for one in kept if is_like(theme, [one.centroid])), None)
        into = near or theme
        if near is None:
            kept.append(theme)
        merged.append(Constraint("merged", theme.id, other=into.id))
        sizes[into.id] = sizes.get(into.id, 0) + theme.clauses
    lasting = lasting_themes(found, read_decisions(merged))
    return tuple(replace(theme, clauses=sizes[theme.id]) for theme in lasting)


def without_twins(found: Sequence[FoundTheme], lasting: Collection[str]) -> tuple[FoundTheme, ...]:
    """Join themes whose names tell a reader the same, into the largest of them.

    Parameters
    ----------
    found : sequence of FoundTheme
        With their names.
    lasting : collection of str
        Ids of those that people decided about: they stay as they are.

    Returns
    -------
    tuple of FoundTheme
        In the order of `found`.
    """
    matters = one_matter()
    first: dict[str, FoundTheme] = {}
    merged: list[Constraint] = []
    for theme in sorted(found, key=lambda one: (-one.clauses, one.id)):
        matter = matters.get(theme.name)
        into = theme
        if matter is not None and theme.id not in lasting:
            into = first.setdefault(matter, theme)
        merged.append(Constraint("merged", theme.id, other=into.id))
    return lasting_themes(found, read_decisions(merged))


def is_like(
    theme: FoundTheme, others: Sequence[NDArray[np.float16]], *, least: float = ALIKE
) -> bool:
    """Tell whether a theme's centre lies as close to another as that of one theme to itself.

    Parameters
    ----------
    theme : FoundTheme
        The one in question.
    others : sequence of ndarray, shape (d,)
        Unit centres.
    least : float, default 0.75
        Cosine from which they are alike.

    Returns
    -------
    bool
        False where there are no others.
    """
    centre = theme.centroid.astype(np.float32)
    return any(float(centre @ other.astype(np.float32)) >= least for other in others)
