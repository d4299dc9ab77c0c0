"""Where a drawn map writes its themes' names; `map_names.js` does the same on the page."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import cos, inf, pi, sin

from survey.show.map_queries import Points
from survey.show.words import shortened

ALWAYS = 12  # themes that are named wherever there is room; of the others, those with room near
_MOST = 2 * ALWAYS
_LONGEST = 32
_LETTER = 9.2  # units a letter of the sheet's size takes, about
_HIGH, _GAP, _NEAR, _TURNS, _CELL = 12.0, 3.0, 100.0, 16, 12.0
_FULL_SIDE = 65536
_THICK = 12  # cells a side, of which the fullest is where a theme lies
_Sums = dict[tuple[int, int], list[int]]


@dataclass(frozen=True)
class Label:
    """A name on the sheet.

    Parameters
    ----------
    words : str
        What is written.
    x, y : float
        The middle of the box it fills.
    wide, high : float
        Half the box's width and height.
    from_x, from_y : float
        The middle of the theme's dots, to which a line leads back.
    """

    words: str
    x: float
    y: float
    wide: float
    high: float
    from_x: float
    from_y: float

    def line(self) -> tuple[float, float] | None:
        """Where the line from the middle of the dots meets the box, None where it is too short."""
        x = max(self.x - self.wide, min(self.x + self.wide, self.from_x))
        y = max(self.y - self.high, min(self.y + self.high, self.from_y))
        return (x, y) if abs(x - self.from_x) + abs(y - self.from_y) > 6 else None


def placed_names(points: Points, wide: float, high: float) -> list[Label]:
    """Place the names of the largest themes: over few dots, and none on top of another.

    Parameters
    ----------
    points : Points
        The answers on the map.
    wide, high : float
        The sheet's size, in its own units.

    Returns
    -------
    list of Label
        The largest theme first; at least a dozen, if there are as many and they have room.
    """
    middles, covered = _middles_and_crowd(points, wide, high)
    found: list[Label] = []
    for theme, x, y in middles[:_MOST]:
        words = shortened(" ".join(points.names[theme][1].split()), _LONGEST)
        far = wide + high if len(found) < ALWAYS else _NEAR
        seed = Label(words, x, y, len(words) * _LETTER / 2 + 4, _HIGH, x, y)
        best, least = None, inf
        for away, label in _around(seed, far):
            if best is not None and least < away / 40:
                break
            if not _is_within(label, wide, high) or any(_clash(one, label) for one in found):
                continue
            cost = away / 40 + covered(label) + 3 * _is_crossed(label, found)
            if cost < least:
                best, least = label, cost
        if best is not None:
            found.append(best)
    return found


def _middles_and_crowd(
    points: Points, wide: float, high: float
) -> tuple[list[tuple[int, float, float]], Callable[[Label], float]]:
    """Each theme's middle, the largest first; and how crowded the sheet is under a label."""
    places: dict[int, _Sums] = defaultdict(lambda: defaultdict(lambda: [0, 0, 0]))
    cells: dict[tuple[int, int], int] = defaultdict(int)
    across, down = wide / _FULL_SIDE, high / _FULL_SIDE
    for x, y, theme in zip(points.xs, points.ys, points.themes, strict=True):
        cells[int(x * across / _CELL), int(y * down / _CELL)] += 1
        if theme < len(points.names):
            sums = places[theme][x * _THICK // _FULL_SIDE, y * _THICK // _FULL_SIDE]
            sums[0] += 1
            sums[1] += x
            sums[2] += y
    largest = {theme: sum(cell[0] for cell in sums.values()) for theme, sums in places.items()}
    order = sorted(places, key=lambda theme: (-largest[theme], theme))
    usual = 1200 * len(points.ids) / (wide * high) + 1

    def covered(label: Label) -> float:
        columns = range(
            int((label.x - label.wide) / _CELL), int((label.x + label.wide) / _CELL) + 1
        )
        rows = range(int((label.y - label.high) / _CELL), int((label.y + label.high) / _CELL) + 1)
        return sum(cells.get((x, y), 0) for x in columns for y in rows) / usual

    thick = [(theme, *_thickest(places[theme])) for theme in order[:_MOST]]
    return [(theme, x * across, y * down) for theme, x, y in thick], covered


def _thickest(sums: _Sums) -> tuple[float, float]:
    """The middle of the dots in the fullest cell and those around it."""
    best: tuple[int, ...] = (0, 0, 0)
    for x, y in sorted(sums):
        near = [sums[a, b] for a in (x - 1, x, x + 1) for b in (y - 1, y, y + 1) if (a, b) in sums]
        best = max(best, tuple(map(sum, zip(*near, strict=True))), key=lambda one: one[0])
    count, across, down = best
    return across / count, down / count


def _around(seed: Label, far: float) -> Iterator[tuple[float, Label]]:
    """The places to try, ring by ring, with their distance."""
    away = 0.0
    while away < far:
        for turn in range(_TURNS if away else 1):
            angle = 2 * pi * turn / _TURNS
            aside = away + seed.wide * abs(cos(angle)) if away else 0
            x, y = seed.from_x + cos(angle) * aside, seed.from_y + sin(angle) * away
            yield away, Label(seed.words, x, y, seed.wide, seed.high, seed.from_x, seed.from_y)
        away += 16 if away < _NEAR else 32


def _is_within(label: Label, wide: float, high: float) -> bool:
    return label.wide <= label.x <= wide - label.wide and label.high <= label.y <= high - label.high


def _clash(one: Label, other: Label) -> bool:
    return (
        abs(one.x - other.x) < one.wide + other.wide + _GAP
        and abs(one.y - other.y) < one.high + other.high + _GAP
    )


def _is_crossed(label: Label, found: Sequence[Label]) -> bool:
    """Whether the line from its dots runs under another name."""
    spots = [
        (
            label.from_x + (label.x - label.from_x) * part,
            label.from_y + (label.y - label.from_y) * part,
        )
        for part in (0.2, 0.4, 0.6, 0.8)
    ]
    return any(
        abs(one.x - x) < one.wide and abs(one.y - y) < one.high for one in found for x, y in spots
    )
