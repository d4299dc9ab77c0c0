"""What an interaction consists of, read from a form's or a program's words."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from survey.address import can_be_written_to
from survey.errors import FieldError, InputError
from survey.records.text import as_stored

LONGEST = {
    "customer.name": 120,
    "customer.language": 20,
    "name": 120,
    "served_by": 120,
    "about": 200,
    "channel": 60,
    "reference": 200,
    "question": 60,
    "note": 5000,
    "segments name": 60,
    "segments value": 200,
}
MOST_SEGMENTS = 20
FURTHEST_AHEAD = timedelta(days=366)
_FIELDS = {
    "customer", "served_by", "about", "channel", "occurred_at", "reference", "question",
    "segments", "note",
}  # fmt: skip
_CUSTOMER_FIELDS = {"email", "name", "language"}
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")


@dataclass(frozen=True)
class NewInteraction:
    """A call, a visit, a repair, as it was told to us; every text fits its column."""

    email: str
    name: str | None
    language: str | None
    served_by: str | None
    about: str | None
    channel: str | None
    occurred_at: datetime | None
    reference: str | None
    question: str | None
    note: str | None
    segments: tuple[tuple[str, str], ...]


def read_interaction(body: object, *, zone: ZoneInfo, now: datetime) -> NewInteraction:
    """Read an interaction from parsed JSON, or from a form put into the same shape.

    Parameters
    ----------
    body : object
        An object as the API's contract has it.
    zone : ZoneInfo
        The workspace's own time, for an ``occurred_at`` without an offset.
    now : datetime
        The present moment.

    Returns
    -------
    NewInteraction
        With blanks at the ends of texts taken off, and empty texts as None.

    Raises
    ------
    FieldError
        Naming the field, like ``customer.email``, and saying what it should be.
    """
    fields = _known(body, _FIELDS, "")
    customer = _known(fields.get("customer", {}), _CUSTOMER_FIELDS, "customer.")
    return NewInteraction(
        email=_email(customer.get("email")),
        name=_line(customer.get("name"), "customer.name"),
        language=read_language(customer.get("language"), "customer.language"),
        served_by=_line(fields.get("served_by"), "served_by"),
        about=_line(fields.get("about"), "about"),
        channel=_line(fields.get("channel"), "channel"),
        occurred_at=_moment(fields.get("occurred_at"), zone, now),
        reference=_line(fields.get("reference"), "reference"),
        question=_line(fields.get("question"), "question"),
        note=_text(fields.get("note"), "note"),
        segments=_segments(fields.get("segments")),
    )


def read_line(value: object, field: str) -> str | None:
    """Return one line of text, None where it is empty.

    Raises
    ------
    FieldError
        When it is no text, or too long.
    """
    return _line(value, field)


def read_segments(value: object) -> tuple[tuple[str, str], ...]:
    """Return segments, sorted by name.

    Raises
    ------
    FieldError
        When they are no object of short texts, or more than twenty.
    """
    return _segments(value)


def _known(value: object, names: set[str], prefix: str) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        if not prefix:
            raise InputError('Please send one JSON object, like {"customer": {"email": "…"}}.')
        raise FieldError(prefix.rstrip("."), 'Please send an object, like {"email": "…"}.')
    for name in value:
        if name not in names:
            known = ", ".join(sorted(names))
            raise FieldError(f"{prefix}{as_stored(str(name))[:60]}", f"Known fields are {known}.")
    return value


def _email(value: object) -> str:
    address = as_stored(value).strip() if isinstance(value, str) else ""
    if not can_be_written_to(address):
        raise FieldError(
            "customer.email", "Please give the customer’s e-mail address, like mo@example.org."
        )
    return address


def _text(value: object, field: str, longest: int | None = None) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise FieldError(field, "Please send text here, in quotation marks.")
    text, longest = as_stored(value).strip(), longest or LONGEST[field]
    if len(text) > longest:
        raise FieldError(field, f"Please use at most {longest} characters.")
    return text or None


def _line(value: object, field: str) -> str | None:
    """One line: what goes into subjects and greetings must not break them."""
    text = _text(value, field)
    if text is None:
        return None
    return " ".join("".join(c if c.isprintable() else " " for c in text).split()) or None


def read_language(value: object, field: str) -> str | None:
    """Return a language tag, None where there is none.

    Raises
    ------
    FieldError
        When it is no tag.
    """
    text = _text(value, field, LONGEST["customer.language"])
    if text and not _LANGUAGE.fullmatch(text):
        raise FieldError(field, "Please give a language tag, like en, de or pt-BR.")
    return text


def _moment(value: object, zone: ZoneInfo, now: datetime) -> datetime | None:
    if value is None or value == "":
        return None
    try:
        moment = datetime.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        raise FieldError(
            "occurred_at", "Please give a date and time, like 2026-11-17T14:30:00+00:00."
        ) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    if not timedelta(days=-36525) < moment - now < FURTHEST_AHEAD:
        raise FieldError("occurred_at", "Please give a date that is not more than a year ahead.")
    return moment


def _segments(value: object) -> tuple[tuple[str, str], ...]:
    if value is None:
        return ()
    if not isinstance(value, Mapping) or len(value) > MOST_SEGMENTS:
        raise FieldError(
            "segments", f'Please send an object of at most {MOST_SEGMENTS}, like {{"branch": "…"}}.'
        )
    found: dict[str, str] = {}
    for name, content in value.items():
        key = _segment_text(name, "name")
        if key in found:
            raise FieldError("segments", f"The segment {key} is given twice.")
        found[key] = _segment_text(content, "value")
    return tuple(sorted(found.items()))


def _segment_text(value: object, part: str) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    longest = LONGEST[f"segments {part}"]
    text = " ".join(as_stored(value).split()) if isinstance(value, str) else ""
    if not 0 < len(text) <= longest:
        raise FieldError(
            "segments", f"A segment's {part} should be text of 1 to {longest} characters."
        )
    return text
