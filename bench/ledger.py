"""How long a step of the ledger takes as answers grow: merge, undo, a day of the past.

Run with ``python -m bench.ledger [answers …]``; on SQLite, in a fresh file.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from datetime import time as clock
from pathlib import Path

from survey.clock import utc_now
from survey.records.database import Database
from survey.records.ledger import Step, latest_number, take_step, undo_step
from survey.records.migrate import migrate
from survey.records.replay import themes_at
from survey.records.showing import show_some
from survey.records.workspaces import create_workspace
from survey.show.ledger.queries import answers_in, moved_by_undoing
from tests.support.answers import fill

CHUNK = 16  # as the worker takes them


def main(sizes: list[int]) -> None:
    """Measure at each size, and print a line for each step."""
    print("answers\tstep\tanswers moved\tseconds")
    for answers in sizes:
        with tempfile.TemporaryDirectory() as folder:
            database = Database(f"sqlite:///{Path(folder) / 'bench.db'}")
            migrate(database.engine)
            measure(database, answers)
            database.close()


def measure(database: Database, answers: int) -> None:
    """Measure one workspace with so many answers."""
    now = datetime.now(UTC)
    with database.writing() as session:
        workspace_id = create_workspace(session, "Hill Street Dental", now).id
        _, themes = fill(session, workspace_id, answers, now.date())
    end = datetime.combine(now.date(), clock.max, UTC)
    here, there = list(themes.values())[:2]
    with database.reading() as session:
        size = answers_in(session, workspace_id, here)

    def say(step: str, moved: int, done: Callable[[], object]) -> object:
        began = time.perf_counter()
        result = done()
        print(f"{answers:,}\t{step}\t{moved:,}\t{time.perf_counter() - began:.2f}", flush=True)
        return result

    def merged() -> int:
        with database.writing() as session:
            step = Step("merge", here, there)
            return take_step(session, workspace_id, step, None, utc_now()).decision_id

    decision_id = say("merge", size, merged)
    assert isinstance(decision_id, int)

    def previewed() -> int:
        with database.reading() as session:
            return moved_by_undoing(session, workspace_id, decision_id)

    say("what undoing would move", size, previewed)

    def shown() -> None:
        longest, more = 0.0, True
        while more:
            began = time.perf_counter()
            with database.writing() as session:
                more = show_some(session, CHUNK)
            longest = max(longest, time.perf_counter() - began)
        print(f"{answers:,}\tlongest of the worker's transactions\t{CHUNK}\t{longest:.3f}")

    say("the rest, by the worker", size, shown)

    def undone() -> None:
        with database.writing() as session:
            undo_step(session, workspace_id, decision_id, None, utc_now())

    say("undo", size, undone)

    def renamed() -> None:
        with database.writing() as session:
            details = {"after": {"name": f"Name {latest_number(session, workspace_id)}"}}
            take_step(session, workspace_id, Step("rename", here, details=details), None, utc_now())

    say("rename", 0, renamed)

    def replayed() -> None:
        with database.reading() as session:
            themes_at(session, workspace_id, end, now.date())

    say("the themes of a day", 0, replayed)


if __name__ == "__main__":
    main([int(one) for one in sys.argv[1:]] or [10_000, 100_000])
