"""How long the reading pages take over many answers: ``python -m bench.pages [ANSWERS]``.

Makes a workspace of made-up answers (SQLite in a fresh directory, a PostgreSQL
server of its own with ``--postgres``, or the empty database at ``--url``), then opens each page
through the whole application and reports the median and the 95th percentile of the times to the
last byte, and the processor's time, which a busy machine does not stretch. At last it takes,
sorts and folds one more answer, whose cost should not depend on how many there are.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import event, select

from survey.app import create_app
from survey.clock import utc_now
from survey.records import Answer, AnswerText, Question, Theme, new_id
from survey.records.counts import Counted, Measure, count, fold
from survey.records.database import Database
from survey.records.migrate import migrate
from survey.records.sortings import Placing, SortedAnswer, write_sortings
from survey.settings import read_settings
from tests.support.answers import fill
from tests.support.browser import Browser
from tests.support.people import make_business, make_member, signed_in
from tests.support.postgres import running_postgres

ROUNDS = 40


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("answers", nargs="?", type=int, default=100_000)
    arguments.add_argument("--url", default="")
    arguments.add_argument("--postgres", action="store_true")
    arguments.add_argument("--days", type=int, default=1095)
    given = arguments.parse_args()
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = stack.enter_context(running_postgres()) if given.postgres else given.url
        report(directory, given.answers, url, given.days)


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
    if database.on_sqlite:  # random ids over a million rows: building wants a large cache
        event.listen(database.engine, "connect", _with_a_large_cache)
        database.engine.dispose()
    started = time.perf_counter()
    with database.writing() as session:
        run, themes = fill(session, business.workspace_id, answers, utc_now().date(), days=days)
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
        measure(name, partial(opened, browser, business.at(path)))
    measure("one more answer", partial(one_more, database, business.workspace_id, run, waiting))
    database.close()


def _with_a_large_cache(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA cache_size=-1500000")


def opened(browser: Browser, address: str) -> int:
    """Open a page; its status."""
    return browser.get(address).status_code


def one_more(database: Database, workspace_id: int, run_id: int, theme_id: int) -> int:
    """Keep, sort and count one more answer."""
    key = {"workspace_id": workspace_id, "id": new_id()}
    with database.writing() as session:
        question = session.scalars(
            select(Question.id).where(Question.workspace_id == workspace_id)
        ).one()
        day = utc_now().date()
        session.add(Answer(**key, question_id=question, answered_on=day, served_by="Sam"))
        session.flush()
        session.add(AnswerText(workspace_id=workspace_id, answer_id=key["id"], version=1, body="."))
        counted = Counted(workspace_id, question, day, served_by="Sam")
        count(session, 1, counted, [Measure("answered")])
    with database.writing() as session:
        placing = Placing(theme_id, None, None, "wish", 0.9)
        answers = [SortedAnswer(key["id"], 1, "themes", (placing,))]
        write_sortings(session, workspace_id, run_id, answers)
    with database.writing() as session:
        fold(session)
    return 200


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
