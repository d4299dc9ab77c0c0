"""Sending claimed mails: what becomes of each is written down before the next one goes out."""

import logging
from collections.abc import Callable, Sequence
from email.message import EmailMessage
from typing import Protocol

from survey.errors import MailDelayedError, MailRefusedError, RelayError
from survey.mail import Mailer, Outlet

log = logging.getLogger(__name__)

Key = tuple[int, int]  # workspace and row


class Mails(Protocol):
    """What a part knows of the mails it has claimed; each of these commits by itself."""

    kind: str  # for the log

    def message(self, key: Key, lease_id: str) -> EmailMessage | None:
        """Return the mail; None, written down, where none is to go out any more."""

    def note_sent(self, key: Key, lease_id: str) -> None:
        """Note that the relay has it."""

    def note_refused(self, key: Key, lease_id: str, why: str) -> None:
        """Note that no relay will ever take it."""

    def put_back(self, keys: Sequence[Key], lease_id: str, why: str) -> None:
        """Let these be tried again later."""


def send_claimed(
    mailer: Mailer, mails: Mails, keys: Sequence[Key], lease_id: str, go_on: Callable[[], bool]
) -> RelayError | None:
    """Send claimed mails over one connection.

    Parameters
    ----------
    mailer : Mailer
        The way out.
    mails : Mails
        Whose they are.
    keys : sequence of tuple
        The claimed rows, the oldest first.
    lease_id : str
        The claim.
    go_on : callable
        Whether to go on with the next; what is left then is not touched.

    Returns
    -------
    RelayError or None
        What is wrong with the relay itself; all that was left is put back then.

    Notes
    -----
    Where writing down what became of a mail breaks, so does the batch: its lease keeps the rest
    for a while, since a mail that the relay took must not go out again at once.
    """
    waiting = list(keys)
    with mailer.opened() as outlet:
        while waiting and go_on():
            try:
                _send(outlet, mails, waiting[0], lease_id)
            except RelayError as error:  # so it would go with all the others
                mails.put_back(waiting, lease_id, str(error))
                return error
            waiting.pop(0)
    return None


def _send(outlet: Outlet, mails: Mails, key: Key, lease_id: str) -> None:
    try:
        message = mails.message(key, lease_id)
        if message is None:
            return
        outlet.send(message)
    except RelayError:
        raise
    except MailRefusedError as error:
        # What the relay said may hold the address, so it goes to the owner's page alone.
        log.warning("%s %x failed for good; its page says why", mails.kind, key[1])
        mails.note_refused(key, lease_id, str(error))
    except MailDelayedError as error:
        mails.put_back([key], lease_id, str(error))
    except (ValueError, TypeError, LookupError) as error:  # it cannot be composed; others can
        # Its words may hold the address, too.
        log.error("%s %x could not be composed (%s)", mails.kind, key[1], type(error).__name__)
        mails.put_back([key], lease_id, f"This mail could not be composed: {error}.")
    else:
        mails.note_sent(key, lease_id)
