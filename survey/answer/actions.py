"""Taking an answer: everything it changes, in one transaction that the page commits."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, or_, update

from survey.answer.queries import OpenedLink
from survey.clock import day_in
from survey.records import (
    Answer,
    AnswerSegment,
    AnswerText,
    Invitation,
    Talk,
    new_id,
)
from survey.records.asking import ANSWERABLE
from survey.records.base import table_of
from survey.records.care import Original, keep_sealed_straight
from survey.records.counts import Counted, count_straight
from survey.records.replying import MAIL
from survey.records.straight import Prepared, Straight, inserting

_invitation = table_of(Invitation).c
_TAKE = Prepared(
    update(table_of(Invitation))
    .where(
        _invitation.workspace_id == bindparam("workspace"),
        _invitation.id == bindparam("invitation"),
        or_(*(_invitation.state == state for state in ANSWERABLE)),
    )
    .values(state="answered")
    .returning(_invitation.asked_on)
)
_ANSWER = Prepared(
    inserting(
        Answer,
        "workspace_id", "id", "question_id", "question_version_id", "language", "invitation_id",
        "anonymous", "origin", "state", "said_nothing", "version", "answered_at", "answered_on",
        "served_by", "channel", "reference", "attempts", "taken_in",
    )
)  # fmt: skip
_TEXT = Prepared(
    inserting(AnswerText, "workspace_id", "answer_id", "version", "body", "written_at")
)
_TALK = Prepared(inserting(Talk, "workspace_id", "answer_id", "may_come_back", "how", "changed_at"))
_SEGMENT = Prepared(inserting(AnswerSegment, "workspace_id", "answer_id", "name", "value"))


def take_answer(
    straight: Straight,
    link: OpenedLink,
    text: str,
    now: datetime,
    *,
    nothing: bool = False,
    may_come_back: bool = False,
    original: Original | None = None,
) -> bool:
    """Keep the one answer of a link, with the work it makes due.

    Parameters
    ----------
    straight : Straight
        From `Database.taking`; the edge commits.
    link : OpenedLink
        With its question version pinned; not of an anonymous question.
    text : str
        As readers may see it (see `cared_for`), at most 20,000 characters; empty with `nothing`.
    now : datetime
        The present moment.
    nothing : bool
        Whether the customer said that nothing more was needed.
    may_come_back : bool
        Whether one may come back to them, by mail to where they were asked.
    original : Original, optional
        What was typed, where personal data was masked and is kept.

    Returns
    -------
    bool
        False when the link had its answer already; then nothing was changed.

    Raises
    ------
    ValueError
        For an anonymous question, whose answers are never joined to a link.
    """
    if link.anonymous:
        raise ValueError("an anonymous answer is held, see survey.answer.unnamed")
    taken = use_up(straight, link)
    if not taken:
        return False
    answer = _answer_row(link, now, nothing=nothing)
    straight.run(_ANSWER, answer)
    straight.run(_TEXT, _text_row(answer, text))
    if original:
        keep_sealed_straight(straight, link.workspace_id, answer["id"], 1, original)
    if may_come_back:
        straight.run(_TALK, _talk_row(answer))
    _copy_segments(straight, link, answer["id"])
    count_straight(straight, 1, _counted(answer, link.segments, taken[0][0]), "answered")
    return True


def _counted(
    answer: dict[str, Any], segments: tuple[tuple[str, str], ...], asked_on: date | None
) -> Counted:
    return Counted(
        answer["workspace_id"],
        answer["question_id"],
        answer["answered_on"],
        segments,
        served_by=answer["served_by"],
        channel=answer["channel"],
        language=answer["language"],
        asked_on=asked_on,
    )


def use_up(straight: Straight, link: OpenedLink) -> list[tuple[Any, ...]]:
    """Let a link have had its one answer; nothing is returned where it had it already."""
    return straight.rows(_TAKE, {"workspace": link.workspace_id, "invitation": link.invitation_id})


def _answer_row(link: OpenedLink, now: datetime, *, nothing: bool) -> dict[str, Any]:
    return {
        "workspace_id": link.workspace_id,
        "id": new_id(),
        "question_id": link.question_id,
        "question_version_id": link.question_version_id,
        "language": link.language,
        "invitation_id": link.invitation_id,
        "anonymous": False,
        "origin": "link",
        "state": "given",
        "said_nothing": nothing,
        "version": 1,
        "answered_at": now,
        "answered_on": day_in(now, link.time_zone),
        "served_by": link.served_by,
        "channel": link.channel,
        "reference": link.reference,
        "attempts": 0,
        "taken_in": False,
    }


def _text_row(answer: dict[str, Any], text: str) -> dict[str, Any]:
    return {
        "workspace_id": answer["workspace_id"],
        "answer_id": answer["id"],
        "version": 1,
        "body": text,
        "written_at": answer["answered_at"],
    }


def _talk_row(answer: dict[str, Any]) -> dict[str, Any]:
    return {
        "workspace_id": answer["workspace_id"],
        "answer_id": answer["id"],
        "may_come_back": True,
        "how": MAIL,
        "changed_at": answer["answered_at"],
    }


def _copy_segments(straight: Straight, link: OpenedLink, answer_id: int) -> None:
    key = {"workspace_id": link.workspace_id, "answer_id": answer_id}
    for name, value in link.segments:
        straight.run(_SEGMENT, key | {"name": name, "value": value})
