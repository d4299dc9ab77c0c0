"""What machines are told: the database, the worker's heartbeat, the oldest due work."""

from dataclasses import replace
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from survey.app import create_app
from survey.clock import utc_now
from survey.records.database import Database
from survey.records.heartbeat import beat, forget_beats
from survey.settings import Settings
from tests.support.invitations import invite
from tests.support.people import make_business


def test_health_says_that_no_worker_runs(client: FlaskClient) -> None:
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.json == {
        "status": "degraded",
        "database": "ok",
        "worker": {"status": "not running", "beat_at": None},
        "oldest_due": {"mail": None, "answer": None},
        "waiting": {"mails": 0, "answers": 0},
    }


@pytest.mark.parametrize(("seconds", "status"), [(5, "ok"), (90, "late")])
def test_health_tells_a_late_worker_from_a_lively_one(
    client: FlaskClient, database: Database, seconds: int, status: str
) -> None:
    beat_at = utc_now() - timedelta(seconds=seconds)
    with database.writing() as session:
        beat(session, "host:1", "mail waiting", beat_at)
    told = client.get("/healthz").json
    assert told is not None
    assert told["worker"]["status"] == status
    assert told["status"] == ("ok" if status == "ok" else "degraded")
    with database.writing() as session:
        forget_beats(session, "host:1")
    told = client.get("/healthz").json
    assert told is not None
    assert told["worker"]["status"] == "not running"


def test_health_and_metrics_tell_the_oldest_due_work(
    client: FlaskClient, database: Database
) -> None:
    invite(database, make_business(database, "Hill Street"), state="queued")
    told = client.get("/healthz").json
    assert told is not None
    assert told["waiting"] == {"mails": 1, "answers": 0}
    assert told["oldest_due"]["mail"].endswith("Z")
    lines = client.get("/metrics").get_data(as_text=True).splitlines()
    gauges = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    assert gauges["afterword_mails_waiting"] == "1"
    assert float(gauges["afterword_oldest_mail_seconds"]) < 60


def test_health_says_when_the_database_is_away(settings: Settings) -> None:
    away = replace(settings, database_url="sqlite:////nowhere/afterword.db")
    app = create_app(away)
    answer = app.test_client().get("/healthz")
    assert answer.status_code == 503
    assert answer.json == {"status": "failing", "database": "failing"}
    app.extensions["afterword"].database.close()
