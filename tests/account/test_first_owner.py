"""The first owner: one link, once, and nobody without it."""

import threading

import pytest
from flask import Flask
from sqlalchemy import func, select

from survey.account.actions import create_owner, first_owner_link
from survey.clock import utc_now
from survey.records import Person, Workspace
from survey.records.database import Database
from tests.support.browser import Browser

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


def test_the_first_owner_gets_a_workspace_and_is_asked_how_to_begin(
    client: Browser, link: str
) -> None:
    sent = client.send(link, **GOOD)
    assert sent.location == "/w/hill-street-dental/begin"
    begin = client.get(sent.location).get_data(as_text=True)
    assert "Load the sample" in begin
    assert "Start empty" in begin
    assert client.get("/").location == "/w/hill-street-dental/"


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


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("email", "nobody", "one e-mail address"),
        ("email", "a@b, c@d", "one e-mail address"),
        ("password", "short", "at least 10 characters"),
        ("business", "   ", "the name that your customers know"),
        ("business", "x" * 121, "1 to 120 characters"),
    ],
)
def test_a_mistake_is_explained_and_the_link_stays_good(
    client: Browser, link: str, field: str, value: str, said: str
) -> None:
    sent = client.send(link, **{**GOOD, field: value})
    assert sent.status_code == 422
    assert said in sent.get_data(as_text=True)
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
