"""Find what lies within wide themes and is clear enough to stand by itself.

Themes are few and wide: twins among them are joined, and leftovers go to their neighbours. So
fewer are left than were asked for, and what a dozen people say of one clear matter ("dental care")
lies in a theme of hundreds. A second look cuts the same clauses finer, and of what it finds takes
what a listed name fits and half of the clauses show: that becomes a theme beside the wide ones, and
takes in only what lies close to it. Wide themes keep their places; parts come and go more easily.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from survey.understand.blocks import nearest, unit
from survey.understand.common_names import common_names, one_matter, own_matters, shares
from survey.understand.found import FoundTheme, Places
from survey.understand.name import FEW, READ_AT_MOST
from survey.understand.naming import Naming
from survey.understand.phrases import stem, stems_of
from survey.understand.reading import Reading
from survey.understand.tightness import closeness, is_like, without_twins

FINER = 2.5
"""Groups of the second look for each theme that is asked for."""
FITS_WELL = 1.20
"""Score from which a name fits a part; a theme needs 1.00."""
AGREES = 0.38
"""Mean cosine between a part's clauses: with .33 it costs .005 of recovery, and AMI .02."""
SHOWN, SHOWN_IN_FEW = 0.50, 0.60
"""Share of a part's clauses that must show its name; of a few clauses, half are often chance."""
OUTSIDE = 20.0
"""Share of a part's clauses, in per cent, that lie outside its radius, and go back to wide ones."""
MOSTLY = 0.50
"""Share of a part's clauses that must lie in wide themes for its edge to go back to them."""
FEWEST_ANSWERS = 5
SAME_WITH = 2 / 3
"""Share of a wide theme's clauses that must be left in it for its name to stand."""
SAID_BY_MANY = 0.03
"""Share of all clauses from which a bare thing is no part of anything."""


def with_parts(
    naming: Naming,
    wide: tuple[FoundTheme, ...],
    close: Sequence[FoundTheme],
    lasting: Collection[str],
    *,
    wanted: int,
) -> tuple[FoundTheme, ...]:
    """Put the clearest parts beside the wide themes, until as many are there as were asked for.

    Parameters
    ----------
    naming : Naming
        Finds the parts' names.
    wide : tuple of FoundTheme
        With their names.
    close : sequence of FoundTheme
        What a finer cut of the same clauses gave, without names.
    lasting : collection of str
        Ids of those in `wide` that stay as they are.
    wanted : int
        How many themes to give at most.

    Returns
    -------
    tuple of FoundTheme
        `wide`, then the parts. A wide theme that is mostly gone into its parts is named anew, for
        a name must be true of what is in the theme now; if nothing names what is left, it goes.
    """
    if not close or len(wide) >= wanted:
        return wide
    clear = _clear_parts(naming, wide, close, lasting)[: wanted - len(wide)]
    parts = _of_some_size(wide, without_twins(clear, ()), naming.reading)
    left = _named_still(wide, parts, naming.reading, lasting)
    return naming.of_all((*left, *parts), lasting)


def _clear_parts(
    naming: Naming,
    wide: Sequence[FoundTheme],
    close: Sequence[FoundTheme],
    lasting: Collection[str],
) -> list[FoundTheme]:
    """Name what is clear among the groups of a finer cut, the best named first.

    What lies where somebody decided about a theme is no part: it may be one that they merged.
    """
    reading = naming.reading
    decided = [point for one in wide if one.id in lasting for point in one.points]
    theme = Places(close).join(reading.vectors).theme
    places = range(len(wide), len(wide) + len(close))
    names = naming.names([*wide, *close], places, np.where(theme < 0, -1, theme + len(wide)))
    headings = _headings(naming.said, wide)
    clear = [
        (-name.score, number)
        for number, name in enumerate(names)
        if name.score >= FITS_WELL
        and name.text in headings
        and not is_like(close[number], decided)
        and _is_clear(name.text, np.flatnonzero(theme == number), reading)
    ]
    inside = Places(wide).join(reading.vectors).theme >= 0
    return [
        _narrowed(close[number], names[number].text, reading.vectors, theme == number, inside)
        for _, number in sorted(clear)
    ]


def _headings(said: Sequence[Sequence[str]], wide: Sequence[FoundTheme]) -> frozenset[str]:
    """List the common names that say something here, and that no wide theme says already."""
    matters = one_matter()
    taken = {matters.get(one.name, one.name) for one in wide}
    own = own_matters(said, stem)
    share = shares(said, common_names(stem), len(said))
    return frozenset(
        one.name
        for one in common_names(stem)
        if one.name not in own
        and not (one.is_bare and share.get(one.name, 0.0) >= SAID_BY_MANY)
        and matters.get(one.name, one.name) not in taken
    )


def _is_clear(
    name: str,
    members: NDArray[np.intp],
    reading: Reading,
) -> bool:
    """Tell a part whose clauses (the first of very many) agree, and mostly show the name."""
    members = members[:READ_AT_MOST]
    said = [stems_of(reading.clauses[row].text) for row in members]
    shown = shares(said, common_names(stem), len(members)).get(name, 0.0)
    agree = closeness(reading.vectors[members].astype(np.float32))
    return agree >= AGREES and shown >= (SHOWN_IN_FEW if len(members) < FEW else SHOWN)


def _narrowed(
    theme: FoundTheme,
    name: str,
    vectors: NDArray[np.float16],
    members: NDArray[np.bool_],
    inside: NDArray[np.bool_],
) -> FoundTheme:
    """Name a part, and leave what lies at a small one's edge to the wide themes it lies inside."""
    if members.sum() >= FEW or inside[members].mean() < MOSTLY:
        return replace(theme, name=name)
    _, cosines = nearest(vectors[members], unit(theme.points))
    least = float(np.floor(np.percentile(cosines, OUTSIDE) * 1000) / 1000) - 0.001
    return replace(theme, name=name, radius=max(theme.radius, least))


def _of_some_size(
    wide: tuple[FoundTheme, ...], parts: Sequence[FoundTheme], reading: Reading
) -> tuple[FoundTheme, ...]:
    """Leave out parts that too few people speak of."""
    theme = Places((*wide, *parts)).join(reading.vectors).theme
    return tuple(
        one
        for place, one in enumerate(parts, len(wide))
        if len(np.unique(reading.row_of[theme == place])) >= FEWEST_ANSWERS
    )


def _named_still(
    wide: tuple[FoundTheme, ...],
    parts: Sequence[FoundTheme],
    reading: Reading,
    lasting: Collection[str],
) -> tuple[FoundTheme, ...]:
    """Take the name of each wide theme of which too little is left."""
    before = np.bincount(Places(wide).join(reading.vectors).theme + 1, minlength=len(wide) + 1)
    whole = Places((*wide, *parts)).join(reading.vectors).theme
    left = np.bincount(whole + 1, minlength=len(wide) + 1)
    return tuple(
        one
        if one.id in lasting or left[place] >= SAME_WITH * before[place]
        else replace(one, name="")
        for place, one in enumerate(wide, 1)
    )
