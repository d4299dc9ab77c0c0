"""What the customer's page needs to know."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Literal

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from survey.clock import day_in
from survey.languages import nearest
from survey.records import (
    Answer,
    AnswerText,
    Interaction,
    Invitation,
    Link,
    Question,
    QuestionText,
    QuestionVersion,
    Workspace,
)
from survey.records.asking import ANSWERABLE
from survey.records.base import table_of
from survey.records.care import OwnWords, own_letter, own_words
from survey.records.straight import Prepared, Straight
from survey.records.talks import Changed, Consent, consent_of, thread, what_changed
from survey.records.where_to_turn import TurnTo, where_to_turn
from survey.tokens import token_sha256

_NEWEST_LETTERS = 5  # are looked through for danger with every page; the others were, as they came


@dataclass(frozen=True)
class OpenedLink:
    """An invitation as its link opens it.

    Parameters
    ----------
    answered : bool
        Whether its one answer was given, be it withdrawn since.
    question_version_id, language : int, str or None
        The wording that was pinned when it was sent, if it was.
    customer_email : str
        The address that was written to; empty where none is known.
    customer_language : str or None
        What the business told about its customer's language.
    keep_months : int or None
        After how many months the answer is erased, if ever.
    anonymous : bool
        Whether no row may join the answer and the invitation.
    """

    answered: bool
    workspace_id: int
    invitation_id: int
    question_id: int
    question_version_id: int | None
    language: str | None
    interaction_id: int
    customer_email: str
    customer_name: str | None
    customer_language: str | None
    served_by: str | None
    about: str | None
    channel: str | None
    reference: str | None
    occurred_at: datetime | None
    business: str
    time_zone: str
    keep_months: int | None
    anonymous: bool

    @property
    def occurred_on(self) -> date | None:
        """The workspace's own day on which it happened."""
        return day_in(self.occurred_at, self.time_zone) if self.occurred_at else None

    def with_wording(self, question_version_id: int, language: str) -> "OpenedLink":
        """Return the same with a wording pinned."""
        return replace(self, question_version_id=question_version_id, language=language)


@dataclass(frozen=True)
class Wording:
    """A question in one language."""

    question_version_id: int
    language: str
    words: str


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


@dataclass(frozen=True)
class ClosedLink:
    """An invitation whose time to answer is over."""

    business: str
    closed_on: date
    customer_language: str | None


_invitation, _interaction = table_of(Invitation).c, table_of(Interaction).c
_link, _workspace = table_of(Link).c, table_of(Workspace).c
_question = table_of(Question).c
_OPEN = Prepared(
    select(
        _invitation.state,
        _invitation.expires_at,  # the rest in the order of OpenedLink's fields
        _invitation.workspace_id,
        _invitation.id,
        _invitation.question_id,
        _invitation.question_version_id,
        _invitation.language,
        _interaction.id,
        _interaction.customer_email,
        _interaction.customer_name,
        _interaction.customer_language,
        _interaction.served_by,
        _interaction.about,
        _interaction.channel,
        _interaction.reference,
        _interaction.occurred_at,
        _workspace.name,
        _workspace.time_zone,
        _workspace.keep_months,
        _question.anonymous,
    )
    .select_from(table_of(Link))
    .join(
        table_of(Invitation),
        (_invitation.workspace_id == _link.workspace_id) & (_invitation.id == _link.target_id),
    )
    .join(
        table_of(Interaction),
        (_interaction.workspace_id == _invitation.workspace_id)
        & (_interaction.id == _invitation.interaction_id),
    )
    .join(
        table_of(Question),
        (_question.workspace_id == _invitation.workspace_id)
        & (_question.id == _invitation.question_id),
    )
    .join(table_of(Workspace), _workspace.id == _link.workspace_id)
    .where(_link.token_sha256 == bindparam("token"), _link.kind == bindparam("door"))
)


def opened_link(
    straight: Straight, token: str, now: datetime, *, door: str = "answer"
) -> OpenedLink | None:
    """Return what a link opens.

    Parameters
    ----------
    straight : Straight
        From `Database.looking`.
    token : str
        From the link; anything at all.
    now : datetime
        The present moment.
    door : str
        The kind of token: ``answer``, or ``reply`` for the one in a mail's reply address.

    Returns
    -------
    OpenedLink or None
        None for an unknown, malformed or expired link and for one that was never sent; the
        caller cannot tell which. A link that was used goes on showing what was said.
    """
    rows = straight.rows(_OPEN, {"token": token_sha256(token), "door": door})
    if not rows:
        return None
    (state, expires_at), opened = rows[0][:2], rows[0][2:]
    answered = state in ("answered", "withdrawn")
    if not answered and (state not in ANSWERABLE or expires_at <= now):
        return None
    return OpenedLink(answered, *opened)


def wording_of(session: Session, link: OpenedLink, read_in: str = "en") -> Wording:
    """Return the question as it was sent, or as it stands where it was not sent yet.

    Parameters
    ----------
    session : Session
        A reading session.
    link : OpenedLink
        Whose question.
    read_in : str
        The language of the page, which decides where the business told none.
    """
    wishes = (
        (link.language, link.customer_language)
        if link.customer_language
        else (read_in, link.language)
    )
    return wording_in(
        session, link.workspace_id, link.question_id, wishes, link.question_version_id
    )


def wording_in(
    session: Session,
    workspace_id: int,
    question_id: int,
    wishes: Sequence[str | None],
    version_id: int | None = None,
) -> Wording:
    """Return a question in the language that comes nearest to what is wished, else in English.

    Parameters
    ----------
    session : Session
        A reading session.
    workspace_id, question_id : int
        Which question.
    wishes : sequence of (str or None)
        Tags, the dearest first.
    version_id : int, optional
        The version that was sent; the newest by default.
    """
    query = (
        select(QuestionText.question_version_id, QuestionText.language, QuestionText.wording)
        .join(
            QuestionVersion,
            (QuestionVersion.workspace_id == QuestionText.workspace_id)
            & (QuestionVersion.id == QuestionText.question_version_id),
        )
        .where(
            QuestionText.workspace_id == workspace_id,
            QuestionVersion.question_id == question_id,
        )
        .order_by(QuestionVersion.number.desc(), QuestionText.language)
    )
    if version_id is not None:
        query = query.where(QuestionText.question_version_id == version_id)
    rows = session.execute(query).all()
    newest = [row for row in rows if row.question_version_id == rows[0].question_version_id]
    offered = {row.language: row for row in newest}
    tags = (nearest(wish, offered) for wish in (*wishes, "en"))
    found = next((offered[tag] for tag in tags if tag), newest[0])
    return Wording(found.question_version_id, found.language, found.wording)


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
    row = session.execute(
        select(
            Answer.id,
            Answer.version,
            AnswerText.body,
            AnswerText.written_at,
            Answer.said_nothing,
            Answer.answered_on,
            Answer.state,
            Answer.expired_on,
        )
        .join(
            AnswerText,
            (AnswerText.workspace_id == Answer.workspace_id)
            & (AnswerText.answer_id == Answer.id)
            & (AnswerText.version == Answer.version),
        )
        .where(Answer.workspace_id == link.workspace_id, Answer.invitation_id == link.invitation_id)
    ).one_or_none()
    if row is None:
        return None
    own = own_words(session, secret_key, (link.workspace_id, row.id, row.version), row.body)
    changed = row.version > 1 and row.written_at
    return Said(
        answer_id=row.id,
        version=row.version,
        text=own.text,
        nothing=row.said_nothing,
        on=row.answered_on,
        changed_on=day_in(row.written_at, link.time_zone) if changed else None,
        state="expired" if row.expired_on else row.state,
        masked=own.masked,
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


def closed_link(straight: Straight, token: str, now: datetime) -> ClosedLink | None:
    """Return what a link was for whose time to answer is over; None for every other link."""
    rows = straight.rows(_OPEN, {"token": token_sha256(token), "door": "answer"})
    if not rows:
        return None
    (state, expires_at), link = rows[0][:2], OpenedLink(False, *rows[0][2:])
    if state not in ANSWERABLE or expires_at > now:
        return None
    closed_on = day_in(expires_at, link.time_zone)
    return ClosedLink(link.business, closed_on, link.customer_language)
