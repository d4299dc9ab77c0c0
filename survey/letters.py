"""What all mails share: words with marked links, templates, and the message to hand over."""

import html
import re
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from survey.address import on_the_wire
from survey.languages import ENGLISH, is_rtl, spoken, translations
from survey.settings import Settings
from survey.tokens import make_mail_token, make_token

TEMPLATES = Path(__file__).resolve().parents[1] / "templates" / "mail"
# A mail is kept with these in place of its links: the database never holds a working token.
# They begin with a control character (SUBSTITUTE) that nothing else in a letter may hold.
SUBSTITUTE = "\x1a"
ANSWER_LINK = f"{SUBSTITUTE}answer{SUBSTITUTE}"
UNSUBSCRIBE_LINK = f"{SUBSTITUTE}unsubscribe{SUBSTITUTE}"
_MARKS = re.compile(f"({re.escape(ANSWER_LINK)}|{re.escape(UNSUBSCRIBE_LINK)})")


@dataclass(frozen=True)
class ComposedMail:
    """A mail, its links still marked by `ANSWER_LINK` and `UNSUBSCRIBE_LINK`."""

    to_email: str
    to_name: str | None
    from_name: str
    message_id: str
    subject: str
    text: str
    html: str


@dataclass(frozen=True)
class Links:
    """The two addresses of one invitation."""

    answer: str
    unsubscribe: str


@dataclass(frozen=True)
class Part:
    """A stretch of a mail's text: words, or a link (without an address in an example)."""

    words: str
    address: str | None = None
    is_link: bool = False


def parts_of(text: str, links: Links | None) -> list[Part]:
    """Split a kept text at its links, so that a page can show them live.

    Parameters
    ----------
    text : str
        With its links marked.
    links : Links or None
        Where they lead; None for an example that leads nowhere.
    """
    named = {
        ANSWER_LINK: Part("(the customer’s own link)", is_link=True),
        UNSUBSCRIBE_LINK: Part("(a link to hear no more)", is_link=True),
    }
    if links is not None:
        named = {
            ANSWER_LINK: Part(links.answer, links.answer, is_link=True),
            UNSUBSCRIBE_LINK: Part(links.unsubscribe, links.unsubscribe, is_link=True),
        }
    return [named.get(words, Part(words)) for words in _MARKS.split(text) if words]


def fill_links(mail: ComposedMail, links: Links) -> ComposedMail:
    """Return the mail with its links in place."""
    return ComposedMail(
        to_email=mail.to_email,
        to_name=mail.to_name,
        from_name=mail.from_name,
        message_id=mail.message_id,
        subject=mail.subject,
        text=_filled(mail.text, links.answer, links.unsubscribe),
        html=_filled(mail.html, html.escape(links.answer), html.escape(links.unsubscribe)),
    )


def _filled(body: str, answer: str, unsubscribe: str) -> str:
    return body.replace(ANSWER_LINK, answer).replace(UNSUBSCRIBE_LINK, unsubscribe)


def as_message(
    mail: ComposedMail, *, mail_from: str, headers: dict[str, str], now: datetime
) -> EmailMessage:
    """Build the message to hand over, its links already filled in.

    Parameters
    ----------
    mail : ComposedMail
        What it says.
    mail_from : str
        The sender's address.
    headers : dict
        Further headers.
    now : datetime
        The moment of sending.

    Returns
    -------
    EmailMessage
        ``multipart/alternative``: plain text, then HTML.
    """
    message = EmailMessage()
    message["From"] = _named(mail.from_name, mail_from)
    message["To"] = _named(mail.to_name or "", mail.to_email)
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(now)
    message["Message-ID"] = mail.message_id
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: please no out-of-office replies
    for name, value in headers.items():
        message[name] = value
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    return message


def _named(name: str, address: str) -> Address:
    local, _, domain = on_the_wire(address).rpartition("@")
    return Address(name, local, domain)


@cache
def _words(language: str, autoescape: bool) -> Environment:
    words = Environment(
        loader=FileSystemLoader(TEMPLATES),
        extensions=["jinja2.ext.i18n"],
        undefined=StrictUndefined,
        autoescape=autoescape,  # noqa: S701  off for plain text only
        trim_blocks=True,
        lstrip_blocks=True,
    )
    words.globals.update(language=language, rtl=is_rtl(language))
    words.filters["own"] = own if autoescape else str
    words.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]
    return words


def own(name: str) -> Markup:
    """Return words that keep to their own direction inside a sentence of HTML."""
    return Markup("<bdi>{}</bdi>").format(name)


def template(language: str, name: str) -> Template:
    """Return a mail's template, saying its sentences in the nearest of our languages.

    Parameters
    ----------
    language : str
        Any tag; one that we do not speak is English. The template knows it as ``language`` (and
        ``rtl``), says sentences by ``_("…")`` and sets names apart by the filter ``own``.
    name : str
        Like ``question.txt``; one that ends in ``.html`` escapes what it is given.
    """
    words = _words(spoken(language) or ENGLISH, name.endswith(".html"))
    return words.get_template(name)


def links_of(settings: Settings, invitation_id: int, nonce: bytes) -> Links:
    """Return an invitation's links; the same every time, so that a retried mail has the same.

    Parameters
    ----------
    settings : Settings
        Base URL and key.
    invitation_id : int
        Whose links.
    nonce : bytes
        The invitation's nonce.
    """
    answer, unsubscribe = (
        make_token(settings.secret_key, kind, invitation_id, nonce)
        for kind in ("answer", "unsubscribe")
    )
    return Links(f"{settings.base_url}/a/{answer}", f"{settings.base_url}/u/{unsubscribe}")


def reply_token(settings: Settings, invitation_id: int, nonce: bytes) -> str:
    """Return what files a reply under its invitation: it opens no page, and is not the link's."""
    return make_mail_token(settings.secret_key, "reply", invitation_id, nonce)


def reply_headers(settings: Settings, invitation_id: int, nonce: bytes) -> dict[str, str]:
    """Return where replies to a mail go, nowhere where no mailbox reads them.

    Parameters
    ----------
    settings : Settings
        The reply address, if one is set, and the key.
    invitation_id : int
        Whose mail.
    nonce : bytes
        The invitation's nonce.
    """
    if settings.reply_address is None:
        return {}
    local, _, domain = settings.reply_address.rpartition("@")
    return {"Reply-To": f"{local}+{reply_token(settings, invitation_id, nonce)}@{domain}"}


def message_id(settings: Settings, invitation_id: int, nonce: bytes) -> str:
    """Return a question's Message-ID: the same for every attempt, and known to no one else."""
    domain = settings.mail_from.rpartition("@")[2]
    return f"<question.{reply_token(settings, invitation_id, nonce)}@{domain}>"
