"""Telling owners at once that an answer speaks of danger: a mail that leaves the answer out."""

import logging
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, select, update
from sqlalchemy.orm import Session

from survey.clock import utc_now
from survey.errors import MailDelayedError, MailRefusedError
from survey.languages import ENGLISH
from survey.letters import ComposedMail, as_message, template
from survey.mail import Mailer, Outlet
from survey.records import Flag, Member, Person, Workspace
from survey.records.accounts import OWNER
from survey.records.database import Database, database_now
from survey.records.due import Claim, claim, try_later, unclaimed
from survey.settings import Settings

log = logging.getLogger(__name__)
BATCH = 20
LEASE = timedelta(minutes=5)


@dataclass(frozen=True)
class Warned:
    """Whom to tell of a workspace's flags, and of which version of the answer."""

    workspace: str
    slug: str
    owners: tuple[str, ...]
    version: int


class UrgentRound:
    """Mails owners about new flags, at least once each.

    Parameters
    ----------
    database : Database
        The queue.
    settings : Settings
        Base URL and sender.
    mailer : Mailer or None
        The way out; without one the page and the header tell alone.
    stopping : callable
        Says whether to come to an end.
    """

    def __init__(
        self,
        database: Database,
        settings: Settings,
        mailer: Mailer | None,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self.database = database
        self.settings = settings
        self.mailer = mailer
        self.stopping = stopping
        self._jitter = random.Random()  # noqa: S311  spreads retries, keeps no secret

    def __call__(self) -> bool:
        """Tell of what is new; True when there may be more at once."""
        with self.database.reading() as session:  # an idle worker takes no write lock
            if not _is_any_new(session, database_now(session)):
                return False
        with self.database.writing() as session:
            claimed = _claim(session, database_now(session))
        by_workspace: dict[int, int] = {}
        for key in claimed.keys:
            by_workspace.setdefault(key[0], key[1])
        for workspace_id, answer_id in by_workspace.items():
            if self.stopping():
                return False
            self._tell(workspace_id, answer_id, claimed.lease_id)
        return len(claimed.keys) == BATCH

    def _tell(self, workspace_id: int, answer_id: int, lease_id: str) -> None:
        with self.database.reading() as session:
            warned = _warned(session, workspace_id, answer_id)
        error = self._mailed(warned, answer_id) if self.mailer else None
        with self.database.writing() as session:
            now = database_now(session)
            if error is None:
                _note_told(session, workspace_id, lease_id, now)
            else:
                _put_back(session, workspace_id, lease_id, error, self._jitter)

    def _mailed(self, warned: Warned, answer_id: int) -> str | None:
        """Mail every owner; what went wrong where somebody has to be tried again."""
        assert self.mailer is not None
        try:
            with self.mailer.opened() as outlet:
                for email in warned.owners:
                    self._send(outlet, warned, email, answer_id)
        except MailDelayedError as error:
            return str(error)
        return None

    def _send(self, outlet: Outlet, warned: Warned, email: str, answer_id: int) -> None:
        address = f"{self.settings.base_url}/w/{warned.slug}/urgent"
        domain = self.settings.mail_from.rpartition("@")[2]
        # The version is in its name: mailboxes show no second mail of one name, and an answer that
        # was changed to words of danger again must be seen; the same words, tried again, need not.
        name = f"<urgent.{answer_id:x}.{warned.version}@{domain}>"
        mail = urgent_mail(email, warned.workspace, address, name)
        message = as_message(mail, mail_from=self.settings.mail_from, headers={}, now=utc_now())
        try:
            outlet.send(message)
        except MailRefusedError:  # this address will never take it; the others and the page tell
            log.warning("a mail about danger was refused for good")


def urgent_mail(to_email: str, workspace: str, address: str, message_id: str) -> ComposedMail:
    """Return the mail that tells an owner where to look; it says nothing of the answer.

    Parameters
    ----------
    to_email, workspace, message_id : str
        The owner, the business, and the mail's own name.
    address : str
        Of the page where the answer waits.
    """
    facts = {"workspace": workspace, "address": address}
    subject, _, text = template(ENGLISH, "urgent.txt").render(facts).partition("\n\n")
    page = template(ENGLISH, "urgent.html").render(facts)
    return ComposedMail(to_email, None, workspace, message_id, subject.strip(), text, page)


def _is_new() -> ColumnElement[bool]:
    return and_(Flag.settled_at.is_(None), Flag.told_at.is_(None))


def _is_any_new(session: Session, now: datetime) -> bool:
    query = select(Flag.answer_id).where(_is_new(), unclaimed(Flag, now)).limit(1)
    return session.execute(query).first() is not None


def _claim(session: Session, now: datetime) -> Claim:
    return claim(
        session, Flag, _is_new(), order=Flag.answered_on, now=now, limit=BATCH, lease=LEASE
    )


def _warned(session: Session, workspace_id: int, answer_id: int) -> Warned:
    workspace = session.execute(
        select(Workspace.name, Workspace.slug).where(Workspace.id == workspace_id)
    ).one()
    owners: Sequence[str] = session.scalars(
        select(Person.email)
        .join(Member, Member.person_id == Person.id)
        .where(Member.workspace_id == workspace_id, Member.role == OWNER)
        .order_by(Person.email)
    ).all()
    version = session.scalar(
        select(func.max(Flag.version)).where(
            Flag.workspace_id == workspace_id, Flag.answer_id == answer_id
        )
    )
    return Warned(workspace.name, workspace.slug, tuple(owners), version or 0)


def _held(workspace_id: int, lease_id: str) -> ColumnElement[bool]:
    return and_(Flag.workspace_id == workspace_id, Flag.lease_id == lease_id)


def _note_told(session: Session, workspace_id: int, lease_id: str, now: datetime) -> None:
    # Of an anonymous answer that was changed, the moment would tell when.
    day_of_telling = now.replace(hour=0, minute=0, second=0, microsecond=0)
    session.execute(
        update(Flag)
        .where(_held(workspace_id, lease_id))
        .values(
            told_at=day_of_telling,
            lease_id=None,
            lease_until=None,
            next_try_at=None,
            last_error=None,
        )
        .execution_options(synchronize_session=False)
    )


def _put_back(
    session: Session, workspace_id: int, lease_id: str, error: str, jitter: random.Random
) -> None:
    attempts = session.scalar(select(Flag.attempts).where(_held(workspace_id, lease_id)).limit(1))
    try_later(
        session,
        Flag,
        [Flag.workspace_id == workspace_id],
        lease_id,
        now=database_now(session),
        error=error,
        attempts=attempts or 0,
        jitter=jitter,
    )
