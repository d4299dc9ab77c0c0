"""What a customer said with a link, and what came since."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from survey.answer.queries import OpenedLink
from survey.clock import day_in
from survey.records import Answer, AnswerText
from survey.records.base import table_of
from survey.records.care import OwnWords, own_letter, own_words
from survey.records.straight import Prepared, straight_of
from survey.records.talks import Changed, Consent, consent_of, thread, what_changed
from survey.records.where_to_turn import TurnTo, where_to_turn

_NEWEST_LETTERS = 5  # are looked through for danger with every page; the others were, as they came


@dataclass(frozen=True)
class Said:
    """What a customer said with a link.

    Parameters
    ----------
    answer_id, version : int
        Which answer, and which version of it.
    text, nothing : str, bool
        Its words, empty where nothing more was needed.
    on : date
        The workspace's own day of answering.
    changed_on : date or None
        The day on which it was changed last.
    state : str
        ``given``, ``withdrawn`` by the customer, or ``expired`` with age.
    masked : bool
        Whether personal data in it is not kept, and was left out of `text`.
    """

    answer_id: int
    version: int
    text: str
    nothing: bool
    on: date
    changed_on: date | None
    state: Literal["given", "withdrawn", "expired"]
    masked: bool = False

    def says(self, *words: str) -> bool:
        """Whether any of these is what it says."""
        return self.text in words


@dataclass(frozen=True)
class LetterShown:
    """A letter as the customer reads it; `masked` where some of what they typed is not kept."""

    from_team: bool
    signed: str | None
    body: str
    on: date
    masked: bool = False


@dataclass(frozen=True)
class Since:
    """What came after an answer: letters, what was changed, and whether one may come back.

    Parameters
    ----------
    consent, letters, changes
        As in `survey.records.talks`.
    turn_to : TurnTo or None
        Whom to turn to, where the answer speaks of danger.
    """

    consent: Consent = field(default_factory=Consent)
    letters: tuple[LetterShown, ...] = ()
    changes: tuple[Changed, ...] = ()
    turn_to: TurnTo | None = None

    @property
    def replied(self) -> LetterShown | None:
        """The business's letter that waits to be read, where it wrote last."""
        return self.letters[-1] if self.letters and self.letters[-1].from_team else None


def what_was_said(session: Session, link: OpenedLink, secret_key: bytes) -> Said | None:
    """Return the answer given with a link, in its newest version, as its writer may see it.

    Parameters
    ----------
    session : Session
        A reading session.
    link : OpenedLink
        Whose answer.
    secret_key : bytes
        The installation's key, which opens what was sealed.
    """
    of = {"workspace": link.workspace_id, "invitation": link.invitation_id}
    rows = straight_of(session).rows(_SAID, of)
    if not rows:
        return None
    (answer_id, version, body, written_at, nothing, answered_on, state, expired_on) = rows[0]
    own = own_words(session, secret_key, (link.workspace_id, answer_id, version), body)
    changed = version > 1 and written_at
    return Said(
        answer_id=answer_id,
        version=version,
        text=own.text,
        nothing=nothing,
        on=answered_on,
        changed_on=day_in(written_at, link.time_zone) if changed else None,
        state="expired" if expired_on else state,
        masked=own.masked,
    )


_answer, _words = table_of(Answer).c, table_of(AnswerText).c
_SAID = Prepared(
    select(
        _answer.id,
        _answer.version,
        _words.body,
        _words.written_at,
        _answer.said_nothing,
        _answer.answered_on,
        _answer.state,
        _answer.expired_on,
    )
    .join(
        table_of(AnswerText),
        (_words.workspace_id == _answer.workspace_id)
        & (_words.answer_id == _answer.id)
        & (_words.version == _answer.version),
    )
    .where(
        _answer.workspace_id == bindparam("workspace"),
        _answer.invitation_id == bindparam("invitation"),
    )
)


def what_came_since(session: Session, link: OpenedLink, said: Said, secret_key: bytes) -> Since:
    """Return what came after the answer that was given with a link.

    Parameters
    ----------
    session : Session
        A reading session.
    link, said : OpenedLink, Said
        Whose answer, and what it says.
    secret_key : bytes
        The installation's key, which opens what was sealed.
    """
    place = (link.workspace_id, said.answer_id)
    letters = letters_shown(session, place, link.time_zone, secret_key)
    changes = tuple(one for one in what_changed(session, *place) if one.on >= said.on)
    words = all_words(said, letters)
    turn_to = where_to_turn(session, link.workspace_id, words, link.customer_language)
    return Since(consent_of(session, *place), letters, changes, turn_to)


def letters_shown(
    session: Session, answer: tuple[int, int], time_zone: str, secret_key: bytes = b""
) -> tuple[LetterShown, ...]:
    """Return the letters about an answer as its customer reads them, their own as they typed them.

    Parameters
    ----------
    session : Session
        A reading session.
    answer : tuple of int
        Workspace and answer.
    time_zone : str
        The workspace's.
    secret_key : bytes
        The installation's key; none where nothing is ever sealed.
    """
    shown = []
    for one in thread(session, *answer):
        own = OwnWords(one.body, masked=False)
        if not one.from_team:
            own = own_letter(secret_key, answer[0], one)
        on = day_in(one.written_at, time_zone)
        shown.append(LetterShown(one.from_team, one.signed, own.text, on, own.masked))
    return tuple(shown)


def all_words(said: Said, letters: Iterable[LetterShown]) -> str:
    """Return what the customer wrote: the answer, and the newest letters about it."""
    theirs = [one.body for one in letters if not one.from_team]
    return "\n".join([said.text, *theirs[-_NEWEST_LETTERS:]])
