"""How long the reading pages take over many answers: ``python -m bench.pages [ANSWERS]``.

Makes a workspace of made-up answers (SQLite in a fresh directory, a PostgreSQL server of its own
with ``--postgres``, or the database at ``--url``), then opens each page through the whole
application and reports the median and the 95th percentile of the times to the last byte, the
processor's time in this process and PostgreSQL's, which a busy machine does not stretch so much,
and how many statements a page makes. With ``--keep DIRECTORY`` the answers stay there for the
next run; answers that are there already are used as they stand. ``--only WORD`` leaves out lines
without the word.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import event, select, text

from bench.filling import fill_quickly
from survey.app import create_app
from survey.clock import utc_now
from survey.records import Person, Theme, Workspace
from survey.records.database import Database
from survey.records.migrate import migrate
from survey.settings import Settings, read_settings
from tests.support.browser import Browser
from tests.support.people import Business, make_business, make_member, signed_in
from tests.support.postgres import running_postgres
from tests.support.sayings import SAYINGS

ROUNDS = 40
LONGEST = 3000.0  # milliseconds of one line, after which no round is begun
OWNER = "owner@example.org"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("answers", nargs="?", type=int, default=100_000)
    arguments.add_argument("--url", default="")
    arguments.add_argument("--postgres", action="store_true")
    arguments.add_argument("--days", type=int, default=1095)
    arguments.add_argument("--keep", type=Path)
    arguments.add_argument("--only", default="")
    given = arguments.parse_args()
    with ExitStack() as stack:
        directory = given.keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = stack.enter_context(running_postgres()) if given.postgres else given.url
        report(directory, given.answers, url, given.days, given.only)


@dataclass(frozen=True)
class Filled:
    """A workspace with answers, and who may read them."""

    settings: Settings
    database: Database
    business: Business
    person_id: int
    themes: dict[str, int]


def filled(directory: Path, answers: int, url: str, days: int) -> Filled:
    """Make a workspace with answers; one that is there already is used as it stands."""
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
    with database.reading() as session:
        there = session.execute(
            select(Workspace.id, Workspace.slug, Workspace.name).where(Workspace.name == "Bench")
        ).one_or_none()
        person_id = session.scalar(select(Person.id).where(Person.email == OWNER))
    if there is None or person_id is None:
        business = make_business(database, "Bench")
        person_id = make_member(database, business, OWNER, "owner")
        started = time.perf_counter()
        fill_quickly(database, business.workspace_id, answers, utc_now().date(), days=days)
        print(f"{answers:,} answers over {days} days on {database.engine.dialect.name}, "
              f"made in {time.perf_counter() - started:.0f} s")  # fmt: skip
    else:
        business = Business(there.id, there.slug, there.name)
    with database.reading() as session:
        query = select(Theme.name, Theme.id).where(Theme.workspace_id == business.workspace_id)
        themes = {row.name: row.id for row in session.execute(query)}
    return Filled(settings, database, business, person_id, themes)


def report(directory: Path, answers: int, url: str, days: int, only: str) -> None:
    bench = filled(directory, answers, url, days)
    business = bench.business
    app = create_app(bench.settings)
    app.test_client_class = Browser
    browser = signed_in(app, bench.person_id)
    served_by = app.extensions["afterword"].database
    waiting, rare = (bench.themes[SAYINGS[key][0]] for key in ("waiting", "aftercare"))
    for name, path in (
        ("overview", ""),
        ("overview, last 90 days", "?days=90"),
        ("overview, one day", f"?since={utc_now():%Y-%m-%d}"),
        ("overview, one segment", "?segment.Branch=Riverside"),
        ("overview, served by", "?served_by=Priya"),
        ("overview, channel and 90 days", "?channel=phone&days=90"),
        ("overview, language", "?language=cy"),
        ("overview, one theme", f"?theme={waiting}"),
        ("overview, one tone", "?tone=praise"),
        ("overview, two segments (scan)", "?segment.Branch=Riverside&segment.Service=Hygienist"),
        ("overview, segment and tone (scan)", "?segment.Branch=Riverside&tone=praise&days=90"),
        ("overview, a word (scan)", "?q=parking"),
        ("answers", "answers"),
        ("answers of a large theme", f"answers?theme={waiting}"),
        ("answers of a small theme", f"answers?theme={rare}"),
        ("answers not sorted", "answers?theme=unsorted"),
        ("search, a rare word", "answers?q=parking"),
        ("search, a common word", "answers?q=the"),
        ("search, two words and a segment", "answers?q=nobody+said&segment.Branch=Riverside"),
        ("theme page, large", f"themes/{waiting}"),
        ("theme page, small, newest", f"themes/{rare}?order=newest"),
        ("theme page, one segment", f"themes/{waiting}?segment.Branch=Riverside"),
    ):
        if only in name:
            measure(name, partial(opened, browser, business.at(path)), served_by)
    served_by.close()
    bench.database.close()


def opened(browser: Browser, address: str) -> int:
    """Open a page; its status."""
    return browser.get(address).status_code


@contextmanager
def counting_statements(database: Database) -> Iterator[list[str]]:
    """Give a list that takes the statements of a block."""
    made: list[str] = []

    def note(_link: Any, _cursor: Any, statement: str, *_: Any) -> None:
        made.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield made
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


def measure(name: str, act: Callable[[], int], database: Database) -> None:
    """Do something some times and say how long it took."""
    with counting_statements(database) as statements:
        for _ in range(3):
            statements.clear()
            if (status := act()) != 200:
                raise SystemExit(f"{name}: {status}")
    times: list[float] = []
    busy, served = time.process_time(), _of_the_server(database)
    while len(times) < ROUNDS and sum(times) < LONGEST:
        started = time.perf_counter()
        act()
        times.append(1000 * (time.perf_counter() - started))
    busy, served = time.process_time() - busy, _of_the_server(database) - served
    times.sort()
    print(
        f"{name:34} median {statistics.median(times):6.1f} ms   "
        f"p95 {times[int(0.95 * len(times))]:6.1f} ms   "
        f"processor {1000 * (busy + served) / len(times):6.1f} ms   "
        f"{len(statements):3} statements",
        flush=True,
    )


def _of_the_server(database: Database) -> float:
    """Return the processor's seconds of PostgreSQL's processes that serve us, where they are here.

    It counts hundredths of seconds, so that only the mean of many rounds means something.
    """
    if database.on_sqlite:
        return 0.0
    with database.reading() as session:
        here = text("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
        pids = list(session.scalars(here))
    ticks = 0
    for pid in pids:
        stat = Path(f"/proc/{pid}/stat")
        if stat.exists():
            ticks += sum(map(int, stat.read_text().rpartition(")")[2].split()[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
