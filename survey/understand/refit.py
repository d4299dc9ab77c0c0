"""From groups to themes: which of them were there before, and which ids they keep."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from survey.understand.blocks import means, nearest, unit
from survey.understand.discover import Groups
from survey.understand.embed import stored
from survey.understand.found import FoundTheme, Places
from survey.understand.match import match_themes
from survey.understand.reading import Reading

JOINS_FROM_PERCENTILE = 3.0
"""Share of a theme's own clauses, in per cent, that lie outside its radius."""
JOINS_FROM = 0.36
"""Least cosine to its centre at which a clause belongs to any theme: what lies further away is
there for want of a better place. On real answers that costs 3 % of those in a theme and nothing of
what is found, and four fifths of them lead to the whole's themes more often (AMI .825 for .806)."""
BESIDE_A_BOOK = 0.45
"""Least cosine to its centre at which a clause belongs to a theme found beside a book. What a book
leaves is mostly scattered; a group is worth an owner's time only where its clauses agree. Clauses
about one subject (parking, the radio) lie at .5 to .7 from their centre, padding at .3."""
FEWEST_BESIDE_A_BOOK = 6
"""Clauses that must agree so well."""
NAME_STAYS_FROM = 0.5
"""Jaccard overlap from which a theme that is found again keeps its name."""


def fresh_themes(
    vectors: NDArray[np.float16],
    groups: Groups,
    before: Sequence[FoundTheme],
    lasting: Sequence[FoundTheme],
    *,
    beside_a_book: bool = False,
) -> list[tuple[FoundTheme, NDArray[np.bool_]]]:
    """Turn groups into themes without ids, but for those whose clauses are a lasting theme's.

    Beside a book only clauses that agree well make a theme, and only such join it later.
    """
    number_of = {theme.id: number for number, theme in enumerate(lasting)}
    nearest_before = Places([*lasting, *(one for one in before if one.id not in number_of)])
    claimed = nearest_before.join(vectors).theme if lasting else None
    fresh = []
    for group in range(groups.count):
        members = groups.labels == group
        if claimed is not None:
            shares = np.bincount(claimed[members] + 1, minlength=len(lasting) + 1)
            if shares[1 : len(lasting) + 1].max() * 2 > members.sum():
                continue
        points, pull = groups.points[[group]], float(groups.pulls[group])
        if not beside_a_book:
            fresh.append((_theme_of(vectors[members], points, pull), members))
            continue
        members &= nearest(vectors, unit(stored(points)))[1] >= BESIDE_A_BOOK
        if members.sum() >= FEWEST_BESIDE_A_BOOK:
            theme = _theme_of(vectors[members], points, pull)
            fresh.append((replace(theme, radius=max(theme.radius, BESIDE_A_BOOK)), members))
    return fresh


def _theme_of(vectors: NDArray[np.float16], points: NDArray[np.float32], pull: float) -> FoundTheme:
    """Make a theme of its clauses, as yet without id and name."""
    centre = unit(means(vectors, np.zeros(len(vectors), np.int32), 1))[0]
    places = stored(points)
    _, cosines = nearest(vectors, unit(places))
    # A little less than measured, so that rounding keeps no clause out of its own theme.
    radius = float(np.floor(np.percentile(cosines, JOINS_FROM_PERCENTILE) * 1000) / 1000) - 0.001
    radius = max(radius, JOINS_FROM)
    return FoundTheme("", "", stored(centre), places, radius, clauses=len(vectors), pull=pull)


def with_ids(
    fresh: Sequence[tuple[FoundTheme, NDArray[np.bool_]]],
    reading: Reading,
    before: Sequence[FoundTheme],
    lasting: Sequence[FoundTheme],
) -> tuple[FoundTheme, ...]:
    """Give each fresh theme the id, and if it is much the same the name, it had before."""
    kept = {theme.id for theme in lasting}
    loose = [theme for theme in before if theme.id not in kept]
    joining = Places(before).join(reading.vectors)
    rows = reading.row_of.astype(str)
    was = {
        theme.id: set(rows[joining.theme == number])
        for number, theme in enumerate(before)
        if theme.id not in kept
    }
    now = {f"new {number}": set(rows[members]) for number, (_, members) in enumerate(fresh)}
    same = match_themes(was, now)
    names = {theme.id: theme.name for theme in loose}
    highest = max((_number(theme.id) for theme in before), default=0)
    result = list(lasting)
    for number, (theme, _) in enumerate(fresh):
        old = same.get(f"new {number}")
        if old is None:
            highest += 1
            result.append(replace(theme, id=f"found-{highest}"))
            continue
        overlap = len(was[old] & now[f"new {number}"]) / len(was[old] | now[f"new {number}"])
        name = names[old] if overlap >= NAME_STAYS_FROM else ""
        result.append(replace(theme, id=old, name=name))
    return tuple(result)


def _number(id: str) -> int:
    word, _, number = id.partition("-")
    return int(number) if word == "found" and number.isdigit() else 0
