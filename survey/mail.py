"""Handing mail over to a relay, by SMTP, and saying in words what went wrong.

The seam: whatever sends mail takes a `Mailer`; `SmtpRelay` is the real one.
"""

import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from email.message import EmailMessage
from typing import Protocol

from survey.errors import MailDelayedError, MailRefusedError, RelayError
from survey.settings import SmtpSettings

ANSWER_WITHIN = 20.0  # seconds for one reply of the relay
DONE_WITHIN = 60.0  # seconds for one mail in all, however slowly the relay trickles


class Outlet(Protocol):
    """An open way out."""

    def send(self, message: EmailMessage) -> None:
        """Hand one message over; returning means that the relay has taken it.

        Raises
        ------
        RelayError
            The relay does not work; no other mail will get through now.
        MailDelayedError
            This mail was put off; another may get through.
        MailRefusedError
            This mail will never be taken.
        """


class Mailer(Protocol):
    """Something that opens a way out for a batch of mails."""

    def opened(self) -> AbstractContextManager[Outlet]:
        """Give an outlet; it connects with the first message and hangs up at the end."""


class SmtpRelay:
    """A relay that takes our mail.

    Parameters
    ----------
    settings : SmtpSettings
        Where it is.
    mail_from : str
        The envelope's sender, to which bounces go.
    answer_within, done_within : float
        Seconds for one reply, and for one mail in all.
    """

    def __init__(
        self,
        settings: SmtpSettings,
        mail_from: str,
        *,
        answer_within: float = ANSWER_WITHIN,
        done_within: float = DONE_WITHIN,
    ) -> None:
        self.settings = settings
        self.mail_from = mail_from
        self.answer_within = answer_within
        self.done_within = done_within

    @contextmanager
    def opened(self) -> Iterator["SmtpOutlet"]:
        """Give an outlet for a batch: one connection, made with the first message."""
        outlet = SmtpOutlet(self)
        try:
            yield outlet
        finally:
            outlet.hang_up()


class SmtpOutlet:
    """One connection to a relay."""

    def __init__(self, relay: SmtpRelay) -> None:
        self._relay = relay
        self._smtp: smtplib.SMTP | None = None

    def send(self, message: EmailMessage) -> None:
        """Hand one message over; see `Outlet.send`."""
        try:
            with self._given_up_in_time():
                self._hand_over(message)
        except smtplib.SMTPRecipientsRefused as error:
            ((code, reply),) = error.recipients.values()
            self._after(code, reply, error)
        except smtplib.SMTPDataError as error:
            self._after(error.smtp_code, error.smtp_error, error)
        except smtplib.SMTPNotSupportedError as error:
            raise MailRefusedError(f"The mail server cannot do it: {error}") from error
        except smtplib.SMTPSenderRefused as error:  # every mail has this sender
            raise RelayError(self._words("takes no mail from us", error)) from error
        except smtplib.SMTPAuthenticationError as error:
            raise RelayError(self._words("refused our user name or password", error)) from error
        except (smtplib.SMTPException, OSError) as error:
            raise RelayError(self._words("could not be reached", error)) from error

    def knock(self) -> None:
        """Connect, greet and sign in without sending anything.

        Raises
        ------
        RelayError
            The relay does not work.
        """
        try:
            with self._given_up_in_time():
                self._connect()
        except smtplib.SMTPAuthenticationError as error:
            raise RelayError(self._words("refused our user name or password", error)) from error
        except (smtplib.SMTPException, OSError) as error:
            raise RelayError(self._words("could not be reached", error)) from error

    def hang_up(self) -> None:
        """Say goodbye; a relay that does not answer is left."""
        smtp, self._smtp = self._smtp, None
        if smtp is None:
            return
        try:
            if smtp.sock is not None:
                smtp.sock.settimeout(2)
            smtp.quit()
        except (smtplib.SMTPException, OSError):
            smtp.close()

    def _hand_over(self, message: EmailMessage) -> None:
        smtp = self._smtp or self._connect()
        smtp.send_message(message, from_addr=self._relay.mail_from)

    def _connect(self) -> smtplib.SMTP:
        """Connect and greet; a line without the TLS or sign-in it should have is not used again."""
        smtp = self._smtp = self._unconnected()
        try:
            self._greet(smtp)
        except smtplib.SMTPNotSupportedError as error:  # no mail's fault, unlike above
            self._drop()
            raise RelayError(self._words("lacks what the settings ask for", error)) from error
        except Exception:
            self._drop()
            raise
        return smtp

    def _drop(self) -> None:
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            smtp.close()

    def _unconnected(self) -> smtplib.SMTP:
        within = self._relay.answer_within
        # Naming ourselves by our mail's domain spares a look-up, which can take long.
        name = self._relay.mail_from.rpartition("@")[2]
        if self._relay.settings.tls == "implicit":
            return smtplib.SMTP_SSL(local_hostname=name, timeout=within, context=_tls())
        return smtplib.SMTP(local_hostname=name, timeout=within)

    def _greet(self, smtp: smtplib.SMTP) -> None:
        settings = self._relay.settings
        smtp._host = settings.host  # type: ignore[attr-defined]  # what TLS checks against
        code, reply = smtp.connect(settings.host, settings.port)
        if code != 220:
            raise smtplib.SMTPConnectError(code, reply)
        if settings.tls == "starttls":
            smtp.starttls(context=_tls())
        if settings.user is not None:
            smtp.login(settings.user, settings.password or "")

    @contextmanager
    def _given_up_in_time(self) -> Iterator[None]:
        """Cut the line when a mail takes too long: a relay that trickles never times out."""
        timer = threading.Timer(self._relay.done_within, self._cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _cut(self) -> None:
        sock = self._smtp.sock if self._smtp else None
        if sock is not None:
            with suppress(OSError):  # it is gone already
                sock.shutdown(socket.SHUT_RDWR)

    def _after(self, code: int, reply: bytes | str, error: Exception) -> None:
        said = _said(reply)
        if code == 421 or self._smtp is None or self._smtp.sock is None:
            raise RelayError(self._words("ended the conversation", error)) from error
        if 500 <= code < 600:
            raise MailRefusedError(f"The mail server refused it: {code} {said}") from error
        raise MailDelayedError(f"The mail server put it off: {code} {said}") from error

    def _words(self, what: str, error: Exception) -> str:
        place = f"{self._relay.settings.host}:{self._relay.settings.port}"
        return f"The mail server {place} {what}: {_reason(error)}"


def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def _said(reply: bytes | str) -> str:
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
    return " ".join(text.split())[:300]


def _reason(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_said(error.smtp_error)}"
    if isinstance(error, TimeoutError) or "timed out" in str(error):
        return "it did not answer in time"
    return _said(getattr(error, "strerror", None) or str(error) or type(error).__name__)
