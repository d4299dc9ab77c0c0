"""The answers of a view, page by page, with the clauses that decided."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal, get_args

from sqlalchemy import ColumnElement, and_, func, literal, select, tuple_
from sqlalchemy.orm import Session

from survey.clock import UTC_ZONE
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
from survey.records.finding import sought
from survey.show import figures
from survey.show.answers_shown import AnswerShown, Look, as_shown, was_changed

Order = Literal["newest", "typical", "unsure"]
ORDERS: tuple[Order, ...] = get_args(Order)
PAGE = 25
MANY = 2_000  # answers in view, from which on the first of them are found by looking at each
COUNTED_WORDS_UP_TO = 10_000  # answers with the words of a search; beyond, there are "or more"


@dataclass(frozen=True)
class AnswerPage:
    """Some answers of a view, and where the next ones begin (None at the end)."""

    answers: tuple[AnswerShown, ...]
    after: str | None


def answer_page(
    session: Session,
    workspace_id: int,
    run_id: int | None,
    wanted: AnswerFilter,
    *,
    order: Order = "newest",
    after: str | None = None,
    many: bool = False,
    at_most: int = PAGE,
) -> AnswerPage:
    """Return one page of the answers in view.

    Parameters
    ----------
    session : Session
        An open session.
    workspace_id : int
        Whose answers.
    run_id : int or None
        The current run; None before the first.
    wanted : AnswerFilter
        Which answers; with a theme, only the clauses that decided for it are marked.
    order : str
        ``newest``, or, within a theme, ``typical`` or ``unsure`` first.
    after : str or None
        The `after` of the page before.
    many : bool
        Whether many answers are in view; it only decides by which way they are found.
    at_most : int
        How many a page holds.

    Raises
    ------
    FieldError
        When `after` is not one this function gave.
    """
    if wanted.theme_id is None or run_id is None:
        order = "newest"
    query = _listed(workspace_id, run_id, wanted, order, many=many)
    if after:
        query = query.where(_beyond(order, after))
    rows = session.execute(query.limit(at_most + 1)).all()
    shown = rows[:at_most]
    answers = _complete(session, workspace_id, run_id, wanted, shown)
    more = len(rows) > at_most
    return AnswerPage(answers, f"{shown[-1].place}~{shown[-1].id}" if more else None)


def answers_by_id(
    session: Session, workspace_id: int, run_id: int | None, ids: Sequence[int]
) -> tuple[AnswerShown, ...]:
    """Return given answers in this order; those taken back, or of other workspaces, are left out.

    Parameters
    ----------
    session, workspace_id, run_id
        As in `answer_page`.
    ids : sequence of int
        Some dozens at most.
    """
    query = _listed(workspace_id, run_id, AnswerFilter(), "newest", many=True)
    rows = {row.id: row for row in session.execute(query.where(Answer.id.in_(ids)))}
    here = [rows[one] for one in ids if one in rows]
    return _complete(session, workspace_id, run_id, AnswerFilter(), here)


def answers_among(
    session: Session,
    workspace_id: int,
    run_id: int | None,
    wanted: AnswerFilter,
    ids: Sequence[int],
) -> tuple[AnswerShown, ...]:
    """Return those of some answers that are in view, the newest first; a page of them at most.

    Parameters
    ----------
    session, workspace_id, run_id, wanted
        As in `answer_page`.
    ids : sequence of int
        Of which answers; others are left out, whosever they are.
    """
    query = _listed(workspace_id, run_id, wanted, "newest", many=True)
    rows = session.execute(query.where(Answer.id.in_(ids[:PAGE]))).all()
    return _complete(session, workspace_id, run_id, wanted, rows)


def _listed(
    workspace_id: int, run_id: int | None, wanted: AnswerFilter, order: Order, *, many: bool
) -> Any:
    place: Any = Answer.answered_on if order == "newest" else Assignment.confidence
    query = select(
        Answer.id,
        place.label("place"),
        Answer.answered_on,
        Answer.anonymous,
        Answer.served_by,
        Answer.channel,
        Answer.version,
        Answer.said_nothing,
        AnswerText.body,
        AnswerText.written_at,
    ).join(
        AnswerText,
        NEWEST_WORDS,
        isouter=True,
    )
    if order == "newest":
        conditions = answers_in_view(workspace_id, run_id, wanted, one_by_one=many)
        return query.where(*conditions).order_by(Answer.answered_on.desc(), Answer.id.desc())
    beside = replace(wanted, theme_id=None, tones=())
    conditions = answers_in_view(workspace_id, run_id, beside, one_by_one=many)
    of_theme = [
        Assignment.workspace_id == workspace_id,
        Assignment.theme_id == wanted.theme_id,
        Assignment.run_id == run_id,
        *([Assignment.tone.in_(wanted.tones)] if wanted.tones else []),
    ]
    places: list[Any] = [Assignment.confidence, Assignment.answer_id]
    if order == "typical":
        places = [column.desc() for column in places]
    return (
        query.join(
            Assignment,
            and_(Assignment.workspace_id == Answer.workspace_id, Assignment.answer_id == Answer.id),
        )
        .where(*of_theme, *conditions)
        .order_by(*places)
    )


def _beyond(order: Order, after: str) -> ColumnElement[bool]:
    place, _, answer = after.partition("~")
    try:
        if order == "newest":
            here = (literal(date.fromisoformat(place)), literal(_id(answer)))
            return tuple_(Answer.answered_on, Answer.id) < tuple_(*here)
        at = (literal(float(place)), literal(_id(answer)))
    except ValueError as error:
        raise FieldError("after", "This page has moved; please begin at the first one.") from error
    columns = tuple_(Assignment.confidence, Assignment.answer_id)
    return columns < tuple_(*at) if order == "typical" else columns > tuple_(*at)


def _id(typed: str) -> int:
    if not (typed.isascii() and typed.isdigit() and len(typed) <= 19 and int(typed) < 2**63):
        raise ValueError("no id")
    return int(typed)


def _complete(
    session: Session,
    workspace_id: int,
    run_id: int | None,
    wanted: AnswerFilter,
    rows: Sequence[Any],
) -> tuple[AnswerShown, ...]:
    ids = [row.id for row in rows]
    zone = _zone(session, workspace_id) if any(map(was_changed, rows)) else UTC_ZONE
    look = Look(wanted.theme_id, sought(wanted.words or ""), zone)
    segments = _segments(session, workspace_id, [row.id for row in rows if not row.anonymous])
    assigned = _assigned(session, workspace_id, run_id, ids)
    outcomes = _outcomes(session, workspace_id, run_id, ids)
    return tuple(
        as_shown(
            row,
            tuple(segments.get(row.id, ())),
            assigned.get(row.id, []),
            outcomes.get(row.id, "waiting"),
            look,
        )
        for row in rows
    )


def _zone(session: Session, workspace_id: int) -> str:
    return session.scalars(select(Workspace.time_zone).where(Workspace.id == workspace_id)).one()


def _segments(
    session: Session, workspace_id: int, ids: Iterable[int]
) -> dict[int, list[tuple[str, str]]]:
    query = select(AnswerSegment.answer_id, AnswerSegment.name, AnswerSegment.value).where(
        AnswerSegment.workspace_id == workspace_id, AnswerSegment.answer_id.in_(ids)
    )
    found: dict[int, list[tuple[str, str]]] = defaultdict(list)
    # Ordered here: SQLite would choose an index for the order, and read all of it.
    rows = sorted((row.answer_id, row.name, row.value) for row in session.execute(query))
    for answer_id, name, value in rows:
        found[answer_id].append((name, value))
    return found


def _assigned(
    session: Session, workspace_id: int, run_id: int | None, ids: Sequence[int]
) -> dict[int, list[Any]]:
    query = (
        select(
            Assignment.answer_id,
            Assignment.theme_id,
            Assignment.version,
            Assignment.start,
            Assignment.end,
            Assignment.tone,
            Assignment.confidence,
            Theme.name,
        )
        .join(
            Theme,
            and_(Theme.workspace_id == Assignment.workspace_id, Theme.id == Assignment.theme_id),
        )
        .where(
            Assignment.workspace_id == workspace_id,
            Assignment.run_id == run_id,
            Assignment.answer_id.in_(ids),
        )
        .order_by(Assignment.confidence.desc(), Theme.name)
    )
    found: dict[int, list[Any]] = defaultdict(list)
    for row in session.execute(query):
        found[row.answer_id].append(row)
    return found


def _outcomes(
    session: Session, workspace_id: int, run_id: int | None, ids: Sequence[int]
) -> dict[int, str]:
    query = select(Sorting.answer_id, Sorting.outcome).where(
        Sorting.workspace_id == workspace_id,
        Sorting.run_id == run_id,
        Sorting.answer_id.in_(ids),
    )
    return {row.answer_id: row.outcome for row in session.execute(query)}


def answers_counted(
    session: Session, workspace_id: int, run_id: int | None, wanted: AnswerFilter
) -> int:
    """Return how many answers are in view: from the counts, or, for a combination, by a scan.

    Those that hold words are counted up to 10,000.

    Parameters
    ----------
    session, workspace_id, run_id, wanted
        As in `answer_page`.
    """
    counted = figures.answers_counted(session, workspace_id, run_id, wanted)
    if counted is not None:
        return counted
    found = select(Answer.id).where(*answers_in_view(workspace_id, run_id, wanted))
    if wanted.words is not None:
        found = found.limit(COUNTED_WORDS_UP_TO)
    return session.execute(select(func.count()).select_from(found.subquery())).scalar_one()
