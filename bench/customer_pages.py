"""How long the server takes for the customer's surfaces: ``python -m bench.customer_pages``.

Every screen and every press goes through the whole application (SQLite in a fresh directory, or
the empty database at ``--url``) beside ten thousand other answers. The target is a median below
10 ms for each, and below 5 ms of the processor's time, which a busy machine stretches less.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from flask.testing import FlaskClient

from survey.answer.unnamed import sums_for
from survey.app import create_app
from survey.ask.places import add_place, ask_anonymously, link_of_place, place_of, read_place
from survey.clock import utc_now
from survey.records.database import Database
from survey.records.migrate import migrate
from survey.records.talks import Consent, set_consent, write_letter
from survey.records.workspaces import first_question
from survey.settings import Settings, read_settings
from survey.tokens import random_link_token
from tests.support.answers import fill
from tests.support.given import Given, give, sort_into, theme_of
from tests.support.invitations import SECRET_KEY
from tests.support.many_links import ask_many
from tests.support.people import Business, make_business

ROUNDS = 60
TARGET, BUSY_TARGET = 10.0, 5.0  # milliseconds


def main() -> int:
    """Measure every surface; 1 when one misses the target."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--url", default="")
    arguments.add_argument("--answers", type=int, default=10_000)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        return report(Path(directory), given.url, given.answers)


def report(directory: Path, url: str, answers: int) -> int:
    """Fill a workspace, then measure screens and presses."""
    settings = read_settings(
        {
            "SURVEY_DATA_DIR": str(directory),
            "SURVEY_DATABASE_URL": url,
            "SURVEY_SECRET_KEY": SECRET_KEY.decode(),
            "SURVEY_BASE_URL": "http://localhost",
        }
    )
    database = Database(settings.database_url)
    migrate(database.engine)
    business = make_business(database, "Bench")
    with database.writing() as session:
        fill(session, business.workspace_id, answers, utc_now().date())
        links = ask_many(session, business.workspace_id, 10 * ROUNDS, SECRET_KEY)
    if not database.on_sqlite:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as link:
            link.exec_driver_sql("VACUUM ANALYZE")
    app = create_app(settings)
    browser = app.test_client()
    slow = []

    def measure(name: str, act: Callable[[int], int], *, expect: int) -> None:
        median, busy = _measure(name, act, expect=expect)
        if median > TARGET or busy > BUSY_TARGET:
            slow.append(name)

    def post(**fields: str) -> Callable[[int], int]:
        return lambda place: browser.post(links[place], data=fields).status_code

    measure("the question", lambda place: browser.get(links[place]).status_code, expect=200)
    measure("a blank answer, sent back", post(answer=""), expect=422)
    measure("the answer", post(answer="Less waiting, please."), expect=303)
    measure("the answer again", post(answer="Less waiting, please."), expect=303)
    measure("what was said", lambda place: browser.get(links[place]).status_code, expect=200)
    measure(
        "the form to change it",
        lambda place: browser.get(links[place] + "?change").status_code,
        expect=200,
    )
    measure("the change", post(do="change", seen="1", answer="Less waiting."), expect=303)
    measure("leave to come back", post(do="come-back", may="1", how="mail"), expect=303)
    talked = _talked(database, business)
    measure("a reply and what changed", lambda _: browser.get(talked.link).status_code, expect=200)
    measure("a letter back", post(do="write", seen="0", answer="Thank you."), expect=303)
    measure("taking it back", post(do="withdraw"), expect=303)
    measure("what was taken back", lambda place: browser.get(links[place]).status_code, expect=200)
    measure("an unknown link", lambda _: browser.get("/a/unknown").status_code, expect=404)
    for kind in ("open", "anonymous"):
        door = _door(database, settings, business, anonymous=kind == "anonymous")
        _measure_door(kind, door, browser, measure)
    app.extensions["afterword"].database.close()
    database.close()
    well = "every surface is under 10 ms, 5 ms of the processor"
    print("over the target: " + ", ".join(slow) if slow else well)
    return 1 if slow else 0


def _door(database: Database, settings: Settings, business: Business, *, anonymous: bool) -> str:
    """Make a place; the path of its open link."""
    new, now = (
        read_place(f"Counter {anonymous}", "Sam", "your visit", {"branch": "North"}, ""),
        utc_now(),
    )
    with database.writing() as session:
        question_id = first_question(session, business.workspace_id)[0]
        ask_anonymously(session, business.workspace_id, question_id, anonymous=anonymous)
        key = settings.secret_key
        place_id = add_place(session, business.workspace_id, new, secret_key=key, now=now)
        session.flush()
        place = place_of(session, business.workspace_id, place_id)
    return link_of_place(settings, place).removeprefix(settings.base_url)


def _measure_door(kind: str, door: str, browser: FlaskClient, measure: Callable[..., None]) -> None:
    """Measure what comes through an open link, and the address that is given out for it."""
    owns = [random_link_token() for _ in range(ROUNDS)]
    again = "r" if kind == "anonymous" else "a"

    def leave(place: int) -> int:
        sums = sum(sums_for(SECRET_KEY, owns[place]))  # many come from one address here
        fields = {"own": owns[place], "answer": "Less waiting.", "sum": str(sums)}
        fields |= {"anonymous": "1"} if kind == "anonymous" else {}
        return browser.post(door, data=fields).status_code

    measure(f"the {kind} question", lambda _: browser.get(door).status_code, expect=200)
    measure(f"an {kind} answer", leave, expect=200)
    measure(
        f"an {kind} answer's own page",
        lambda place: browser.get(f"/{again}/{owns[place]}").status_code,
        expect=200,
    )


def _talked(database: Database, business: Business) -> Given:
    given = give(database, business, "Nobody told me the price.")
    theme = theme_of(database, business, "Prices")
    sort_into(database, business, theme, given)
    with database.writing() as session:
        set_consent(session, business.workspace_id, given.id, Consent(True), utc_now())
        for _ in range(3):
            write_letter(session, business.workspace_id, given.id, "x" * 400, utc_now(), signed="S")
    return given


def _measure(name: str, act: Callable[[int], int], *, expect: int) -> tuple[float, float]:
    """Return the median of what one press takes, by the clock and of the processor."""
    times, busy = [], []
    for place in range(ROUNDS):
        started, worked = time.perf_counter(), time.process_time()
        status = act(place)
        busy.append(1000 * (time.process_time() - worked))
        times.append(1000 * (time.perf_counter() - started))
        if status != expect:
            raise SystemExit(f"{name}: {status}")
    times.sort()
    median, median_busy = statistics.median(times), statistics.median(busy)
    print(f"{name:28} median {median:5.1f} ms   p95 {times[int(0.95 * ROUNDS)]:5.1f} ms   "
          f"processor {median_busy:5.1f} ms", flush=True)  # fmt: skip
    return median, median_busy


if __name__ == "__main__":
    sys.exit(main())
