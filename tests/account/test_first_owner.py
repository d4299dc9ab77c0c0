"""The first owner: one link, once, and nobody without it."""

import threading

import pytest
from flask import Flask
from sqlalchemy import func, select

from survey.account.actions import (
    FirstOwner,
    create_owner,
    first_owner_link,
    make_first_owner,
    make_person,
)
from survey.account.passwords import hash_password
from survey.account.queries import person_with
from survey.clock import utc_now
from survey.errors import NotFoundError
from survey.languages import LANGUAGES
from survey.records import FirstOwnerLink, Person, QuestionText, Workspace
from survey.records.database import Database
from survey.tokens import token_sha256
from tests.support.browser import Browser
from tests.support.people import make_business

GOOD = {
    "email": "Mo@Example.org",
    "password": "a few words I remember",
    "business": "Hill Street Dental",
}


@pytest.fixture
def database(app: Flask) -> Database:
    opened: Database = app.extensions["afterword"].database
    return opened


@pytest.fixture
def link(database: Database) -> str:
    with database.writing() as session:
        return f"/start/{first_owner_link(session, utc_now())}"


def test_what_is_asked_at_first_is_asked_in_every_language(
    client: Browser, link: str, database: Database
) -> None:
    client.send(link, **GOOD)
    with database.reading() as session:
        rows = session.execute(select(QuestionText.language, QuestionText.wording)).all()
    asked = {row.language: row.wording for row in rows}
    assert set(asked) == set(LANGUAGES)
    assert asked["en"] == "What would have been more helpful?"
    assert len(set(asked.values())) == len(asked)


def test_the_first_owner_gets_a_workspace_and_is_asked_how_to_begin(
    client: Browser, link: str, database: Database
) -> None:
    sent = client.send(link, **GOOD)
    assert sent.location == "/w/hill-street-dental/begin"
    with database.reading() as session:
        assert session.scalar(select(Workspace.time_zone)) == "UTC"  # unless another was chosen
    begin = client.get(sent.location).get_data(as_text=True)
    assert "Load the sample" in begin
    assert "Start empty" in begin
    assert client.get("/").location == "/w/hill-street-dental/"


def test_the_first_owner_says_in_which_time_zone_days_are_counted(
    client: Browser, link: str, database: Database
) -> None:
    page = client.get(link).get_data(as_text=True)
    assert '<option selected value="UTC">' in page
    assert client.send(link, **GOOD, time_zone="Europe/Dublin").status_code == 302
    with database.reading() as session:
        assert session.scalar(select(Workspace.time_zone)) == "Europe/Dublin"


def test_the_link_works_once(client: Browser, link: str, app: Flask) -> None:
    client.send(link, **GOOD)
    other = app.test_client()
    assert other.get(link).status_code == 404


@pytest.mark.parametrize("path", ["/start/guess", "/start/" + "x" * 5000, "/start/%00"])
def test_nobody_becomes_owner_without_the_link(client: Browser, link: str, path: str) -> None:
    assert client.get(path).status_code == 404


def test_a_newer_link_replaces_the_older(database: Database, client: Browser, link: str) -> None:
    with database.writing() as session:
        newer = first_owner_link(session, utc_now())
    assert client.get(link).status_code == 404
    assert client.get(f"/start/{newer}").status_code == 200


def test_there_is_no_link_once_there_is_an_owner(database: Database) -> None:
    with database.writing() as session:
        create_owner(session, "mo@example.org", "Hill Street", "a good long one", utc_now())
    with database.writing() as session:
        assert first_owner_link(session, utc_now()) is None


def test_a_link_that_was_out_before_the_owner_was_made_is_worthless(
    database: Database, client: Browser, link: str
) -> None:
    with database.writing() as session:
        create_owner(session, "mo@example.org", "Hill Street", "a good long one", utc_now())
    assert client.get(link).status_code == 404
    taken = {"email": "mo@example.org", "password": "not yours any more", "business": "Mine"}
    assert client.send("/sign-in", to=link, **taken).status_code == 404
    with database.reading() as session:
        assert person_with(session, "mo@example.org", "a good long one")
        assert session.scalar(select(func.count()).select_from(FirstOwnerLink)) == 0
        assert session.scalar(select(func.count()).select_from(Workspace)) == 1


def test_a_link_made_while_the_owner_was_being_made_is_worthless_too(
    database: Database, client: Browser
) -> None:
    with database.writing() as session:
        create_owner(session, "mo@example.org", "Hill Street", "a good long one", utc_now())
    with database.writing() as session:
        session.add(FirstOwnerLink(token_sha256=token_sha256("late"), created_at=utc_now()))
    assert client.get("/start/late").status_code == 404
    given = FirstOwner("eve@example.org", "a good long one", "Mine")
    with pytest.raises(NotFoundError), database.writing() as session:
        make_first_owner(session, "late", given, utc_now())


def test_the_link_takes_nobody_over_who_signs_in_already(
    database: Database, client: Browser, link: str
) -> None:
    with database.writing() as session:
        make_person(session, "mo@example.org", hash_password("a good long one"), utc_now())
    sent = client.send(link, **GOOD)
    assert sent.status_code == 422
    assert "Somebody signs in with this address" in sent.get_data(as_text=True)
    with database.reading() as session:
        assert person_with(session, "mo@example.org", "a good long one")
    assert client.send(link, **{**GOOD, "email": "new@example.org"}).status_code == 302


def test_the_link_opens_no_workspace_that_is_there_already(
    database: Database, client: Browser, link: str
) -> None:
    make_business(database, "Hill Street Dental")
    sent = client.send(link, **{**GOOD, "business": "hill-street-dental"})
    assert sent.location == "/w/hill-street-dental-2/begin"


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("email", "nobody", "one e-mail address"),
        ("email", "a@b, c@d", "one e-mail address"),
        ("password", "short", "at least 10 characters"),
        ("business", "   ", "the name that your customers know"),
        ("business", "x" * 121, "1 to 120 characters"),
        ("email", "a\0b@example.org", "one e-mail address"),
        ("time_zone", "Factory", "one of the time zones offered"),
    ],
)
def test_a_mistake_is_explained_and_the_link_stays_good(
    client: Browser, link: str, field: str, value: str, said: str
) -> None:
    sent = client.send(link, **{**GOOD, field: value})
    assert sent.status_code == 422
    page = sent.get_data(as_text=True)
    assert said in page
    assert '<option selected value="Factory">' not in page
    assert '<option value="Factory">' not in page
    assert page.count('<option selected value="UTC">') == 1
    assert client.send(link, **GOOD).status_code == 302


def test_two_who_use_the_link_at_once_make_one_owner(
    app: Flask, database: Database, link: str
) -> None:
    statuses: list[int] = []
    ready = threading.Barrier(2)

    def use(email: str) -> None:
        browser = app.test_client()
        assert isinstance(browser, Browser)
        browser.get(link)
        ready.wait()
        statuses.append(browser.send(link, **{**GOOD, "email": email}).status_code)

    both = [threading.Thread(target=use, args=(f"{name}@example.org",)) for name in ("a", "b")]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Person)) == 1
        assert session.scalar(select(func.count()).select_from(Workspace)) == 1


def test_a_business_name_with_a_nul_is_kept_with_a_mark_for_it(
    client: Browser, link: str, database: Database
) -> None:
    assert client.send(link, **{**GOOD, "business": "Hill\0Street"}).status_code == 302
    with database.reading() as session:
        assert session.scalar(select(Workspace.name)) == "Hill�Street"


def test_choosing_the_sample_marks_the_workspace(
    client: Browser, link: str, database: Database
) -> None:
    begin = client.send(link, **GOOD).location
    client.send(begin, **{"with": "sample"})
    with database.reading() as session:
        assert session.scalar(select(Workspace.is_sample)) is True


def test_starting_empty_leaves_it_empty(client: Browser, link: str, database: Database) -> None:
    begin = client.send(link, **GOOD).location
    assert client.send(begin, **{"with": "empty"}).location == "/w/hill-street-dental/"
    with database.reading() as session:
        assert session.scalar(select(Workspace.is_sample)) is False
