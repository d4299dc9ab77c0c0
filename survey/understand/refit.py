"""From groups to themes: which of them were there before, and which ids they keep."""

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from survey.understand.blocks import means, nearest, unit
from survey.understand.discover import Groups, find_groups, usual_number
from survey.understand.embed import stored
from survey.understand.found import FoundTheme, Places
from survey.understand.match import match_themes
from survey.understand.naming import Naming
from survey.understand.parts import FINER, with_parts
from survey.understand.reading import Reading
from survey.understand.tightness import without_twins

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


def find_themes(
    naming: Naming,
    before: Sequence[FoundTheme],
    lasting: Sequence[FoundTheme],
    *,
    themes: int | None,
    seed: int,
) -> tuple[FoundTheme, ...]:
    """Find the themes of answers: wide ones, the clear parts of them, and those there were.

    Parameters
    ----------
    naming : Naming
        The answers, and what names them.
    before : sequence of FoundTheme
        The themes there are; one that is found again keeps its id.
    lasting : sequence of FoundTheme
        Those of them that stay as they are.
    themes : int or None
        About how many to find; left to the answers if None.
    seed : int
        Of all randomness.

    Returns
    -------
    tuple of FoundTheme
        With ids and names, not yet counted.
    """
    beside = naming.book is not None
    left = naming.reading.of_answers_without_theme() if beside else naming.reading
    usual = usual_number(len(left.vectors))
    wanted = themes or usual
    kept = {one.id for one in lasting}

    def fresh(number: int, kind: str, lasting: Sequence[FoundTheme] = ()) -> tuple[FoundTheme, ...]:
        groups = find_groups(left.vectors, themes=number, seed=seed)
        found = fresh_themes(left.vectors, groups, before, lasting, beside_a_book=beside)
        return tuple(replace(one, id=f"{kind} {place}") for place, (one, _) in enumerate(found))

    def named(number: int) -> tuple[FoundTheme, ...]:
        return naming.of_all((*lasting, *fresh(number, "wide", lasting)), kept)

    # What a book leaves is so scattered that a finer cut may leave fewer groups with a name.
    wide = max((named(number) for number in _cuts(wanted, usual, beside)), key=len)
    if len(wide) < wanted:
        close = fresh(round(FINER * wanted), "part")
        wide = with_parts(naming, wide, close, kept, wanted=wanted)
    return found_again(naming, wide, before, kept)


def _cuts(wanted: int, usual: int, beside_a_book: bool) -> tuple[int, ...]:
    return (wanted, usual) if beside_a_book and usual < wanted else (wanted,)


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


def found_again(
    naming: Naming,
    found: Sequence[FoundTheme],
    before: Sequence[FoundTheme],
    lasting: Collection[str],
) -> tuple[FoundTheme, ...]:
    """Give each theme the id, and if it is much the same the name, it had before.

    Parameters
    ----------
    naming : Naming
        Finds another name for a theme whose name an older one has already.
    found : sequence of FoundTheme
        With names; ids stand for nothing but in `lasting`.
    before : sequence of FoundTheme
        The themes there were.
    lasting : collection of str
        Ids of those in `found` that stay as they are.

    Returns
    -------
    tuple of FoundTheme
        In the order of `found`.
    """
    theme = Places(found).join(naming.reading.vectors).theme
    same, alike = _matched(naming.reading, found, theme, before, lasting)
    names = {one.id: one.name for one in before}
    highest = max((_number(one.id) for one in before), default=0)
    result = []
    for place, one in enumerate(found):
        if one.id in lasting:
            result.append(one)
        elif place in same:
            name = names[same[place]] if place in alike else one.name
            result.append(replace(one, id=same[place], name=name))
        else:
            highest += 1
            result.append(replace(one, id=f"found-{highest}"))
    named = _each_its_own_name(naming, result, theme, alike)
    # A name that came back may say what a newer one says.
    return without_twins(named, lasting)


def _matched(
    reading: Reading,
    found: Sequence[FoundTheme],
    theme: NDArray[np.integer],
    before: Sequence[FoundTheme],
    lasting: Collection[str],
) -> tuple[dict[int, str], set[int]]:
    """Find which themes are which of those before, and which of them are much the same."""
    rows = reading.row_of.astype(str)
    joining = Places(before).join(reading.vectors)
    was = {
        one.id: set(rows[joining.theme == number])
        for number, one in enumerate(before)
        if one.id not in lasting
    }
    now = {
        f"new {place}": set(rows[theme == place])
        for place, one in enumerate(found)
        if one.id not in lasting
    }
    pairs = {int(new.split()[1]): old for new, old in match_themes(was, now).items()}
    alike = {
        place
        for place, old in pairs.items()
        if len(was[old] & now[f"new {place}"])
        >= NAME_STAYS_FROM * len(was[old] | now[f"new {place}"])
    }
    return pairs, alike


def _each_its_own_name(
    naming: Naming,
    found: Sequence[FoundTheme],
    theme: NDArray[np.integer],
    alike: Collection[int],
) -> tuple[FoundTheme, ...]:
    """Name those anew whose name is one that an older theme keeps."""
    kept = {found[place].name for place in alike}
    second = [place for place, one in enumerate(found) if one.name in kept and place not in alike]
    if not second:
        return tuple(found)
    fresh = dict(zip(second, naming.names(found, second, theme), strict=True))
    return tuple(
        replace(one, name=fresh[place].text) if place in fresh else one
        for place, one in enumerate(found)
    )


def _number(id: str) -> int:
    word, _, number = id.partition("-")
    return int(number) if word == "found" and number.isdigit() else 0
