"""Trends as SVG geometry: plain attributes, so that no inline style is needed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from survey.show.span import Point

SPARK_WIDTH, SPARK_HEIGHT = 96, 24
PLOT_WIDTH, PLOT_HEIGHT = 480, 200
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 6, 10, 26
_SCALES = (0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1.0)
_THIN = 0.25  # of the average point's answers, below which a word-sized trend leaves it out
_Place = TypeVar("_Place")


@dataclass(frozen=True)
class Spark:
    """A word-sized trend.

    Parameters
    ----------
    lines : tuple of str
        Points of one polyline each; a gap where there are too few answers to say.
    dot : tuple of float or None
        Where the newest point is.
    highest : float
        The share at the top.
    """

    lines: tuple[str, ...]
    dot: tuple[float, float] | None
    highest: float


def spark(points: Sequence[Point]) -> Spark | None:
    """Return a word-sized trend, None where there is none to draw."""
    # A point of far fewer answers than the others would, by its chance height, flatten them all.
    fewest = _THIN * sum(point.of for point in points) / max(1, len(points))
    shares = [point.share if point.of >= fewest else None for point in points]
    known = [share for share in shares if share is not None]
    highest = max(known, default=0.0)
    if highest <= 0 or len(known) < 2:  # a single dot goes nowhere
        return None
    step = (SPARK_WIDTH - 4) / (len(points) - 1)
    places = [
        None
        if share is None
        else (2 + index * step, SPARK_HEIGHT - 2 - (SPARK_HEIGHT - 4) * share / highest)
        for index, share in enumerate(shares)
    ]
    drawn = [place for place in places if place is not None]
    return Spark(tuple(map(_polyline, _unbroken(places))), drawn[-1] if drawn else None, highest)


@dataclass(frozen=True)
class Tick:
    """A place on an axis with its words."""

    at: float
    words: str


@dataclass(frozen=True)
class Dot:
    """One point of a plot, with its interval."""

    x: float
    y: float
    low: float
    high: float


@dataclass(frozen=True)
class Plot:
    """A trend with its interval, ready to be drawn.

    Parameters
    ----------
    bands, lines : tuple of str
        Polygons of the interval and polylines of the share, one for each unbroken stretch.
    dots, lone : tuple of Dot
        All points, and those that stand by themselves, whose interval is a line instead of a band.
    shares : tuple of Tick
        The vertical axis.
    """

    bands: tuple[str, ...]
    lines: tuple[str, ...]
    dots: tuple[Dot, ...]
    lone: tuple[Dot, ...]
    shares: tuple[Tick, ...]
    width: int = PLOT_WIDTH
    height: int = PLOT_HEIGHT
    left: int = _LEFT
    right: int = PLOT_WIDTH - _RIGHT
    bottom: int = PLOT_HEIGHT - _BOTTOM


def plot(points: Sequence[Point]) -> Plot | None:
    """Return a trend with its interval, None where there is none to draw."""
    highest = max((point.interval[1] for point in points if point.interval), default=None)
    if len(points) < 2 or highest is None:
        return None
    top = next(scale for scale in _SCALES if scale >= min(highest, 1.0))
    step = (PLOT_WIDTH - _LEFT - _RIGHT) / (len(points) - 1)
    places = [_dot(point, _LEFT + index * step, top) for index, point in enumerate(points)]
    stretches = list(_unbroken(places))
    return Plot(
        bands=tuple(_band(stretch) for stretch in stretches if len(stretch) > 1),
        lines=tuple(_polyline([(dot.x, dot.y) for dot in stretch]) for stretch in stretches),
        dots=tuple(dot for dot in places if dot is not None),
        lone=tuple(stretch[0] for stretch in stretches if len(stretch) == 1),
        shares=tuple(
            Tick(_height(top * part / 2, top), f"{100 * top * part / 2:g} %") for part in range(3)
        ),
    )


def _dot(point: Point, x: float, top: float) -> Dot | None:
    if point.share is None or point.interval is None:
        return None
    low, high = point.interval
    return Dot(x, _height(point.share, top), _height(low, top), _height(high, top))


def _height(share: float, top: float) -> float:
    return round(PLOT_HEIGHT - _BOTTOM - (PLOT_HEIGHT - _TOP - _BOTTOM) * share / top, 1)


def _unbroken(places: Sequence[_Place | None]) -> list[list[_Place]]:
    stretches: list[list[_Place]] = [[]]
    for place in places:
        if place is None:
            stretches.append([])
        else:
            stretches[-1].append(place)
    return [stretch for stretch in stretches if stretch]


def _band(stretch: Sequence[Dot]) -> str:
    above = [(dot.x, dot.high) for dot in stretch]
    below = [(dot.x, dot.low) for dot in reversed(stretch)]
    return _polyline(above + below)


def _polyline(places: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
