"""``survey create-owner`` and ``survey create-key``."""

import io
import os
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from survey.account.queries import person_of, person_with
from survey.cli import main
from survey.records import SignInSession
from survey.records.database import Database
from survey.web.who import place_of_key

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def database(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    monkeypatch.setenv("SURVEY_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("SURVEY_DATA_DIR", str(tmp_path / "data"))
    return Database(sqlite_url)


def _create_owner(monkeypatch: pytest.MonkeyPatch, password: str, *more: str) -> int:
    monkeypatch.setattr("sys.stdin", io.StringIO(password + "\n"))
    return main(["create-owner", "mo@example.org", "--workspace", "Hill Street", *more])


def test_an_owner_is_made_with_a_workspace(
    database: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _create_owner(monkeypatch, "a good long one", "--password-stdin") == 0
    assert "/w/hill-street/" in capsys.readouterr().out
    with database.reading() as session:
        assert person_with(session, "mo@example.org", "a good long one")


def test_a_database_that_is_busy_is_told_in_one_sentence(
    database: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if not database.on_sqlite:  # a server lets others write beside
        monkeypatch.setenv("SURVEY_DATABASE_URL", "postgresql+psycopg://nobody@127.0.0.1:1/none")
        assert _create_owner(monkeypatch, "a good long one", "--password-stdin") == 2
    else:
        monkeypatch.setattr("survey.records.database.BUSY_MILLISECONDS", 50)
        with database.taking():
            assert _create_owner(monkeypatch, "a good long one", "--password-stdin") == 2
    told = capsys.readouterr().err
    assert told.startswith("survey: The database is busy")
    assert "Traceback" not in told


def test_the_same_command_again_changes_the_password_and_nothing_else(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    _create_owner(monkeypatch, "a good long one", "--password-stdin")
    assert _create_owner(monkeypatch, "a better long one", "--password-stdin") == 0
    with database.reading() as session:
        assert person_with(session, "mo@example.org", "a better long one")


def test_without_a_terminal_a_password_is_made_and_shown_once(
    database: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _create_owner(monkeypatch, "") == 0
    shown = re.search(r"^Password: (\S+)$", capsys.readouterr().out, re.MULTILINE)
    assert shown
    with database.reading() as session:
        assert person_with(session, "mo@example.org", shown.group(1))
    _create_owner(monkeypatch, "")
    assert "Password" not in capsys.readouterr().out


def test_who_forgot_a_password_gets_another_and_is_signed_out_everywhere(
    database: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _create_owner(monkeypatch, "a good long one", "--password-stdin")
    with database.writing() as session:
        person_id = person_of(session, "mo@example.org")
        assert person_id
        session.add(
            SignInSession(
                token_sha256=b"t" * 32, person_id=person_id, created_at=NOW, expires_at=NOW
            )
        )
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert main(["new-password", "Mo@Example.org"]) == 0
    shown = re.search(r"^Password: (\S+)$", capsys.readouterr().out, re.MULTILINE)
    assert shown
    with database.reading() as session:
        assert person_with(session, "mo@example.org", shown.group(1))
        assert not person_with(session, "mo@example.org", "a good long one")
        assert session.scalars(select(SignInSession)).all() == []


def test_a_new_password_for_nobody_says_whom_it_does_not_know(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["new-password", "nobody@example.org"]) == 2
    assert "nobody signs in as 'nobody@example.org'" in capsys.readouterr().err


def test_a_short_password_is_refused_with_one_line(
    database: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _create_owner(monkeypatch, "short", "--password-stdin") == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_key_is_printed_alone_and_opens_its_workspace(
    database: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _create_owner(monkeypatch, "a good long one", "--password-stdin")
    capsys.readouterr()
    assert main(["create-key", "--workspace", "hill-street", "--label", "till"]) == 0
    key = capsys.readouterr().out
    assert re.fullmatch(r"\S{40,}\n", key)
    with database.reading() as session:
        place = place_of_key(session, key.strip())
    assert place is not None
    assert place.slug == "hill-street"


def test_a_key_for_an_unknown_workspace_is_refused(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["create-key", "--workspace", "nowhere", "--label", "till"]) == 2
    assert "no workspace named 'nowhere'" in capsys.readouterr().err


def test_nobody_else_on_the_machine_can_read_the_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.chmod(0o755)
    monkeypatch.setenv("SURVEY_DATA_DIR", str(tmp_path))
    monkeypatch.delenv("SURVEY_DATABASE_URL", raising=False)
    before = os.umask(0o022)
    try:
        assert _create_owner(monkeypatch, "") == 0
    finally:
        os.umask(before)
    assert (tmp_path / "afterword.db").stat().st_mode & 0o077 == 0
