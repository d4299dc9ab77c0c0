"""What the team reads of answers that speak of danger, and of how the guard is set."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session

from survey.guard.danger import KINDS
from survey.guard.personal import is_masked
from survey.guard.turning import TURNINGS, Turning, country_of
from survey.records import (
    NEWEST_WORDS,
    Answer,
    AnswerText,
    Flag,
    Interaction,
    Invitation,
    Person,
    Workspace,
)
from survey.records.care import own_letter, own_words
from survey.records.guarding import CHANGED_SINCE, IN_A_LETTER
from survey.records.talks import Letter, thread
from survey.records.where_to_turn import own_sentences

PAGE = 50


@dataclass(frozen=True)
class Cited:
    """A stretch of an answer, and whether it is what raised the flag."""

    words: str
    is_danger: bool


@dataclass(frozen=True)
class Flagged:
    """An answer that speaks of danger.

    Parameters
    ----------
    answer_id : int
        Which answer.
    kinds : tuple of str
        What it may speak of.
    parts : tuple of Cited
        What it says, the words of danger apart.
    on : date
        The workspace's own day of the answer.
    who, about : str or None
        The customer, and what it was about; None where that is not known.
    in_a_letter : bool
        Whether some of it stands in a letter that came after the answer.
    was_changed : bool
        Whether words that raised a flag were changed since.
    anonymous, is_masked : bool
        Whether nobody can know who wrote it, and whether personal data was masked in it.
    settled_at, settled_by, was_danger
        When somebody looked after it, who, and what they said; None while it waits.
    """

    answer_id: int
    kinds: tuple[str, ...]
    parts: tuple[Cited, ...]
    on: date
    who: str | None
    about: str | None
    in_a_letter: bool
    was_changed: bool
    anonymous: bool
    is_masked: bool
    settled_at: datetime | None
    settled_by: str | None
    was_danger: bool | None


@dataclass(frozen=True)
class Urgent:
    """Flagged answers: those that wait, the newest first, and those looked after.

    Parameters
    ----------
    settled_in_all, false_alarms : int
        How many were looked after, and how many of them were no danger.
    """

    waiting: tuple[Flagged, ...]
    settled: tuple[Flagged, ...]
    settled_in_all: int
    false_alarms: int


def urgent(session: Session, workspace_id: int) -> Urgent:
    """Return the answers of a workspace that speak of danger, fifty of each at most."""
    waiting = _flagged(session, workspace_id, is_settled=False)
    settled = _flagged(session, workspace_id, is_settled=True)
    counted = session.execute(
        select(Flag.answer_id, Flag.was_danger)
        .where(Flag.workspace_id == workspace_id, Flag.settled_at.is_not(None))
        .distinct()
    ).all()
    return Urgent(waiting, settled, len(counted), sum(row.was_danger is False for row in counted))


def _flagged(session: Session, workspace_id: int, *, is_settled: bool) -> tuple[Flagged, ...]:
    state = Flag.settled_at.is_not(None) if is_settled else Flag.settled_at.is_(None)
    latest = func.max(Flag.settled_at if is_settled else Flag.answered_on)
    ids = session.scalars(
        select(Flag.answer_id)
        .where(Flag.workspace_id == workspace_id, state)
        .group_by(Flag.answer_id)
        .order_by(latest.desc(), Flag.answer_id)
        .limit(PAGE)
    ).all()
    flags: dict[int, list[Flag]] = {answer_id: [] for answer_id in ids}
    for flag in session.scalars(
        select(Flag).where(Flag.workspace_id == workspace_id, Flag.answer_id.in_(ids), state)
    ):
        flags[flag.answer_id].append(flag)
    rows = {row.id: row for row in session.execute(_answers(workspace_id, ids))}
    names = _names(session, [flag.settled_by for found in flags.values() for flag in found])
    return tuple(_row(rows[key], found, names) for key, found in flags.items() if key in rows)


def _answers(workspace_id: int, ids: Sequence[int]) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Answer.id,
            Answer.answered_on,
            Answer.anonymous,
            AnswerText.body,
            Interaction.customer_name,
            Interaction.customer_email,
            Interaction.about,
        )
        .join(
            AnswerText,
            NEWEST_WORDS,
        )
        .outerjoin(
            Invitation,
            (Invitation.workspace_id == Answer.workspace_id)
            & (Invitation.id == Answer.invitation_id),
        )
        .outerjoin(
            Interaction,
            (Interaction.workspace_id == Invitation.workspace_id)
            & (Interaction.id == Invitation.interaction_id),
        )
        .where(Answer.workspace_id == workspace_id, Answer.id.in_(ids))
    )


def _names(session: Session, ids: list[int | None]) -> dict[int, str]:
    rows = session.execute(
        select(Person.id, Person.name, Person.email).where(Person.id.in_({*ids} - {None}))
    )
    return {row.id: row.name or row.email for row in rows}


def _row(row: Row[*tuple[Any, ...]], flags: list[Flag], names: dict[int, str]) -> Flagged:
    flags.sort(key=lambda flag: flag.start)
    return Flagged(
        answer_id=row.id,
        kinds=tuple(kind for kind in KINDS if any(flag.danger == kind for flag in flags)),
        parts=_parts(row.body, [(flag.start, flag.end) for flag in flags]),
        on=row.answered_on,
        who=row.customer_name or row.customer_email,
        about=row.about,
        in_a_letter=any(flag.version == IN_A_LETTER for flag in flags),
        was_changed=any(flag.version == CHANGED_SINCE for flag in flags),
        anonymous=row.anonymous,
        is_masked=is_masked(row.body),
        settled_at=flags[0].settled_at,
        settled_by=names.get(flags[0].settled_by or 0),
        was_danger=flags[0].was_danger,
    )


def _parts(body: str, spans: list[tuple[int, int]]) -> tuple[Cited, ...]:
    parts, at = [], 0
    for start, end in spans:
        if start >= at and end > start:
            parts += [
                Cited(body[at:start], is_danger=False),
                Cited(body[start:end], is_danger=True),
            ]
            at = end
    parts.append(Cited(body[at:], is_danger=False))
    return tuple(part for part in parts if part.words)


@dataclass(frozen=True)
class LetterAsTyped:
    """A customer's letter in which something is masked, as they typed it, as far as it is kept."""

    text: str
    is_lost: bool
    written_at: datetime


@dataclass(frozen=True)
class AsTyped:
    """An answer as its writer typed it; `is_lost` where the original is not kept.

    `letters` holds those of their letters in which something is masked.
    """

    answer_id: int
    text: str
    is_lost: bool
    letters: tuple[LetterAsTyped, ...] = ()


def as_typed(
    session: Session, secret_key: bytes, workspace_id: int, answer_id: int
) -> AsTyped | None:
    """Return one answer as it was typed, None where there is no such answer.

    Parameters
    ----------
    session : Session
        A reading session.
    secret_key : bytes
        The installation's key.
    workspace_id, answer_id : int
        Which answer.
    """
    row = session.execute(_answers(workspace_id, [answer_id])).one_or_none()
    if row is None:
        return None
    version = session.scalars(
        select(Answer.version).where(Answer.workspace_id == workspace_id, Answer.id == answer_id)
    ).one()
    own = own_words(session, secret_key, (workspace_id, answer_id, version), row.body)
    letters = tuple(
        _letter_as_typed(secret_key, workspace_id, letter)
        for letter in thread(session, workspace_id, answer_id)
        if not letter.from_team and is_masked(letter.body)
    )
    return AsTyped(answer_id, own.text, own.masked, letters)


def _letter_as_typed(secret_key: bytes, workspace_id: int, letter: Letter) -> LetterAsTyped:
    own = own_letter(secret_key, workspace_id, letter)
    return LetterAsTyped(own.text, own.masked, letter.written_at)


@dataclass(frozen=True)
class CareSettings:
    """How a workspace looks after personal data and danger.

    Parameters
    ----------
    personal_data : str
        ``keep``, ``drop`` or ``show``.
    country : str or None
        As the owner chose.
    lives_in : str or None
        The country that counts: chosen, or where the workspace's clock is.
    sentences : dict
        The owner's own, by country.
    """

    personal_data: str
    country: str | None
    lives_in: str | None
    sentences: dict[str, str]

    @property
    def known(self) -> Turning | None:
        """What we know of the country that counts."""
        return TURNINGS.get(self.lives_in or "")


def care_settings(session: Session, workspace_id: int) -> CareSettings:
    """Return how a workspace looks after personal data and danger."""
    row = session.execute(
        select(Workspace.personal_data, Workspace.country, Workspace.time_zone).where(
            Workspace.id == workspace_id
        )
    ).one()
    return CareSettings(
        row.personal_data,
        row.country,
        country_of(row.country, row.time_zone),
        own_sentences(session, workspace_id),
    )
