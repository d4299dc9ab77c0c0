"""Counting a workspace from scratch, as queries whose rows are the counts."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    FromClause,
    Insert,
    Select,
    String,
    and_,
    bindparam,
    case,
    cast,
    func,
    insert,
    literal,
    select,
)
from sqlalchemy.orm import InstrumentedAttribute, aliased

from survey.records.answering import GIVEN, Answer, AnswerSegment
from survey.records.asking import Interaction, InteractionSegment, Invitation
from survey.records.base import table_of
from survey.records.counting import DayCount, WeekCount
from survey.records.faces import CHANNEL, LANGUAGE, LONGEST_VALUE, SERVED_BY, THEME, TONE
from survey.records.sql_functions import MondayOf
from survey.records.theming import Assignment, Sorting

_CELL = (
    "workspace_id", "run_id", "measure", "theme_id", "tone", "question_id", "face", "value", "day",
)  # fmt: skip
_WORKSPACE = bindparam("workspace", type_=BigInteger)
_KEY = ("face", "value", "run_id", "day")

COUNTED_TABLES = (
    "answer", "answer_segment", "sorting", "assignment", "invitation", "interaction",
    "interaction_segment",
)  # fmt: skip


@cache
def counting_from_scratch() -> tuple[Insert, ...]:
    """Return what fills the tables of counts, to be run in this order for one ``workspace``."""
    bases = (*_of_askings(_WORKSPACE), *_of_answers(_WORKSPACE))
    by_day = [_filling(DayCount, _summed(faced)) for base in bases for faced in base]
    return *by_day, _filling(WeekCount, _by_week(_WORKSPACE))


def _filling(counts: type[DayCount] | type[WeekCount], query: Select[Any]) -> Insert:
    columns = [str(column.key) for column in query.selected_columns]
    return insert(table_of(counts)).from_select(columns, query)


def _summed(faced: Select[Any]) -> Select[Any]:
    rows = faced.subquery()
    columns = [rows.c[name] for name in _CELL]
    key = [rows.c[name] for name in _KEY]  # rows that are read together then lie together
    return select(*columns, func.count().label("answers")).group_by(*columns).order_by(*key)


def _by_week(workspace_id: BindParameter[int]) -> Select[Any]:
    monday = MondayOf(DayCount.day).label("day")
    columns = [*(getattr(DayCount, name) for name in _CELL[:-1]), monday]
    return (
        select(*columns, func.sum(DayCount.answers).label("answers"))
        .where(DayCount.workspace_id == workspace_id)
        .group_by(*columns)
        .order_by(*(DayCount.face, DayCount.value, DayCount.run_id, DayCount.measure))
    )


def _of_askings(workspace_id: BindParameter[int]) -> Iterator[Iterator[Select[Any]]]:
    for measure, states in (("asked", ()), ("replied", ("answered", "withdrawn"))):
        base = (
            select(*_cell(literal(measure), Invitation.question_id, Invitation.asked_on))
            .join(
                Interaction,
                and_(
                    Interaction.workspace_id == Invitation.workspace_id,
                    Interaction.id == Invitation.interaction_id,
                ),
            )
            .where(
                Invitation.workspace_id == workspace_id,
                Invitation.asked_on.is_not(None),
                *([Invitation.state.in_(states)] if states else []),
            )
        )
        yield _asking_faces(base)


def _asking_faces(base: Select[Any]) -> Iterator[Select[Any]]:
    yield _faced(base, literal(""), literal(""))
    segment = InteractionSegment
    yield _faced(base, _name(segment.name), segment.value).join(
        segment,
        and_(
            segment.workspace_id == Invitation.workspace_id,
            segment.interaction_id == Invitation.interaction_id,
        ),
    )
    yield from _own_faces(base, Interaction.channel, Interaction.served_by, Invitation.language)


def _of_answers(workspace_id: BindParameter[int]) -> Iterator[Iterator[Select[Any]]]:
    here = Answer.workspace_id == workspace_id
    day = (Answer.question_id, Answer.answered_on)
    yield _answer_faces(select(*_cell(literal("answered"), *day)).where(here, _given()))
    withdrawn = select(*_cell(literal("withdrawn"), *day)).where(
        here, ~_given(), Answer.expired_on.is_(None)
    )
    yield iter((_faced(withdrawn, literal(""), literal("")),))
    outcomes = select(*_cell(Sorting.outcome, *day, run_id=Sorting.run_id)).join(
        Answer, _same_answer(Sorting)
    )
    yield _sorted_faces(outcomes.where(here, _given()), Sorting)
    themes = select(
        *_cell(
            literal("theme"),
            *day,
            run_id=Assignment.run_id,
            theme_id=Assignment.theme_id,
            tone=Assignment.tone,
        )
    ).join(Answer, _same_answer(Assignment))
    yield _sorted_faces(themes.where(here, _given()), Assignment)


def _given() -> ColumnElement[bool]:
    return Answer.state == GIVEN


def _answer_faces(base: Select[Any]) -> Iterator[Select[Any]]:
    yield _faced(base, literal(""), literal(""))
    base = base.where(Answer.anonymous.is_(False))  # in no such cut: see anonymity.py
    segment = AnswerSegment
    yield _faced(base, _name(segment.name), segment.value).join(segment, _same_answer(segment))
    yield from _own_faces(base, Answer.channel, Answer.served_by, Answer.language)


def _sorted_faces(
    base: Select[Any], made: type[Sorting] | type[Assignment]
) -> Iterator[Select[Any]]:
    """Also by the themes and tones that the same run gave the answer."""
    yield from _answer_faces(base)
    also = aliased(Assignment)
    same = and_(
        also.workspace_id == made.workspace_id,
        also.run_id == made.run_id,
        also.answer_id == made.answer_id,
    )
    yield _faced(base, literal(THEME), cast(also.theme_id, String)).join(also, same)
    tones: FromClause = (
        select(
            Assignment.workspace_id, Assignment.run_id, Assignment.answer_id, Assignment.tone
        ).distinct()
    ).subquery()
    yield _faced(base, literal(TONE), tones.c.tone).join(
        tones,
        and_(
            tones.c.workspace_id == made.workspace_id,
            tones.c.run_id == made.run_id,
            tones.c.answer_id == made.answer_id,
        ),
    )


def _own_faces(
    base: Select[Any],
    channel: InstrumentedAttribute[str | None],
    served_by: InstrumentedAttribute[str | None],
    language: InstrumentedAttribute[str | None],
) -> Iterator[Select[Any]]:
    for name, column in ((CHANNEL, channel), (SERVED_BY, served_by), (LANGUAGE, language)):
        value = func.substr(column, 1, LONGEST_VALUE)
        yield _faced(base, literal(name), value).where(column.is_not(None), column != "")


def _faced(base: Select[Any], face: ColumnElement[str], value: Any) -> Select[Any]:
    return base.add_columns(face.label("face"), value.label("value"))


def _name(name: InstrumentedAttribute[str]) -> ColumnElement[str]:
    """As `survey.records.faces.segment_name`."""
    return case((func.substr(name, 1, 1) == "@", literal("@").concat(name)), else_=name)


def _cell(
    measure: Any,
    question_id: InstrumentedAttribute[int],
    day: InstrumentedAttribute[Any],
    *,
    run_id: InstrumentedAttribute[int] | None = None,
    theme_id: InstrumentedAttribute[int] | None = None,
    tone: InstrumentedAttribute[str] | None = None,
) -> list[ColumnElement[Any]]:
    return [
        question_id.class_.workspace_id.label("workspace_id"),
        (literal(0) if run_id is None else run_id).label("run_id"),
        measure.label("measure"),
        (literal(0) if theme_id is None else theme_id).label("theme_id"),
        (literal("") if tone is None else tone).label("tone"),
        question_id.label("question_id"),
        day.label("day"),
    ]


def _same_answer(
    record: type[Sorting] | type[Assignment] | type[AnswerSegment],
) -> ColumnElement[bool]:
    return and_(Answer.workspace_id == record.workspace_id, Answer.id == record.answer_id)
