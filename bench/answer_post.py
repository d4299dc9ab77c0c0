"""The answer POST next to a bare one-insert WSGI app, under the same server, in the same run.

    python bench/answer_post.py [--rounds 3] [--seconds 6] [--connections 16]

Both run under gunicorn with one worker and eight threads, on SQLite in one directory, one durable
commit an answer. Each answer goes to a link of its own. The target is 60 % of the bare app's rate
and a p99 below 30 ms, with the worker idle.
"""

import argparse
import json
import os
import re
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import insert, select

from survey.clock import utc_now
from survey.records import Interaction, Invitation, Link, Question, QuestionVersion, new_id
from survey.records.base import table_of
from survey.records.database import Database
from survey.records.migrate import migrate
from survey.records.workspaces import create_workspace
from survey.tokens import make_token, new_nonce, token_sha256

HERE = Path(__file__).resolve().parent
SECRET = "b" * 40
GUNICORN = ("--workers", "1", "--threads", "8", "--worker-class", "gthread", "--log-level", "error")
TARGET_SHARE, TARGET_P99 = 0.60, 30.0


@dataclass(frozen=True)
class Round:
    """What wrk measured: answers a second, and milliseconds."""

    rate: float
    p50: float
    p99: float
    posted: int
    faults: int


def main() -> int:
    """Run both in turn and print a report; 1 when a target is missed."""
    given = _arguments()
    most = given.links_a_round * given.rounds
    with tempfile.TemporaryDirectory(prefix="afterword-bench-", dir=given.dir) as scratch:
        home = Path(scratch)
        links = _make_links(home, most)
        bare, ours = [], []
        with (
            _serving("bare_wsgi:app", given.port, _bare_environment(home)),
            _serving("wsgi:app", given.port + 1, _our_environment(home)),
        ):
            for number in range(given.rounds):
                first = number * given.links_a_round
                share = links[first : first + given.links_a_round]
                bare.append(_drive(home, given, given.port, share))
                ours.append(_drive(home, given, given.port + 1, share))
        kept, posted = _kept(home), sum(one.posted for one in ours)
    return _report(bare, ours, kept, posted)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=6)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--links-a-round", type=int, default=25_000)
    parser.add_argument("--port", type=int, default=8971)
    parser.add_argument("--dir", default=None, help="where both databases lie")
    if shutil.which("wrk") is None:
        parser.error("wrk is not installed; install it with: sudo apt-get install wrk")
    return parser.parse_args()


def _our_environment(home: Path) -> dict[str, str]:
    return {
        "SURVEY_DATA_DIR": str(home),
        "SURVEY_SECRET_KEY": SECRET,
        "PYTHONPATH": str(HERE.parent),
    }


def _bare_environment(home: Path) -> dict[str, str]:
    return {"BARE_DATABASE": str(home / "bare.db"), "PYTHONPATH": str(HERE)}


def _make_links(home: Path, count: int) -> list[str]:
    """Ask `count` customers, straight into the tables."""
    database = Database(f"sqlite:///{home / 'afterword.db'}")
    migrate(database.engine)
    now = utc_now()
    with database.writing() as session:
        workspace_id = create_workspace(session, "Bench", now).id
        question_id, version_id = session.execute(
            select(Question.id, QuestionVersion.id).join(
                QuestionVersion, QuestionVersion.question_id == Question.id
            )
        ).one()
        interactions, invitations, rows, links = [], [], [], []
        for number in range(count):
            interaction_id, invitation_id, nonce = new_id(), new_id(), new_nonce()
            token = make_token(SECRET.encode(), "answer", invitation_id, nonce)
            key = {"workspace_id": workspace_id}
            interactions.append(
                key
                | {
                    "id": interaction_id,
                    "customer_email": f"customer{number}@example.org",
                    "served_by": "Sam",
                    "reference": f"R-{number}",
                    "created_at": now,
                }
            )
            invitations.append(
                key
                | {
                    "id": invitation_id,
                    "interaction_id": interaction_id,
                    "question_id": question_id,
                    "question_version_id": version_id,
                    "language": "en",
                    "state": "sent",
                    "nonce": nonce,
                    "created_at": now,
                    "due_at": now,
                    "sent_at": now,
                    "asked_on": now.date(),
                    "expires_at": now + timedelta(days=90),
                }
            )
            rows.append(
                key
                | {
                    "token_sha256": token_sha256(token),
                    "kind": "answer",
                    "target_id": invitation_id,
                }
            )
            links.append(f"/a/{token}")
        for record, values in (
            (Interaction, interactions),
            (Invitation, invitations),
            (Link, rows),
        ):
            session.execute(insert(table_of(record)), values)
    database.close()
    return links


@contextmanager
def _serving(target: str, port: int, environment: dict[str, str]) -> Iterator[None]:
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", *GUNICORN, "--bind", f"127.0.0.1:{port}", target],
        env={**os.environ, **environment},
        cwd=environment["PYTHONPATH"],
    )
    try:
        _wait_until_serving(server, port)
        yield
    finally:
        server.terminate()
        server.wait(timeout=30)


def _wait_until_serving(server: subprocess.Popen[bytes], port: int) -> None:
    for _ in range(200):
        if server.poll() is not None:
            raise SystemExit(f"the server on port {port} ended with code {server.returncode}")
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/a/x", timeout=2).close()
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit(f"nothing answers on port {port}")


def _drive(home: Path, given: argparse.Namespace, port: int, links: list[str]) -> Round:
    listed = home / "links.txt"
    listed.write_text("\n".join(links))
    told = subprocess.run(
        ["wrk", "-t1", f"-c{given.connections}", f"-d{given.seconds}s", "--latency",
         "-s", str(HERE / "post_answers.lua"), f"http://127.0.0.1:{port}", "--", str(listed), "1"],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    posted, seconds = re.search(r"(\d+) requests in ([\d.]+)s", told).groups()  # type: ignore[union-attr]
    faults = re.search(r"Non-2xx or 3xx responses: (\d+)", told)
    return Round(
        rate=int(posted) / float(seconds),
        p50=_milliseconds(told, "50%"),
        p99=_milliseconds(told, "99%"),
        posted=int(posted),
        faults=int(faults.group(1)) if faults else 0,
    )


def _milliseconds(told: str, share: str) -> float:
    number, unit = re.search(rf"{share}\s+([\d.]+)(us|ms|s)", told).groups()  # type: ignore[union-attr]
    return float(number) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[unit]


def _kept(home: Path) -> int:
    connection = sqlite3.connect(home / "afterword.db")
    count: int = connection.execute("SELECT count(*) FROM answer").fetchone()[0]
    connection.close()
    return count


def _report(bare: list[Round], ours: list[Round], kept: int, posted: int) -> int:
    share = statistics.median(o.rate / b.rate for o, b in zip(ours, bare, strict=True))
    p99 = statistics.median(one.p99 for one in ours)
    faults = sum(one.faults for one in ours)
    for name, rounds in (("bare", bare), ("ours", ours)):
        for one in rounds:
            print(f"{name}  {one.rate:7.0f}/s  p50 {one.p50:6.1f} ms  p99 {one.p99:6.1f} ms")
    good = share >= TARGET_SHARE and p99 < TARGET_P99 and not faults and kept >= posted
    print(
        json.dumps(
            {
                "answers_a_second": round(statistics.median(one.rate for one in ours)),
                "bare_a_second": round(statistics.median(one.rate for one in bare)),
                "share": round(share, 3),
                "share_target": TARGET_SHARE,
                "p99_ms": round(p99, 1),
                "p99_target_ms": TARGET_P99,
                "faults": faults,
                "kept": kept,
                "posted": posted,
                "met": good,
            }
        )
    )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
