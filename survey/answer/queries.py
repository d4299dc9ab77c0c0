"""What the customer's page needs to know."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from survey.clock import day_in
from survey.languages import nearest
from survey.records import (
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
from survey.records.straight import Prepared, Straight, straight_of
from survey.tokens import token_sha256


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
