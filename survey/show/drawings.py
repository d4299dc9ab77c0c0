"""Charts as SVG files of their own, for a slide or a letter: light, with their words in them.

They hold no style sheet and no script, only attributes, so they look alike wherever they are put.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from survey.show.charts import Plot
from survey.show.map_names import placed_names
from survey.show.map_queries import Points
from survey.show.segments import SegmentTable
from survey.show.span import Point
from survey.show.words import between, figure, percent, short_day

SVG = "http://www.w3.org/2000/svg"
INK, SOFT, LINE, PAPER, ACCENT = "#23211e", "#5e5952", "#d9d4ca", "#ffffff", "#1f5f5b"
HUES = {"wish": "#8a4b0f", "praise": "#1c6349", "unclear": "#6a655d"}
FONT = "Seravek, Ubuntu, Calibri, 'DejaVu Sans', 'Segoe UI', sans-serif"
WIDE = 960
LONGEST_NAME = 34
_ROW, _TOP, _NAMES = 34, 84, 300
# What XML 1.0 cannot hold, however it is written.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_MAP_SIDE, _MAP_TOP = 900, 84
_TONES = ("wish", "praise", "unclear", "unclear")


@dataclass(frozen=True)
class Bar:
    """One line of a bar chart: a name, how many, in which tone."""

    name: str
    count: int
    tone: str


def as_xml(words: str) -> str:
    """Return words as XML can hold them."""
    return _NOT_XML.sub("\ufffd", words)


def bars_svg(title: str, below: str, groups: Sequence[tuple[str, Sequence[Bar]]], of: int) -> str:
    """Draw themes as bars, group by group.

    Parameters
    ----------
    title, below : str
        The headline, and a smaller line under it.
    groups : sequence of (str, sequence of Bar)
        A heading each, and its bars.
    of : int
        How many answers are in view; every bar says its count of these.
    """
    lines = sum(len(bars) + 1 for _, bars in groups)
    sheet = _sheet(WIDE, _TOP + _ROW * lines + 20, title, below)
    largest = max((bar.count for _, bars in groups for bar in bars), default=1)
    y = _TOP
    for heading, bars in groups:
        _words(sheet, 24, y + 20, heading, size=18, bold=True)
        y += _ROW
        for bar in bars:
            wide = (WIDE - _NAMES - 170) * bar.count / largest
            _words(sheet, _NAMES - 12, y + 20, _short(bar.name), anchor="end")
            _put(sheet, "rect", x=_NAMES, y=y + 6, width=round(wide, 1), height=18,
                 rx=9 if bar.tone == "praise" else 0, fill=HUES[bar.tone])  # fmt: skip
            told = f"{figure(bar.count)} of {figure(of)}"
            _words(sheet, _NAMES + wide + 10, y + 20, told, colour=SOFT)
            y += _ROW
    return _written(sheet)


def trend_svg(title: str, below: str, plot: Plot, points: Sequence[Point]) -> str:
    """Draw a theme's share over time with its interval, as the theme's page shows it.

    Parameters
    ----------
    title, below : str
        The headline, and a smaller line under it.
    plot : Plot
        The drawing.
    points : sequence of Point
        What is drawn; the first and the last day stand below.
    """
    scale = (WIDE - 48) / plot.width
    high = plot.height * scale
    sheet = _sheet(WIDE, round(_TOP + high + 24), title, below)
    inner = _put(sheet, "g", transform=f"translate(24 {_TOP}) scale({scale:.4f})")
    for tick in plot.shares:
        _put(inner, "path", d=f"M{plot.left} {tick.at}H{plot.right}", stroke=LINE)
        _words(inner, plot.left - 6, tick.at + 3, tick.words, size=9, colour=SOFT, anchor="end")
    for band in plot.bands:
        _put(inner, "polygon", points=band, fill=ACCENT, fill_opacity=0.16)
    for dot in plot.lone:
        _put(inner, "path", d=f"M{dot.x:.1f} {dot.high}V{dot.low}", stroke=ACCENT,
             stroke_width=5, stroke_opacity=0.16)  # fmt: skip
    for line in plot.lines:
        _put(inner, "polyline", points=line, fill="none", stroke=ACCENT, stroke_width=1.6)
    for dot in plot.dots:
        _put(inner, "circle", cx=round(dot.x, 1), cy=dot.y, r=2.4, fill=ACCENT)
    below_line = plot.height - 8
    _words(inner, plot.left, below_line, short_day(points[0].first), size=9, colour=SOFT)
    last = short_day(points[-1].last)
    _words(inner, plot.right, below_line, last, size=9, colour=SOFT, anchor="end")
    return _written(sheet)


def segments_svg(title: str, below: str, tables: Sequence[SegmentTable]) -> str:
    """Draw a theme's share by segment with its intervals, one group for each segment."""
    lines = sum(len(table.drawn) + 1 for table in tables)
    sheet = _sheet(WIDE, _TOP + _ROW * lines + 20, title, below)
    y, room = _TOP, WIDE - _NAMES - 280
    for table in tables:
        _words(sheet, 24, y + 20, f"By {table.name}", size=18, bold=True)
        for end, share in ((_NAMES, "0 %"), (_NAMES + room, percent(table.scale))):
            _words(sheet, end, y + 24, share, size=12, colour=SOFT, anchor="middle")
            _put(sheet, "path", d=f"M{end} {y + _ROW}v{_ROW * len(table.drawn)}", stroke=LINE)
        y += _ROW
        for row in table.drawn:
            _words(sheet, _NAMES - 12, y + 20, _short(row.value or "not given"), anchor="end")
            if row.is_enough:
                left, right = (_NAMES + room * end / table.scale for end in (row.low, row.high))
                at = _NAMES + room * row.count / row.of / table.scale
                _put(sheet, "rect", x=round(left, 1), y=y + 14, width=round(right - left, 1),
                     height=2, fill=SOFT)  # fmt: skip
                _put(sheet, "circle", cx=round(at, 1), cy=y + 15, r=5, fill=ACCENT)
            share = between(row.low, row.high) if row.is_enough else "not enough to say"
            told = f"{figure(row.count)} of {figure(row.of)}, {share}"
            _words(sheet, WIDE - 24, y + 20, told, colour=SOFT, anchor="end")
            y += _ROW
    return _written(sheet)


def map_svg(title: str, below: str, points: Points) -> str:
    """Draw the map of answers; dots that fall on one spot of the sheet are drawn once.

    Parameters
    ----------
    title, below : str
        The headline, and a smaller line under it.
    points : Points
        The answers, at most 100,000.
    """
    high = round(_MAP_SIDE * 0.66)
    sheet = _sheet(WIDE, _MAP_TOP + high + 30, title, below)
    inner = _put(sheet, "g", transform=f"translate(30 {_MAP_TOP})")
    size = 6 if len(points.ids) < 600 else 3 if len(points.ids) < 8000 else 1.5
    dots: dict[str, dict[tuple[int, int], None]] = {tone: {} for tone in HUES}
    for x, y, number in zip(points.xs, points.ys, points.tones, strict=True):
        dots[_TONES[number]][(x * _MAP_SIDE) >> 16, (y * high) >> 16] = None
    for tone in ("unclear", "wish", "praise"):
        drawn = "".join(f"M{x} {y}h0" for x, y in dots[tone])
        cap = "square" if tone == "wish" else "round"
        if drawn:
            _put(inner, "path", d=drawn, stroke=HUES[tone], stroke_width=size,
                 stroke_linecap=cap, stroke_opacity=0.6)  # fmt: skip
    labels = placed_names(points, _MAP_SIDE, high)
    for label in labels:
        at = round(label.from_x, 1), round(label.from_y, 1)
        if end := label.line():
            _put(inner, "path", d=f"M{at[0]} {at[1]}L{end[0]:.1f} {end[1]:.1f}", stroke=SOFT)
            _put(inner, "circle", cx=at[0], cy=at[1], r=2.5, fill=SOFT)
    for label in labels:
        _edge(inner, label.x, label.y + 5, label.words)
        _words(inner, label.x, label.y + 5, label.words, anchor="middle", bold=True)
    return _written(sheet)


def _sheet(wide: int, high: int, title: str, below: str) -> ET.Element:
    ET.register_namespace("", SVG)
    sheet = ET.Element(f"{{{SVG}}}svg", {
        "viewBox": f"0 0 {wide} {high}", "width": str(wide), "height": str(high),
        "font-family": FONT, "font-size": "16", "role": "img",
    })  # fmt: skip
    _put(sheet, "title").text = as_xml(title)
    _put(sheet, "rect", width=wide, height=high, fill=PAPER)
    _words(sheet, 24, 36, _short(title, 70), size=22, bold=True)
    _words(sheet, 24, 62, _short(below, 110), colour=SOFT)
    return sheet


def _short(words: str, longest: int = LONGEST_NAME) -> str:
    plain = " ".join(words.split())
    return plain if len(plain) <= longest else f"{plain[: longest - 1]}…"


def _words(
    parent: ET.Element,
    x: float,
    y: float,
    said: str,
    *,
    size: float = 16,
    colour: str = INK,
    anchor: str = "start",
    bold: bool = False,
) -> None:
    made = _put(parent, "text", x=round(x, 1), y=round(y, 1), font_size=size, fill=colour,
                text_anchor=anchor)  # fmt: skip
    if bold:
        made.set("font-weight", "600")
    made.text = as_xml(said)


def _edge(parent: ET.Element, x: float, y: float, said: str) -> None:
    """Draw an edge of paper about the letters that are to be written there, for the eye alone.

    Notes
    -----
    It is a text of its own since not every program knows how to paint an edge below its letters.
    """
    _words(parent, x, y, said, colour="none", anchor="middle", bold=True)
    more = {"stroke": PAPER, "stroke-width": "4", "stroke-linejoin": "round",
            "stroke-opacity": "0.85", "aria-hidden": "true"}  # fmt: skip
    parent[-1].attrib.update(more)


def _put(parent: ET.Element, name: str, **more: object) -> ET.Element:
    attributes = {key.replace("_", "-"): str(value) for key, value in more.items()}
    return ET.SubElement(parent, f"{{{SVG}}}{name}", attributes)


def _written(sheet: ET.Element) -> str:
    written: str = ET.tostring(sheet, encoding="unicode")
    return written
