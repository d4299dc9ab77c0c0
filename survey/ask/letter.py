"""The words of the mail that carries the question: pure, from facts to a composed mail."""

import html
import re
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, TemplateNotFound

from survey.ask.address import on_the_wire
from survey.clock import day_in, in_words

TEMPLATES = Path(__file__).resolve().parents[2] / "templates" / "mail"
# A mail is kept with these in place of its links: the database never holds a working token.
# They begin with a control character (SUBSTITUTE) that nothing else in a letter may hold.
_SUBSTITUTE = "\x1a"
ANSWER_LINK = f"{_SUBSTITUTE}answer{_SUBSTITUTE}"
UNSUBSCRIBE_LINK = f"{_SUBSTITUTE}unsubscribe{_SUBSTITUTE}"
_MARKS = re.compile(f"({re.escape(ANSWER_LINK)}|{re.escape(UNSUBSCRIBE_LINK)})")


@dataclass(frozen=True)
class Letter:
    """Everything a mail says.

    Parameters
    ----------
    to_email, to_name : str, str or None
        The customer.
    workspace : str
        The business that asks.
    served_by, about : str or None
        Who looked after the customer, and what it was about.
    occurred_at : datetime or None
        When.
    time_zone : str
        The workspace's own.
    question, language : str
        The wording that is asked, and its language.
    message_id : str
        With its angle brackets; the same for every attempt.
    """

    to_email: str
    to_name: str | None
    workspace: str
    served_by: str | None
    about: str | None
    occurred_at: datetime | None
    time_zone: str
    question: str
    language: str
    message_id: str


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


def compose_letter(letter: Letter, now: datetime) -> ComposedMail:
    """Put a letter into words, as plain text and as HTML that says the same.

    Parameters
    ----------
    letter : Letter
        What to say. A language without templates of its own is framed in English.
    now : datetime
        The moment of sending.

    Returns
    -------
    ComposedMail
        One question, one link to answer, one to hear no more.
    """
    letter = _without_marks(letter)
    facts = {
        "letter": letter,
        "day": _day(letter, now),
        "answer": ANSWER_LINK,
        "unsubscribe": UNSUBSCRIBE_LINK,
    }
    subject, _, text = _template(letter.language, "question.txt").render(facts).partition("\n\n")
    return ComposedMail(
        to_email=letter.to_email,
        to_name=letter.to_name,
        from_name=letter.workspace,
        message_id=letter.message_id,
        subject=" ".join(subject.split()),
        text=text,
        html=_template(letter.language, "question.html").render(facts),
    )


def _without_marks(letter: Letter) -> Letter:
    """Nobody who fills in a form may place links in a mail."""
    words: dict[str, Any] = {
        name: value.replace(_SUBSTITUTE, " ")
        for name, value in asdict(letter).items()
        if isinstance(value, str)
    }
    return replace(letter, **words)


def _day(letter: Letter, now: datetime) -> str | None:
    if letter.occurred_at is None:
        return None
    today = day_in(now, letter.time_zone)
    return in_words(day_in(letter.occurred_at, letter.time_zone), today)


def trial_mail(to_email: str, workspace: str, message_id: str) -> ComposedMail:
    """Return a mail by which an owner sees that mail goes out; it has no links.

    Parameters
    ----------
    to_email, workspace, message_id : str
        The owner, the business, and the mail's own name.
    """
    facts = {"workspace": workspace}
    subject, _, text = _template("en", "test.txt").render(facts).partition("\n\n")
    page = _template("en", "test.html").render(facts)
    return ComposedMail(to_email, None, workspace, message_id, subject.strip(), text, page)


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


def unsubscribe_headers(link: str) -> dict[str, str]:
    """Return the headers with which a mail program unsubscribes by one click (RFC 8058)."""
    return {"List-Unsubscribe": f"<{link}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


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
def _words(autoescape: bool) -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        autoescape=autoescape,  # noqa: S701  off for plain text only
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _template(language: str, name: str) -> Template:
    words = _words(name.endswith(".html"))
    try:
        return words.get_template(f"{language.partition('-')[0].lower()}/{name}")
    except TemplateNotFound:
        return words.get_template(f"en/{name}")
