"""The worker's side of what people do by hand: placing their themes, and looking for cuts.

Both are due because a row says so (a theme without a place, a cut that was asked for), and both
are idempotent: a worker killed half-way leaves nothing, and the next one begins again.
"""

import logging
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, select, tuple_, update
from sqlalchemy.orm import Session

from survey.errors import EngineError
from survey.records import (
    Answer,
    AnswerText,
    Assignment,
    DecidedAnswer,
    Decision,
    Theme,
    ThemeCut,
    Workspace,
)
from survey.records.answering import GIVEN
from survey.records.database import Database, database_now, what_failed
from survey.records.deciding import TONE
from survey.records.due import claim, finish, try_later
from survey.understand.queries import vectors_of

if TYPE_CHECKING:
    from survey.understand.engine import Engine

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)
MOST_READ = 4000
"""Answers of a theme that are read for its place or a cut; of more, those with the lowest ids,
which are random."""


@dataclass(frozen=True)
class Spoken:
    """An answer and the clause that speaks for a theme, where one is known."""

    answer_id: int
    body: str
    start: int | None
    end: int | None

    @property
    def clause(self) -> str | None:
        """The words of the clause."""
        if self.start is None or self.end is None:
            return None
        return self.body[self.start : self.end] or None


class Handwork:
    """Rounds for what people asked for by hand.

    Parameters
    ----------
    database : Database
        The queue and the store.
    engine : callable
        Gives the engine, loading it on first use.
    jitter : random.Random
        Spreads retries.
    """

    def __init__(
        self, database: Database, engine: "Callable[[], Engine]", jitter: random.Random
    ) -> None:
        self.database = database
        self._engine = engine
        self._jitter = jitter
        self._hopeless: set[tuple[int, int]] = set()

    def place_round(self) -> bool:
        """Say where one theme lies that a person made; True when there may be more."""
        with self.database.reading() as session:
            theme = _theme_to_place(session, self._hopeless)
        if theme is None:
            return False
        workspace_id, theme_id, parent_id = theme
        try:
            anchor = self._place(workspace_id, theme_id, parent_id)
        except EngineError:
            raise
        except Exception as error:
            log.error("theme %x could not be placed\n%s", theme_id, what_failed(error))
            anchor = None
        if anchor is None:
            self._hopeless.add((workspace_id, theme_id))
        return True

    def _place(self, workspace_id: int, theme_id: int, parent_id: int | None) -> bytes | None:
        engine = self._engine()
        with self.database.reading() as session:
            spoken = _put_in(session, workspace_id, theme_id)
            rest = _members(session, workspace_id, parent_id) if parent_id else []
            bodies = {one.body for one in (*spoken, *rest)}
            vectors = vectors_of(session, workspace_id, bodies, engine.model_digest)
        anchor = engine.place(_clauses(spoken), vectors)
        if anchor is None:
            return None
        left = engine.place(_clauses(rest), vectors) if rest else None
        with self.database.writing() as session:
            session.execute(
                update(Theme)
                .where(
                    Theme.workspace_id == workspace_id,
                    Theme.id == theme_id,
                    Theme.anchor.is_(None),
                )
                .values(anchor=anchor, rest_anchor=left, model_digest=engine.model_digest)
            )
        return anchor

    def cut_round(self) -> bool:
        """Look for one cut that was asked for; True when there may be more."""
        with self.database.writing() as session:
            now = database_now(session)
            claimed = claim(
                session,
                ThemeCut,
                ThemeCut.made_at.is_(None),
                order=ThemeCut.asked_at,
                now=now,
                limit=1,
                lease=LEASE,
            )
        if not claimed.keys:
            return False
        workspace_id, theme_id = claimed.keys[0]
        here = (ThemeCut.workspace_id == workspace_id, ThemeCut.theme_id == theme_id)
        try:
            parts = self._cut(workspace_id, theme_id)
        except Exception as error:
            log.error("theme %x could not be cut\n%s", theme_id, what_failed(error))
            self._put_back(here, claimed.lease_id)
            return True
        with self.database.writing() as session:
            held = (*here, ThemeCut.lease_id == claimed.lease_id)
            session.execute(
                update(ThemeCut).where(*held).values(made_at=database_now(session), parts=parts)
            )
            finish(session, ThemeCut, here, claimed.lease_id)
        return True

    def _put_back(self, here: Sequence[Any], lease_id: str) -> None:
        with self.database.writing() as session:
            attempts = session.scalar(select(ThemeCut.attempts).where(*here)) or 0
            try_later(
                session,
                ThemeCut,
                here,
                lease_id,
                now=database_now(session),
                error="Looking for a cut did not work; it will be tried again.",
                attempts=attempts,
                jitter=self._jitter,
            )

    def _cut(self, workspace_id: int, theme_id: int) -> list[dict[str, Any]]:
        engine = self._engine()
        with self.database.reading() as session:
            members = _members(session, workspace_id, theme_id)
            names = session.scalars(
                select(Theme.name).where(
                    Theme.workspace_id == workspace_id, Theme.state.in_(("active", "hidden"))
                )
            ).all()
            bodies = {one.body for one in members}
            vectors = vectors_of(session, workspace_id, bodies, engine.model_digest)
        clauses = [one.clause or one.body for one in members]
        found = engine.cut(clauses, vectors, taken=names)
        return [
            {"name": part.name, "answers": [members[row].answer_id for row in part.rows]}
            for part in found
        ]


def _theme_to_place(
    session: Session, but: set[tuple[int, int]]
) -> tuple[int, int, int | None] | None:
    query = (
        select(Theme.workspace_id, Theme.id, Theme.split_from)
        .where(
            Theme.origin == "found",
            Theme.anchor.is_(None),
            Theme.run_id.is_(None),
            Theme.state.in_(("active", "hidden", "merged")),
        )
        .order_by(Theme.created_at)
        .limit(1)
    )
    if but:
        query = query.where(tuple_(Theme.workspace_id, Theme.id).not_in(but))
    row = session.execute(query).one_or_none()
    return (row.workspace_id, row.id, row.split_from) if row else None


def _put_in(session: Session, workspace_id: int, theme_id: int) -> list[Spoken]:
    """Return the answers that people put into a theme."""
    query = (
        select(DecidedAnswer.answer_id, AnswerText.body, DecidedAnswer.start, DecidedAnswer.end)
        .join(
            Decision,
            and_(
                Decision.workspace_id == DecidedAnswer.workspace_id,
                Decision.id == DecidedAnswer.decision_id,
            ),
        )
        .join(AnswerText, _text_of(DecidedAnswer))
        .where(
            DecidedAnswer.workspace_id == workspace_id,
            DecidedAnswer.theme_id == theme_id,
            DecidedAnswer.belongs.is_(True),
            Decision.holds.is_(True),
            Decision.kind != TONE,
            AnswerText.body != "",
        )
        .order_by(DecidedAnswer.answer_id)
        .limit(MOST_READ)
    )
    return [Spoken(*row) for row in session.execute(query)]


def _members(session: Session, workspace_id: int, theme_id: int) -> list[Spoken]:
    """Return the answers that are shown in a theme now."""
    query = (
        select(Assignment.answer_id, AnswerText.body, Assignment.start, Assignment.end)
        .join(Workspace, Workspace.current_run_id == Assignment.run_id)
        .join(
            Answer,
            and_(
                Answer.workspace_id == Assignment.workspace_id,
                Answer.id == Assignment.answer_id,
                Answer.version == Assignment.version,
            ),
        )
        .join(AnswerText, _text_of(Assignment))
        .where(
            Workspace.id == workspace_id,
            Assignment.workspace_id == workspace_id,
            Assignment.theme_id == theme_id,
            Answer.state == GIVEN,
            AnswerText.body != "",
        )
        .order_by(Assignment.answer_id)
        .limit(MOST_READ)
    )
    return [Spoken(*row) for row in session.execute(query)]


def _text_of(record: type[DecidedAnswer] | type[Assignment]) -> Any:
    return and_(
        AnswerText.workspace_id == record.workspace_id,
        AnswerText.answer_id == record.answer_id,
        AnswerText.version == record.version,
    )


def _clauses(spoken: Sequence[Spoken]) -> list[tuple[str, str | None]]:
    return [(one.body, one.clause) for one in spoken]
