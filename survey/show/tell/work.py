"""The worker's side of telling: look for news, and write the letters that are due.

Every step is claimed by a lease and written down at once, so two workers send one letter, and a
killed one at most the same letter twice, under the same Message-ID.
"""

import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from survey.clock import day_in, utc_now
from survey.errors import MailDelayedError, MailRefusedError, RelayError
from survey.letters import ComposedMail, as_message
from survey.mail import Mailer, Outlet
from survey.records.database import Database, database_now, what_failed
from survey.records.telling import DROPPED, MAIL
from survey.settings import Settings
from survey.show.tell.actions import enrol_workspaces, store_rises, store_week
from survey.show.tell.due import (
    Delay,
    claim_deliveries,
    claim_letters,
    claim_look,
    end_delivery,
    end_letter,
    end_look,
    put_delivery_back,
    put_letter_back,
    put_look_back,
)
from survey.show.tell.letter import Envelope, alert_letter, stop_headers, week_letter
from survey.show.tell.queries import (
    Addressed,
    addressed,
    alert_to,
    is_anything_due,
    letter_due_at,
    looked_at,
    rises_now,
    week_to,
)
from survey.tokens import make_token

log = logging.getLogger(__name__)
PAUSE = 60.0  # seconds before a relay that failed is tried again
Key = tuple[int, int]


@dataclass(frozen=True)
class _Written:
    """A mail and the link that ends mails like it."""

    mail: ComposedMail
    stop: str


class _LostError(Exception):
    """The claim ran out: whoever took it over does the work, and ours is rolled back."""


class TellRound:
    """Tells what is new; holds nothing that would be lost with it.

    Parameters
    ----------
    database : Database
        The queue.
    settings : Settings
        Base URL, sender, key.
    mailer : Mailer or None
        The way out; without one no letter is written, and the page shows the news all the same.
    stopping : callable
        Says whether to come to an end.
    clock : callable
        Gives the time by which news is looked for.
    """

    def __init__(
        self,
        database: Database,
        settings: Settings,
        mailer: Mailer | None,
        stopping: Callable[[], bool] = lambda: False,
        *,
        clock: Callable[[Session], datetime] = database_now,
    ) -> None:
        self.database = database
        self.settings = settings
        self.mailer = mailer
        self.stopping = stopping
        self.clock = clock
        self._jitter = random.Random()  # noqa: S311  spreads retries, keeps no secret
        self._quiet_until = 0.0

    def __call__(self) -> bool:
        """Do what is due; True when there may be more at once."""
        with self.database.reading() as session:
            if not is_anything_due(session, self.clock(session)):
                return False
        with self.database.writing() as session:
            enrolled = enrol_workspaces(session, self.clock(session))
        more = [bool(enrolled), self._look()]
        if time.monotonic() >= self._quiet_until:
            more += [self._write_letters(), self._write_alerts()]
        return any(more) and not self.stopping()

    def _look(self) -> bool:
        with self.database.writing() as session:
            claimed = claim_look(session, self.clock(session))
        for (workspace_id,) in claimed.keys:
            try:
                self._look_at(workspace_id, claimed.lease_id)
            except _LostError:
                return True
            except Exception as error:  # other workspaces must not wait for this one
                log.error("news could not be looked for\n%s", what_failed(error))
                delay = Delay("News could not be looked for.", self._jitter)
                with self.database.writing() as session:
                    now = self.clock(session)
                    put_look_back(session, workspace_id, claimed.lease_id, now, delay)
        return bool(claimed.keys)

    def _look_at(self, workspace_id: int, lease_id: str) -> None:
        with self.database.reading() as session:
            found = looked_at(session, workspace_id, self.clock(session))
        with self.database.writing() as session:
            now = self.clock(session)
            if found.week is not None:
                store_week(session, workspace_id, found.week, now)
            store_rises(session, workspace_id, found.steps, found.yesterday, now)
            if not end_look(session, workspace_id, lease_id, now, zone=found.zone, told=found.told):
                raise _LostError

    def _write_letters(self) -> bool:
        with self.database.writing() as session:
            claimed = claim_letters(session, self.clock(session))
        self._send_all(
            [(key[0], key[1]) for key in claimed.keys],
            claimed.lease_id,
            self._letter,
            self._end_letter,
            put_letter_back,
        )
        return bool(claimed.keys)

    def _write_alerts(self) -> bool:
        with self.database.writing() as session:
            claimed = claim_deliveries(session, self.clock(session), MAIL)
        self._send_all(
            [(key[0], key[1]) for key in claimed.keys],
            claimed.lease_id,
            self._alert,
            self._end_alert,
            put_delivery_back,
        )
        return bool(claimed.keys)

    def _send_all(
        self,
        waiting: list[Key],
        lease_id: str,
        compose: Callable[[Key, str], _Written | None],
        end: Callable[[Key, str, str | None], None],
        put_back: Callable[[Session, Key, str, datetime, Delay], None],
    ) -> None:
        """Send claimed mails, one by one, each written down before the next."""
        if not waiting:
            return
        if self.mailer is None:
            for key in waiting:
                end(key, lease_id, "No mail server is set; the page shows the news.")
            return
        with self.mailer.opened() as outlet:
            while waiting and not self.stopping():
                key = waiting.pop(0)
                try:
                    error = self._send(outlet, compose(key, lease_id))
                except RelayError as trouble:
                    self._quiet_until = time.monotonic() + PAUSE
                    waiting.insert(0, key)
                    log.warning("letters wait for the mail server; next try in %.0f s", PAUSE)
                    self._put_back(waiting, lease_id, str(trouble), put_back)
                    return
                except MailDelayedError as trouble:
                    self._put_back([key], lease_id, str(trouble), put_back)
                except Exception as trouble:  # this one cannot be written; others can
                    log.error("a letter could not be written\n%s", what_failed(trouble))
                    self._put_back([key], lease_id, "It could not be written.", put_back)
                else:
                    end(key, lease_id, error)

    def _send(self, outlet: Outlet, written: _Written | None) -> str | None:
        """Hand a mail over; what the relay says where it never will be taken."""
        if written is None:
            return "Nobody wants it any more."
        message = as_message(
            written.mail,
            mail_from=self.settings.mail_from,
            headers=stop_headers(written.stop),
            now=utc_now(),
        )
        try:
            outlet.send(message)
        except MailRefusedError as error:
            return str(error)
        return None

    def _put_back(
        self,
        keys: list[Key],
        lease_id: str,
        error: str,
        put_back: Callable[[Session, Key, str, datetime, Delay], None],
    ) -> None:
        for key in keys:
            with self.database.writing() as session:
                delay = Delay(error, self._jitter)
                put_back(session, key, lease_id, self.clock(session), delay)

    def _letter(self, key: Key, lease_id: str) -> _Written | None:
        with self.database.reading() as session:
            due_at = letter_due_at(session, key, lease_id)
            to = addressed(session, *key) if due_at else None
            if due_at is None or to is None:
                return None
            last = day_in(self.clock(session), to.zone) - timedelta(days=1)
            week = week_to(session, key[0], to.run_id, last, with_words=to.with_words)
            rises = rises_now(session, key[0])
        # Named by when it was due: the same letter, even if it is tried again another day.
        envelope = self._envelope(to, f"week.{due_at:%Y%m%d}")
        return _Written(week_letter(envelope, week, rises), envelope.stop)

    def _alert(self, key: Key, lease_id: str) -> _Written | None:
        with self.database.reading() as session:
            found = alert_to(session, key, lease_id)
        if found is None:
            return None
        to, risen = found
        envelope = self._envelope(to, f"alert.{key[1]:x}", f"themes/{risen.theme_id}")
        return _Written(alert_letter(envelope, risen), envelope.stop)

    def _envelope(self, to: Addressed, name: str, page: str = "") -> Envelope:
        token = make_token(self.settings.secret_key, "digest", to.person_id, to.nonce)
        domain = self.settings.mail_from.rpartition("@")[2]
        return Envelope(
            to_email=to.email,
            to_name=to.name,
            workspace=to.workspace,
            page=f"{self.settings.base_url}/w/{to.slug}/{page}",
            stop=f"{self.settings.base_url}/d/{token}",
            message_id=f"<{name}.{to.workspace_id:x}.{to.person_id:x}@{domain}>",
            has_sample=to.has_sample,
        )

    def _end_letter(self, key: Key, lease_id: str, _error: str | None) -> None:
        with self.database.writing() as session:
            to = addressed(session, *key)
            if to is not None:
                end_letter(session, key, lease_id, self.clock(session), to.zone)

    def _end_alert(self, key: Key, lease_id: str, error: str | None) -> None:
        state = "sent" if error is None else DROPPED
        with self.database.writing() as session:
            now = self.clock(session)
            end_delivery(session, key, lease_id, now, state=state, error=error)
