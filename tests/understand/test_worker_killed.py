"""The worker is killed outright between claiming answers and finishing them: nothing is lost."""

import functools
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from survey.clock import utc_now
from survey.records import Answer, Sorting, Workspace
from survey.records.counts import counts_now, rebuild
from survey.records.database import Database
from survey.records.workspaces import create_workspace
from survey.settings import Settings
from survey.understand.embed import load_embedder
from survey.understand.engine import Engine
from survey.understand.work import Understanding
from tests.support.past import LONG_AGO, give_answers
from tests.support.processes import our_environment, running, wait_until

ANSWERS = [
    f"{opening} {point}, and that was visit number {number}."
    for number in range(4)
    for opening in ("On Monday", "My mother says", "To be fair", "I only wish", "Honestly")
    for point in (
        "nobody rang back about the crown",
        "the bill was twice the estimate",
        "we sat an hour without a word",
        "she explained every step to me",
        "there was nowhere to park the car",
        "he talked over my head again",
        "the phone rang out nine times",
        "they treated my son with patience",
        "the heating was off once more",
        "I was sent from desk to desk",
    )
]


def _sorted(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(Sorting)) or 0


def _end_leases(database: Database) -> None:
    ago = utc_now() - timedelta(seconds=1)
    with database.writing() as session:
        for table in (Answer, Workspace):
            session.execute(
                update(table).where(table.lease_id.is_not(None)).values(lease_until=ago)
            )


@pytest.fixture(scope="module")
def loaded() -> Callable[[], Engine]:
    """The real engine, opened once for the workers that come after."""
    return functools.cache(lambda: Engine(load_embedder()))


@pytest.mark.model
def test_every_answer_is_sorted_once_although_the_worker_was_killed(
    database: Database, settings: Settings, loaded: Callable[[], Engine]
) -> None:
    with database.writing() as session:
        workspace_id = create_workspace(session, "Hill Street Dental", LONG_AGO).id
    given = give_answers(database, workspace_id, ANSWERS)
    env = our_environment(settings)
    with running("worker", env=env) as worker:
        wait_until(lambda: _sorted(database) > 0, "the first sorting", 120)
        worker.kill()
        worker.wait()
    sorted_before = _sorted(database)
    with database.reading() as session:
        waiting = session.scalar(
            select(func.count()).select_from(Answer).where(Answer.sorted_by.is_(None))
        )
    assert 0 < sorted_before < given
    assert waiting == given - sorted_before  # what is stored is finished, and nothing else

    _end_leases(database)
    next_worker = Understanding(database, load=loaded)
    while any(one() for one in next_worker.rounds()):
        pass
    assert not _waiting(database)
    with database.writing() as session:
        counted = counts_now(session, workspace_id)
        rebuild(session, workspace_id)
        assert counts_now(session, workspace_id) == counted
        runs = session.execute(select(Sorting.run_id, func.count()).group_by(Sorting.run_id)).all()
    assert max(count for _, count in runs) == given


def _waiting(database: Database) -> bool:
    with database.reading() as session:
        return bool(session.scalar(select(Answer.id).where(Answer.sorted_by.is_(None)).limit(1)))
