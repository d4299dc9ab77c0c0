"""The worker's side of replying: claim letters, commit, mail, commit each."""

import random
from collections.abc import Callable, Sequence
from email.message import EmailMessage

from survey.clock import utc_now
from survey.letters import as_message, fill_links, links_of
from survey.letters import reply_headers as where_replies_go
from survey.mail import Mailer
from survey.mail_batch import send_claimed
from survey.records.database import Database, database_now
from survey.respond.letter import compose_reply, reply_headers
from survey.respond.sending import (
    DueReply,
    Key,
    claim_due_replies,
    due_reply,
    has_due_replies,
    mark_failed,
    mark_mailed,
    mark_unwelcome,
    put_back,
    release,
)
from survey.settings import Settings


class ReplyRound:
    """Mails the replies that are due; holds nothing that would be lost with it.

    Parameters
    ----------
    database : Database
        The queue.
    settings : Settings
        Base URL, sender, key.
    mailer : Mailer or None
        The way out; None keeps mails for the Outbox.
    stopping : callable
        Says whether to come to an end; what was not mailed is then given back.
    """

    kind = "reply"

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

    def __call__(self) -> bool:
        """Mail one batch; True when there may be more to do at once."""
        with self.database.reading() as session:  # an idle worker takes no write lock
            if not has_due_replies(session, database_now(session)):
                return False
        with self.database.writing() as session:
            claimed = claim_due_replies(session, database_now(session))
        keys: list[Key] = [(key[0], key[1]) for key in claimed.keys]
        all_well = self._mail(keys, claimed.lease_id)
        with self.database.writing() as session:
            release(session, claimed.lease_id)
        return bool(keys) and all_well

    def _mail(self, keys: list[Key], lease_id: str) -> bool:
        if self.mailer is None:
            for key in keys:
                self._keep(key, lease_id)
            return True
        trouble = send_claimed(self.mailer, self, keys, lease_id, lambda: not self.stopping())
        return trouble is None and not self.stopping()

    def _keep(self, key: Key, lease_id: str) -> None:
        """Keep a mail for the Outbox; that counts as sent."""
        due = self._due(key, lease_id)
        if due is None:
            return
        with self.database.writing() as session:
            mark_mailed(
                session, key, lease_id, database_now(session),
                kept=compose_reply(due.letter), invitation_id=due.invitation_id,
                headers=reply_headers(due.letter),
            )  # fmt: skip

    def message(self, key: Key, lease_id: str) -> EmailMessage | None:
        """Return the mail, unless it is no longer ours or no longer welcome."""
        due = self._due(key, lease_id)
        if due is None:
            return None
        links = links_of(self.settings, due.invitation_id, due.nonce)
        back = where_replies_go(self.settings, due.invitation_id, due.nonce)
        return as_message(
            fill_links(compose_reply(due.letter), links),
            mail_from=self.settings.mail_from,
            headers=reply_headers(due.letter) | back,
            now=utc_now(),
        )

    def note_sent(self, key: Key, lease_id: str) -> None:
        """Note that the relay has it."""
        with self.database.writing() as session:
            mark_mailed(session, key, lease_id, database_now(session))

    def note_refused(self, key: Key, lease_id: str, why: str) -> None:
        """Note that no relay will ever take it."""
        with self.database.writing() as session:
            mark_failed(session, key, lease_id, why)

    def _due(self, key: Key, lease_id: str) -> DueReply | None:
        """Return the mail, unless it is no longer ours or no longer welcome."""
        with self.database.reading() as session:
            due = due_reply(session, key, lease_id, self.settings)
        if due is None:
            with self.database.writing() as session:
                mark_unwelcome(session, key, lease_id)
        return due

    def put_back(self, keys: Sequence[Key], lease_id: str, why: str) -> None:
        """Let these letters be mailed later."""
        for key in keys:
            with self.database.writing() as session:
                now = database_now(session)
                put_back(session, key, lease_id, now, error=why, jitter=self._jitter)
