"""The map's rounds in the worker: lay a workspace out, fill the layout, place what comes in.

Everything here may be done twice or by two workers at once: a place is a function of the layout,
the vector and the id. A layout is filled beside the current one and then takes its place.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, and_, delete, exists, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from survey.records import (
    NEWEST_WORDS,
    Answer,
    AnswerText,
    Assignment,
    MapLayout,
    MapPlace,
    MapWaiting,
    Sorting,
    Workspace,
    new_id,
)
from survey.records.answering import GIVEN
from survey.records.database import Database, database_now
from survey.records.mapping import CURRENT, FILLING, PAST, put_places
from survey.records.runs import lock_current_run
from survey.records.theming import NOTHING
from survey.understand.actions import keep_vectors
from survey.understand.known import KnownAnswer, Told
from survey.understand.layout import fit_layout, unpacked, wholes
from survey.understand.queries import vectors_of

if TYPE_CHECKING:
    from survey.understand.engine import Engine

BATCH = 256  # answers placed in one transaction
SAMPLE = 2000  # answers a layout is fitted on, at most
KEPT_AT_ONCE = 64  # vectors written in one transaction
GROWN = 4  # times as many answers, from which a layout fitted on few is fitted anew
NOTHING_GROUP = 0  # no theme has this id


@dataclass(frozen=True)
class _Text:
    id: int
    version: int
    body: str


class Laying:
    """Keeps every workspace's map.

    Parameters
    ----------
    database : Database
        The queue and the store.
    engine : callable
        Gives the engine, loading it on first use.
    stopping : callable
        Says whether to come to an end.
    """

    def __init__(
        self,
        database: Database,
        engine: "Callable[[], Engine]",
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self.database = database
        self._engine = engine
        self._stopping = stopping
        self._may_have_grown = True

    def round(self) -> bool:
        """Do one small thing that is due; True when there may be more."""
        for step in (self._clear_past, self._fill, self._place_waiting, self._begin):
            if step():
                return not self._stopping()
        return False

    def _clear_past(self) -> bool:
        with self.database.reading() as session:
            past = _layout(session, PAST)
        if past is None:
            return False
        with self.database.writing() as session:
            here = (MapPlace.workspace_id == past.workspace_id, MapPlace.layout_id == past.id)
            some = session.scalars(select(MapPlace.answer_id).where(*here).limit(BATCH)).all()
            session.execute(delete(MapPlace).where(*here, MapPlace.answer_id.in_(some)))
            if len(some) < BATCH:
                session.execute(delete(MapLayout).where(*_is(past)))
        return True

    def _fill(self) -> bool:
        """Place the next answers of a layout that nobody sees yet; at the end, let it be seen."""
        with self.database.reading() as session:
            filling = _layout(session, FILLING)
            if filling is None:
                return False
            texts = _texts(
                session,
                filling.workspace_id,
                and_(Answer.sorted_by.is_not(None), Answer.id > filling.filled_to),
            )
        if not texts:
            self._flip(filling)
            return True
        spots = self._spots(filling, texts)
        with self.database.writing() as session:
            _put(session, filling, texts, spots)
            session.execute(update(MapLayout).where(*_is(filling)).values(filled_to=texts[-1].id))
        return True

    def _flip(self, filled: MapLayout) -> None:
        with self.database.writing() as session:
            here = MapLayout.workspace_id == filled.workspace_id
            states = dict(
                session.execute(
                    select(MapLayout.id, MapLayout.state).where(here).with_for_update()
                ).all()
            )
            if states.get(filled.id) != FILLING or PAST in states.values():
                return  # another worker was faster
            session.execute(
                update(MapLayout).where(here, MapLayout.state == CURRENT).values(state=PAST)
            )
            session.execute(update(MapLayout).where(*_is(filled)).values(state=CURRENT))

    def _place_waiting(self) -> bool:
        """Place answers that were sorted since, in the current layout and in one being filled."""
        with self.database.reading() as session:
            current = _with_waiting(session)
            if current is None:
                return False
            workspace_id = current.workspace_id
            waiting = session.scalars(
                select(MapWaiting.answer_id)
                .where(MapWaiting.workspace_id == workspace_id)
                .order_by(MapWaiting.answer_id)
                .limit(BATCH)
            ).all()
            texts = _texts(session, workspace_id, Answer.id.in_(waiting))
            layouts = [current]
            filling = _layout(session, FILLING, workspace_id)
            layouts += [filling] if filling else []
        spots = [self._spots(layout, texts) for layout in layouts]
        with self.database.writing() as session:
            for layout, found in zip(layouts, spots, strict=True):
                _put(session, layout, texts, found)
            session.execute(
                delete(MapWaiting).where(
                    MapWaiting.workspace_id == workspace_id, MapWaiting.answer_id.in_(waiting)
                )
            )
        self._may_have_grown = True
        return True

    def _begin(self) -> bool:
        """Fit a layout where there is none, or where the themes, the model or the numbers moved."""
        with self.database.reading() as session:
            workspace_id = _to_lay_out(session, grown=self._may_have_grown)
        if workspace_id is None:
            self._may_have_grown = False
            return False
        engine = self._engine()
        with self.database.reading() as session:
            run_id = session.scalar(
                select(Workspace.current_run_id).where(Workspace.id == workspace_id)
            )
            texts = _texts(session, workspace_id, Answer.sorted_by.is_not(None), SAMPLE)
            groups = _groups(session, workspace_id, run_id or 0, [one.id for one in texts])
        dimension = engine.embedder.dimension
        vectors = self._vectors(workspace_id, texts, engine.model_digest, dimension)
        known = [one for one in texts if one.body in vectors]
        if not known or run_id is None:
            with self.database.writing() as session:  # nothing to go by: the map stays as it is
                _leave_as_it_is(session, workspace_id, run_id)
            return True
        layout, centres = fit_layout(
            np.stack([vectors[one.body] for one in known]),
            [groups.get(one.id) for one in known],
        )
        with self.database.writing() as session:
            _begin_filling(
                session,
                MapLayout(
                    workspace_id=workspace_id,
                    id=new_id(),
                    state=FILLING,
                    model_digest=engine.model_digest,
                    run_id=run_id,
                    fitted_on=len(known),
                    begun_at=database_now(session),
                    shape=layout.packed(),
                    centres={str(group): list(spot) for group, spot in centres.items()},
                ),
            )
        return True

    def _spots(self, kept: MapLayout, texts: Collection[_Text]) -> dict[int, int]:
        layout = unpacked(kept.shape)
        dimension = layout.centres.shape[1]
        vectors = self._vectors(kept.workspace_id, texts, kept.model_digest, dimension)
        known = [one for one in texts if one.body in vectors]
        if not known:
            return {}
        ids = [one.id for one in known]
        spots = layout.spots(np.stack([vectors[one.body] for one in known]), ids)
        return dict(zip(ids, spots, strict=True))

    def _vectors(
        self, workspace_id: int, texts: Collection[_Text], model_digest: str, dimension: int
    ) -> dict[str, NDArray[np.float32]]:
        """Return the vectors of texts; those that sorting needed none of are made and kept."""
        with self.database.reading() as session:
            found = _wholes(session, workspace_id, texts, model_digest, dimension)
        lacking = [one for one in texts if one.body.strip() and one.body not in found]
        if not lacking or self._engine().model_digest != model_digest:
            return found
        embedder = self._engine().embedder
        embedder.remember({})
        embedder.encode([one.body for one in lacking])
        packed = embedder.packed([one.body for one in lacking])
        for start in range(0, len(lacking), KEPT_AT_ONCE):
            some = lacking[start : start + KEPT_AT_ONCE]
            with self.database.writing() as session:
                lock_current_run(session, workspace_id)  # nothing is taken back meanwhile
                read = [Told(KnownAnswer(one.id, one.version, one.body), "", ()) for one in some]
                keep_vectors(session, workspace_id, read, packed, model_digest)
        return found | wholes(packed, dimension)


def _layout(session: Session, state: str, workspace_id: int | None = None) -> MapLayout | None:
    query = select(MapLayout).where(MapLayout.state == state)
    if workspace_id is not None:
        query = query.where(MapLayout.workspace_id == workspace_id)
    return _apart(session, session.scalars(query.limit(1)).first())


def _apart(session: Session, layout: MapLayout | None) -> MapLayout | None:
    """Let a layout outlive the session it was read in."""
    if layout is not None:
        session.expunge(layout)
    return layout


def _is(layout: MapLayout) -> tuple[ColumnElement[bool], ...]:
    return (MapLayout.workspace_id == layout.workspace_id, MapLayout.id == layout.id)


def _with_waiting(session: Session) -> MapLayout | None:
    """Return the current layout of a workspace in which answers wait for their places."""
    waits = exists().where(MapWaiting.workspace_id == MapLayout.workspace_id)
    query = select(MapLayout).where(MapLayout.state == CURRENT, waits).limit(1)
    return _apart(session, session.scalars(query).first())


def _to_lay_out(session: Session, *, grown: bool) -> int | None:
    """Return a workspace that needs another layout than it has, if any.

    Parameters
    ----------
    session : Session
        An open session.
    grown : bool
        Whether to look for layouts that were fitted on few and hold many by now.
    """
    waits = exists().where(MapWaiting.workspace_id == Workspace.id)
    has_any = exists().where(MapLayout.workspace_id == Workspace.id)
    first = session.scalar(
        select(Workspace.id).where(Workspace.current_run_id.is_not(None), waits, ~has_any).limit(1)
    )
    if first is not None:
        return first
    another = aliased(MapLayout)
    other = exists().where(another.workspace_id == Workspace.id, another.state != CURRENT)
    moved = MapLayout.run_id != Workspace.current_run_id
    rows = session.execute(
        select(MapLayout.workspace_id, MapLayout.id, MapLayout.fitted_on, moved.label("moved"))
        .join(Workspace, Workspace.id == MapLayout.workspace_id)
        .where(
            MapLayout.state == CURRENT,
            ~other,
            or_(moved, MapLayout.fitted_on < SAMPLE) if grown else moved,
        )
    )
    for workspace_id, layout_id, fitted_on, has_moved in rows:
        if has_moved or _has_grown(session, workspace_id, layout_id, fitted_on):
            return workspace_id
    return None


def _has_grown(session: Session, workspace_id: int, layout_id: int, fitted_on: int) -> bool:
    """Whether a layout that was fitted on few has come to hold many times as many."""
    enough = GROWN * (fitted_on + 1)
    placed = (
        select(MapPlace.answer_id)
        .where(MapPlace.workspace_id == workspace_id, MapPlace.layout_id == layout_id)
        .limit(enough)
    )
    return (
        session.execute(select(func.count()).select_from(placed.subquery())).scalar_one() >= enough
    )


def _texts(
    session: Session, workspace_id: int, which: ColumnElement[bool], limit: int = BATCH
) -> list[_Text]:
    rows = session.execute(
        select(Answer.id, Answer.version, AnswerText.body)
        .join(
            AnswerText,
            NEWEST_WORDS,
        )
        .where(Answer.workspace_id == workspace_id, Answer.state == GIVEN, which)
        .order_by(Answer.id)
        .limit(limit)
    )
    return [_Text(row.id, row.version, row.body) for row in rows]


def _wholes(
    session: Session,
    workspace_id: int,
    texts: Collection[_Text],
    model_digest: str,
    dimension: int,
) -> dict[str, NDArray[np.float32]]:
    bodies = sorted({one.body for one in texts if one.body})
    found: dict[str, NDArray[np.float32]] = {}
    for start in range(0, len(bodies), BATCH):
        some = bodies[start : start + BATCH]
        found |= wholes(vectors_of(session, workspace_id, some, model_digest), dimension)
    return found


def _groups(session: Session, workspace_id: int, run_id: int, ids: Sequence[int]) -> dict[int, int]:
    """Return each answer's surest theme, or that it needed nothing."""
    found: dict[int, int] = {}
    for start in range(0, len(ids), BATCH):
        some = ids[start : start + BATCH]
        found |= dict.fromkeys(
            session.scalars(
                select(Sorting.answer_id).where(
                    Sorting.workspace_id == workspace_id,
                    Sorting.run_id == run_id,
                    Sorting.answer_id.in_(some),
                    Sorting.outcome == NOTHING,
                )
            ),
            NOTHING_GROUP,
        )
        rows = session.execute(
            select(Assignment.answer_id, Assignment.theme_id)
            .where(
                Assignment.workspace_id == workspace_id,
                Assignment.run_id == run_id,
                Assignment.answer_id.in_(some),
            )
            .order_by(Assignment.confidence, Assignment.theme_id)
        )
        found |= {row.answer_id: row.theme_id for row in rows}
    return found


def _put(
    session: Session, layout: MapLayout, texts: Collection[_Text], spots: Mapping[int, int]
) -> None:
    """Keep places, but for answers that were changed, withdrawn or erased meanwhile."""
    same = _unchanged(session, layout.workspace_id, [one for one in texts if one.id in spots])
    known = session.scalar(select(MapLayout.id).where(*_is(layout)))
    if known is not None:
        put_places(session, layout.workspace_id, layout.id, {one: spots[one] for one in same})


def _unchanged(session: Session, workspace_id: int, texts: Collection[_Text]) -> set[int]:
    """Return those answers that say the same as when they were read, and hold them so."""
    versions = {one.id: one.version for one in texts}
    rows = session.execute(
        select(Answer.id, Answer.version)
        .where(
            Answer.workspace_id == workspace_id,
            Answer.id.in_(list(versions)),
            Answer.state == GIVEN,
        )
        .order_by(Answer.id)
        .with_for_update(read=True)
    )
    return {row.id for row in rows if row.version == versions[row.id]}


def _begin_filling(session: Session, layout: MapLayout) -> None:
    session.execute(
        select(Workspace.id).where(Workspace.id == layout.workspace_id).with_for_update()
    )
    query = select(MapLayout.id).where(
        MapLayout.workspace_id == layout.workspace_id, MapLayout.state != CURRENT
    )
    if session.scalar(query) is None:  # else another worker was faster
        session.add(layout)


def _leave_as_it_is(session: Session, workspace_id: int, run_id: int | None) -> None:
    session.execute(delete(MapWaiting).where(MapWaiting.workspace_id == workspace_id))
    session.execute(
        update(MapLayout)
        .where(MapLayout.workspace_id == workspace_id, MapLayout.state == CURRENT)
        .values(run_id=run_id or 0)
    )
