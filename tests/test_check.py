"""``survey check`` names each fault in a line, and says so when there is none."""

from pathlib import Path

import pytest

from survey.check import faults
from survey.cli import main
from survey.clock import utc_now
from survey.records.database import Database
from survey.records.heartbeat import LATE_AFTER, beat
from survey.records.migrate import migrate
from survey.settings import Settings
from tests.support.processes import our_environment
from tests.support.relay import running_relay


def _beating(settings: Settings, seconds_ago: float = 0) -> None:
    from datetime import timedelta

    database = Database(settings.database_url)
    with database.writing() as session:
        beat(session, "test", "", utc_now() - timedelta(seconds=seconds_ago))
    database.close()


def test_a_sound_installation_has_no_faults(settings: Settings) -> None:
    _beating(settings)
    assert list(faults(our_environment(settings))) == []


def test_a_relay_is_knocked_at(settings: Settings) -> None:
    _beating(settings)
    with running_relay() as relay:
        mail = {"SURVEY_SMTP_URL": f"smtp://127.0.0.1:{relay.port}?tls=none"}
        mail["SURVEY_MAIL_FROM"] = "ask@hill.example"
        env = our_environment(settings, **mail)
        assert list(faults(env)) == []
        assert relay.taken == []
    (fault,) = faults(env)
    assert fault.startswith(f"The mail server 127.0.0.1:{relay.port} could not be reached")


@pytest.mark.parametrize(("seconds", "word"), [(None, "No worker"), (600, "600 s ago")])
def test_a_worker_that_is_away_is_named(
    settings: Settings, seconds: float | None, word: str
) -> None:
    if seconds is not None:
        assert seconds > LATE_AFTER.total_seconds()
        _beating(settings, seconds)
    (fault,) = faults(our_environment(settings))
    assert word in fault


def test_a_database_of_another_revision_is_named(settings: Settings) -> None:
    database = Database(settings.database_url)
    migrate(database.engine, "base")
    database.close()
    (fault,) = faults(our_environment(settings))
    assert fault == "The database is not up to date; run: survey migrate"


def test_a_model_that_is_not_there_is_named(settings: Settings, tmp_path: Path) -> None:
    _beating(settings)
    env = our_environment(settings, SURVEY_MODEL=str(tmp_path / "no-model"))
    (fault,) = faults(env)
    assert "could not be loaded" in fault


def test_a_wrong_setting_is_the_only_fault_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SURVEY_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("SURVEY_BASE_URL", "ask.example.org")
    assert main(["check"]) == 1
    told = capsys.readouterr().out
    assert told.startswith("SURVEY_BASE_URL:")
    assert told.count("\n") == 1
