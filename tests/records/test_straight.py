"""Prepared statements on the driver say the same as SQLAlchemy's session, on both databases."""

import threading
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import bindparam, select

from survey.clock import utc_now
from survey.records import Answer, Invitation, Question, Workspace, new_id
from survey.records.base import table_of
from survey.records.checkpoint import EVERY_COMMITS, Checkpoints
from survey.records.database import Database
from survey.records.straight import Prepared, inserting
from survey.records.workspaces import create_workspace
from tests.support.invitations import invite
from tests.support.people import make_business

NOW = datetime(2026, 3, 29, 0, 59, 59, 123456, tzinfo=UTC)
ANSWER = Prepared(
    inserting(
        Answer,
        "workspace_id", "id", "question_id", "language", "anonymous", "origin", "state",
        "said_nothing", "version", "answered_at", "answered_on", "attempts",
    )
)  # fmt: skip
_workspace = table_of(Workspace).c
RENAME = Prepared(
    table_of(Workspace)
    .update()
    .where(_workspace.id == bindparam("workspace"))
    .values(name=bindparam("wanted"))
)
NAMES = Prepared(select(_workspace.name).where(_workspace.id == bindparam("workspace")))


def test_what_was_written_straight_reads_the_same_through_a_session(database: Database) -> None:
    business = make_business(database, "Hill Street")
    with database.reading() as session:
        question_id = session.scalars(select(Question.id)).one()
    answer_id = new_id()
    row = {
        "workspace_id": business.workspace_id, "id": answer_id, "question_id": question_id,
        "language": None, "anonymous": False, "origin": "link", "state": "given",
        "said_nothing": True, "version": 1, "answered_at": NOW, "answered_on": date(2026, 3, 29),
        "attempts": 0, "taken_in": True,
    }  # fmt: skip
    with database.taking() as straight:
        straight.run(ANSWER, row)
    with database.reading() as session:
        kept = session.scalars(select(Answer)).one()
        assert {name: getattr(kept, name) for name in row} == row


def test_what_was_written_by_a_session_reads_the_same_straight(database: Database) -> None:
    business = make_business(database, "Hill Street")
    invited = invite(database, business, expires_at=NOW)
    columns = table_of(Invitation).c
    query = Prepared(
        select(columns.expires_at, columns.nonce, columns.question_version_id, columns.last_error)
        .where(columns.id == bindparam("invitation"))
    )  # fmt: skip
    with database.looking() as straight:
        expires_at, nonce, version_id, error = straight.rows(
            query, {"invitation": invited.invitation_id}
        )[0]
    with database.reading() as session:
        kept = session.scalars(select(Invitation)).one()
        assert (expires_at, bytes(nonce), version_id, error) == (
            NOW,
            kept.nonce,
            kept.question_version_id,
            None,
        )


def test_an_error_takes_everything_back(database: Database) -> None:
    business = make_business(database, "Hill Street")
    who = {"workspace": business.workspace_id}
    with pytest.raises(RuntimeError):
        _rename_and_fail(database, who)
    with database.looking() as straight:
        assert straight.rows(NAMES, who) == [("Hill Street",)]
    with database.taking() as straight:
        straight.run(RENAME, who | {"wanted": "Done"})
    with database.looking() as straight:
        assert straight.rows(NAMES, who) == [("Done",)]


def _rename_and_fail(database: Database, who: dict[str, int]) -> None:
    with database.taking() as straight:
        straight.run(RENAME, who | {"wanted": "Half done"})
        raise RuntimeError


def test_a_value_that_is_missing_is_no_silent_null(database: Database) -> None:
    business = make_business(database, "Hill Street")
    with pytest.raises(Exception, match="wanted"), database.taking() as straight:
        straight.run(RENAME, {"workspace": business.workspace_id})


def test_the_log_starts_anew_once_it_is_long(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("survey.records.checkpoint.LONG_LOG_PAGES", 0)
    database = Database(sqlite_url)
    with database.writing() as session:
        who = {"workspace": create_workspace(session, "Hill Street", utc_now()).id}
    own = database._own_connection()
    for number in range(5):
        with database.taking() as straight:
            straight.run(RENAME, who | {"wanted": str(number) * 100})
        database._checkpoints._move(own)
    own.close()
    size = (tmp_path / "afterword.db-wal").stat().st_size
    with database.taking() as straight:
        straight.run(RENAME, who | {"wanted": "last"})
    assert (tmp_path / "afterword.db-wal").stat().st_size == size  # written over, not longer
    database.close()
    again = Database(sqlite_url)
    with again.looking() as straight:
        assert straight.rows(NAMES, who) == [("last",)]
    again.close()


def test_commits_go_on_when_the_checkpoints_cannot(caplog: pytest.LogCaptureFixture) -> None:
    def refuse() -> object:
        raise OSError("no file handles left")

    checkpoints = Checkpoints(refuse, threading.Lock())
    for _ in range(2 * EVERY_COMMITS):
        checkpoints.committed()
    checkpoints.close()
    assert "checkpoints ended" in caplog.text
