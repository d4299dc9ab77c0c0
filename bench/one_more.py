"""What one more answer costs among very many: ``python -m bench.one_more [ANSWERS]``.

Each answer is posted to a link of its own through the whole application, and then goes the
worker's way: taken in, stored with its theme, folded into the counts. Takes the places that
``bench.pages`` takes (``--url``, ``--postgres``, ``--keep``). The medians should not depend on how
many answers there are; neither should how long a step of the ledger holds the workspace, of which
a pin and its undoing are told, and what a customer's press waits while one holds it.
"""

import argparse
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from sqlalchemy import select

from bench.pages import Filled, filled
from survey.app import create_app
from survey.clock import utc_now
from survey.records import Answer, Workspace
from survey.records.arrivals import take_in
from survey.records.counts import fold
from survey.records.ledger import Step, take_step, undo_step
from survey.records.runs import lock_current_run
from survey.records.sortings import Placing, SortedAnswer, write_sortings
from tests.support.browser import Browser
from tests.support.many_links import ask_many
from tests.support.postgres import running_postgres
from tests.support.sayings import SAYINGS

ROUNDS = 40
HELD = 0.5  # seconds


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("answers", nargs="?", type=int, default=100_000)
    arguments.add_argument("--url", default="")
    arguments.add_argument("--postgres", action="store_true")
    arguments.add_argument("--days", type=int, default=1095)
    arguments.add_argument("--keep", type=Path)
    given = arguments.parse_args()
    with ExitStack() as stack:
        directory = given.keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = stack.enter_context(running_postgres()) if given.postgres else given.url
        report(filled(directory, given.answers, url, given.days))


def report(bench: Filled) -> None:
    database, workspace_id = bench.database, bench.business.workspace_id
    app = create_app(bench.settings)
    app.test_client_class = Browser
    browser, theme_id = app.test_client(), bench.themes[SAYINGS["waiting"][0]]
    secret = bench.settings.secret_key
    with database.writing() as session:
        links = ask_many(session, workspace_id, ROUNDS + 2, secret)
        run_id = session.scalar(
            select(Workspace.current_run_id).where(Workspace.id == workspace_id)
        )
    assert run_id is not None

    def post(link: str) -> Any:
        return browser.post(link, data={"answer": "Less waiting, please."})

    def press(link: str) -> None:
        if (status := post(link).status_code) != 303:
            raise SystemExit(f"the press gave {status}")

    def come_in(_link: str) -> None:
        with database.writing() as session:
            take_in(session, utc_now(), limit=50)

    def be_sorted(_link: str) -> None:
        with database.writing() as session:
            lock_current_run(session, workspace_id)
            new = select(Answer.id).where(
                Answer.workspace_id == workspace_id, Answer.sorted_by.is_(None)
            )
            told = [
                SortedAnswer(one, 1, "themes", (Placing(theme_id, None, None, "wish", 0.9),))
                for one in session.scalars(new)
            ]
            write_sortings(session, workspace_id, run_id, told)
            for one in told:
                session.get_one(Answer, (workspace_id, one.answer_id)).sorted_by = "e" * 64

    def be_counted(_link: str) -> None:
        with database.writing() as session:
            fold(session, limit=80)

    press(links.pop())
    steps: dict[str, Callable[[str], None]] = {
        "the press": press, "taken in": come_in, "sorted": be_sorted, "counted": be_counted,
    }  # fmt: skip
    times: dict[str, list[float]] = {name: [] for name in steps}
    held = links.pop()
    for link in links:
        for name, act in steps.items():
            times[name].append(_milliseconds(act, link))
    for name, taken in times.items():
        _say(name, taken)
    _say("a step of the ledger", [_stepped(bench, theme_id) for _ in range(10)])
    if not database.on_sqlite:  # which has one writer at a time, whoever it is
        print(f"a press while a step holds the workspace for {1000 * HELD:.0f} ms: "
              f"{_pressed_meanwhile(bench, press, held):.1f} ms")  # fmt: skip
    app.extensions["afterword"].database.close()
    database.close()


def _stepped(bench: Filled, theme_id: int) -> float:
    """Pin a theme and undo it: two steps, of which the mean is told."""
    here = bench.business.workspace_id

    def both(_link: str) -> None:
        with bench.database.writing() as session:
            done = take_step(session, here, Step("pin", theme_id), None, utc_now())
        with bench.database.writing() as session:
            undo_step(session, here, done.decision_id, None, utc_now())

    return _milliseconds(both, "") / 2


def _pressed_meanwhile(bench: Filled, press: Callable[[str], None], link: str) -> float:
    holds = threading.Event()

    def hold() -> None:
        with bench.database.writing() as session:
            lock_current_run(session, bench.business.workspace_id)
            holds.set()
            time.sleep(HELD)

    thread = threading.Thread(target=hold)
    thread.start()
    holds.wait()
    taken = _milliseconds(press, link)
    thread.join()
    return taken


def _milliseconds(act: Callable[[str], None], link: str) -> float:
    started = time.perf_counter()
    act(link)
    return 1000 * (time.perf_counter() - started)


def _say(name: str, times: list[float]) -> None:
    times.sort()
    print(
        f"{name:22} median {statistics.median(times):6.1f} ms   "
        f"least {times[0]:6.1f} ms   p95 {times[int(0.95 * len(times))]:6.1f} ms",
        flush=True,
    )


if __name__ == "__main__":
    main()
