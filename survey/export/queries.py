"""What leaves the house: answers with their themes, and themes with their counts."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from survey.errors import FieldError
from survey.records import (
    NEWEST_WORDS,
    Answer,
    AnswerSegment,
    AnswerText,
    Assignment,
    Sorting,
    Theme,
    Workspace,
)
from survey.records.filters import AnswerFilter, answers_in_view

WAITING = "waiting"
CHUNK = 500


@dataclass(frozen=True)
class ExportedTheme:
    """A theme that an answer is in, with the clause that decided (empty where none did)."""

    id: int
    key: str | None
    name: str
    origin: str
    confidence: float
    evidence: str
    tone: str


@dataclass(frozen=True)
class ExportedAnswer:
    """An answer as it leaves the house.

    Parameters
    ----------
    id : int
        The answer's id.
    text : str
        As stored.
    answered_on : date
        The workspace's own day.
    answered_at : datetime or None
        The moment, where it is known and not an anonymous answer's.
    state : str
        ``given``; withdrawn answers do not leave.
    outcome : str
        ``themes``, ``nothing``, ``unsorted``, ``other_language`` or ``waiting``.
    origin : str
        ``link``, ``import`` or ``sample``.
    reference, served_by, channel : str or None
        What is known of the interaction; never of an anonymous answer's.
    segments : tuple of (str, str)
        Names and values; never of an anonymous answer.
    themes : tuple of ExportedTheme
        The surest first.
    """

    id: int
    text: str
    answered_on: date
    answered_at: datetime | None
    state: str
    outcome: str
    origin: str
    reference: str | None
    served_by: str | None
    channel: str | None
    segments: tuple[tuple[str, str], ...]
    themes: tuple[ExportedTheme, ...]


@dataclass(frozen=True)
class ThemeCount:
    """A theme, its answers in view, and their share of all answers in view (0 to 1)."""

    id: int
    key: str | None
    name: str
    definition: str
    origin: str
    answers: int
    share: float
    tones: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Place:
    """Where a page of answers ended: the day and id of its last one."""

    day: date
    id: int

    def token(self) -> str:
        """Return this place as a cursor of the API."""
        return f"{self.day.isoformat()}~{self.id}"


def place_from(token: str) -> Place:
    """Read a cursor.

    Raises
    ------
    FieldError
        When it is not one that `Place.token` gave.
    """
    day, _, answer_id = token.partition("~")
    try:
        found = Place(date.fromisoformat(day), int(answer_id))
    except ValueError as error:
        raise FieldError(
            "cursor", "Please send ‘cursor’ as the last page’s ‘next’ gave it."
        ) from error
    if not 0 <= found.id < 2**63:
        raise FieldError("cursor", "Please send ‘cursor’ as the last page’s ‘next’ gave it.")
    return found


def current_run(session: Session, workspace_id: int) -> int | None:
    """Return the run whose themes everybody sees; None before the first."""
    return session.scalar(select(Workspace.current_run_id).where(Workspace.id == workspace_id))


def masking_of(session: Session, workspace_id: int) -> str:
    """Return what becomes of personal data in answers: ``keep`` (sealed), ``drop`` or ``show``."""
    return session.scalars(
        select(Workspace.personal_data).where(Workspace.id == workspace_id)
    ).one()


def all_answers(
    session: Session, workspace_id: int, run_id: int | None, wanted: AnswerFilter
) -> Iterator[ExportedAnswer]:
    """Yield every answer in view, the newest first, holding few of them at once."""
    after = None
    while True:
        some = answers_after(session, workspace_id, run_id, wanted, after=after, limit=CHUNK)
        yield from some
        if len(some) < CHUNK:
            return
        after = Place(some[-1].answered_on, some[-1].id)


def answers_after(
    session: Session,
    workspace_id: int,
    run_id: int | None,
    wanted: AnswerFilter,
    *,
    after: Place | None,
    limit: int,
) -> tuple[ExportedAnswer, ...]:
    """Return some answers in view, the newest first.

    Parameters
    ----------
    session : Session
        An open session.
    workspace_id : int
        Whose answers.
    run_id : int or None
        The current run; None before the first.
    wanted : AnswerFilter
        Which answers.
    after : Place or None
        Where the page before ended.
    limit : int
        At most so many.
    """
    query = (
        select(Answer, AnswerText.body)
        .outerjoin(
            AnswerText,
            NEWEST_WORDS,
        )
        .where(*answers_in_view(workspace_id, run_id, wanted))
        .order_by(Answer.answered_on.desc(), Answer.id.desc())
        .limit(limit)
    )
    if after is not None:
        same_day = and_(Answer.answered_on == after.day, Answer.id < after.id)
        query = query.where(or_(Answer.answered_on < after.day, same_day))
    rows = [(row[0], row[1] or "") for row in session.execute(query)]
    ids = [answer.id for answer, _ in rows]
    segments = _segments(session, workspace_id, ids)
    outcomes = _outcomes(session, workspace_id, run_id, ids)
    themes = _themes(session, workspace_id, run_id, {row.id: body for row, body in rows})
    return tuple(_exported(answer, body, segments, outcomes, themes) for answer, body in rows)


def _exported(
    answer: Answer,
    body: str,
    segments: dict[int, list[tuple[str, str]]],
    outcomes: dict[int, str],
    themes: dict[int, list[ExportedTheme]],
) -> ExportedAnswer:
    named = not answer.anonymous
    return ExportedAnswer(
        id=answer.id,
        text=body,
        answered_on=answer.answered_on,
        answered_at=answer.answered_at if named else None,
        state=answer.state,
        outcome=outcomes.get(answer.id, WAITING),
        origin=answer.origin,
        reference=answer.reference if named else None,
        served_by=answer.served_by if named else None,
        channel=answer.channel if named else None,
        segments=tuple(segments.get(answer.id, ())) if named else (),
        themes=tuple(themes.get(answer.id, ())),
    )


def _segments(
    session: Session, workspace_id: int, ids: Collection[int]
) -> dict[int, list[tuple[str, str]]]:
    found: dict[int, list[tuple[str, str]]] = {}
    for row in session.execute(
        select(AnswerSegment.answer_id, AnswerSegment.name, AnswerSegment.value)
        .where(AnswerSegment.workspace_id == workspace_id, AnswerSegment.answer_id.in_(ids))
        .order_by(AnswerSegment.answer_id, AnswerSegment.name)
    ):
        found.setdefault(row.answer_id, []).append((row.name, row.value))
    return found


def _outcomes(
    session: Session, workspace_id: int, run_id: int | None, ids: Collection[int]
) -> dict[int, str]:
    rows = session.execute(
        select(Sorting.answer_id, Sorting.outcome).where(
            Sorting.workspace_id == workspace_id,
            Sorting.run_id == run_id,
            Sorting.answer_id.in_(ids),
        )
    )
    return {row.answer_id: row.outcome for row in rows}


def _themes(
    session: Session, workspace_id: int, run_id: int | None, bodies: dict[int, str]
) -> dict[int, list[ExportedTheme]]:
    found: dict[int, list[ExportedTheme]] = {}
    for row in session.execute(
        select(
            Assignment.answer_id,
            Assignment.start,
            Assignment.end,
            Assignment.tone,
            Assignment.confidence,
            Theme.id,
            Theme.key,
            Theme.name,
            Theme.origin,
        )
        .join(
            Theme,
            and_(Theme.workspace_id == Assignment.workspace_id, Theme.id == Assignment.theme_id),
        )
        .where(
            Assignment.workspace_id == workspace_id,
            Assignment.run_id == run_id,
            Assignment.answer_id.in_(bodies),
        )
        .order_by(Assignment.answer_id, Assignment.confidence.desc(), Theme.name)
    ):
        told = bodies[row.answer_id][row.start : row.end] if row.start is not None else ""
        theme = ExportedTheme(row.id, row.key, row.name, row.origin, row.confidence, told, row.tone)
        found.setdefault(row.answer_id, []).append(theme)
    return found


def segment_names(session: Session, workspace_id: int) -> tuple[str, ...]:
    """Return the names of all segments that answers of a workspace have."""
    return tuple(
        session.scalars(
            select(AnswerSegment.name)
            .where(AnswerSegment.workspace_id == workspace_id)
            .distinct()
            .order_by(AnswerSegment.name)
        )
    )


def answers_counted(
    session: Session, workspace_id: int, run_id: int | None, wanted: AnswerFilter
) -> int:
    """Return how many answers are in view."""
    query = select(func.count()).select_from(Answer)
    return session.execute(query.where(*answers_in_view(workspace_id, run_id, wanted))).scalar_one()


def themes_counted(
    session: Session, workspace_id: int, run_id: int | None, wanted: AnswerFilter
) -> tuple[ThemeCount, ...]:
    """Return the themes of a workspace with their answers in view, the most answers first.

    Parameters
    ----------
    session : Session
        An open session.
    workspace_id : int
        Whose themes.
    run_id : int or None
        The current run; None before the first.
    wanted : AnswerFilter
        Which answers.
    """
    total = answers_counted(session, workspace_id, run_id, wanted)
    tones = _tones(session, workspace_id, run_id, wanted)
    themes = session.execute(
        select(Theme.id, Theme.key, Theme.name, Theme.definition, Theme.origin).where(
            Theme.workspace_id == workspace_id, Theme.state == "active"
        )
    ).all()
    counted = (_theme_count(theme, tones.get(theme.id, ()), total) for theme in themes)
    return tuple(sorted(counted, key=lambda one: (-one.answers, one.name.casefold(), one.id)))


def _theme_count(theme: Any, tones: Iterable[tuple[str, int]], total: int) -> ThemeCount:
    said = tuple(tones)
    answers = sum(count for _, count in said)
    return ThemeCount(
        id=theme.id,
        key=theme.key,
        name=theme.name,
        definition=theme.definition,
        origin=theme.origin,
        answers=answers,
        share=answers / total if total else 0.0,
        tones=said,
    )


def _tones(
    session: Session, workspace_id: int, run_id: int | None, wanted: AnswerFilter
) -> dict[int, list[tuple[str, int]]]:
    placed = aliased(Assignment)  # the filter has an assignment of its own
    query = (
        select(placed.theme_id, placed.tone, func.count().label("answers"))
        .join(
            Answer,
            and_(Answer.workspace_id == placed.workspace_id, Answer.id == placed.answer_id),
        )
        .where(
            placed.workspace_id == workspace_id,
            placed.run_id == run_id,
            *answers_in_view(workspace_id, run_id, wanted),
        )
        .group_by(placed.theme_id, placed.tone)
        .order_by(placed.theme_id, placed.tone)
    )
    if wanted.tones:
        query = query.where(placed.tone.in_(wanted.tones))
    found: dict[int, list[tuple[str, int]]] = {}
    for row in session.execute(query):
        found.setdefault(row.theme_id, []).append((row.tone, row.answers))
    return found
