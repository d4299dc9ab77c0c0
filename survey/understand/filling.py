"""Filling a run that nobody sees yet, in small pieces, and letting it take over by one flip.

All of it is done under a workspace's lease. Killed half-way, the run is taken up by the next worker
at the first answer it has not dealt with.
"""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from survey.records.database import Database, database_now
from survey.records.grafting import answers_to_graft, graft
from survey.records.proposals import kept_as_they_are
from survey.records.runs import (
    answers_without,
    clear_run,
    lock_current_run,
    make_current,
    note_look,
)
from survey.understand.actions import hold_workspace, keep_vectors, store_in_run
from survey.understand.known import KnownAnswer, KnownTheme
from survey.understand.lessons import taught_of
from survey.understand.queries import answers_by_id, look_at, themes_of, vectors_of

if TYPE_CHECKING:
    from survey.understand.engine import Engine

BATCH = 128  # answers read at once
CHUNK = 16  # answers written in one transaction, which stays under 20 ms


class DropItError(Exception):
    """The claim was lost, or the worker stops: what was written stays for whoever comes next."""


class Filling:
    """Writes to runs while the claim on their workspace is held.

    Parameters
    ----------
    database : Database
        The store.
    engine : callable
        Gives the engine, loading it on first use.
    stopping : callable
        Says whether to come to an end.
    """

    def __init__(
        self,
        database: Database,
        engine: "Callable[[], Engine]",
        stopping: Callable[[], bool],
    ) -> None:
        self.database = database
        self._engine = engine
        self._stopping = stopping

    def fill(self, workspace_id: int, lease_id: str, run_id: int) -> None:
        """Let a run deal with every answer it has not dealt with yet."""
        with self.database.reading() as session:
            themes = themes_of(session, workspace_id, run_id)
        after = 0
        while True:
            with self.database.reading() as session:
                ids = answers_without(session, workspace_id, run_id, after=after, limit=BATCH)
            if ids:
                self._fill_some(workspace_id, lease_id, run_id, themes, ids)
                after = ids[-1]
            elif after:
                after = 0  # once more from the start, for what came in meanwhile
            else:
                return

    def _fill_some(
        self,
        workspace_id: int,
        lease_id: str,
        run_id: int,
        themes: tuple[KnownTheme, ...],
        ids: Collection[int],
    ) -> None:
        engine = self._engine()
        with self.database.reading() as session:
            answers: tuple[KnownAnswer, ...] = answers_by_id(session, workspace_id, ids)
            bodies = {one.body for one in answers}
            vectors = vectors_of(session, workspace_id, bodies, engine.model_digest)
            taught = taught_of(session, workspace_id)
        told, new_vectors = engine.sort(themes, answers, vectors, taught)
        for start in range(0, len(told), CHUNK):
            chunk = told[start : start + CHUNK]
            with self.writing(lease_id) as session:
                store_in_run(session, workspace_id, run_id, chunk)
                keep_vectors(session, workspace_id, chunk, new_vectors, engine.model_digest)

    def flip(
        self,
        workspace_id: int,
        lease_id: str,
        run_id: int,
        note: Callable[[Session], None] = lambda _: None,
    ) -> None:
        """Make a run current, unless an answer slipped in that it has not dealt with."""
        while True:
            with self.writing(lease_id) as session:
                lock_current_run(session, workspace_id)
                if not answers_without(session, workspace_id, run_id, limit=1):
                    make_current(session, workspace_id, run_id, database_now(session))
                    look = look_at(session, workspace_id)
                    note_look(session, workspace_id, run_id, look.fits_none, look.answers)
                    note(session)
                    return
            self.fill(workspace_id, lease_id, run_id)

    def graft(self, workspace_id: int, lease_id: str, run_id: int) -> None:
        """Let themes that were left out of a yes keep the answers they have."""
        with self.database.reading() as session:
            themes = kept_as_they_are(session, workspace_id, run_id)
            before = look_at(session, workspace_id).run_id
            ids = answers_to_graft(session, workspace_id, (before, run_id), themes)
        for start in range(0, len(ids), CHUNK):
            with self.writing(lease_id) as session:
                graft(session, workspace_id, (before, run_id), themes, ids[start : start + CHUNK])

    def clear(self, workspace_id: int, lease_id: str, run_id: int) -> None:
        more = True
        while more:
            with self.writing(lease_id) as session:
                more = clear_run(session, workspace_id, run_id, limit=CHUNK)

    @contextmanager
    def writing(self, lease_id: str) -> Iterator[Session]:
        """Write while the claim is ours; otherwise drop the work."""
        with self.database.writing() as session:
            if self._stopping() or not hold_workspace(session, lease_id, database_now(session)):
                raise DropItError
            yield session
