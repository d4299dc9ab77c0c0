"""Reading sees one state, and what fails says nothing about anybody."""

import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from survey.records import CountDelta, Person, new_id
from survey.records import counts as counts_module
from survey.records import database as database_module
from survey.records.base import table_of
from survey.records.counts import Counted, Measure, count, counts_now, fold
from survey.records.database import Database
from survey.records.sample import load_sample
from survey.records.straight import Prepared, Straight
from survey.records.workspaces import create_workspace
from tests.support.browser import Browser
from tests.support.databases import OneAfterTheOther
from tests.support.overlap import overlapping

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def _place(database: Database) -> tuple[int, int]:
    with database.writing() as session:
        workspace = create_workspace(session, "Hill Street Dental", NOW)
        question_id = session.execute(text("SELECT id FROM question")).scalar_one()
        return workspace.id, question_id


def test_counts_that_are_folded_while_they_are_read_are_read_once(database: Database) -> None:
    workspace_id, question_id = _place(database)
    counted = Counted(workspace_id, question_id, date(2026, 3, 1))
    with database.writing() as session:
        count(session, +1, counted, [Measure("answered")])
    with database.reading() as reading:
        before = counts_now(reading, workspace_id)
        with database.writing() as session:
            fold(session)
        assert reading.scalar(select(func.count()).select_from(CountDelta)) == 1
        assert counts_now(reading, workspace_id) == before


def test_changes_are_folded_in_the_same_order_by_everybody(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace_id, question_id = _place(database)
    folded: list[object] = []
    ordered = counts_module._ordered

    def noting(sums: Counter[tuple[Any, ...]]) -> list[dict[str, Any]]:
        rows = ordered(sums)
        folded.append([row["value"] for row in rows])
        return rows

    monkeypatch.setattr(counts_module, "_ordered", noting)
    for branch in ("West", "South", "North", "Mid", "East", "Airport"):
        with database.writing() as session:
            segments = (("branch", branch),)
            counted = Counted(workspace_id, question_id, date(2026, 3, 1), segments)
            count(session, +1, counted, [Measure("answered")])
    with database.writing() as session:
        fold(session)
    assert folded == [["", "Airport", "East", "Mid", "North", "South", "West"]] * 2


def test_two_workers_load_the_sample_once(database: Database) -> None:
    workspace_id, _ = _place(database)
    first, second = overlapping(
        database,
        lambda session: load_sample(session, workspace_id, NOW),
        lambda session: load_sample(session, workspace_id, NOW),
    )
    assert first > 0
    assert second == 0


def _same_person_twice(database: Database) -> None:
    with database.writing() as session:
        for _ in range(2):
            session.add(
                Person(
                    id=new_id(), email="mo@example.org", name="", password_hash="", created_at=NOW
                )
            )
            session.flush()


def test_a_statement_that_fails_does_not_tell_what_was_in_it(database: Database) -> None:
    with pytest.raises(DBAPIError) as failed:
        _same_person_twice(database)
    assert "mo@example.org" not in str(failed.value).partition("DETAIL")[0]
    assert failed.value.hide_parameters


def test_the_log_names_what_failed_in_the_database_and_nobody(
    app: Flask,
    client: Browser,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened: Database = app.extensions["afterword"].database

    def broken(*_given: object) -> None:
        _same_person_twice(opened)

    monkeypatch.setattr("survey.answer.pages.opened_link", broken)
    with caplog.at_level(logging.ERROR):
        client.get("/a/whatever")
    shown = "\n".join(logging.Formatter().format(record) for record in caplog.records)
    assert "mo@example.org" not in shown
    assert ("23505" if not opened.on_sqlite else "SQLITE_CONSTRAINT") in shown
    assert "_same_person_twice" in shown


@pytest.fixture
def pooled(postgres_databases: OneAfterTheOther) -> Iterator[tuple[Database, list[int]]]:
    """A database whose pooled connections, by their processes, were ended by the server."""
    url = postgres_databases.lend()
    here, other = Database(url), Database(url)
    with ExitStack() as stack:
        open_now = [stack.enter_context(here.glancing()) for _ in range(4)]
        gone = [session.scalar(text("SELECT pg_backend_pid()")) for session in open_now]
    with other.glancing() as session:
        for pid in gone:
            session.execute(text(f"SELECT pg_terminate_backend({pid}, 5000)"))
    yield here, gone
    here.close()
    other.close()
    postgres_databases.take_back()


@pytest.mark.parametrize("way", ["reading", "glancing", "writing"])
def test_connections_that_died_while_nobody_used_them_are_replaced_unseen(
    pooled: tuple[Database, list[int]], monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    here, gone = pooled
    monkeypatch.setattr(database_module, "TRUSTED_SECONDS", 0.0)  # as after a pause
    for _ in gone:
        with getattr(here, way)() as session:
            assert session.scalar(text("SELECT pg_backend_pid()")) not in gone


@pytest.mark.parametrize("way", ["reading", "glancing", "writing", "taking", "looking"])
def test_of_connections_that_died_a_moment_ago_only_the_first_is_noticed_the_hard_way(
    pooled: tuple[Database, list[int]], monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    here, _ = pooled
    monkeypatch.setattr(database_module, "TRUSTED_SECONDS", 60.0)
    one = Prepared(select(func.count()).select_from(table_of(Person)))
    failed = 0
    for _ in range(8):
        try:
            with getattr(here, way)() as given:
                if isinstance(given, Straight):
                    assert given.rows(one, {}) == [(0,)]
                else:
                    assert given.scalar(text("SELECT 1")) == 1
        except Exception:
            failed += 1
    assert failed == 1
