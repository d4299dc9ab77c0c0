"""What the map shows: where the answers of a view lie, and the themes beside it as a table."""

import json
import sys
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import dist
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from survey.records import Answer, Assignment, MapLayout, MapPlace
from survey.records.filters import AnswerFilter, answers_in_view
from survey.records.mapping import CURRENT, SIDE
from survey.show.figures import figures_in_view
from survey.show.queries import PRAISE, WISHES, span_in_view, theme_names

MOST_POINTS = 100_000
NO_THEME = 0xFFFF
_TONES = {"wish": 0, "praise": 1, "unclear": 2}
_NO_TONE = 3
_NEAR = 2


@dataclass(frozen=True)
class Points:
    """The answers of a view that have a place, the newest first.

    Parameters
    ----------
    ids : array of uint64
        The answers.
    xs, ys : array of uint16
        Where they lie, 0 to 65535; y grows downwards.
    themes : array of uint16
        Which of `names` is each answer's surest theme, `NO_THEME` for none.
    tones : array of uint8
        0 wishes, 1 praises, 2 unclear, 3 in no theme.
    names : tuple of (str, str)
        Ids and names of themes.
    """

    ids: "array[int]"
    xs: "array[int]"
    ys: "array[int]"
    themes: "array[int]"
    tones: "array[int]"
    names: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class MapRow:
    """A theme in the table beside the map, with the themes that lie nearest to it."""

    theme_id: int
    name: str
    count: int
    wishes: int
    praise: int
    near: tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class MapTable:
    """What the map says, as a table: themes of a view, most answers first, of how many answers."""

    rows: tuple[MapRow, ...]
    of: int


def map_points(
    session: Session, workspace_id: int, run_id: int | None, wanted: AnswerFilter
) -> Points:
    """Return where the answers of a view lie: exactly those that the list of answers shows.

    Parameters
    ----------
    session : Session
        An open session.
    workspace_id : int
        Whose answers.
    run_id : int or None
        The current run.
    wanted : AnswerFilter
        Which answers; by segment, anonymous ones are in no view.
    """
    placed = session.execute(
        select(MapPlace.answer_id, MapPlace.spot)
        .join(
            MapLayout,
            and_(
                MapLayout.workspace_id == MapPlace.workspace_id,
                MapLayout.id == MapPlace.layout_id,
                MapLayout.state == CURRENT,
            ),
        )
        .join(
            Answer,
            and_(Answer.workspace_id == MapPlace.workspace_id, Answer.id == MapPlace.answer_id),
        )
        .where(
            MapPlace.workspace_id == workspace_id,
            *answers_in_view(workspace_id, run_id, wanted),
        )
        .order_by(Answer.answered_on.desc(), Answer.id.desc())
        .limit(MOST_POINTS)
    ).all()
    surest = _surest(session, workspace_id, run_id, wanted)
    names = {one.id: one.name for one in theme_names(session, workspace_id, ())}
    return _points(placed, surest, names)


def _surest(
    session: Session, workspace_id: int, run_id: int | None, wanted: AnswerFilter
) -> dict[int, tuple[float, int, str]]:
    query = select(
        Assignment.answer_id, Assignment.confidence, Assignment.theme_id, Assignment.tone
    ).where(Assignment.workspace_id == workspace_id, Assignment.run_id == run_id)
    if wanted.theme_id is not None:
        query = query.where(Assignment.theme_id == wanted.theme_id)
    found: dict[int, tuple[float, int, str]] = {}
    for answer_id, confidence, theme_id, tone in session.execute(query):
        before = found.get(answer_id)
        if before is None or confidence > before[0]:
            found[answer_id] = (confidence, theme_id, tone)
    return found


def _points(
    placed: Iterable[Any],
    surest: Mapping[int, tuple[float, int, str]],
    names: Mapping[int, str],
) -> Points:
    ids, xs, ys = array("Q"), array("H"), array("H")
    themes, tones = array("H"), array("B")
    numbers = {theme_id: number for number, theme_id in enumerate(names)}
    for answer_id, spot in placed:
        ids.append(answer_id)
        xs.append(spot // SIDE)
        ys.append(spot % SIDE)
        _, theme_id, tone = surest.get(answer_id, (0.0, 0, ""))
        themes.append(numbers.get(theme_id, NO_THEME))
        tones.append(_TONES.get(tone, _NO_TONE))
    return Points(ids, xs, ys, themes, tones, tuple((str(key), names[key]) for key in names))


def as_bytes(points: Points) -> bytes:
    """Return points as the page's script reads them.

    Returns
    -------
    bytes
        The length of a JSON head (uint32), the head, padded to a multiple of eight in all; then
        ids (uint64), x, y and theme (uint16) and tone (uint8) of every point, little-endian.
    """
    head = json.dumps({"points": len(points.ids), "themes": points.names}).encode()
    head += b" " * (-(len(head) + 4) % 8)
    parts = (points.ids, points.xs, points.ys, points.themes, points.tones)
    return len(head).to_bytes(4, "little") + head + b"".join(map(_little, parts))


def _little(values: "array[int]") -> bytes:
    if sys.byteorder == "big":
        values = array(values.typecode, values)
        values.byteswap()
    return values.tobytes()


def map_table(
    session: Session, workspace_id: int, run_id: int | None, wanted: AnswerFilter
) -> MapTable | None:
    """Return what the map of a view says as a table, None where the view holds nothing."""
    span = span_in_view(session, workspace_id, run_id, wanted)
    if span is None:
        return None
    figures = figures_in_view(session, workspace_id, run_id, wanted, span)
    names = theme_names(session, workspace_id, {theme_id for theme_id, _ in figures.by_theme})
    centres = _centres(session, workspace_id)
    known = {one.id: one.name for one in names}
    rows = [
        MapRow(
            theme_id=one.id,
            name=one.name,
            count=figures.theme(one.id).total,
            wishes=figures.theme(one.id, WISHES).total,
            praise=figures.theme(one.id, PRAISE).total,
            near=_near(one.id, centres, known),
        )
        for one in names
        if figures.theme(one.id).total
    ]
    rows.sort(key=lambda row: (-row.count, row.name.casefold()))
    return MapTable(tuple(rows), figures.answered.total)


def _centres(session: Session, workspace_id: int) -> dict[int, Sequence[int]]:
    kept = session.scalar(
        select(MapLayout.centres).where(
            MapLayout.workspace_id == workspace_id, MapLayout.state == CURRENT
        )
    )
    return {int(key): spot for key, spot in (kept or {}).items()}


def _near(
    theme_id: int, centres: Mapping[int, Sequence[int]], names: Mapping[int, str]
) -> tuple[tuple[int, str], ...]:
    here = centres.get(theme_id)
    if here is None:
        return ()
    others = [other for other in centres if other != theme_id and other in names]
    others.sort(key=lambda other: (dist(centres[other], here), other))
    return tuple((other, names[other]) for other in others[:_NEAR])


def is_laid_out(session: Session, workspace_id: int) -> bool:
    """Whether a workspace has a map."""
    query = select(MapLayout.id).where(
        MapLayout.workspace_id == workspace_id, MapLayout.state == CURRENT
    )
    return session.scalar(query) is not None
