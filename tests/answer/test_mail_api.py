"""A mail by webhook or on standard input: signed, fresh, and filed like any other."""

import io
import os
import time

import pytest
from flask import Flask
from sqlalchemy import select

from survey.answer.mail_api import LARGEST_MAIL, OPEN_FOR, signature_of
from survey.app import create_app
from survey.cli import main
from survey.records import AnswerText
from survey.records.database import Database
from survey.records.in_use import alone_with
from survey.settings import Settings, read_settings
from tests.support.browser import Browser
from tests.support.invitations import Invited, invite
from tests.support.mails import reply_to
from tests.support.people import Business, make_business

SECRET = b"s" * 40


@pytest.fixture
def settings(settings: Settings) -> Settings:
    from dataclasses import replace

    return replace(settings, mail_webhook_secret=SECRET)


@pytest.fixture
def invited(app: Flask, business: Business) -> Invited:
    return invite(_database(app), business)


def _database(app: Flask) -> Database:
    found: Database = app.extensions["afterword"].database
    return found


def _signed(raw: bytes, *, at: float | None = None, secret: bytes = SECRET) -> dict[str, str]:
    signed_at = int(time.time() if at is None else at)
    signature = signature_of(secret, signed_at, raw)
    return {"Afterword-Signature": f"t={signed_at},v1={signature}"}


def _texts(app: Flask) -> list[str]:
    with _database(app).reading() as session:
        return list(session.scalars(select(AnswerText.body)))


def test_a_signed_mail_is_filed_once(app: Flask, client: Browser, invited: Invited) -> None:
    raw = reply_to(invited)
    answers = [client.post("/api/v1/mail", data=raw, headers=_signed(raw)) for _ in range(2)]
    assert [one.get_json() for one in answers] == [{"outcome": "answered"}, {"outcome": "known"}]
    assert _texts(app) == ["Less waiting."]


def test_what_is_forged_stale_or_unsigned_is_refused(
    app: Flask, client: Browser, invited: Invited
) -> None:
    raw, now = reply_to(invited), time.time()
    forged = [
        {},
        _signed(raw, secret=b"x" * 40),
        _signed(raw + b" "),
        _signed(raw, at=now - OPEN_FOR - 5),
        _signed(raw, at=now + OPEN_FOR + 5),
        {"Afterword-Signature": "t=1,v1=" + "0" * 64},
        {"Afterword-Signature": "v1=nonsense"},
    ]
    for headers in forged:
        answer = client.post("/api/v1/mail", data=raw, headers=headers)
        assert answer.status_code == 401, headers
        assert answer.get_json()["error"]["code"] == "unauthorised"
    assert _texts(app) == []


def test_a_mail_that_is_too_large_is_refused(client: Browser) -> None:
    raw = b"x" * (LARGEST_MAIL + 1)
    assert client.post("/api/v1/mail", data=raw, headers=_signed(raw)).status_code == 413


def test_without_a_secret_there_is_no_such_entrance(sqlite_url: str, tmp_path: object) -> None:
    without = create_app(
        read_settings(
            {
                "SURVEY_DATA_DIR": f"{tmp_path}/data",
                "SURVEY_DATABASE_URL": sqlite_url,
                "SURVEY_SECRET_KEY": "k" * 40,
            }
        )
    )
    answer = without.test_client().post("/api/v1/mail", data=b"x", headers=_signed(b"x"))
    assert answer.status_code == 404
    _database(without).close()


def test_a_mail_on_standard_input_is_filed_or_left(
    sqlite_url: str,
    tmp_path: object,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("SURVEY_DATA_DIR", f"{tmp_path}/data")
    monkeypatch.setenv("SURVEY_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("SURVEY_SECRET_KEY", "k" * 40)
    database = Database(sqlite_url)
    invited = invite(database, make_business(database, "Hill Street Dental"))
    codes = [_piped(monkeypatch, raw) for raw in (reply_to(invited), b"Subject: x\n\nhello")]
    database.close()
    assert codes == [0, 1]
    said = capsys.readouterr().out
    assert said == "Filed as an answer.\nLeft: it belongs to no question of ours.\n"


def test_a_mail_that_comes_while_a_backup_is_restored_is_to_come_again(
    sqlite_url: str, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SURVEY_DATA_DIR", f"{tmp_path}/data")
    monkeypatch.setenv("SURVEY_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("SURVEY_SECRET_KEY", "k" * 40)
    with alone_with(sqlite_url):
        assert _piped(monkeypatch, b"Subject: x\n\nhello") == os.EX_TEMPFAIL


def _piped(monkeypatch: pytest.MonkeyPatch, raw: bytes) -> int:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(raw)))
    return main(["take-mail"])
