"""What an interaction may consist of: every refusal names its field and says what to do."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from survey.ask.interaction import read_interaction
from survey.errors import FieldError

NOW = datetime(2026, 11, 18, 9, tzinfo=UTC)
MO = {"customer": {"email": "mo@example.org", "name": "Mo"}, "served_by": "Sam"}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "customer.email"),
        ({"customer": "mo@example.org"}, "customer"),
        ({"customer": {"email": "nobody"}}, "customer.email"),
        ({"customer": {"email": "a@b@c"}}, "customer.email"),
        ({"customer": {"email": "mo@example.org\nBcc: all@example.org"}}, "customer.email"),
        ({"customer": {"email": "mo@example.org", "name": "x" * 121}}, "customer.name"),
        ({"customer": {"email": "mo@example.org", "name": 7}}, "customer.name"),
        ({"customer": {"email": "mo@example.org", "language": "tlh!"}}, "customer.language"),
        ({"customer": {"email": "mo@example.org", "phone": "1"}}, "customer.phone"),
        (MO | {"occurred_at": "yesterday"}, "occurred_at"),
        (MO | {"occurred_at": 1700000000}, "occurred_at"),
        (MO | {"occurred_at": "9999-01-01T00:00:00Z"}, "occurred_at"),
        (MO | {"segments": ["north"]}, "segments"),
        (MO | {"segments": {"branch": ""}}, "segments"),
        (MO | {"segments": {"branch": "x" * 201}}, "segments"),
        (MO | {"segments": {f"s{n}": "v" for n in range(21)}}, "segments"),
        (MO | {"refrence": "job 7"}, "refrence"),
    ],
)
def test_a_field_that_cannot_be_used_is_named(body: Any, field: str) -> None:
    with pytest.raises(FieldError) as refused:
        read_interaction(body, zone=ZoneInfo("UTC"), now=NOW)
    assert refused.value.field == field
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("2026-11-17T14:30:00+00:00", "2026-11-17T14:30:00+00:00"),
        ("2026-11-17T14:30:00Z", "2026-11-17T14:30:00+00:00"),
        ("2026-11-17T14:30", "2026-11-17T13:30:00+00:00"),
        ("2026-07-17T14:30", "2026-07-17T12:30:00+00:00"),
        ("2026-11-17", "2026-11-16T23:00:00+00:00"),
    ],
)
def test_a_moment_without_an_offset_is_the_workspaces_own(given: str, meant: str) -> None:
    new = read_interaction(MO | {"occurred_at": given}, zone=ZoneInfo("Europe/Berlin"), now=NOW)
    assert new.occurred_at == datetime.fromisoformat(meant)


def test_what_is_empty_is_not_known() -> None:
    blank = {"customer": {"email": " mo@example.org ", "name": " "}, "about": "", "note": None}
    new = read_interaction(blank, zone=ZoneInfo("UTC"), now=NOW)
    assert (new.email, new.name, new.about, new.note) == ("mo@example.org", None, None, None)
    assert new.segments == ()


def test_a_reference_of_unprintable_signs_alone_is_none() -> None:
    read = read_interaction(MO | {"reference": "\u200b\u2063"}, zone=ZoneInfo("UTC"), now=NOW)
    assert read.reference is None
