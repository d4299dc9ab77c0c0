"""The worker reads a mailbox by IMAP: takes what is ours, leaves the rest, deletes nothing."""

import sqlite3
from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from survey.answer.mailbox import KEYWORD, MailboxRound, opened_mailbox
from survey.errors import MailboxError
from survey.records import AnswerText
from survey.records.database import Database
from survey.settings import Settings
from survey.worker import worker_loops
from tests.support.imap_server import ImapServer, running_imap_server
from tests.support.invitations import Invited, invite
from tests.support.mails import reply_to
from tests.support.people import make_business


@pytest.fixture
def server() -> Iterator[ImapServer]:
    with running_imap_server() as running:
        yield running


@pytest.fixture
def database(sqlite_url: str) -> Iterator[Database]:
    opened = Database(sqlite_url)
    yield opened
    opened.close()


@pytest.fixture
def settings(sqlite_url: str, settings_of_sqlite: Settings, server: ImapServer) -> Settings:
    return replace(settings_of_sqlite, imap=server.settings)


@pytest.fixture
def settings_of_sqlite(sqlite_url: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    from survey.settings import read_settings

    data = str(tmp_path_factory.mktemp("data"))
    return read_settings(
        {
            "SURVEY_DATA_DIR": data,
            "SURVEY_DATABASE_URL": sqlite_url,
            "SURVEY_SECRET_KEY": "k" * 40,
        }
    )


@pytest.fixture
def invited(database: Database) -> Invited:
    return invite(database, make_business(database, "Hill Street Dental"))


def _round(database: Database, settings: Settings) -> MailboxRound:
    return MailboxRound(database, settings, lambda: False)


def _texts(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(AnswerText.body)))


def test_what_is_ours_is_taken_and_read_and_the_rest_left_unread(
    database: Database, settings: Settings, server: ImapServer, invited: Invited
) -> None:
    ours = server.receive(reply_to(invited))
    other = server.receive(b"From: a@b\r\nMessage-ID: <x@y>\r\n\r\nAn invoice.\r\n")
    assert _round(database, settings)() is False
    assert _texts(database) == ["Less waiting."]
    assert server.mails[ours].flags == {KEYWORD, "\\Seen"}
    assert server.mails[other].flags == {KEYWORD}


def test_nothing_is_fetched_twice_nor_deleted(
    database: Database, settings: Settings, server: ImapServer, invited: Invited
) -> None:
    server.receive(reply_to(invited))
    for _ in range(2):
        _round(database, settings)()
    assert sum("FETCH" in command for command in server.commands) == 1
    assert not any("EXPUNGE" in c or "Deleted" in c for c in server.commands)


def test_a_server_that_keeps_no_keywords_is_read_all_the_same(
    database: Database, settings: Settings, server: ImapServer, invited: Invited
) -> None:
    server.keywords = False
    ours, other = server.receive(reply_to(invited)), server.receive(b"Subject: x\r\n\r\nhello\r\n")
    reading = _round(database, settings)
    reading()
    reading()
    assert server.mails[ours].flags == {"\\Seen"}
    assert server.mails[other].flags == set()
    assert sum("FETCH" in command for command in server.commands) == 2


def test_what_is_left_for_a_person_stays_unread_however_often_the_worker_starts(
    database: Database, settings: Settings, server: ImapServer
) -> None:
    server.keywords = False
    other = server.receive(b"Message-ID: <x@y>\r\nSubject: x\r\n\r\nhello\r\n")
    for _ in range(2):
        _round(database, settings)()
    assert server.mails[other].flags == set()


def test_a_mail_that_met_a_database_away_is_filed_once_it_is_back(
    database: Database,
    settings: Settings,
    server: ImapServer,
    invited: Invited,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ours, reading = server.receive(reply_to(invited)), _round(database, settings)

    def away(*_given: object) -> None:
        raise OperationalError("", {}, sqlite3.OperationalError("database is locked"))

    monkeypatch.setattr("survey.answer.mailbox.take_mail", away)
    assert reading() is False
    assert server.mails[ours].flags == set()
    monkeypatch.undo()
    reading()
    assert _texts(database) == ["Less waiting."]
    assert server.mails[ours].flags == {KEYWORD, "\\Seen"}


@pytest.mark.parametrize("command", ["LOGIN", "SELECT", "SEARCH", "FETCH", "STORE"])
def test_a_line_that_is_cut_loses_and_doubles_nothing(
    database: Database, settings: Settings, server: ImapServer, invited: Invited, command: str
) -> None:
    server.receive(reply_to(invited))
    server.cut_after = command
    assert _round(database, settings)() is False
    server.cut_after = ""
    _round(database, settings)()
    assert _texts(database) == ["Less waiting."]


def test_a_mailbox_that_fails_is_left_alone_for_a_while(
    database: Database, settings: Settings, server: ImapServer, invited: Invited
) -> None:
    server.cut_after = "LOGIN"
    reading = _round(database, settings)
    reading()
    server.cut_after = ""
    server.receive(reply_to(invited))
    reading()
    assert _texts(database) == []


def test_a_giant_mail_is_read_by_its_beginning(
    database: Database, settings: Settings, server: ImapServer, invited: Invited
) -> None:
    server.receive(reply_to(invited) + b"\r\n" + b"A" * 5_000_000)
    _round(database, settings)()
    (text,) = _texts(database)
    assert text.startswith("Less waiting.")


@pytest.mark.parametrize("wrong", [{"password": "no"}, {"mailbox": "Nowhere"}, {"port": 1}])
def test_what_is_wrong_is_said_without_the_servers_words(
    server: ImapServer, wrong: dict[str, object]
) -> None:
    chosen = replace(server.settings, **wrong)  # type: ignore[arg-type]
    with pytest.raises(MailboxError, match="mailbox"), opened_mailbox(chosen):
        pass


def test_the_worker_reads_a_mailbox_where_one_is_set(
    database: Database, settings: Settings
) -> None:
    import threading

    loops = worker_loops(database, settings, threading.Event())
    assert "mailbox" in {loop.name for loop in loops}
    without = worker_loops(database, replace(settings, imap=None), threading.Event())
    assert "mailbox" not in {loop.name for loop in without}
