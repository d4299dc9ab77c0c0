"""Raising flags where words speak of danger, so that owners are told at once, yet not on and on.

While somebody has still to look after an answer, owners get one mail a day about it at most,
however often its customer changes it: the page shows what holds now. A flag that they were told of
stays until then, even if the words that raised it were changed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import case, delete, func, insert, null, select, update
from sqlalchemy.orm import Session

from survey.guard.danger import Danger, dangers_in
from survey.records.answering import Locked
from survey.records.guarding import IN_A_LETTER, Flag

TOLD_AGAIN_AFTER = timedelta(days=1)


@dataclass(frozen=True)
class Spoken:
    """What is looked through for words of danger."""

    answer_id: int
    version: int
    text: str
    on: date


def flag_dangers(session: Session, workspace_id: int, said: Iterable[Spoken], now: datetime) -> int:
    """Raise a flag for each danger that answers speak of.

    Parameters
    ----------
    session : Session
        A writing session; the edge commits.
    workspace_id : int
        Whose answers.
    said : iterable of Spoken
        New answers, or new versions whose older words were forgotten (see `forget_words`).
    now : datetime
        The present moment.

    Returns
    -------
    int
        How many were raised.
    """
    flags = [_flag(workspace_id, one, danger) for one in said for danger in dangers_in(one.text)]
    for flag in flags:
        _raise(session, flag, now)
    return len(flags)


def flag_letter(session: Session, answer: Locked, letter: str, now: datetime) -> None:
    """Raise a flag for each danger that a customer's letter about an answer speaks of.

    Parameters
    ----------
    session : Session
        A writing session; the edge commits.
    answer : Locked
        The one it is about.
    letter : str
        What the customer wrote. It is no part of the analysed text, so the flag cites nothing.
    now : datetime
        The present moment.
    """
    spoken = Spoken(answer.id, IN_A_LETTER, letter, answer.answered_on)
    for danger in dangers_in(letter):
        _raise(session, _flag(answer.workspace_id, spoken, Danger(0, 0, danger.kind)), now)


def _flag(workspace_id: int, said: Spoken, danger: Danger) -> dict[str, Any]:
    return {
        "workspace_id": workspace_id,
        "answer_id": said.answer_id,
        "danger": danger.kind,
        "version": said.version,
        "start": danger.start,
        "end": danger.end,
        "answered_on": said.on,
    }


def _raise(session: Session, flag: dict[str, Any], now: datetime) -> None:
    """Let an open flag of the same kind cite the new words, whoever is just telling of it; else
    raise one, of which owners were told already where they were told of its answer lately.
    """
    lately = now - TOLD_AGAIN_AFTER
    this = (
        Flag.workspace_id == flag["workspace_id"],
        Flag.answer_id == flag["answer_id"],
        Flag.danger == flag["danger"],
    )
    raised = session.execute(
        update(Flag)
        .where(*this, Flag.settled_at.is_(None))
        .values(
            **{name: flag[name] for name in ("version", "start", "end", "answered_on")},
            told_at=case((Flag.told_at > lately, Flag.told_at), else_=null()),
        )
        .returning(Flag.answer_id)
        .execution_options(synchronize_session=False)
    ).all()
    if raised:
        return
    told = session.scalar(
        select(func.max(Flag.told_at)).where(
            *this[:2], Flag.settled_at.is_(None), Flag.told_at > lately
        )
    )
    session.execute(delete(Flag).where(*this).execution_options(synchronize_session=False))
    session.execute(insert(Flag).values(**flag, told_at=told))
