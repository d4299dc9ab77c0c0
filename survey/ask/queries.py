"""What asking reads: recorded interactions, waiting and failed mails, the Outbox."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.orm import Session

from survey.address import address_hmac
from survey.ask.letter import Letter
from survey.letters import message_id
from survey.records import (
    Interaction,
    Invitation,
    Link,
    Question,
    QuestionText,
    QuestionVersion,
    Unsubscribed,
    Workspace,
)
from survey.settings import Settings
from survey.tokens import token_sha256

MOST_LOOKED_AT = 2_000  # invitations, for what is only a hint


@dataclass(frozen=True)
class Recorded:
    """A recorded interaction with its invitation's present state."""

    interaction_id: int
    invitation_id: int
    state: str
    due_at: datetime
    skipped_because: str | None
    is_new: bool


def recorded_interaction(
    session: Session, workspace_id: int, interaction_id: int, *, is_new: bool = False
) -> Recorded:
    """Return one interaction of a workspace with its invitation."""
    row = session.execute(
        select(Invitation.id, Invitation.state, Invitation.due_at, Invitation.skipped_because)
        .join(
            Interaction,
            (Interaction.workspace_id == Invitation.workspace_id)
            & (Interaction.id == Invitation.interaction_id),
        )
        .where(Interaction.workspace_id == workspace_id, Interaction.id == interaction_id)
    ).one()
    return Recorded(interaction_id, row.id, row.state, row.due_at, row.skipped_because, is_new)


def is_unsubscribed(session: Session, secret_key: bytes, workspace_id: int, email: str) -> bool:
    """Whether an address asked this workspace for no more mail."""
    return bool(unsubscribed_among(session, secret_key, workspace_id, [email]))


def unsubscribed_among(
    session: Session, secret_key: bytes, workspace_id: int, emails: Iterable[str]
) -> set[str]:
    """Return those of some addresses that asked this workspace for no more mail.

    Parameters
    ----------
    session : Session
        An open session.
    secret_key : bytes
        The installation's key, under which they are remembered.
    workspace_id : int
        Whose mail.
    emails : iterable of str
        At most some thousands; each is given back as it was written.
    """
    hashed = {email: address_hmac(secret_key, workspace_id, email) for email in emails}
    found = session.scalars(
        select(Unsubscribed.address_hmac).where(
            Unsubscribed.workspace_id == workspace_id,
            Unsubscribed.address_hmac.in_(set(hashed.values())),
        )
    )
    unwelcome = set(found)
    return {email for email, address in hashed.items() if address in unwelcome}


@dataclass(frozen=True)
class DueLetter:
    """A claimed invitation's letter, and what its links are rebuilt from."""

    letter: Letter
    nonce: bytes
    unsubscribed: bool


def due_letter(
    session: Session,
    workspace_id: int,
    invitation_id: int,
    lease_id: str,
    settings: Settings,
) -> DueLetter | None:
    """Return the letter of an invitation that is still ours to send, else None.

    Parameters
    ----------
    session : Session
        A reading session.
    workspace_id, invitation_id : int
        Which one.
    lease_id : str
        The claim it is held under.
    settings : Settings
        The installation's key and addresses.
    """
    held = and_(
        Invitation.workspace_id == workspace_id,
        Invitation.id == invitation_id,
        Invitation.lease_id == lease_id,
        Invitation.state == "sending",
    )
    row = session.execute(_LETTERS.where(held)).one_or_none()
    if row is None:
        return None
    letter = _as_letter(row, settings)
    unwelcome = is_unsubscribed(session, settings.secret_key, workspace_id, letter.to_email)
    return DueLetter(letter, row.nonce, unwelcome)


_LETTERS = (
    select(
        Interaction,
        Invitation.id,
        Invitation.nonce,
        Invitation.language,
        Question.anonymous,
        QuestionText.wording,
        Workspace.name,
        Workspace.time_zone,
    )
    .select_from(Invitation)
    .join(Workspace, Workspace.id == Invitation.workspace_id)
    .join(
        Interaction,
        and_(
            Interaction.workspace_id == Invitation.workspace_id,
            Interaction.id == Invitation.interaction_id,
        ),
    )
    .join(
        Question,
        and_(
            Question.workspace_id == Invitation.workspace_id,
            Question.id == Invitation.question_id,
        ),
    )
    .join(
        QuestionText,
        and_(
            QuestionText.workspace_id == Invitation.workspace_id,
            QuestionText.question_version_id == Invitation.question_version_id,
            QuestionText.language == Invitation.language,
        ),
    )
)


def _as_letter(row: Any, settings: Settings) -> Letter:
    told: Interaction = row[0]
    return Letter(
        to_email=told.customer_email,
        to_name=told.customer_name,
        workspace=row.name,
        served_by=told.served_by,
        about=told.about,
        occurred_at=told.occurred_at,
        time_zone=row.time_zone,
        question=row.wording,
        language=row.language or "en",
        wished=told.customer_language,
        message_id=message_id(settings, row.id, row.nonce),
        anonymous=row.anonymous,
        may_reply=settings.reply_address is not None and not row.anonymous,
    )


@dataclass(frozen=True)
class MailLink:
    """Where an unsubscribe link leads."""

    business: str
    done: bool


def unsubscribe_link(session: Session, token: str, secret_key: bytes) -> MailLink | None:
    """Return what an unsubscribe link stands for, None where it is unknown."""
    row = session.execute(
        select(Workspace.id, Workspace.name, Interaction.customer_email)
        .select_from(Link)
        .join(Workspace, Workspace.id == Link.workspace_id)
        .join(
            Invitation,
            and_(Invitation.workspace_id == Link.workspace_id, Invitation.id == Link.target_id),
        )
        .join(
            Interaction,
            and_(
                Interaction.workspace_id == Invitation.workspace_id,
                Interaction.id == Invitation.interaction_id,
            ),
        )
        .where(Link.token_sha256 == token_sha256(token), Link.kind == "unsubscribe")
    ).one_or_none()
    if row is None:
        return None
    return MailLink(row.name, is_unsubscribed(session, secret_key, row.id, row.customer_email))


@dataclass(frozen=True)
class AskedWording:
    """One version of the question."""

    number: int
    since: datetime
    wordings: dict[str, str]


@dataclass(frozen=True)
class AskingSettings:
    """What a workspace's owner decides about asking; `versions` newest first, one at least."""

    name: str
    time_zone: str
    delay_minutes: int
    keep_months: int | None
    versions: tuple[AskedWording, ...]

    @property
    def wordings(self) -> dict[str, str]:
        """The question as it is asked now, by language."""
        return self.versions[0].wordings


def asking_settings(session: Session, workspace_id: int) -> AskingSettings:
    """Return a workspace's settings, and its first question in all its versions."""
    workspace = session.execute(
        select(
            Workspace.name, Workspace.time_zone, Workspace.delay_minutes, Workspace.keep_months
        ).where(Workspace.id == workspace_id)
    ).one()
    question_id = first_question_id(session, workspace_id)
    rows = session.execute(
        select(
            QuestionVersion.number,
            QuestionVersion.created_at,
            QuestionText.language,
            QuestionText.wording,
        )
        .join(
            QuestionText,
            and_(
                QuestionText.workspace_id == QuestionVersion.workspace_id,
                QuestionText.question_version_id == QuestionVersion.id,
            ),
        )
        .where(
            QuestionVersion.workspace_id == workspace_id,
            QuestionVersion.question_id == question_id,
        )
        .order_by(QuestionVersion.number.desc(), QuestionText.language)
    ).all()
    versions: dict[int, AskedWording] = {}
    for row in rows:
        version = versions.setdefault(row.number, AskedWording(row.number, row.created_at, {}))
        version.wordings[row.language] = row.wording
    return AskingSettings(*workspace, versions=tuple(versions.values()))


def languages_asked(session: Session, workspace_id: int, since: date) -> list[tuple[str, int]]:
    """Return the languages of those who were asked the first question lately, or soon will be.

    Parameters
    ----------
    session : Session
        A reading session.
    workspace_id : int
        Whose.
    since : date
        The first of the workspace's own days that counts; of more invitations than
        `MOST_LOOKED_AT`, the newest ones count.

    Returns
    -------
    list of (str, int)
        Language tags with how many invitations; a customer asked again counts again.
    """
    sent = Invitation.asked_on >= since
    to_be_sent = and_(Invitation.state == "queued", Invitation.sent_at.is_(None))
    return [
        (str(tag), times)
        for those in (sent, to_be_sent)  # each has its index; together they had none
        for tag, times in session.execute(_languages(session, workspace_id, those))
    ]


def _languages(
    session: Session, workspace_id: int, those: ColumnElement[bool]
) -> Select[str | None, int]:
    lately = (
        select(Invitation.interaction_id)
        .where(
            Invitation.workspace_id == workspace_id,
            Invitation.question_id == first_question_id(session, workspace_id),
            those,
        )
        .order_by(Invitation.asked_on.desc())
        .limit(MOST_LOOKED_AT)
        .subquery()
    )
    return (
        select(Interaction.customer_language, func.count())
        .join(lately, lately.c.interaction_id == Interaction.id)
        .where(Interaction.workspace_id == workspace_id, Interaction.customer_language.is_not(None))
        .group_by(Interaction.customer_language)
    )


def first_question_id(session: Session, workspace_id: int, key: str | None = None) -> int | None:
    """Return a workspace's first question, or the one with this key."""
    query = select(Question.id).where(Question.workspace_id == workspace_id)
    if key is not None:
        query = query.where(Question.key == key)
    return session.scalar(query.order_by(Question.created_at, Question.id).limit(1))
