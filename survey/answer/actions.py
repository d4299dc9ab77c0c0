"""Taking an answer: everything it changes, in one transaction that the page commits."""

from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from survey.answer.queries import OpenedLink
from survey.clock import day_in
from survey.records import (
    Answer,
    AnswerSegment,
    AnswerText,
    InteractionSegment,
    Invitation,
    Workspace,
    new_id,
)
from survey.records.asking import ANSWERABLE
from survey.records.base import table_of
from survey.records.counts import Counted, Measure, count
from survey.records.search import index_new_answers

# Statements are built once: on this path building one costs as much as running it.
_invitation, _workspace = table_of(Invitation).c, table_of(Workspace).c
_segment = table_of(InteractionSegment).c
_TAKE = (
    update(table_of(Invitation))
    .where(
        _invitation.workspace_id == bindparam("workspace"),
        _invitation.id == bindparam("invitation"),
        _invitation.state.in_(ANSWERABLE),
    )
    .values(state="answered")
    .returning(_invitation.id)
)
_ANSWER = insert(table_of(Answer))
_TEXT = insert(table_of(AnswerText))
_SEGMENT = insert(table_of(AnswerSegment))
_SEGMENTS = select(_segment.name, _segment.value).where(
    _segment.workspace_id == bindparam("workspace"),
    _segment.interaction_id == bindparam("interaction"),
)
_CHANGED = (
    update(table_of(Workspace))
    .where(_workspace.id == bindparam("workspace"))
    .values(answers_changed_at=bindparam("now"))
)
_ANSWERED = (Measure("answered"),)


def take_answer(
    session: Session, link: OpenedLink, text: str, now: datetime, *, nothing: bool = False
) -> bool:
    """Keep the one answer of a link, with the work it makes due.

    Parameters
    ----------
    session : Session
        A writing session; the edge commits.
    link : OpenedLink
        With its question version pinned.
    text : str
        As stored (see `as_stored`), at most 20,000 characters; empty with `nothing`.
    now : datetime
        The present moment.
    nothing : bool
        Whether the customer said that nothing more was needed.

    Returns
    -------
    bool
        False when the link had its answer already; then nothing was changed.
    """
    who = {"workspace": link.workspace_id, "invitation": link.invitation_id}
    if session.execute(_TAKE, who).one_or_none() is None:
        return False
    answer = _answer_row(link, now, nothing=nothing)
    session.execute(_ANSWER, answer)
    session.execute(_TEXT, _text_row(answer, text))
    segments = _copy_segments(session, link, answer["id"])
    if text:
        index_new_answers(session, link.workspace_id, {answer["id"]: text})
    counted = Counted(link.workspace_id, link.question_id, answer["answered_on"], segments)
    count(session, 1, counted, _ANSWERED)
    session.execute(_CHANGED, {"workspace": link.workspace_id, "now": now})
    return True


def _answer_row(link: OpenedLink, now: datetime, *, nothing: bool) -> dict[str, Any]:
    return {
        "workspace_id": link.workspace_id,
        "id": new_id(),
        "question_id": link.question_id,
        "question_version_id": link.question_version_id,
        "language": link.language,
        "invitation_id": link.invitation_id,
        "said_nothing": nothing,
        "answered_at": now,
        "answered_on": day_in(now, link.time_zone),
        "served_by": link.served_by,
        "channel": link.channel,
        "reference": link.reference,
    }


def _text_row(answer: dict[str, Any], text: str) -> dict[str, Any]:
    return {
        "workspace_id": answer["workspace_id"],
        "answer_id": answer["id"],
        "version": 1,
        "body": text,
        "written_at": answer["answered_at"],
    }


def _copy_segments(
    session: Session, link: OpenedLink, answer_id: int
) -> tuple[tuple[str, str], ...]:
    of_link = {"workspace": link.workspace_id, "interaction": link.interaction_id}
    found = tuple((row.name, row.value) for row in session.execute(_SEGMENTS, of_link))
    if found:
        key = {"workspace_id": link.workspace_id, "answer_id": answer_id}
        session.execute(_SEGMENT, [key | {"name": n, "value": v} for n, v in found])
    return found
