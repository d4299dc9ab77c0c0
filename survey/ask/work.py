"""The worker's side of asking: claim due invitations, commit, send, commit each."""

import logging
import random
import smtplib
import time
from collections.abc import Callable, Sequence
from email.message import EmailMessage

from sqlalchemy.exc import OperationalError

from survey.ask.letter import compose_letter, unsubscribe_headers
from survey.ask.queries import DueLetter, due_letter
from survey.ask.rows import UNSUBSCRIBED
from survey.ask.sending import (
    LEASE,
    Delay,
    Key,
    claim_due_invitations,
    has_due_invitations,
    has_unsettled,
    mark_failed,
    mark_sent,
    mark_skipped,
    put_back,
    release,
    settle_answered,
)
from survey.clock import utc_now
from survey.errors import RelayError
from survey.letters import UNSUBSCRIBE_LINK, as_message, fill_links, links_of, reply_headers
from survey.mail import Mailer, SmtpRelay
from survey.mail_batch import send_claimed
from survey.records import Invitation
from survey.records.database import Database, database_now
from survey.records.due import Claim, renew
from survey.settings import Settings

log = logging.getLogger(__name__)
NOTE_TRIES, NOTE_PAUSE = 5, 1.0  # how often, and seconds between, to write down what was sent
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 60.0  # seconds before a relay that failed is tried again


class MailRound:
    """Sends what is due, batch by batch; holds nothing that would be lost with it.

    Parameters
    ----------
    database : Database
        The queue.
    settings : Settings
        Base URL, sender, key.
    mailer : Mailer or None
        The way out; None keeps mails for the Outbox.
    stopping : callable
        Says whether to come to an end; unsent mails are then given back.
    """

    kind = "mail"

    def __init__(
        self,
        database: Database,
        settings: Settings,
        mailer: Mailer | None,
        stopping: Callable[[], bool],
    ) -> None:
        self.database = database
        self.settings = settings
        self.mailer = mailer
        self.stopping = stopping
        self._jitter = random.Random()  # noqa: S311  spreads retries, keeps no secret
        self._pause = 0.0
        self._quiet_until = 0.0
        self._renew_at = 0.0

    def __call__(self) -> bool:
        """Send one batch; True when there may be more to do at once."""
        if time.monotonic() < self._quiet_until:
            return False
        with self.database.reading() as session:  # an idle worker takes no write lock
            if not has_due_invitations(session, database_now(session)):
                return False
        with self.database.writing() as session:
            claimed = claim_due_invitations(session, database_now(session))
        if not claimed.keys:
            return False
        self._renew_at = time.monotonic() + LEASE.total_seconds() / 2
        # Where this breaks, the lease keeps the rest for a while: a mail that the relay took and
        # we could not write down must not go out again at once.
        self._send_batch(claimed)
        with self.database.writing() as session:
            release(session, claimed.lease_id)
        return self._pause == 0.0

    def _send_batch(self, claimed: Claim) -> None:
        keys: list[Key] = [(key[0], key[1]) for key in claimed.keys]
        if self.mailer is None:
            for key in keys:
                if self.stopping():
                    return
                self._keep(key, claimed.lease_id)
            return

        def go_on() -> bool:
            return not self.stopping() and self._still_held(claimed)

        trouble = send_claimed(self.mailer, self, keys, claimed.lease_id, go_on)
        if trouble is not None:
            self._be_quiet(trouble)

    def _still_held(self, claimed: Claim) -> bool:
        """Prolong the lease when half of it is over; False when it was lost."""
        if time.monotonic() < self._renew_at:
            return True
        self._renew_at = time.monotonic() + LEASE.total_seconds() / 2
        with self.database.writing() as session:
            until = database_now(session) + LEASE
            return renew(session, Invitation, claimed.lease_id, until)

    def _keep(self, key: Key, lease_id: str) -> None:
        """Keep a mail for the Outbox; that counts as sent."""
        due = self._due(key, lease_id)
        if due is None:
            return
        mail = compose_letter(due.letter, utc_now())
        with self.database.writing() as session:
            now = database_now(session)
            headers = unsubscribe_headers(UNSUBSCRIBE_LINK)
            mark_sent(session, key, lease_id, now, kept=mail, headers=headers)

    def note_refused(self, key: Key, lease_id: str, why: str) -> None:
        """Note that no relay will ever take this mail."""
        with self.database.writing() as session:
            mark_failed(session, key, lease_id, why)

    def note_sent(self, key: Key, lease_id: str) -> None:
        """The relay has it, so try hard to write that down, even while the database is busy."""
        self._pause = 0.0
        for left in reversed(range(NOTE_TRIES)):
            try:
                with self.database.writing() as session:
                    mark_sent(session, key, lease_id, database_now(session))
            except OperationalError:
                if not left:
                    raise
                time.sleep(NOTE_PAUSE)
            else:
                return

    def _due(self, key: Key, lease_id: str) -> DueLetter | None:
        """Return the letter, unless it is no longer ours or its reader wants no more mail."""
        with self.database.reading() as session:
            due = due_letter(session, *key, lease_id, self.settings)
        if due is not None and due.unsubscribed:
            with self.database.writing() as session:
                mark_skipped(session, key, lease_id, UNSUBSCRIBED)
            return None
        return due

    def message(self, key: Key, lease_id: str) -> EmailMessage | None:
        """Return the mail, unless it is no longer ours or its reader wants no more."""
        due = self._due(key, lease_id)
        if due is None:
            return None
        links, now = links_of(self.settings, key[1], due.nonce), utc_now()
        headers = unsubscribe_headers(links.unsubscribe)
        if due.letter.may_reply:
            headers |= reply_headers(self.settings, key[1], due.nonce)
        return as_message(
            fill_links(compose_letter(due.letter, now), links),
            mail_from=self.settings.mail_from,
            headers=headers,
            now=now,
        )

    def put_back(self, keys: Sequence[Key], lease_id: str, why: str) -> None:
        """Let these mails be tried again later."""
        with self.database.writing() as session:
            put_back(session, keys, lease_id, database_now(session), Delay(why, self._jitter))

    def _be_quiet(self, error: RelayError) -> None:
        """Leave a relay that failed alone for a while; the mails are safe where they are."""
        self._pause = min(LONGEST_PAUSE, self._pause * 2 or FIRST_PAUSE)
        self._quiet_until = time.monotonic() + self._pause
        log.warning("mail waits (%s); next try in %.0f s", _kind_of(error), self._pause)


def _kind_of(error: RelayError) -> str:
    """Say what is wrong with a relay in its code alone: its words may quote a recipient."""
    cause = error.__cause__
    if isinstance(cause, smtplib.SMTPResponseException):
        return f"code {cause.smtp_code}"
    return getattr(cause, "strerror", None) or type(cause).__name__


def settle(database: Database) -> bool:
    """Count as asked what was answered before its sender could write it down."""
    with database.reading() as session:
        if not has_unsettled(session, database_now(session)):
            return False
    with database.writing() as session:
        return settle_answered(session, database_now(session)) > 0


def mailer_of(settings: Settings) -> Mailer | None:
    """Return the way out that the settings name, if any."""
    return SmtpRelay(settings.smtp, settings.mail_from) if settings.smtp else None
