"""What arrives is taken in by the worker: findable, and its workspace marked as changed."""

import threading

import pytest
from flask import Flask
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from survey.clock import utc_now
from survey.records import Answer, Flag, Workspace
from survey.records.arrivals import _said, arrivals_wait, take_in
from survey.records.database import Database
from survey.records.withdrawal import hold_answer, withdraw
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


def test_an_answer_taken_in_again_is_indexed_once(
    client: Browser, database: Database, business: Business
) -> None:
    client.post(invite(database, business).link, data={"answer": "Parking was dreadful."})
    _take_in(database)
    with database.writing() as session:
        session.execute(update(Answer).values(taken_in=False))
    assert _take_in(database) == 1
    assert _found(database, "parking") == 1


def test_many_are_taken_in_a_few_at_a_time(
    client: Browser, database: Database, business: Business
) -> None:
    for _ in range(3):
        client.post(invite(database, business).link, data={"answer": "Parking."})
    assert [_take_in(database, limit=2) for _ in range(3)] == [2, 1, 0]
    assert _found(database, "parking") == 3


def test_what_is_taken_back_while_it_is_taken_in_is_not_found(
    client: Browser,
    database: Database,
    business: Business,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client.post(
        invite(database, business).link, data={"answer": "Parking was bad, I want to kill myself."}
    )
    takers: list[threading.Thread] = []

    def read(session: Session, workspace_id: int, answer_id: int) -> object:
        said = _said(session, workspace_id, answer_id)
        takers.append(threading.Thread(target=_take_back, args=(database, business, answer_id)))
        takers[-1].start()
        takers[-1].join(1)  # on SQLite, and where the answer is held, it waits for us
        return said

    monkeypatch.setattr("survey.records.arrivals._said", read)
    _take_in(database)
    takers[-1].join()
    assert _found(database, "parking") == 0
    with database.reading() as session:
        assert session.scalars(select(Flag)).all() == []


def _take_back(database: Database, business: Business, answer_id: int) -> None:
    with database.writing() as session:
        answer = hold_answer(session, business.workspace_id, answer_id)
        assert answer is not None
        withdraw(session, answer, utc_now())
