"""Counting a view by an indexed scan: what the counts, kept by one face, cannot tell."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    exists,
    func,
    literal,
    select,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from survey.records import (
    Answer,
    Assignment,
    Interaction,
    InteractionSegment,
    Invitation,
    Sorting,
)
from survey.records.answering import WITHDRAWN
from survey.records.filters import AnswerFilter, answers_in_view
from survey.records.tallies import Tally, steps_back
from survey.show.span import Span

_REPLIED = ("answered", "withdrawn")


def scanned(
    session: Session, workspace_id: int, run_id: int | None, wanted: AnswerFilter, span: Span
) -> Iterator[Tally]:
    """Count a view by looking at its answers, once; as `survey.show.figures.counted` tells it.

    Parameters
    ----------
    session, workspace_id, run_id, wanted, span
        As in `survey.show.figures.figures_in_view`.
    """
    if _asks_of_askings(wanted):
        yield from _rows(session, _asked(workspace_id, wanted, span))
        if not wanted.faces:  # nothing else is kept of what was taken back
            yield from _rows(session, _withdrawn(workspace_id, wanted, span))
    yield from _rows(session, _answers(workspace_id, run_id, wanted, span))


def _asks_of_askings(wanted: AnswerFilter) -> bool:
    """Whether a view can be told of askings, too: of themes, tones and words it cannot."""
    of_answers = (wanted.theme_id, wanted.with_theme_id, wanted.pile, wanted.words)
    return not wanted.tones and all(one is None for one in of_answers)


def _rows(session: Session, query: Any) -> Iterator[Tally]:
    for row in session.execute(query):
        yield Tally(row[0], row[1], row[2], row[3], int(row[4]))


def _answers(workspace_id: int, run_id: int | None, wanted: AnswerFilter, span: Span) -> Any:
    within = AnswerFilter(**{**vars(wanted), "since": span.first, "until": span.last})
    step = steps_back(Answer.answered_on, span.anchor, span.width).label("step")
    view = (
        select(Answer.id, step)
        .where(*answers_in_view(workspace_id, run_id, within))
        .cte("in_view")  # used three times, so it is looked up once
    )
    parts = [_summed(view, literal("answered"))]
    if run_id is not None:
        made, placed = aliased(Sorting), aliased(Assignment)
        here = (workspace_id, run_id)
        parts.append(_summed(view, made.outcome).join(made, _of(made, view, *here)))
        parts.append(
            _summed(view, literal("theme"), placed.theme_id, placed.tone).join(
                placed, _of(placed, view, *here)
            )
        )
    return union_all(*parts)


def _summed(view: Any, measure: Any, theme_id: Any = None, tone: Any = None) -> Select[Any]:
    cell = [column for column in (theme_id, tone) if column is not None]
    named = [] if theme_id is not None or not hasattr(measure, "class_") else [measure]
    return (
        select(
            measure.label("measure"),
            (literal(0) if theme_id is None else theme_id).label("theme_id"),
            (literal("") if tone is None else tone).label("tone"),
            view.c.step,
            func.count().label("amount"),
        )
        .select_from(view)
        .group_by(*named, *cell, view.c.step)
    )


def _of(made: Any, view: Any, workspace_id: int, run_id: int) -> ColumnElement[bool]:
    return and_(
        made.workspace_id == workspace_id, made.answer_id == view.c.id, made.run_id == run_id
    )


def _asked(workspace_id: int, wanted: AnswerFilter, span: Span) -> Select[Any]:
    step = steps_back(Invitation.asked_on, span.anchor, span.width).label("step")
    asked = select(
        literal("asked").label("measure"), literal(0), literal(""), step, func.count()
    ).where(*_askings(workspace_id, wanted, span))
    replied = select(
        literal("replied").label("measure"), literal(0), literal(""), step, func.count()
    ).where(*_askings(workspace_id, wanted, span), Invitation.state.in_(_REPLIED))
    return union_all(asked.group_by(step), replied.group_by(step))  # type: ignore[return-value]


def _withdrawn(workspace_id: int, wanted: AnswerFilter, span: Span) -> Select[Any]:
    step = steps_back(Answer.answered_on, span.anchor, span.width).label("step")
    conditions = [
        Answer.workspace_id == workspace_id,
        Answer.state == WITHDRAWN,
        Answer.expired_on.is_(None),
        Answer.answered_on >= span.first,
        Answer.answered_on <= span.last,
    ]
    if wanted.question_id is not None:
        conditions.append(Answer.question_id == wanted.question_id)
    taken = select(literal("withdrawn").label("measure"), literal(0), literal(""), step)
    return taken.add_columns(func.count()).where(*conditions).group_by(step)


def _askings(workspace_id: int, wanted: AnswerFilter, span: Span) -> Sequence[ColumnElement[bool]]:
    conditions = [
        Invitation.workspace_id == workspace_id,
        Invitation.asked_on >= span.first,
        Invitation.asked_on <= span.last,
        *(_of_segment(name, value) for name, value in wanted.segments),
    ]
    if wanted.question_id is not None:
        conditions.append(Invitation.question_id == wanted.question_id)
    if wanted.language is not None:
        conditions.append(Invitation.language == wanted.language)
    of = [
        column == value
        for column, value in (
            (Interaction.channel, wanted.channel),
            (Interaction.served_by, wanted.served_by),
        )
        if value is not None
    ]
    if of:
        conditions.append(
            exists().where(
                Interaction.workspace_id == Invitation.workspace_id,
                Interaction.id == Invitation.interaction_id,
                *of,
            )
        )
    return conditions


def _of_segment(name: str, value: str) -> ColumnElement[bool]:
    return exists().where(
        InteractionSegment.workspace_id == Invitation.workspace_id,
        InteractionSegment.interaction_id == Invitation.interaction_id,
        InteractionSegment.name == name,
        InteractionSegment.value == value,
    )
