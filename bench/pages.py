"""How long the reading pages take over many answers: ``python -m bench.pages [ANSWERS]``.

Makes a workspace of made-up answers (SQLite in a fresh directory, or the empty database at
``--url``), then opens each page through the whole application and reports the median and the
95th percentile of the times to the last byte, and the processor's time, which a busy machine
does not stretch.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import select

from survey.app import create_app
from survey.clock import utc_now
from survey.records import Theme
from survey.records.database import Database
from survey.records.migrate import migrate
from survey.settings import read_settings
from tests.support.answers import fill
from tests.support.browser import Browser
from tests.support.people import make_business, make_member, signed_in

ROUNDS = 40


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("answers", nargs="?", type=int, default=100_000)
    arguments.add_argument("--url", default="")
    arguments.add_argument("--days", type=int, default=1095)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        report(Path(directory), given.answers, given.url, given.days)


def report(directory: Path, answers: int, url: str, days: int) -> None:
    settings = read_settings(
        {
            "SURVEY_DATA_DIR": str(directory),
            "SURVEY_DATABASE_URL": url,
            "SURVEY_SECRET_KEY": "k" * 40,
            "SURVEY_BASE_URL": "http://localhost",
        }
    )
    database = Database(settings.database_url)
    migrate(database.engine)
    business = make_business(database, "Bench")
    person = make_member(database, business, "owner@example.org", "owner")
    started = time.perf_counter()
    with database.writing() as session:
        _, themes = fill(session, business.workspace_id, answers, utc_now().date(), days=days)
    print(f"{answers:,} answers over {days} days on {database.engine.dialect.name}, "
          f"made in {time.perf_counter() - started:.0f} s")  # fmt: skip
    if not database.on_sqlite:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as link:
            link.exec_driver_sql("VACUUM ANALYZE")
    app = create_app(settings)
    app.test_client_class = Browser
    browser = signed_in(app, person)
    with database.reading() as session:
        rare = session.scalars(select(Theme.id).where(Theme.key == "aftercare")).one()
    waiting = themes["waiting"]
    for name, path in (
        ("overview", ""),
        ("overview, last 90 days", "?days=90"),
        ("overview, one day", f"?since={utc_now():%Y-%m-%d}"),
        ("overview, one segment", "?segment.Branch=Riverside"),
        ("overview, two segments (scan)", "?segment.Branch=Riverside&segment.Service=Hygienist"),
        ("answers", "answers"),
        ("answers of a large theme", f"answers?theme={waiting}"),
        ("answers of a small theme", f"answers?theme={rare}"),
        ("answers not sorted", "answers?theme=unsorted"),
        ("theme page, large", f"themes/{waiting}"),
        ("theme page, small, newest", f"themes/{rare}?order=newest"),
        ("theme page, one segment", f"themes/{waiting}?segment.Branch=Riverside"),
    ):
        measure(name, lambda path=path: browser.get(business.at(path)).status_code)
    database.close()


def measure(name: str, act: Callable[[], int]) -> None:
    times = []
    busy = time.process_time()
    for _ in range(ROUNDS):
        started = time.perf_counter()
        status = act()
        times.append(1000 * (time.perf_counter() - started))
        if status != 200:
            raise SystemExit(f"{name}: {status}")
    busy = 1000 * (time.process_time() - busy) / ROUNDS
    times.sort()
    print(
        f"{name:34} median {statistics.median(times):6.1f} ms   "
        f"p95 {times[int(0.95 * ROUNDS)]:6.1f} ms   processor {busy:6.1f} ms",
        flush=True,
    )


if __name__ == "__main__":
    main()
