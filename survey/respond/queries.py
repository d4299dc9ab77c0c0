"""What the team reads of replying: whom one may come back to, one answer's letters, changes."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import Session

from survey.guard.personal import is_masked
from survey.records import (
    NEWEST_WORDS,
    Answer,
    AnswerText,
    Assignment,
    Interaction,
    Invitation,
    Member,
    Message,
    Person,
    Talk,
    Theme,
    Workspace,
)
from survey.records.answering import GIVEN
from survey.records.talks import (
    Changed,
    Consent,
    Letter,
    changes_for_answer,
    is_waiting,
    last_author,
    last_written,
    thread,
)

PAGE = 50


@dataclass(frozen=True)
class TalkRow:
    """An answer one may come back to, or did, as a list shows it.

    Parameters
    ----------
    answer_id : int
        Which answer.
    who, about : str or None
        The customer's name, and what it was about.
    day : date
        When it was answered, in the workspace's own days.
    words : str
        The beginning of what was said; empty where nothing more was needed.
    last : str
        Who wrote last: ``customer``, ``team``, or ``none``.
    written_at : datetime or None
        When.
    handed_to : str or None
        The name of who looks after it.
    how : str
        ``mail`` or ``phone``.
    may_come_back : bool
        Whether one may still write.
    """

    answer_id: int
    who: str | None
    about: str | None
    day: date
    words: str
    last: Literal["customer", "team", "none"]
    written_at: datetime | None
    handed_to: str | None
    how: str
    may_come_back: bool


@dataclass(frozen=True)
class TalkList:
    """Who waits, the longest first, and the talks that rest, the newest first."""

    waiting: tuple[TalkRow, ...]
    resting: tuple[TalkRow, ...]


def talk_list(session: Session, workspace_id: int, mine: int | None = None) -> TalkList:
    """Return the talks of a workspace, at most fifty that wait and fifty that rest.

    Parameters
    ----------
    session : Session
        A reading session.
    workspace_id : int
        Whose.
    mine : int, optional
        Only those handed to this person.
    """
    query = _talks(workspace_id)
    if mine is not None:
        query = query.where(Talk.handed_to == mine)
    waits = is_waiting()
    waiting = query.where(waits).order_by(func.coalesce(last_written(), Talk.changed_at))
    resting = query.where(~waits, last_author().is_not(None)).order_by(last_written().desc())
    return TalkList(
        tuple(_row(row) for row in session.execute(waiting.limit(PAGE))),
        tuple(_row(row) for row in session.execute(resting.limit(PAGE))),
    )


def _talks(workspace_id: int) -> Select[*tuple[Any, ...]]:
    query = (
        select(
            Talk.answer_id,
            Talk.how,
            Talk.may_come_back,
            Interaction.customer_name,
            Interaction.customer_email,
            Interaction.about,
            Answer.answered_on,
            AnswerText.body,
            last_author().label("last"),
            last_written().label("written_at"),
            Person.name.label("handed_name"),
            Person.email.label("handed_email"),
        )
        .select_from(Talk)
        .join(Answer, and_(Answer.workspace_id == Talk.workspace_id, Answer.id == Talk.answer_id))
    )
    return (
        _with_words_and_asking(query)
        .outerjoin(Person, Person.id == Talk.handed_to)
        .where(Talk.workspace_id == workspace_id, Answer.state == GIVEN)
    )


def _with_words_and_asking(
    of_answers: Select[*tuple[Any, ...]],
) -> Select[*tuple[Any, ...]]:
    """Join answers to what they say now, and to what they were asked about, where that is known."""
    return (
        of_answers.join(
            AnswerText,
            NEWEST_WORDS,
        )
        .outerjoin(
            Invitation,
            and_(
                Invitation.workspace_id == Answer.workspace_id,
                Invitation.id == Answer.invitation_id,
            ),
        )
        .outerjoin(
            Interaction,
            and_(
                Interaction.workspace_id == Invitation.workspace_id,
                Interaction.id == Invitation.interaction_id,
            ),
        )
    )


def _row(row: Any) -> TalkRow:
    return TalkRow(
        answer_id=row.answer_id,
        who=row.customer_name or row.customer_email or None,
        about=row.about,
        day=row.answered_on,
        words=row.body,
        last=row.last or "none",
        written_at=row.written_at,
        handed_to=row.handed_name or row.handed_email,
        how=row.how,
        may_come_back=row.may_come_back,
    )


@dataclass(frozen=True)
class Teammate:
    """Somebody an answer may be handed to."""

    person_id: int
    name: str


@dataclass(frozen=True)
class TalkPage:
    """One answer with its letters.

    Parameters
    ----------
    answer_id : int
        Which answer.
    who, email, about : str or None
        The customer, and what it was about.
    served_by : str or None
        Who looked after them.
    day, changed_on : date, date or None
        When it was answered and when it was changed last, in the workspace's own days.
    words : str
        What was said; empty where nothing more was needed.
    consent : Consent
        Whether one may come back, and how.
    handed_to : int or None
        Who looks after it.
    settled : bool
        Whether somebody said that nothing more is to be said.
    letters : tuple of Letter
        The oldest first.
    changes : tuple of Changed
        What was noted for this customer alone.
    anonymous : bool
        Whether nobody knows from whom it is; a letter then waits under their receipt.
    """

    answer_id: int
    who: str | None
    email: str | None
    about: str | None
    served_by: str | None
    day: date
    changed_on: datetime | None
    words: str
    consent: Consent
    handed_to: int | None
    settled: bool
    letters: tuple[Letter, ...]
    changes: tuple[Changed, ...]
    anonymous: bool

    @property
    def masked(self) -> bool:
        """Whether personal data was masked in it, or in a letter of its customer."""
        theirs = (letter.body for letter in self.letters if not letter.from_team)
        return any(map(is_masked, (self.words, *theirs)))

    @property
    def waits(self) -> bool:
        """Whether the customer waits for a word."""
        if self.settled:
            return False
        return not self.letters[-1].from_team if self.letters else self.consent.given


def talk_page(session: Session, workspace_id: int, answer_id: int) -> TalkPage | None:
    """Return one given answer of a workspace with its letters, None where there is none."""
    said = select(Answer, AnswerText.body, AnswerText.written_at, Interaction, Talk)
    row = session.execute(
        _with_words_and_asking(said.select_from(Answer))
        .outerjoin(
            Talk, and_(Talk.workspace_id == Answer.workspace_id, Talk.answer_id == Answer.id)
        )
        .where(Answer.workspace_id == workspace_id, Answer.id == answer_id, Answer.state == GIVEN)
    ).one_or_none()
    if row is None:
        return None
    answer, asked, talk = row[0], row[3], row[4]
    return TalkPage(
        answer_id=answer_id,
        who=(asked.customer_name or asked.customer_email) if asked else None,
        email=asked.customer_email if asked else None,
        about=asked.about if asked else None,
        served_by=answer.served_by,
        day=answer.answered_on,
        changed_on=row.written_at if answer.version > 1 else None,
        words=row.body,
        consent=Consent(talk.may_come_back, talk.how, talk.detail) if talk else Consent(),
        handed_to=talk.handed_to if talk else None,
        settled=bool(talk and talk.settled_at),
        letters=thread(session, workspace_id, answer_id),
        changes=changes_for_answer(session, workspace_id, answer_id),
        anonymous=answer.anonymous,
    )


def teammates(session: Session, workspace_id: int) -> tuple[Teammate, ...]:
    """Return everybody an answer may be handed to, by name."""
    rows = session.execute(
        select(Person.id, Person.name, Person.email)
        .join(Member, Member.person_id == Person.id)
        .where(Member.workspace_id == workspace_id)
    )
    found = (Teammate(row.id, row.name or row.email) for row in rows)
    return tuple(sorted(found, key=lambda one: one.name.casefold()))


def last_signature(session: Session, workspace_id: int, person_id: int) -> str | None:
    """Return the name under which a person wrote last, None where they never wrote."""
    query = select(Message.signed).where(
        Message.workspace_id == workspace_id, Message.person_id == person_id
    )
    return session.scalar(query.order_by(Message.written_at.desc()).limit(1))


@dataclass(frozen=True)
class ThemeHeard:
    """A theme, and how many customers could read what changed because of it."""

    id: int
    name: str
    readers: int


def theme_heard(session: Session, workspace_id: int, theme_id: int) -> ThemeHeard | None:
    """Return a theme of a workspace, None where it has no such theme."""
    name = session.scalar(
        select(Theme.name).where(
            Theme.workspace_id == workspace_id,
            Theme.id == theme_id,
            Theme.state.in_(("active", "hidden")),
        )
    )
    if name is None:
        return None
    current = select(Workspace.current_run_id).where(Workspace.id == workspace_id)
    readers = session.execute(
        select(func.count())
        .select_from(Assignment)
        .join(
            Answer,
            and_(Answer.workspace_id == Assignment.workspace_id, Answer.id == Assignment.answer_id),
        )
        .where(
            Assignment.workspace_id == workspace_id,
            Assignment.theme_id == theme_id,
            Assignment.run_id == current.scalar_subquery(),
            Answer.state == GIVEN,
            Answer.invitation_id.is_not(None),
        )
    ).scalar_one()
    return ThemeHeard(theme_id, name, readers)
