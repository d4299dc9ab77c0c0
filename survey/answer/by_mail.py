"""Filing a mail that came in: an answer, a letter to an answer that is there, or a mail come back.

Each mail is known by its Message-ID and dealt with once, in one transaction; whatever entrance it
came by, it is the same to us. A second reply to the same question never takes the place of the
first, and is never dropped: it becomes a letter in the answer's thread.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from urllib.parse import quote

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from survey.answer.actions import take_answer
from survey.answer.afterwards import keep_letter
from survey.answer.incoming import Incoming, read_mail
from survey.answer.queries import OpenedLink, opened_link
from survey.records import (
    Answer,
    IncomingMail,
    Invitation,
    Message,
    QuestionText,
    QuestionVersion,
)
from survey.records.askings import ASKING, counted_asking
from survey.records.care import cared_for
from survey.records.counts import Measure, count
from survey.records.database import Database
from survey.records.faults import lost_race
from survey.records.posting import LEFT
from survey.records.straight import straight_of
from survey.records.talks import LONGEST_LETTER
from survey.records.text import LONGEST_ANSWER
from survey.records.withdrawal import hold_answer
from survey.settings import Settings

Outcome = Literal[
    "answered", "added", "bounced", "automatic", "blank", "anonymous", "unknown", "known"
]
_WORDS: dict[Outcome, str] = {
    "answered": "Filed as an answer.",
    "added": "Added to the answer that was there.",
    "bounced": "A mail of ours came back; the Outbox page says why.",
    "automatic": "An automatic reply; nothing was done with it.",
    "blank": "Left: it says nothing beside what it quotes.",
    "anonymous": "Left: the question was anonymous, and a mail shows who wrote it.",
    "unknown": "Left: it belongs to no question of ours.",
    "known": "Dealt with before.",
}


@dataclass(frozen=True)
class Filed:
    """What became of a mail; of one that was dealt with before, what became of it then."""

    outcome: Outcome
    before: str = ""

    @property
    def is_left(self) -> bool:
        """Whether the mail should stay where a person sees it."""
        return (self.before or self.outcome) in LEFT

    @property
    def words(self) -> str:
        """The same as a sentence."""
        return _WORDS[self.outcome]


def take_mail(database: Database, settings: Settings, raw: bytes, now: datetime) -> Filed:
    """File a mail, once.

    Parameters
    ----------
    database : Database
        Where answers are kept.
    settings : Settings
        Whose addresses are ours.
    raw : bytes
        The mail, as RFC 5322 has it; anything at all is taken without an error.
    now : datetime
        The present moment.
    """
    ours = [f"{settings.base_url}/{door}/" for door in ("a", "u")]
    wrapped = [quote(address, safe="") for address in ours]  # as mail filters write them
    mail = read_mail(raw, [*ours, *wrapped, *map(str.lower, wrapped)])
    try:
        return _taken(database, settings, mail, now)
    except Exception as error:
        if not lost_race(error):
            raise
        return _taken(database, settings, mail, now)


def _taken(database: Database, settings: Settings, mail: Incoming, now: datetime) -> Filed:
    with database.writing() as session:
        if not _is_new(session, mail.digest, now):
            before = session.scalars(
                select(IncomingMail.outcome).where(IncomingMail.message_sha256 == mail.digest)
            )
            return Filed("known", before.one())
        link = _link(session, mail, now)
        outcome = _filed(session, settings, mail, link, now)
        _note(session, mail.digest, outcome, link)
    return Filed(outcome)


def _is_new(session: Session, digest: bytes, now: datetime) -> bool:
    """Whether nobody has dealt with this mail; whoever comes second waits here for the first."""
    insert = (sqlite if session.get_bind().dialect.name == "sqlite" else postgresql).insert
    statement = (
        insert(IncomingMail)
        .values(message_sha256=digest, outcome="unknown", taken_at=now)
        .on_conflict_do_nothing()
        .returning(IncomingMail.message_sha256)
    )
    return session.scalar(statement) is not None


def _note(session: Session, digest: bytes, outcome: Outcome, link: OpenedLink | None) -> None:
    values: dict[str, Any] = {"outcome": outcome}
    if link is not None and outcome != "anonymous":
        values |= {"workspace_id": link.workspace_id, "invitation_id": link.invitation_id}
    session.execute(
        update(IncomingMail)
        .where(IncomingMail.message_sha256 == digest)
        .values(**values)
        .execution_options(synchronize_session=False)
    )


def _link(session: Session, mail: Incoming, now: datetime) -> OpenedLink | None:
    found = (opened_link(straight_of(session), token, now, door="reply") for token in mail.tokens)
    return next((link for link in found if link is not None), None)


def _filed(
    session: Session, settings: Settings, mail: Incoming, link: OpenedLink | None, now: datetime
) -> Outcome:
    if mail.kind in ("automatic", "delayed"):
        return "automatic"
    if link is None:
        return "unknown"
    if mail.kind == "bounce":
        return _bounced(session, link, mail)
    if link.anonymous:
        return "anonymous"
    if not mail.words.strip():
        return "blank"
    return _answered(session, settings, link, mail.words, now)


def _answered(
    session: Session, settings: Settings, link: OpenedLink, words: str, now: datetime
) -> Outcome:
    """Take the one answer of an invitation, or add to it; what is too long goes on as letters."""
    first, rest = words[:LONGEST_ANSWER], words[LONGEST_ANSWER:]
    cared = cared_for(session, settings.secret_key, link.workspace_id, first)
    if not link.answered and take_answer(
        straight_of(session), _pinned(session, link), cared.text, now, original=cared.original
    ):
        if rest:
            _add(session, settings, link, rest, now)
        return "answered"
    return "added" if _add(session, settings, link, words, now) else "unknown"


def _add(session: Session, settings: Settings, link: OpenedLink, words: str, now: datetime) -> bool:
    answer_id = session.scalar(
        select(Answer.id).where(
            Answer.workspace_id == link.workspace_id, Answer.invitation_id == link.invitation_id
        )
    )
    answer = hold_answer(session, link.workspace_id, answer_id) if answer_id else None
    if answer is None or answer.state != "given":
        return False  # taken back: the thread is over, and the mail stays where it is
    for begin in range(0, len(words), LONGEST_LETTER):
        letter = words[begin : begin + LONGEST_LETTER]
        cared = cared_for(session, settings.secret_key, link.workspace_id, letter)
        keep_letter(session, answer, cared, now)
    return True


def _pinned(session: Session, link: OpenedLink) -> OpenedLink:
    """A mail that somebody replies to was sent, and so has its wording, save where it was not
    written down yet: then the newest stands for it.
    """
    if link.question_version_id is not None:
        return link
    row = session.execute(
        select(QuestionText.question_version_id, QuestionText.language)
        .join(
            QuestionVersion,
            (QuestionVersion.workspace_id == QuestionText.workspace_id)
            & (QuestionVersion.id == QuestionText.question_version_id),
        )
        .where(
            QuestionText.workspace_id == link.workspace_id,
            QuestionVersion.question_id == link.question_id,
        )
        .order_by(QuestionVersion.number.desc(), QuestionText.language)
        .limit(1)
    ).one()
    return link.with_wording(row.question_version_id, row.language)


def _bounced(session: Session, link: OpenedLink, mail: Incoming) -> Outcome:
    """Mark what came back as failed: a letter of the team, or the question, which was not asked
    after all.
    """
    error = f"The mail came back. {mail.words}".strip()
    if mail.letter_id is not None and mail.letter_id < 2**63:
        return _letter_bounced(session, link, mail.letter_id, error)
    row = session.execute(
        update(Invitation)
        .where(
            Invitation.workspace_id == link.workspace_id,
            Invitation.id == link.invitation_id,
            Invitation.state == "sent",
        )
        .values(
            state="failed",
            sent_at=None,
            last_error=error,
        )
        .returning(*ASKING)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if row is None:
        return "automatic"  # answered all the same, or failed before
    if row.asked_on is not None:
        count(session, -1, counted_asking(session, row, row.asked_on), [Measure("asked")])
        session.execute(
            update(Invitation)
            .where(
                Invitation.workspace_id == link.workspace_id,
                Invitation.id == link.invitation_id,
            )
            .values(asked_on=None)
            .execution_options(synchronize_session=False)
        )
    return "bounced"


def _letter_bounced(session: Session, link: OpenedLink, letter_id: int, error: str) -> Outcome:
    row = session.execute(
        update(Message)
        .where(
            Message.workspace_id == link.workspace_id,
            Message.id == letter_id,
            Message.mail == "sent",
        )
        .values(mail="failed", last_error=error)
        .returning(Message.id)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    return "bounced" if row else "automatic"
