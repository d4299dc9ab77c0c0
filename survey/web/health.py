"""Signs of life for machines: ``/healthz`` and ``/metrics``; totals only, nothing of anybody's."""

import logging
from datetime import datetime

from flask import Blueprint, jsonify
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response

from survey.clock import utc_now
from survey.records.database import what_failed
from survey.records.heartbeat import LATE_AFTER, Waiting, last_beat, waiting_work
from survey.records.posting import mails_left
from survey.web.access import open_to
from survey.web.current import database

log = logging.getLogger(__name__)
blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
@open_to("public")
def health() -> tuple[Response, int]:
    """Say how the database and the worker are, and how long the oldest due work has waited.

    A late worker does not make this process unfit to serve, so only a database that cannot be
    read gives 503.
    """
    now = utc_now()
    try:
        with database().reading() as session:
            beat, waiting = last_beat(session), waiting_work(session, now)
    except SQLAlchemyError as error:
        log.error("the database cannot be read\n%s", what_failed(error))
        return jsonify({"status": "failing", "database": "failing"}), 503
    worker = _worker(beat, now)
    return jsonify(
        {
            "status": "ok" if worker == "ok" else "degraded",
            "database": "ok",
            "worker": {"status": worker, "beat_at": _stamp(beat)},
            "oldest_due": {
                "mail": _stamp(waiting.oldest_mail),
                "answer": _stamp(waiting.oldest_answer),
            },
            "waiting": {"mails": waiting.mails, "answers": waiting.answers},
        }
    ), 200


@blueprint.get("/metrics")
@open_to("public")
def metrics() -> Response:
    """Give the same in the text format that Prometheus reads."""
    now = utc_now()
    with database().reading() as session:
        beat, waiting = last_beat(session), waiting_work(session, now)
        left = mails_left(session)
    lines = [
        f"# HELP {name} {told}\n# TYPE {name} gauge\n{name} {value:g}\n"
        for name, told, value in _gauges(beat, waiting, left, now)
    ]
    return Response("".join(lines), content_type="text/plain; version=0.0.4; charset=utf-8")


def _gauges(
    beat: datetime | None, waiting: Waiting, left: int, now: datetime
) -> list[tuple[str, str, float]]:
    gauges: list[tuple[str, str, float]] = [
        ("afterword_mails_waiting", "Mails that are due and not sent.", waiting.mails),
        ("afterword_mails_failed", "Mails that failed for good.", waiting.failed_mails),
        ("afterword_mails_left", "Mails that came in and belong to no question.", left),
        ("afterword_answers_waiting", "Answers that are not sorted yet.", waiting.answers),
        ("afterword_oldest_mail_seconds", "How long the oldest due mail has waited.",
         _seconds(waiting.oldest_mail, now)),
        ("afterword_oldest_answer_seconds", "How long the oldest unsorted answer has waited.",
         _seconds(waiting.oldest_answer, now)),
    ]  # fmt: skip
    if beat is not None:
        told = "Since the worker's last sign of life."
        gauges.append(("afterword_worker_beat_seconds", told, _seconds(beat, now)))
    return gauges


def _worker(beat: datetime | None, now: datetime) -> str:
    if beat is None:
        return "not running"
    return "ok" if now - beat <= LATE_AFTER else "late"


def _stamp(moment: datetime | None) -> str | None:
    return moment.isoformat().replace("+00:00", "Z") if moment else None


def _seconds(moment: datetime | None, now: datetime) -> float:
    return max(0.0, (now - moment).total_seconds()) if moment else 0.0
