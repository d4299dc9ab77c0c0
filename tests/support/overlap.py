"""Two transactions at once: the second begins while the first is written and not yet committed."""

import threading
import time
from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from survey.records.database import Database

OVERLAP = 0.5  # seconds in which the second comes as far as the first lets it


def overlapping(
    database: Database, first: Callable[[Session], Any], second: Callable[[Session], Any]
) -> tuple[Any, Any]:
    """Run both and return what they gave; what the second raises is raised here."""
    given: list[Any] = []
    failed: list[Exception] = []

    def run_second() -> None:
        try:
            with database.writing() as session:
                given.append(second(session))
        except Exception as error:  # told in the thread of the test
            failed.append(error)

    thread = threading.Thread(target=run_second)
    with database.writing() as session:
        first_gave = first(session)
        session.flush()
        thread.start()
        time.sleep(OVERLAP)
    thread.join()
    if failed:
        raise failed[0]
    return first_gave, given[0]
