"""One list pressed in two tabs in the same moment, and a list beside a program that asks."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from survey.address import address_hmac
from survey.ask.actions import record_interaction
from survey.ask.list_actions import ListAsked, ReadyList, ready_list, record_list
from survey.ask.list_file import likely_choice, read_list
from survey.ask.list_people import Listed, read_people
from survey.ask.rows import when_due
from survey.ask.whom import Asking
from survey.clock import utc_now
from survey.records import Interaction, Invitation, Link, Unsubscribed
from survey.records.database import Database
from survey.settings import Settings
from tests.support.overlap import overlapping
from tests.support.people import Business
from tests.support.places import PlaceForTest

UTC = ZoneInfo("UTC")
ROWS = "email,reference\n" + "".join(f"c{n}@example.org,visit-{n}\n" for n in range(30))


@pytest.fixture
def asking_list(asking: PlaceForTest, settings: Settings) -> Asking:
    return Asking(asking.id, "one tab", 0, UTC, settings.secret_key)


def _people(now: datetime, rows: str = ROWS) -> Sequence[Listed]:
    found = read_list(rows)
    return read_people(found, likely_choice(found, UTC, now.date()), zone=UTC, now=now).people


def _ready(database: Database, asking: Asking, now: datetime, rows: str = ROWS) -> ReadyList:
    with database.reading() as session:
        return ready_list(session, asking, _people(now, rows), now)


def _count(database: Database) -> tuple[int, ...]:
    with database.reading() as session:
        doors = Link.kind.in_(("answer", "unsubscribe", "reply"))
        return (
            session.execute(select(func.count()).select_from(Interaction)).scalar_one(),
            session.execute(select(func.count()).select_from(Invitation)).scalar_one(),
            session.execute(select(func.count()).select_from(Link).where(doors)).scalar_one(),
        )


@pytest.mark.parametrize("other", ["one tab", "another tab"])
@pytest.mark.parametrize("rows", [ROWS, ROWS.replace("reference", "nothing of ours")])
def test_two_presses_in_the_same_moment_ask_everybody_once(
    database: Database, asking_list: Asking, other: str, rows: str
) -> None:
    now = utc_now()
    tabs = [
        _ready(database, one, now, rows) for one in (asking_list, replace(asking_list, token=other))
    ]

    def press(tab: ReadyList) -> ListAsked:
        with database.writing() as session:
            return record_list(session, tab, now)

    def first(session: Session) -> ListAsked:
        return record_list(session, tabs[0], now)

    def second(session: Session) -> ListAsked:
        return record_list(session, tabs[1], now)

    one, two = overlapping(database, first, second)
    assert (one.asked, two.asked) == (30, 0)
    assert two.before == (30 if other == "one tab" else 0)
    assert len(two.left_out) == (0 if other == "one tab" else 30)
    assert _count(database) == (30, 30, 90)
    assert press(tabs[0]).before == 30


def test_a_program_that_asks_about_the_same_visit_meanwhile_comes_first_or_the_list_does(
    database: Database, asking_list: Asking
) -> None:
    now = utc_now()
    ready, new = _ready(database, asking_list, now), _people(now)[7].new

    def program(session: Session) -> None:
        secret_key = asking_list.secret_key
        record_interaction(session, asking_list.workspace_id, new, secret_key=secret_key, now=now)

    _, done = overlapping(database, program, lambda session: record_list(session, ready, now))
    assert done.asked == 29
    assert [one.address for one in done.left_out] == ["c7@example.org"]
    assert _count(database) == (30, 30, 90)


def test_who_wants_no_more_mail_since_the_look_is_not_asked(
    database: Database, asking_list: Asking
) -> None:
    now = utc_now()
    ready = _ready(database, asking_list, now)
    inside = asking_list.workspace_id
    address = address_hmac(asking_list.secret_key, inside, "C7@example.org")
    with database.writing() as session:
        session.add(Unsubscribed(workspace_id=inside, address_hmac=address, created_at=now))
    with database.writing() as session:
        done = record_list(session, ready, now)
    assert [one.why for one in done.left_out] == ["They asked for no more mail."]
    assert done.asked == 29


def test_a_list_asks_as_many_as_it_may_hold_in_one_transaction(
    database: Database, asking_list: Asking
) -> None:
    now = utc_now()
    rows = "email\n" + "".join(f"c{n}@example.org\n" for n in range(1_000))
    ready = _ready(database, asking_list, now, rows)
    with database.writing() as session:
        assert record_list(session, ready, now).asked == 1_000
    assert _count(database) == (1_000, 1_000, 3_000)


def test_another_workspaces_customers_are_nobodys_reason_to_leave_out_ours(
    database: Database, asking_list: Asking, elsewhere: Business
) -> None:
    now = utc_now()
    there = replace(asking_list, workspace_id=elsewhere.workspace_id)
    for one in (there, replace(asking_list, quiet_days=90)):
        ready = _ready(database, one, now)
        with database.writing() as session:
            assert record_list(session, ready, now).asked == 30


@pytest.mark.parametrize(
    ("before", "now_written"),
    [
        ("Ümo@example.org", "Ümo@example.org"),
        ("ÜMO@example.org", "ümo@example.org"),
        ("mo@müller.example", "mo@xn--mller-kva.example"),
        ("mo@xn--mller-kva.example", "mo@MÜLLER.example"),
        ("ｍｏ@example.org", "mo@example.org"),
    ],
)
def test_who_was_asked_is_known_again_however_letters_beyond_ascii_are_written(
    database: Database, asking_list: Asking, before: str, now_written: str
) -> None:
    now = utc_now()
    asked = []
    for token, address in (("first", before), ("second", now_written)):
        one = replace(asking_list, token=token, quiet_days=14)
        ready = _ready(database, one, now, f"email\n{address}\n")
        with database.writing() as session:
            asked.append(record_list(session, ready, now).asked)
    assert asked == [1, 0]


def test_two_customers_with_one_number_are_told_before_anybody_is_asked(
    database: Database, asking_list: Asking
) -> None:
    now = utc_now()
    rows = "email,reference\nmo@example.org,7\njo@example.org,7\njo@example.org,8\n"
    found = read_list(rows)
    read = read_people(found, likely_choice(found, UTC, now.date()), zone=UTC, now=now)
    assert [one.address for one in read.people] == ["mo@example.org", "jo@example.org"]
    assert [(one.row, one.why) for one in read.left_out] == [(3, "Row 2 has the same number, “7”.")]
    ready = _ready(database, asking_list, now, rows)
    with database.writing() as session:
        done = record_list(session, ready, now)
    assert (done.asked, done.left_out) == (len(ready.whom.people), ())


@pytest.mark.parametrize(
    ("day", "days_later", "due"),
    [
        ("2026-03-02", 0, "2026-03-03 17:00"),  # at once
        ("2026-03-02", 2, "2026-03-04 12:00"),
        ("2026-03-03", 1, "2026-03-04 12:00"),
    ],
)
def test_nobody_gets_a_mail_at_midnight_for_a_visit_whose_hour_is_not_told(
    day: str, days_later: int, due: str
) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    now = datetime(2026, 3, 3, 17, tzinfo=berlin)
    found = read_list(f"email,date\nmo@example.org,{day}\n")
    (one,) = read_people(
        found, likely_choice(found, berlin, now.date()), zone=berlin, now=now
    ).people
    at = when_due(one.new, timedelta(days=days_later), now).astimezone(berlin)
    assert f"{at:%Y-%m-%d %H:%M}" == due


def test_a_visit_of_this_very_morning_is_not_said_to_be_still_to_come() -> None:
    now = datetime(2026, 3, 3, 9, tzinfo=UTC)
    found = read_list("email,date\nmo@example.org,2026-03-03\n")
    (one,) = read_people(found, likely_choice(found, UTC, now.date()), zone=UTC, now=now).people
    assert one.new.occurred_at == when_due(one.new, timedelta(0), now) == now
