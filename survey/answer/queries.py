"""What the customer's page needs to know."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from survey.clock import day_in
from survey.guard.personal import put_back
from survey.languages import nearest
from survey.records import (
    Answer,
    AnswerText,
    Interaction,
    InteractionSegment,
    Invitation,
    Link,
    Question,
    QuestionText,
    QuestionVersion,
    Workspace,
)
from survey.records.asking import ANSWERABLE
from survey.records.base import table_of
from survey.records.care import Hidden, OwnWords, hidden_in, own_letter, own_words
from survey.records.straight import Prepared, Straight, straight_of
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
    segments : tuple of (str, str)
        Names and values that the business told of the interaction.
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
    segments: tuple[tuple[str, str], ...]

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
        Its words, as its link shows them; empty where nothing more was needed.
    on : date
        The workspace's own day of answering.
    changed_on : date or None
        The day on which it was changed last.
    state : str
        ``given``, ``withdrawn`` by the customer, or ``expired`` with age.
    masked : bool
        Whether personal data in it is not kept, and was left out of `text`.
    hidden : Hidden or None
        What is kept of it and yet left out of `text`, since others may open the link.
    """

    answer_id: int
    version: int
    text: str
    nothing: bool
    on: date
    changed_on: date | None
    state: Literal["given", "withdrawn", "expired"]
    masked: bool = False
    hidden: Hidden | None = None

    def says(self, kept: str, typed: str) -> bool:
        """Whether words say the same, which would be kept in this way and were typed so."""
        if self.hidden is not None:
            return typed == self.hidden.original
        return self.text in (kept, typed)

    def in_full(self, typed: str) -> str:
        """Return typed words with what the brackets stand for that were left in them."""
        return put_back(typed, self.hidden.behind) if self.hidden else typed


@dataclass(frozen=True)
class LetterShown:
    """A letter as the customer reads it.

    Parameters
    ----------
    from_team, signed, body, on
        Whose, and what it says.
    masked, hidden : bool
        Whether some of what they typed is not kept; or is kept, and yet not shown.
    """

    from_team: bool
    signed: str | None
    body: str
    on: date
    masked: bool = False
    hidden: bool = False


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
_question, _segment = table_of(Question).c, table_of(InteractionSegment).c
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
        _segment.name,  # a row for each, so that taking an answer needs no statement more
        _segment.value,
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
    .outerjoin(
        table_of(InteractionSegment),
        (_segment.workspace_id == _interaction.workspace_id)
        & (_segment.interaction_id == _interaction.id),
    )
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
    state, expires_at = rows[0][:2]
    answered = state in ("answered", "withdrawn")
    if not answered and (state not in ANSWERABLE or expires_at <= now):
        return None
    return _opened(answered, rows)


def _opened(answered: bool, rows: Sequence[tuple[Any, ...]]) -> OpenedLink:
    segments = tuple(row[-2:] for row in rows if row[-1] is not None)
    return OpenedLink(answered, *(*rows[0][2:-2], segments))


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
    values = {"workspace": workspace_id, "question": question_id, "version": version_id}
    which = _WORDINGS if version_id is None else _WORDINGS_OF
    rows = [Wording(*row) for row in straight_of(session).rows(which, values)]
    newest = [row for row in rows if row.question_version_id == rows[0].question_version_id]
    offered = {row.language: row for row in newest}
    tags = (nearest(wish, offered) for wish in (*wishes, "en"))
    return next((offered[tag] for tag in tags if tag), newest[0])


_text, _version = table_of(QuestionText).c, table_of(QuestionVersion).c
_ALL_WORDINGS = (
    select(_text.question_version_id, _text.language, _text.wording)  # as Wording's fields
    .join(
        table_of(QuestionVersion),
        (_version.workspace_id == _text.workspace_id) & (_version.id == _text.question_version_id),
    )
    .where(
        _text.workspace_id == bindparam("workspace"),
        _version.question_id == bindparam("question"),
    )
    .order_by(_version.number.desc(), _text.language)
)
_WORDINGS = Prepared(_ALL_WORDINGS)
_WORDINGS_OF = Prepared(_ALL_WORDINGS.where(_text.question_version_id == bindparam("version")))


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
    hidden = hidden_in(session, link.workspace_id, body, own)
    changed = version > 1 and written_at
    return Said(
        answer_id=answer_id,
        version=version,
        text=body if hidden else own.text,
        nothing=nothing,
        on=answered_on,
        changed_on=day_in(written_at, link.time_zone) if changed else None,
        state="expired" if expired_on else state,
        masked=own.masked,
        hidden=hidden,
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
    """Return the letters about an answer as its customer reads them.

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
        hidden = hidden_in(session, answer[0], one.body, own) is not None
        body = one.body if hidden else own.text
        on = day_in(one.written_at, time_zone)
        shown.append(LetterShown(one.from_team, one.signed, body, on, own.masked, hidden))
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
    (state, expires_at), link = rows[0][:2], _opened(False, rows)
    if state not in ANSWERABLE or expires_at > now:
        return None
    closed_on = day_in(expires_at, link.time_zone)
    return ClosedLink(link.business, closed_on, link.customer_language)
