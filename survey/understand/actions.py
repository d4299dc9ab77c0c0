"""What the worker writes: claims on answers and workspaces, and what the engine made of them."""

import random
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import exists, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from survey.records import Answer, Run, TextVector, Workspace
from survey.records.answering import GIVEN
from survey.records.due import Claim, claim, finish, renew, try_later
from survey.records.mapping import wait_for_places
from survey.records.runs import (
    NewExemplar,
    NewTheme,
    lock_current_run,
)
from survey.records.shown import Placing, SortedAnswer
from survey.records.sortings import write_sortings
from survey.records.text import text_digest
from survey.understand.known import FOUND, FoundNow, KnownAnswer, Told
from survey.understand.queries import to_sort

ANSWER_LEASE = timedelta(minutes=5)
WORKSPACE_LEASE = timedelta(minutes=10)
_AT_ONCE = 5000  # answers asked about in one query


def claim_answers(session: Session, workspace_id: int, now: datetime, limit: int) -> Claim:
    """Claim answers to sort, the latest first: an owner looks for what came in today."""
    return claim(
        session,
        Answer,
        to_sort(workspace_id),
        order=Answer.answered_on.desc(),
        now=now,
        limit=limit,
        lease=ANSWER_LEASE,
    )


def claim_workspace(session: Session, workspace_id: int, now: datetime) -> str | None:
    """Claim a workspace's themes; the lease's id, or None where another worker holds them."""
    claimed = claim(
        session,
        Workspace,
        Workspace.id == workspace_id,
        order=Workspace.id,
        now=now,
        limit=1,
        lease=WORKSPACE_LEASE,
    )
    return claimed.lease_id if claimed.keys else None


def hold_workspace(session: Session, lease_id: str, now: datetime) -> bool:
    """Prolong the claim on a workspace; False when it was lost and the work must be dropped."""
    return renew(session, Workspace, lease_id, now + WORKSPACE_LEASE)


def release_workspace(
    session: Session, workspace_id: int, lease_id: str, looked_at: datetime | None
) -> None:
    """Give up the claim; `looked_at` says up to when answers were taken into account."""
    if looked_at is not None:
        session.execute(
            update(Workspace)
            .where(Workspace.id == workspace_id, Workspace.lease_id == lease_id)
            .values(themes_looked_at=looked_at)
        )
    finish(session, Workspace, (Workspace.id == workspace_id,), lease_id)


def put_workspace_back(
    session: Session,
    workspace_id: int,
    lease_id: str,
    *,
    error: str,
    now: datetime,
    jitter: random.Random,
) -> None:
    """Try a workspace's themes again later, and keep what went wrong in words for its owner."""
    attempts = session.scalar(select(Workspace.attempts).where(Workspace.id == workspace_id)) or 0
    try_later(
        session,
        Workspace,
        (Workspace.id == workspace_id,),
        lease_id,
        now=now,
        error=error,
        attempts=attempts,
        jitter=jitter,
    )


def note_resorted(
    session: Session, workspace_id: int, asked_at: datetime, now: datetime, *, was_read: bool
) -> None:
    """Note that all answers were sorted anew as somebody asked, and how it ended.

    Parameters
    ----------
    session : Session
        A writing session; the edge commits.
    workspace_id : int
        Whose.
    asked_at : datetime
        The asking that was met; where somebody asked again meanwhile, that one stays.
    now : datetime
        The present moment.
    was_read : bool
        Whether they were read: else the same engine had done so already, taught the same. The
        outcome is then ``known``; else ``proposed`` or, where no answer would move, ``nothing``.
    """
    proposed = exists().where(Run.workspace_id == workspace_id, Run.state == "proposed")
    outcome = "known"
    if was_read:
        outcome = "proposed" if session.scalar(select(proposed)) else "nothing"
    here = update(Workspace).where(Workspace.id == workspace_id)
    session.execute(here.values(resort_ended_at=now, resort_outcome=outcome))
    session.execute(here.where(Workspace.resort_asked_at == asked_at).values(resort_asked_at=None))


def note_trouble(session: Session, workspace_id: int, error: str) -> None:
    """Keep what holds up a workspace's answers in words for its owner, until it is over."""
    session.execute(
        update(Workspace).where(Workspace.id == workspace_id).values(last_error=error[:1000])
    )


def put_answers_back(
    session: Session,
    workspace_id: int,
    ids: Collection[int],
    *,
    lease_id: str,
    error: str,
    now: datetime,
    jitter: random.Random,
) -> None:
    """Try answers again later, and keep what went wrong in words for the owner."""
    here = (Answer.workspace_id == workspace_id, Answer.id.in_(ids))
    attempts = session.scalar(select(Answer.attempts).where(*here).limit(1)) or 0
    try_later(
        session, Answer, here, lease_id, now=now, error=error, attempts=attempts, jitter=jitter
    )


def store_sorted(
    session: Session,
    workspace_id: int,
    run_id: int,
    told: Sequence[Told],
    *,
    lease_id: str,
    engine: str,
) -> bool:
    """Store what the engine made of claimed answers, and finish them.

    Parameters
    ----------
    session : Session
        A writing session; the edge commits.
    workspace_id, run_id : int
        Whose, and the run it was made for.
    told : sequence of Told
        Some dozens at most, so that the transaction stays short.
    lease_id : str
        The claim on the answers.
    engine : str
        The engine's digest.

    Returns
    -------
    bool
        False, and nothing is stored, when another run has become current meanwhile. An answer
        that was changed, withdrawn or claimed by somebody else is left to them.
    """
    if lock_current_run(session, workspace_id) != run_id:
        return False
    ids = [one.answer.id for one in told]
    mine = (
        Answer.workspace_id == workspace_id,
        Answer.id.in_(ids),
        Answer.lease_id == lease_id,
        Answer.state == GIVEN,
    )
    held = {
        (row.id, row.version)
        for row in session.execute(select(Answer.id, Answer.version).where(*mine).with_for_update())
    }
    ours = [one for one in told if (one.answer.id, one.answer.version) in held]
    write_sortings(session, workspace_id, run_id, [_record(one) for one in ours])
    done = (Answer.workspace_id == workspace_id, Answer.id.in_([one.answer.id for one in ours]))
    session.execute(
        update(Answer).where(*done, Answer.lease_id == lease_id).values(sorted_by=engine)
    )
    wait_for_places(session, workspace_id, [one.answer.id for one in ours])
    finish(session, Answer, done, lease_id)
    return True


def store_in_run(session: Session, workspace_id: int, run_id: int, told: Sequence[Told]) -> None:
    """Store what the engine made of answers for a run that is still being written.

    What was changed or taken back since it was read is left out; the session holds the workspace.
    """
    here = still_said(session, workspace_id, [one.answer for one in told])
    ours = [one for one in told if (one.answer.id, one.answer.version) in here]
    write_sortings(session, workspace_id, run_id, [_record(one) for one in ours])


def still_said(
    session: Session, workspace_id: int, answers: Sequence[KnownAnswer]
) -> frozenset[tuple[int, int]]:
    """Return which answers, by id and version, still say what was read of them.

    Parameters
    ----------
    session : Session
        A session that holds the workspace's row, as whoever takes an answer back does: so none
        goes from here on.
    workspace_id : int
        Whose.
    answers : sequence of KnownAnswer
        As they were read.
    """
    read = {(one.id, one.version) for one in answers}
    ids = sorted(answer_id for answer_id, _ in read)
    here: set[tuple[int, int]] = set()
    for start in range(0, len(ids), _AT_ONCE):
        rows = session.execute(
            select(Answer.id, Answer.version).where(
                Answer.workspace_id == workspace_id,
                Answer.id.in_(ids[start : start + _AT_ONCE]),
                Answer.state == GIVEN,
            )
        )
        here.update((row.id, row.version) for row in rows)
    return frozenset(read & here)


def _record(one: Told) -> SortedAnswer:
    placings = tuple(Placing(**vars(placed)) for placed in one.placed)
    return SortedAnswer(one.answer.id, one.answer.version, one.outcome, placings)


def keep_vectors(
    session: Session,
    workspace_id: int,
    told: Sequence[Told],
    vectors: Mapping[str, bytes],
    model_digest: str,
) -> None:
    """Keep the vectors of what answers still say, in place of what was kept of the same text.

    Parameters
    ----------
    session : Session
        A writing session that holds the workspace's row; the edge commits.
    workspace_id : int
        Whose.
    told : sequence of Told
        What was read: an answer that was taken back since leaves no vector.
    vectors : mapping of str to bytes
        New vectors by text.
    model_digest : str
        The model that made them.
    """
    read = [one.answer for one in told if one.answer.body in vectors]
    here = still_said(session, workspace_id, read)
    bodies = dict.fromkeys(one.body for one in read if (one.id, one.version) in here)
    rows = [
        {
            "workspace_id": workspace_id,
            "text_sha256": text_digest(body),
            "model_digest": model_digest,
            "vector": vectors[body],
        }
        for body in bodies
    ]
    if not rows:
        return
    dialect = session.get_bind().dialect.name
    upsert = (sqlite if dialect == "sqlite" else postgresql).insert(TextVector)
    session.execute(
        upsert.on_conflict_do_update(
            index_elements=["workspace_id", "text_sha256", "model_digest"],
            set_={"vector": upsert.excluded.vector},
        ),
        rows,
    )


def as_new_theme(found: FoundNow) -> NewTheme:
    """Return a theme that was just found as the records take it."""
    return NewTheme(
        name=found.name,
        origin=FOUND,
        definition=found.definition,
        anchor=found.anchor,
        model_digest=found.model_digest,
        exemplars=tuple(
            NewExemplar(clue.answer.id, clue.answer.version, clue.start, clue.end, clue.vector)
            for clue in found.clues
        ),
    )
