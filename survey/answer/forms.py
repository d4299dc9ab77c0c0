"""What a customer sent, read as typed: a phone's browser, an old one, or a program's."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from flask import Request
from flask_babel import format_decimal, gettext
from werkzeug.exceptions import BadRequest

from survey.address import can_be_written_to
from survey.records.replying import MAIL, PHONE
from survey.records.talks import Consent
from survey.records.text import LONGEST_ANSWER, as_stored

# An answer of a megabyte, every byte of it escaped, still comes back to its writer with a word.
LONGEST_BODY = 3 * 1024 * 1024 + 64 * 1024
_MOST_FIELDS = 100
_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})")
_PIECE = 64 * 1024
_BYTES = tuple(bytes([byte]) for byte in range(256))
_NO_CONSENT = Consent()
_PHONE = re.compile(r"(?=(?:\D*\d){5})[0-9A-Za-z+()/., -]{5,60}")
_OWN = re.compile(r"[A-Za-z0-9_-]{22}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,2}")


@dataclass(frozen=True)
class Typed:
    """One sent page.

    Parameters
    ----------
    text : str
        As it would be stored.
    nothing : bool
        Whether "Nothing, it was fine" was pressed.
    words_left_out : bool
        Whether it was pressed again after we asked which of the two was meant.
    language : str or None
        In which the question was read, where that is not the one it was sent in.
    doing : str
        What is done with an answer given before: ``change``, ``withdraw``, ``come-back`` or
        ``write``; anything else is a first answer.
    seen : int
        The version, or how many letters, the writer had before them.
    consent : Consent
        Whether, and how, one may come back to the customer.
    own : str
        The token that the page handed out, where it did; empty for what no page of ours did.
    anonymous : bool
        Whether the page said that nobody learns from whom it is.
    sum : int
        What a person added up.
    """

    text: str
    nothing: bool = False
    words_left_out: bool = False
    language: str | None = None
    doing: str = ""
    seen: int = 0
    consent: Consent = _NO_CONSENT
    own: str = ""
    anonymous: bool = False
    sum: int = 0

    @property
    def blank(self) -> bool:
        """Whether there is nothing to read in it; U+FFFD stands for what nobody can read."""
        return not self.text.replace("�", "").strip(_UNSEEN)

    @property
    def fault(self) -> str | None:
        """Return what keeps it from being taken, in one sentence that says what to do."""
        if self.words_left_out:
            return None
        if self.nothing:
            return None if self.blank else _both()
        if self.blank and self.doing == "write":
            return str(gettext("Please write a few words first."))
        if self.blank:
            return str(gettext("Please write a few words first, or press “Nothing, it was fine”."))
        return _too_long(len(self.text)) if len(self.text) > LONGEST_ANSWER else None

    @property
    def consent_fault(self) -> str | None:
        """Return what is wrong with where one may come back to, in one sentence."""
        detail = self.consent.detail or ""
        if not self.consent.given:
            return None
        if self.consent.how == PHONE and not _PHONE.fullmatch(detail):
            return str(gettext("Please give the number to call, like +44 20 7946 0018."))
        if self.consent.how == MAIL and detail and not can_be_written_to(detail):
            return str(gettext("Please give one e-mail address, like mo@example.org."))
        return None


def _both() -> str:
    said: str = gettext(
        "You wrote something and pressed “Nothing, it was fine”. Please choose below which of the "
        "two to send; your words are still here."
    )
    return said


def _too_long(length: int) -> str:
    said: str = gettext(
        "That is %(length)s characters, and %(most)s is the most this page can send. "
        "Your text is below, all of it; please shorten it a little.",
        length=format_decimal(length),
        most=format_decimal(LONGEST_ANSWER),
    )
    return said


# White space as Python knows it, and what takes no room: joiners, marks of direction, BOM.
_UNSEEN = (
    " \t\n\r\f\v\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007"
    "\u2008\u2009\u200a\u200b\u200c\u200d\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e"
    "\u202f\u205f\u2060\u2066\u2067\u2068\u2069\u3000\ufeff\xad"
)


def read_typed(request: Request) -> Typed:
    """Read the fields of a customer's page, ``answer`` and ``nothing`` above all.

    Parameters
    ----------
    request : Request
        Urlencoded or multipart; anything else holds no fields.

    Raises
    ------
    BadRequest
        For a body with more than a hundred fields.
    RequestEntityTooLarge
        For a body of more than three megabytes.
    """
    request.max_content_length = request.max_form_memory_size = LONGEST_BODY
    if request.mimetype == "application/x-www-form-urlencoded":
        return typed_in(request.get_data())
    return _typed(request.form.to_dict())


def typed_in(body: bytes) -> Typed:
    """Read an urlencoded body.

    Parameters
    ----------
    body : bytes
        Anything at all.

    Raises
    ------
    BadRequest
        For a body with more than a hundred fields.
    """
    return _typed(_urlencoded(body))


def _typed(fields: Mapping[str, str]) -> Typed:
    pressed = fields.get("nothing", "")
    language = fields.get("in", "")
    return Typed(
        as_stored(fields.get("answer", "")),
        bool(pressed),
        pressed == "only",
        language if _LANGUAGE.fullmatch(language) and len(language) <= 20 else None,
        fields.get("do", ""),
        _number(fields.get("seen", "")),
        _consent(fields) if "may" in fields else _NO_CONSENT,
        own if _OWN.fullmatch(own := fields.get("own", "")) else "",
        "anonymous" in fields,
        _number(fields.get("sum", "").strip()),
    )


def _number(typed: str) -> int:
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else 0


def _consent(fields: Mapping[str, str]) -> Consent:
    how = PHONE if fields.get("how") == PHONE else MAIL
    return Consent(True, how, as_stored(fields.get("detail", "")).strip() or None)


def _urlencoded(body: bytes) -> dict[str, str]:
    """Read a body as it came: the framework's own reader rewrites bytes that are not UTF-8, and
    the standard library's takes a hundred bytes for every escaped one.
    """
    if body.count(b"&") >= _MOST_FIELDS:
        raise BadRequest
    fields: dict[str, str] = {}
    for pair in body.split(b"&"):
        name, _, value = pair.partition(b"=")
        fields.setdefault(_text(_unescaped(name)), _text(_unescaped(value)))
    return fields


def _unescaped(raw: bytes) -> bytes:
    """Replace escapes piece by piece: all at once, each would hold eighty bytes to the end."""
    plain, done = bytearray(), 0
    while done < len(raw):
        piece = raw[done : done + _PIECE]
        # An escape may straddle the end; cutting before a percent sign never parts one.
        if done + _PIECE < len(raw) and (cut := piece.rfind(b"%", -2)) > 0:
            piece = piece[:cut]
        plain += _ESCAPE.sub(lambda found: _BYTES[int(found[1], 16)], piece.replace(b"+", b" "))
        done += len(piece)
    return bytes(plain)


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return raw.decode("utf-8", "replace")
