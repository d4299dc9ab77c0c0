"""When the database cannot keep an answer: the customer's words come back, and work again."""

import html
import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.test import TestResponse

from survey.answer.actions import take_answer
from survey.records import AnswerText
from survey.records.database import Database
from survey.records.straight import Straight
from tests.support.browser import Browser
from tests.support.invitations import Invited, invite
from tests.support.people import Business

WORDS = "My long & careful <words>."


@pytest.fixture
def database(app: Flask) -> Database:
    opened: Database = app.extensions["afterword"].database
    return opened


@pytest.fixture
def invited(database: Database, business: Business) -> Invited:
    return invite(database, business)


def _in_box(page: TestResponse) -> str:
    found = re.search(r"<textarea[^>]*>\n?(.*)</textarea>", page.get_data(as_text=True), re.S)
    assert found
    return html.unescape(found.group(1))


@contextmanager
def _without(database: Database, table: str) -> Iterator[None]:
    """A real failure of the database in the middle of taking an answer."""
    with database.writing() as session:
        session.execute(text(f"ALTER TABLE {table} RENAME TO gone"))
    yield
    with database.writing() as session:
        session.execute(text(f"ALTER TABLE gone RENAME TO {table}"))


@pytest.mark.parametrize("table", ["answer_text", "invitation"])
def test_words_that_cannot_be_kept_come_back_and_can_be_sent_again(
    client: Browser, database: Database, invited: Invited, table: str
) -> None:
    with _without(database, table):
        sent = client.post(invited.link, data={"answer": WORDS})
        assert sent.status_code == 503
        assert _in_box(sent) == WORDS
    assert client.post(invited.link, data={"answer": WORDS}).status_code == 303
    with database.reading() as session:
        assert session.scalars(select(AnswerText.body)).all() == [WORDS]


class _DeadlockError(Exception):
    """What a driver says: PostgreSQL's state, nothing else matters."""

    sqlstate = "40P01"


def test_who_lost_a_race_is_tried_again_unseen(
    client: Browser, database: Database, invited: Invited, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = []

    def losing_once(straight: Straight, *rest: object, **more: bool) -> bool:
        tries.append(1)
        if len(tries) == 1:
            raise _DeadlockError
        return take_answer(straight, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr("survey.answer.ordinary.take_answer", losing_once)
    sent = client.post(invited.link, data={"answer": WORDS}, content_type="multipart/form-data")
    assert (sent.status_code, len(tries)) == (303, 2)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (OperationalError("", {}, _DeadlockError()), 503),
        (PoolTimeoutError("QueuePool limit reached"), 503),
        (ValueError("no"), 500),
    ],
)
def test_a_busy_database_is_called_busy_and_a_fault_a_fault(
    app: Flask, error: Exception, status: int
) -> None:
    def failing() -> str:
        raise error

    app.view_functions["account.sign_in"] = failing
    failing.access_rule = "public"  # type: ignore[attr-defined]
    assert app.test_client().get("/sign-in").status_code == status


def test_a_refusal_says_which_kinds_of_request_it_would_take(client: Browser) -> None:
    assert "GET" in client.post("/healthz").headers["Allow"]
    refused = client.get("/api/v1/answers")
    assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (401, "Bearer")
