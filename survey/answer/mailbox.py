"""The mailbox that replies come to, read by IMAP.

A mail that was filed is marked as read; one that is left stays unread for whoever looks after the
mailbox. Both get a keyword of ours, so that they are not fetched again. Nothing is ever deleted.
"""

import imaplib
import logging
import re
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any

from survey.answer.by_mail import take_mail
from survey.answer.incoming import LONGEST_MAIL
from survey.clock import utc_now
from survey.errors import MailboxError
from survey.records.database import Database, what_failed
from survey.records.faults import passes
from survey.settings import ImapSettings, Settings

log = logging.getLogger(__name__)
ANSWER_WITHIN = 20.0  # seconds for one reply of the server
LOOK_EVERY = 30.0  # seconds
LONGEST_PAUSE = 600.0
AT_ONCE = 50
LOOK_BACK = timedelta(days=30)  # who sets up an old mailbox does not want it read from the start
KEYWORD = "AfterwordLooked"
# The protocol's own names, whatever language this machine speaks.
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Mailbox:
    """One open mailbox; see `opened_mailbox`.

    Parameters
    ----------
    imap : imaplib.IMAP4
        Signed in, with the mailbox selected.
    takes_keywords : bool
        Whether the server keeps flags that it does not know.
    """

    def __init__(self, imap: imaplib.IMAP4, *, takes_keywords: bool) -> None:
        self._imap = imap
        self.takes_keywords = takes_keywords

    def new_mails(self, since: datetime) -> list[bytes]:
        """Return what names the mails that were not looked at yet, the oldest first."""
        day = f"{since.day}-{_MONTHS[since.month - 1]}-{since.year}"
        fresh = ["UNKEYWORD", KEYWORD] if self.takes_keywords else ["UNSEEN"]
        found = self._asked("SEARCH", *fresh, "SINCE", day)
        return found[0].split() if found and isinstance(found[0], bytes) else []

    def read(self, uid: bytes) -> bytes | None:
        """Return a mail, or as much of it as matters, without marking it; None where it is gone."""
        told = self._asked("FETCH", uid.decode(), f"(BODY.PEEK[]<0.{LONGEST_MAIL}>)")
        parts = (part[1] for part in told if isinstance(part, tuple) and len(part) > 1)
        return next((part for part in parts if isinstance(part, bytes)), None)

    def mark(self, uid: bytes, *, is_left: bool) -> None:
        """Note that a mail was looked at; it counts as read unless it is left for a person."""
        flags = ([KEYWORD] if self.takes_keywords else []) + ([] if is_left else ["\\Seen"])
        if flags:
            self._asked("STORE", uid.decode(), "+FLAGS.SILENT", f"({' '.join(flags)})")

    def _asked(self, command: str, *arguments: str) -> list[Any]:
        kind, told = self._imap.uid(command, *arguments)
        if kind != "OK":
            raise MailboxError(f"The mailbox refused {command}.")
        return told


@contextmanager
def opened_mailbox(settings: ImapSettings) -> Iterator[Mailbox]:
    """Give the open mailbox.

    Parameters
    ----------
    settings : ImapSettings
        Where it is, and who reads it.

    Raises
    ------
    MailboxError
        When the server cannot be reached, or refuses.
    """
    imap: imaplib.IMAP4 | None = None
    try:
        imap = _connected(settings)
        imap.login(settings.user, settings.password)
        yield _selected(imap, settings.mailbox)
    except (imaplib.IMAP4.error, OSError, UnicodeError, ValueError) as error:
        # The server's words may quote what we sent it.
        told = getattr(error, "strerror", None) or type(error).__name__
        raise MailboxError(f"The mailbox on {settings.host} could not be read: {told}.") from error
    finally:
        if imap is not None:
            _left(imap)


def _connected(settings: ImapSettings) -> imaplib.IMAP4:
    where = (settings.host, settings.port)
    if settings.tls == "implicit":
        context = ssl.create_default_context()
        return imaplib.IMAP4_SSL(*where, ssl_context=context, timeout=ANSWER_WITHIN)
    imap = imaplib.IMAP4(*where, timeout=ANSWER_WITHIN)
    if settings.tls == "starttls":
        imap.starttls(ssl.create_default_context())
    return imap


def _selected(imap: imaplib.IMAP4, mailbox: str) -> Mailbox:
    quoted = mailbox.replace("\\", "\\\\").replace('"', '\\"')
    kind, _ = imap.select(f'"{quoted}"')
    if kind != "OK":
        raise MailboxError(f"There is no mailbox named {mailbox}.")
    _, told = imap.response("PERMANENTFLAGS")
    allowed = b" ".join(part for part in told if isinstance(part, bytes))
    return Mailbox(imap, takes_keywords=bool(re.search(rb"\\\*", allowed)))


def _left(imap: imaplib.IMAP4) -> None:
    with suppress(imaplib.IMAP4.error, OSError):
        imap.logout()
    with suppress(OSError):
        imap.shutdown()  # a line that was cut is not closed by saying goodbye


class MailboxRound:
    """Reads what came into the mailbox; holds nothing that would be lost with it.

    Parameters
    ----------
    database : Database
        Where answers are kept.
    settings : Settings
        The mailbox, and whose addresses are ours.
    stopping : callable
        Says whether to come to an end.
    """

    def __init__(
        self, database: Database, settings: Settings, stopping: Callable[[], bool]
    ) -> None:
        self.database = database
        self.settings = settings
        self.stopping = stopping
        self._looked_at: set[bytes] = set()  # where the server keeps no keyword of ours
        self._pause = 0.0
        self._quiet_until = 0.0

    def __call__(self) -> bool:
        """Look once; True when there may be more at once."""
        if self.settings.imap is None or time.monotonic() < self._quiet_until:
            return False
        try:
            with opened_mailbox(self.settings.imap) as mailbox:
                more = self._read_some(mailbox)
        except MailboxError as error:
            self._pause = min(LONGEST_PAUSE, self._pause * 2 or LOOK_EVERY)
            self._quiet_until = time.monotonic() + self._pause
            log.warning("%s Next try in %.0f s.", error, self._pause)
            return False
        self._pause = 0.0
        return more

    def _read_some(self, mailbox: Mailbox) -> bool:
        since = utc_now() - LOOK_BACK
        waiting = [uid for uid in mailbox.new_mails(since) if uid not in self._looked_at]
        for uid in waiting[:AT_ONCE]:
            if self.stopping():
                return False
            raw = mailbox.read(uid)
            if raw is not None and not self._dealt_with(mailbox, uid, raw):
                return False
            self._looked_at.add(uid)
        return len(waiting) > AT_ONCE

    def _dealt_with(self, mailbox: Mailbox, uid: bytes, raw: bytes) -> bool:
        """File a mail and mark it; False where it has to wait for the database."""
        try:
            filed = take_mail(self.database, self.settings, raw, utc_now())
        except Exception as error:  # one mail must not keep the others from being read
            if passes(error):
                log.warning("mail waits: the database is busy or away")
                return False
            log.error("a mail could not be filed; it is tried again at the next start")
            log.error(what_failed(error))
        else:
            mailbox.mark(uid, is_left=filed.is_left)
        return True
