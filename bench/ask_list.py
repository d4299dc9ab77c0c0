"""What asking from a list costs: ``python -m bench.ask_list [ROWS]``.

A list goes through the whole application, looked at and then asked, in a business that asked very
many before (``--before``). Told are both, and how long whoever else writes had to wait meanwhile:
customers' answers do.
"""

import argparse
import re
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from html import unescape
from pathlib import Path

from sqlalchemy import select

from bench.filling import put_many
from survey.app import create_app
from survey.clock import utc_now
from survey.records import Interaction, Invitation, Question, new_id
from survey.records.database import Database
from survey.records.migrate import migrate
from survey.settings import read_settings
from tests.support.browser import Browser
from tests.support.people import Business, make_business, make_member, signed_in
from tests.support.postgres import running_postgres

ROUNDS = 7
DAYS = 90  # over which the earlier askings lie
HEADER = "email,name,served by,what was done,date,language,branch,note"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("rows", nargs="?", type=int, default=500)
    arguments.add_argument("--before", type=int, default=50_000)
    arguments.add_argument("--postgres", action="store_true")
    given = arguments.parse_args()
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = f"sqlite:///{directory / 'afterword.db'}"
        if given.postgres:
            url = stack.enter_context(running_postgres())
        report(url, directory, given.rows, given.before)


def report(url: str, directory: Path, rows: int, before: int) -> None:
    settings = read_settings(
        {
            "SURVEY_DATA_DIR": str(directory / "data"),
            "SURVEY_DATABASE_URL": url,
            "SURVEY_SECRET_KEY": "k" * 40,
            "SURVEY_BASE_URL": "http://localhost",
        }
    )
    database = Database(url)
    migrate(database.engine)
    business = make_business(database, "Hill Street Dental")
    ask_before(database, business, before)
    app = create_app(settings)
    app.test_client_class = Browser
    owner = signed_in(app, make_member(database, business, "owner@example.org", "owner"))
    looks, asks, waits = [], [], []
    for number in range(ROUNDS):
        began = time.perf_counter()
        looked = owner.send(business.at("ask/list"), people=a_list(number, rows))
        looks.append(time.perf_counter() - began)
        fields = as_shown(looked.get_data(as_text=True))
        with waiting(app.extensions["afterword"].database) as waited:
            began = time.perf_counter()
            asked = owner.post(
                business.at("ask/list"), data=fields, content_type="multipart/form-data"
            )
            asks.append(time.perf_counter() - began)
        waits.append(max(waited))
        if f"<h1>{rows:,} people are asked" not in asked.get_data(as_text=True):
            raise SystemExit("not everybody was asked")
    print(f"{rows:,} rows after {before:,} askings, medians of {ROUNDS} (and the worst):")
    for name, took in (("look", looks), ("ask", asks), ("whoever writes waits", waits)):
        print(f"  {name:22}{1e3 * statistics.median(took):6.0f} ms ({1e3 * max(took):.0f})")


def ask_before(database: Database, business: Business, count: int) -> None:
    """Lay askings of other customers evenly over the last days."""
    now, inside = utc_now(), business.workspace_id
    with database.reading() as session:
        question_id = session.scalar(select(Question.id).where(Question.workspace_id == inside))
    interactions, invitations = [], []
    for number in range(count):
        interaction_id, at = new_id(), now - timedelta(days=number % DAYS)
        interactions.append(
            {
                "workspace_id": inside, "id": interaction_id, "created_at": at, "occurred_at": at,
                "customer_email": f"before{number}@example.org", "about": "your visit",
            }
        )  # fmt: skip
        invitations.append(
            {
                "workspace_id": inside, "id": new_id(), "interaction_id": interaction_id,
                "question_id": question_id, "state": "sent", "nonce": b"n" * 16,
                "created_at": at, "due_at": at, "sent_at": at, "asked_on": at.date(),
                "expires_at": at,
            }
        )  # fmt: skip
    put_many(database, Interaction, interactions)
    put_many(database, Invitation, invitations)


def a_list(number: int, rows: int) -> str:
    """Return a list of customers whom no other one has."""
    today = utc_now().date()
    lines = [
        f"c{number}.{row}@example.org,Customer {row},Sam,your boiler,"
        f"{today - timedelta(days=row % 7)},{'' if row % 9 else 'German'},"
        f"{'Hill' if row % 2 else 'Mill'},third visit"
        for row in range(rows)
    ]
    return "\n".join([HEADER, *lines])


def as_shown(page: str) -> dict[str, str]:
    """Return what a browser sends back with the button that asks."""
    fields = {"do": "ask", "segment": "branch", "quiet_days": "14", "date_format": ""}
    for name in ("csrf_token", "once", "seen"):
        found = re.search(rf'name="{name}"[^>]*value="([^"]*)"', page)
        fields[name] = found[1] if found else ""
    for chosen in re.finditer(r'<select name="(column-\w+)".*?</select>', page, re.DOTALL):
        column = re.search(r"<option selected>([^<]*)", chosen[0])
        fields[chosen[1]] = column[1] if column else ""
    rows = re.search(r'<textarea[^>]*name="people"[^>]*>(.*?)</textarea>', page, re.DOTALL)
    fields["people"] = unescape(rows[1]).strip() if rows else ""
    return fields


@contextmanager
def waiting(database: Database) -> Iterator[list[float]]:
    """Write next to nothing over and over, and keep how long each of it took."""
    took: list[float] = []
    ended = threading.Event()

    def write() -> None:
        while not ended.is_set():
            began = time.perf_counter()
            with database.writing():
                pass
            took.append(time.perf_counter() - began)
            time.sleep(0.002)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield took
    finally:
        ended.set()
        thread.join()


if __name__ == "__main__":
    main()
