"""What arrives is taken in by the worker: findable, and its workspace marked as changed."""

import pytest
from flask import Flask
from sqlalchemy import select, text

from survey.clock import utc_now
from survey.records import Answer, Workspace
from survey.records.arrivals import arrivals_wait, note_arrival, take_in
from survey.records.database import Database
from tests.support.browser import Browser
from tests.support.invitations import invite
from tests.support.people import Business

_COUNT = {
    "sqlite": "SELECT count(*) FROM answer_search WHERE answer_search MATCH :word",
    "postgresql": (
        "SELECT count(*) FROM answer_search WHERE document @@ to_tsquery('simple', :word)"
    ),
}


@pytest.fixture
def database(app: Flask) -> Database:
    opened: Database = app.extensions["afterword"].database
    return opened


def _found(database: Database, word: str) -> int:
    with database.reading() as session:
        query = text(_COUNT[session.get_bind().dialect.name])
        return int(session.execute(query, {"word": word}).scalar_one())


def _take_in(database: Database, limit: int = 50) -> int:
    with database.writing() as session:
        return take_in(session, utc_now(), limit=limit)


def test_words_are_findable_once_they_are_taken_in(
    client: Browser, database: Database, business: Business
) -> None:
    client.post(invite(database, business).link, data={"answer": "Parking was dreadful."})
    assert _found(database, "parking") == 0
    assert _take_in(database) == 1
    assert _found(database, "parking") == 1
    with database.reading() as session:
        assert not arrivals_wait(session)
        assert session.scalar(select(Workspace.answers_changed_at)) is not None


def test_a_nothing_arrives_without_words(
    client: Browser, database: Database, business: Business
) -> None:
    client.post(invite(database, business).link, data={"nothing": "1"})
    assert _take_in(database) == 1
    with database.reading() as session:
        assert session.scalar(select(Workspace.answers_changed_at)) is not None


def test_an_answer_noted_twice_is_indexed_once(
    client: Browser, database: Database, business: Business
) -> None:
    client.post(invite(database, business).link, data={"answer": "Parking was dreadful."})
    _take_in(database)
    with database.reading() as session:
        answer_id = session.scalars(select(Answer.id)).one()
    with database.writing() as session:
        for _ in range(2):
            note_arrival(session, business.workspace_id, answer_id)
    assert _take_in(database) == 1
    assert _found(database, "parking") == 1


def test_many_are_taken_in_a_few_at_a_time(
    client: Browser, database: Database, business: Business
) -> None:
    for _ in range(3):
        client.post(invite(database, business).link, data={"answer": "Parking."})
    assert [_take_in(database, limit=2) for _ in range(3)] == [2, 1, 0]
    assert _found(database, "parking") == 3
