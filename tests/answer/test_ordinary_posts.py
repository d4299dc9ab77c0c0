"""The ordinary post is taken before the framework wakes, and nobody can tell the difference."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from werkzeug.test import EnvironBuilder, run_wsgi_app

from survey.answer.ordinary import OrdinaryPosts
from survey.records import Answer, AnswerText, Invitation, QuestionVersion
from survey.records.database import Database
from tests.support.browser import Browser
from tests.support.invitations import Invited, invite
from tests.support.people import Business

WORDS = {"answer": "Less waiting, ☂ please."}


@pytest.fixture
def database(app: Flask) -> Database:
    opened: Database = app.extensions["afterword"].database
    return opened


def _pinned(database: Database, business: Business, **about: Any) -> Invited:
    """An invitation whose wording was pinned when it was sent, as it is for nearly everybody."""
    invited = invite(database, business, **about)
    with database.writing() as session:
        version = session.scalars(select(QuestionVersion.id)).one()
        session.execute(
            update(Invitation)
            .where(Invitation.id == invited.invitation_id)
            .values(question_version_id=version, language="en")
        )
    return invited


@pytest.fixture
def passed_on(app: Flask, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths that the lane left to the framework."""
    lane: Any = app.wsgi_app
    assert isinstance(lane, OrdinaryPosts)
    seen: list[str] = []
    otherwise = lane._otherwise

    def watched(environ: dict[str, Any], start_response: Any) -> Any:
        seen.append(environ["PATH_INFO"])
        return otherwise(environ, start_response)

    monkeypatch.setattr(lane, "_otherwise", watched)
    return seen


def test_both_ways_answer_alike(
    app: Flask, client: Browser, database: Database, business: Business, passed_on: list[str]
) -> None:
    ordinary = client.post(_pinned(database, business).link, data=WORDS)
    assert passed_on == []
    other = _pinned(database, business).link
    by_framework = client.post(other, data=WORDS, content_type="multipart/form-data")
    assert passed_on == [other]
    assert ordinary.status_code == by_framework.status_code == 303
    assert ordinary.data == by_framework.data
    ours, theirs = dict(ordinary.headers), dict(by_framework.headers)
    ours.pop("Location"), theirs.pop("Location")
    # A redirect without a body says nothing of its type.
    theirs.pop("Content-Type", None)
    assert ours == theirs
    with database.reading() as session:
        rows = session.execute(
            select(
                Answer.question_version_id, Answer.language, Answer.state, Answer.said_nothing,
                Answer.answered_on, Answer.version, Answer.origin, AnswerText.body,
            ).join(AnswerText, AnswerText.answer_id == Answer.id)
        ).all()  # fmt: skip
    assert len(rows) == 2
    assert rows[0] == rows[1]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"data": {"answer": "  "}}, 422),
        ({"data": {"answer": "x" * 20_001}}, 422),
        ({"data": {"answer": "Both.", "nothing": "1"}}, 422),
        ({"data": WORDS, "headers": {"Origin": "https://elsewhere.example"}}, 403),
        (
            {"data": "&".join(["a=1"] * 200), "content_type": "application/x-www-form-urlencoded"},
            400,
        ),
        ({"data": b"answer=%ff&" + b"a" * 40_000, "content_type": "text/plain"}, 422),
    ],
)
def test_what_is_not_ordinary_is_left_to_the_page(
    client: Browser,
    database: Database,
    business: Business,
    passed_on: list[str],
    given: dict[str, Any],
    expected: int,
) -> None:
    link = _pinned(database, business).link
    assert client.post(link, **given).status_code == expected
    assert passed_on == [link]
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Answer)) == 0


def test_a_body_that_breaks_off_is_not_taken_for_the_whole(
    app: Flask, client: Browser, database: Database, business: Business
) -> None:
    link = _pinned(database, business).link
    environ = EnvironBuilder(link, method="POST", data=WORDS).get_environ()
    environ["CONTENT_LENGTH"] = "100"
    assert run_wsgi_app(app, environ)[1] == "400 BAD REQUEST"
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Answer)) == 0


def test_its_own_address_is_no_foreign_origin(
    client: Browser, database: Database, business: Business, passed_on: list[str]
) -> None:
    link = _pinned(database, business).link
    sent = client.post(link, data=WORDS, headers={"Origin": "http://localhost"})
    assert (sent.status_code, passed_on) == (303, [])


def test_a_link_of_another_purpose_a_used_one_and_an_unknown_one_are_left_to_the_page(
    client: Browser, database: Database, business: Business, passed_on: list[str]
) -> None:
    used = _pinned(database, business).link
    skipped = _pinned(database, business, state="skipped").link
    assert client.post(used, data=WORDS).status_code == 303
    statuses = [
        client.post(path, data={"answer": "More."}).status_code
        for path in (used, skipped, "/a/" + "x" * 22)
    ]
    assert statuses == [409, 404, 404]
    assert len(passed_on) == 3
