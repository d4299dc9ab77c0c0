"""What the map shows: where the answers of a view lie, and the themes beside it as a table."""

import hashlib
import json
import sys
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import dist
from typing import Any

from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import Session

from survey.records import (
    Answer,
    Assignment,
    Decision,
    MapLayout,
    MapPlace,
    MapWaiting,
    ToShow,
    Workspace,
)
from survey.records.answering import GIVEN
from survey.records.filters import AnswerFilter, answers_in_view
from survey.records.mapping import CURRENT, SIDE
from survey.show.figures import figures_in_view
from survey.show.queries import PRAISE, WISHES, span_in_view, theme_names

MOST_POINTS = 100_000
NO_THEME = 0xFFFF
_TONES = {"wish": 0, "praise": 1, "unclear": 2}
_NO_TONE = 3
_NEAR = 2
_FORM = 1  # of `as_bytes`, to be counted up when it changes: browsers keep what it gave
_MOST_UNDER_WAY = 1000  # answers waiting for something, from which on points are told as they are


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
    names = {one.id: one.name for one in theme_names(session, workspace_id, ())}
    placed: Sequence[tuple[int, int]] | None = None
    if wanted == AnswerFilter():
        placed = _placed_at_all(session, workspace_id)
    if placed is None:
        placed = _placed(session, workspace_id, run_id, wanted)
    since = None
    if len(placed) == MOST_POINTS:
        oldest = select(Answer.answered_on).where(Answer.workspace_id == workspace_id)
        since = session.scalar(oldest.where(Answer.id == placed[-1][0]))
    surest = _surest(session, workspace_id, run_id, wanted.theme_id, since)
    return _points(placed, surest, names)


def _rows(session: Session, query: Any) -> list[Any]:
    """Rows of plain numbers and texts as the driver gives them: there are very many."""
    cursor: Any = session.connection().execute(query).cursor
    return list(cursor.fetchall())


def _placed(
    session: Session, workspace_id: int, run_id: int | None, wanted: AnswerFilter
) -> list[tuple[int, int]]:
    return _rows(
        session,
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
        .limit(MOST_POINTS),
    )


def _placed_at_all(session: Session, workspace_id: int) -> list[tuple[int, int]] | None:
    """As `_placed` where everything is in view, None where that is too much.

    An answer that is taken back loses its place with its words, so no answer's row is looked at:
    the order is read off an index.
    """
    order = select(Answer.id).where(Answer.workspace_id == workspace_id)
    order = order.order_by(Answer.answered_on.desc(), Answer.id.desc())
    ids = _rows(session, order.limit(MOST_POINTS + 1))
    if len(ids) > MOST_POINTS:
        return None
    layout = _layout(workspace_id, MapLayout.id).scalar_subquery()
    places = select(MapPlace.answer_id, MapPlace.spot).where(
        MapPlace.workspace_id == workspace_id, MapPlace.layout_id == layout
    )
    spots = dict(_rows(session, places))
    return [(one, spots[one]) for (one,) in ids if one in spots]


def _surest(
    session: Session,
    workspace_id: int,
    run_id: int | None,
    theme_id: int | None,
    since: date | None,
) -> dict[int, tuple[float, int, str]]:
    """Return the surest theme of answers, and its tone, after how sure it is."""
    query = select(
        Assignment.answer_id, Assignment.confidence, Assignment.theme_id, Assignment.tone
    ).where(Assignment.workspace_id == workspace_id, Assignment.run_id == run_id)
    if theme_id is not None:
        query = query.where(Assignment.theme_id == theme_id)
    if since is not None:
        query = query.join(
            Answer,
            and_(Answer.workspace_id == Assignment.workspace_id, Answer.id == Assignment.answer_id),
        ).where(Answer.workspace_id == workspace_id, Answer.answered_on >= since)
    found: dict[int, tuple[float, int, str]] = {}
    for answer_id, confidence, named, tone in _rows(session, query):
        sure = (confidence, named, tone)
        if answer_id not in found or found[answer_id] < sure:
            found[answer_id] = sure
    return found


def _points(
    placed: Sequence[tuple[int, int]],
    surest: Mapping[int, tuple[float, int, str]],
    names: Mapping[int, str],
) -> Points:
    numbers = {theme_id: number for number, theme_id in enumerate(names)}
    ids, themes, tones = array("Q"), array("H"), array("B")
    for answer_id, _ in placed:
        ids.append(answer_id)
        sure = surest.get(answer_id)
        themes.append(numbers.get(sure[1], NO_THEME) if sure else NO_THEME)
        tones.append(_TONES.get(sure[2], _NO_TONE) if sure else _NO_TONE)
    return Points(
        ids,
        array("H", [spot // SIDE for _, spot in placed]),
        array("H", [spot % SIDE for _, spot in placed]),
        themes,
        tones,
        tuple((str(key), names[key]) for key in names),
    )


def map_state(
    session: Session, workspace_id: int, run_id: int | None, wanted: AnswerFilter
) -> str | None:
    """Return what changes whenever the points of a view do, None while too much is under way.

    Parameters
    ----------
    session, workspace_id, run_id, wanted
        As in `map_points`.

    Notes
    -----
    An answer that comes, goes or changes moves the workspace's moment; from then on those that
    wait to be sorted and to be placed, and those a large step has still to show, only grow fewer.
    """
    here = session.execute(
        select(
            Workspace.answers_changed_at,
            Workspace.is_sample,
            _layout(workspace_id, MapLayout.id).scalar_subquery(),
            select(func.max(Decision.number))
            .where(Decision.workspace_id == workspace_id)
            .scalar_subquery(),
            *(
                select(func.count())
                .select_from(waiting.limit(_MOST_UNDER_WAY).subquery())
                .scalar_subquery()
                for waiting in _under_way(workspace_id)
            ),
        ).where(Workspace.id == workspace_id)
    ).one()
    if _MOST_UNDER_WAY in here[4:]:
        return None
    names = sorted((one.id, one.name) for one in theme_names(session, workspace_id, ()))
    state = repr((_FORM, workspace_id, run_id, tuple(here), names, wanted))
    return hashlib.sha256(state.encode()).hexdigest()


def _under_way(workspace_id: int) -> tuple[Select[int], ...]:
    return (
        select(Answer.id).where(
            Answer.workspace_id == workspace_id, Answer.sorted_by.is_(None), Answer.state == GIVEN
        ),
        select(MapWaiting.answer_id).where(MapWaiting.workspace_id == workspace_id),
        select(ToShow.answer_id).where(ToShow.workspace_id == workspace_id),
    )


def _layout(workspace_id: int, column: Any) -> Select[Any]:
    return select(column).where(MapLayout.workspace_id == workspace_id, MapLayout.state == CURRENT)


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
    kept = session.scalar(_layout(workspace_id, MapLayout.centres))
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
    return session.scalar(_layout(workspace_id, MapLayout.id)) is not None
