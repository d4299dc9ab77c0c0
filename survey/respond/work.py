"""The worker's side of replying: claim letters, commit, mail, commit each."""

import logging
import random
from collections.abc import Callable

from survey.clock import utc_now
from survey.errors import MailDelayedError, MailRefusedError, RelayError
from survey.letters import as_message, fill_links, links_of
from survey.letters import reply_headers as where_replies_go
from survey.mail import Mailer, Outlet
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

log = logging.getLogger(__name__)


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
        with self.mailer.opened() as outlet:
            for place, key in enumerate(keys):
                if self.stopping():
                    return False
                try:
                    self._deliver(outlet, key, lease_id)
                except RelayError as error:  # so it would go with all the others
                    for waiting in keys[place:]:
                        self._put_back(waiting, lease_id, str(error))
                    return False
        return True

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

    def _deliver(self, outlet: Outlet, key: Key, lease_id: str) -> None:
        """Mail one letter and write down at once what became of it."""
        try:
            due = self._due(key, lease_id)
            if due is None:
                return
            links = links_of(self.settings, due.invitation_id, due.nonce)
            back = where_replies_go(self.settings, due.invitation_id, due.nonce)
            message = as_message(
                fill_links(compose_reply(due.letter), links),
                mail_from=self.settings.mail_from,
                headers=reply_headers(due.letter) | back,
                now=utc_now(),
            )
            outlet.send(message)
        except RelayError:
            raise
        except MailRefusedError as error:
            # What the relay said may hold the address, so it goes to the owner's page alone.
            log.warning("reply %x failed for good; the page of the answer says why", key[1])
            with self.database.writing() as session:
                mark_failed(session, key, lease_id, str(error))
        except MailDelayedError as error:
            self._put_back(key, lease_id, str(error))
        except (ValueError, TypeError, LookupError) as error:  # it cannot be composed; others can
            log.error("reply %x could not be composed (%s)", key[1], type(error).__name__)
            self._put_back(key, lease_id, f"This mail could not be composed: {error}.")
        else:
            with self.database.writing() as session:
                mark_mailed(session, key, lease_id, database_now(session))

    def _due(self, key: Key, lease_id: str) -> DueReply | None:
        """Return the mail, unless it is no longer ours or no longer welcome."""
        with self.database.reading() as session:
            due = due_reply(session, key, lease_id, self.settings)
        if due is None:
            with self.database.writing() as session:
                mark_unwelcome(session, key, lease_id)
        return due

    def _put_back(self, key: Key, lease_id: str, error: str) -> None:
        with self.database.writing() as session:
            now = database_now(session)
            put_back(session, key, lease_id, now, error=error, jitter=self._jitter)
