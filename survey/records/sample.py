"""The sample business: half a year of a small dental practice, so that a newcomer sees it all."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import exists, insert, select, update
from sqlalchemy.orm import Session

from survey.records.accounts import Workspace
from survey.records.answering import Answer, AnswerSegment, AnswerText
from survey.records.asking import Interaction, InteractionSegment, Invitation
from survey.records.base import new_id
from survey.records.counts import Counted, Measure, count_many
from survey.records.search import index_new_answers
from survey.records.workspaces import first_question

ANSWERS = Path(__file__).with_name("sample.tsv")
ORIGIN = "sample"
CHANNEL, LANGUAGE = "visit", "en"
UNWRITTEN = b""  # the nonce of an asking that nobody was written about
SILENT = 2  # for three people who answer, two do not
KEPT_FOR = timedelta(days=90)
ANSWERED_AFTER = timedelta(hours=1, minutes=10)


@dataclass(frozen=True)
class SampleVisit:
    """One visit to the sample business; `answer` is None where nobody answered."""

    asked_at: datetime
    asked_on: date
    name: str
    served_by: str
    segments: tuple[tuple[str, str], ...]
    answer: str | None


def workspace_to_fill(session: Session) -> int | None:
    """Return a workspace that was marked for the sample business and does not hold it yet."""
    loaded = exists().where(Answer.workspace_id == Workspace.id, Answer.origin == ORIGIN)
    return session.scalar(
        select(Workspace.id).where(Workspace.is_sample.is_(True), ~loaded).limit(1)
    )


def load_sample(session: Session, workspace_id: int, now: datetime, *, wished: bool = False) -> int:
    """Load the sample business into a workspace, ending yesterday; due for sorting at once.

    Parameters
    ----------
    session : Session
        A writing session; the edge commits.
    workspace_id : int
        Where to.
    now : datetime
        The present moment.
    wished : bool
        Whether it is loaded only if an owner's wish still stands, who may have removed it since.

    Returns
    -------
    int
        How many answers were loaded; none where they are already.
    """
    # Locked before looking, so that of two workers at once only the first loads it.
    workspace = session.get_one(Workspace, workspace_id, with_for_update={"key_share": True})
    loaded = exists().where(Answer.workspace_id == workspace_id, Answer.origin == ORIGIN)
    if session.scalar(select(loaded)) or (wished and not workspace.is_sample):
        return 0
    visits = tuple(sample_visits(now, ZoneInfo(workspace.time_zone)))
    asked = first_question(session, workspace_id)
    invited = [(visit, new_id()) for visit in visits]
    answered = [(visit, invitation_id) for visit, invitation_id in invited if visit.answer]
    _ask(session, workspace_id, asked, invited)
    _answer(session, workspace_id, asked, answered)
    _count(session, workspace_id, asked[0], visits)
    session.execute(
        update(Workspace)
        .where(Workspace.id == workspace_id)
        .values(is_sample=True, answers_changed_at=now)
    )
    return len(answered)


def sample_visits(now: datetime, zone: ZoneInfo) -> Iterator[SampleVisit]:
    """Yield the visits of the half year before a moment, the oldest first.

    Parameters
    ----------
    now : datetime
        The half year ends the day before.
    zone : ZoneInfo
        The workspace's.
    """
    today = now.astimezone(zone).date()
    lines = ANSWERS.read_text(encoding="utf-8").splitlines()[1:]
    for number, line in enumerate(lines):
        days_ago, name, served_by, visit, branch, answer = line.split("\t")
        day = today - timedelta(days=int(days_ago))
        opened = datetime.combine(day, time(9), zone) + timedelta(minutes=number * 37 % 480)
        asked_at = opened.astimezone(UTC)
        segments = (("branch", branch), ("visit", visit))
        yield SampleVisit(asked_at, day, name, served_by, segments, answer)
        if number % 3 < SILENT:
            yield SampleVisit(asked_at, day, "", served_by, segments, None)


def _ask(
    session: Session,
    workspace_id: int,
    asked: tuple[int, int],
    invited: Sequence[tuple[SampleVisit, int]],
) -> None:
    ids = {invitation_id: new_id() for _, invitation_id in invited}
    session.execute(
        insert(Interaction),
        [_interaction(workspace_id, ids[key], visit) for visit, key in invited],
    )
    session.execute(
        insert(InteractionSegment),
        [
            {
                "workspace_id": workspace_id,
                "interaction_id": ids[key],
                "name": name,
                "value": value,
            }
            for visit, key in invited
            for name, value in visit.segments
        ],
    )
    session.execute(
        insert(Invitation),
        [
            _invitation(workspace_id, visit, asked) | {"id": key, "interaction_id": ids[key]}
            for visit, key in invited
        ],
    )


def _interaction(workspace_id: int, interaction_id: int, visit: SampleVisit) -> dict[str, Any]:
    return {
        "workspace_id": workspace_id,
        "id": interaction_id,
        "customer_email": f"{visit.name.lower() or 'patient'}-{interaction_id}@example.org",
        "customer_name": visit.name or None,
        "served_by": visit.served_by,
        "about": "your visit",
        "channel": CHANNEL,
        "occurred_at": visit.asked_at,
        "created_at": visit.asked_at,
    }


def _invitation(workspace_id: int, visit: SampleVisit, asked: tuple[int, int]) -> dict[str, Any]:
    return {
        "workspace_id": workspace_id,
        "question_id": asked[0],
        "question_version_id": asked[1],
        "language": LANGUAGE,
        "state": "sent" if visit.answer is None else "answered",
        "nonce": UNWRITTEN,  # there is no link to rebuild
        "created_at": visit.asked_at,
        "due_at": visit.asked_at,
        "sent_at": visit.asked_at,
        "asked_on": visit.asked_on,
        "expires_at": visit.asked_at + KEPT_FOR,
    }


def _answer(
    session: Session,
    workspace_id: int,
    asked: tuple[int, int],
    answered: Sequence[tuple[SampleVisit, int]],
) -> None:
    given = [(new_id(), visit, invitation_id) for visit, invitation_id in answered]
    ids = {"question_id": asked[0], "question_version_id": asked[1]}
    session.execute(
        insert(Answer),
        [
            ids | {"id": key, "invitation_id": invitation_id} | _answer_row(workspace_id, visit)
            for key, visit, invitation_id in given
        ],
    )
    session.execute(
        insert(AnswerText), [_text_row(workspace_id, key, visit) for key, visit, _ in given]
    )
    session.execute(
        insert(AnswerSegment),
        [
            {"workspace_id": workspace_id, "answer_id": key, "name": name, "value": value}
            for key, visit, _ in given
            for name, value in visit.segments
        ],
    )
    bodies = {key: visit.answer or "" for key, visit, _ in given}
    index_new_answers(session, workspace_id, bodies)


def _answer_row(workspace_id: int, visit: SampleVisit) -> dict[str, Any]:
    return {
        "workspace_id": workspace_id,
        "language": LANGUAGE,
        "origin": ORIGIN,
        "answered_at": visit.asked_at + ANSWERED_AFTER,
        "answered_on": visit.asked_on,
        "served_by": visit.served_by,
        "channel": CHANNEL,
    }


def _text_row(workspace_id: int, answer_id: int, visit: SampleVisit) -> dict[str, Any]:
    return {
        "workspace_id": workspace_id,
        "answer_id": answer_id,
        "version": 1,
        "body": visit.answer,
        "written_at": visit.asked_at + ANSWERED_AFTER,
    }


def _count(
    session: Session, workspace_id: int, question_id: int, visits: tuple[SampleVisit, ...]
) -> None:
    asked = (Measure("asked"),)
    both = (*asked, Measure("replied"), Measure("answered"))
    count_many(
        session,
        1,
        (
            (
                Counted(
                    workspace_id,
                    question_id,
                    visit.asked_on,
                    visit.segments,
                    served_by=visit.served_by,
                    channel=CHANNEL,
                    language=LANGUAGE,
                ),
                asked if visit.answer is None else both,
            )
            for visit in visits
        ),
    )
