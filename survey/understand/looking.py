"""Looking for themes: first by itself, later as proposals, always as a run nobody sees yet.

A run is written in small pieces under a new id, and then one pointer flips. Killed half-way, it
is taken up by the next worker at the first answer it has not dealt with.
"""

import logging
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from survey.records import Workspace
from survey.records.database import Database, database_now, what_failed
from survey.records.due import give_back
from survey.records.proposals import note_in_place
from survey.records.putting_back import moved_between
from survey.records.runs import (
    EMERGING,
    FIRST,
    RESORT,
    add_themes,
    begin_run,
    delete_run,
    fail_run,
    members,
    note_look,
    propose_run,
    refuse_run,
    refused_moves,
    unfinished_run,
)
from survey.understand.actions import (
    as_new_theme,
    claim_workspace,
    note_resorted,
    put_workspace_back,
    release_workspace,
    still_said,
)
from survey.understand.arrivals import arrivals_of
from survey.understand.filling import DropItError, Filling
from survey.understand.known import (
    FOUND,
    Arrivals,
    FoundNow,
    KnownAnswer,
    taught_digest,
)
from survey.understand.lessons import taught_of, workspace_to_resort
from survey.understand.queries import (
    Look,
    another_workspace,
    answers_without_theme,
    look_at,
    refused_themes,
    themes_of,
    vectors_of,
    was_tried,
    workspace_to_look_at,
    workspace_with_decision,
)
from survey.understand.when import MORE, is_time_to_compare, is_time_to_look

if TYPE_CHECKING:
    from survey.understand.engine import Engine

log = logging.getLogger(__name__)

SETTLED = timedelta(seconds=3)  # an import in full flow is let come in first


@dataclass(frozen=True)
class Finding:
    """What a look found, of what kind it is, and which engine looked."""

    kind: str
    engine: str
    found: tuple[FoundNow, ...]


class Looking:
    """The rounds in which themes are looked for and proposals acted on.

    Parameters
    ----------
    database : Database
        The queue and the store.
    engine : callable
        Gives the engine, loading it on first use.
    stopping : callable
        Says whether to come to an end.
    jitter : random.Random
        Spreads retries.
    """

    def __init__(
        self,
        database: Database,
        engine: "Callable[[], Engine]",
        stopping: Callable[[], bool],
        jitter: random.Random,
    ) -> None:
        self.database = database
        self._engine = engine
        self._stopping = stopping
        self._jitter = jitter
        self._runs = Filling(database, engine, stopping)
        self._last = 0
        self._compared: set[int] = set()

    def round(self, *, may_compare: bool) -> bool:
        """Do one thing that is due; True when there may be more.

        Parameters
        ----------
        may_compare : bool
            Whether the engine is loaded, so that asking for its digest costs nothing.
        """
        with self.database.reading() as session:
            now = database_now(session)
            decided = workspace_with_decision(session, now)
            workspace_id = workspace_to_look_at(session, now, self._last, SETTLED)
            asked = workspace_to_resort(session, now)
        if decided is not None:
            workspace_id, run_id, accepted = decided
            act = self._accept if accepted else self._refuse
            return self._held(workspace_id, lambda lease: act(workspace_id, lease, run_id))
        if asked is not None:
            asked_in, asked_at = asked
            return self._held(asked_in, lambda lease: self._resort_asked(asked_in, lease, asked_at))
        if workspace_id is not None:
            self._last = workspace_id
            return self._held(
                workspace_id, lambda lease: self._look(workspace_id, lease), is_look=True
            )
        return may_compare and self._compare_engines()

    def _held(
        self, workspace_id: int, work: Callable[[str], None], *, is_look: bool = False
    ) -> bool:
        """Do work on a workspace's themes that one worker at a time may do."""
        with self.database.writing() as session:
            lease_id = claim_workspace(session, workspace_id, database_now(session))
        if lease_id is None:
            return False
        with self.database.reading() as session:
            changed_at = look_at(session, workspace_id).changed_at
        try:
            work(lease_id)
        except DropItError:
            with self.database.writing() as session:  # at once for the next worker, if still ours
                give_back(session, Workspace, lease_id)
            return False
        except Exception as error:
            log.error(
                "the themes of workspace %x could not be worked on\n%s",
                workspace_id,
                what_failed(error),
            )
            self._give_up(workspace_id, lease_id, error)
            return True
        with self.database.writing() as session:
            release_workspace(session, workspace_id, lease_id, changed_at if is_look else None)
        return True

    def _give_up(self, workspace_id: int, lease_id: str, error: Exception) -> None:
        """Keep what went wrong where the owner sees it; the old themes stay as they are."""
        with self.database.writing() as session:
            now = database_now(session)
            run = unfinished_run(session, workspace_id)
            if run is not None:
                fail_run(session, workspace_id, run.id, str(error), now)
            put_workspace_back(
                session,
                workspace_id,
                lease_id,
                error=f"Looking for themes did not work: {error}",
                now=now,
                jitter=self._jitter,
            )

    def _look(self, workspace_id: int, lease_id: str) -> None:
        with self.database.reading() as session:
            run = unfinished_run(session, workspace_id)
            look = look_at(session, workspace_id)
            themes = themes_of(session, workspace_id)
        if run is not None:
            known = run.engine.partition("+")[0]
            if not run.has_failed and known == self._engine().digest(themes):
                self._complete(workspace_id, lease_id, run.id, run.kind)
                return
            self._delete(workspace_id, lease_id, run.id)
        if look.has_proposal:
            return
        has_found = any(theme.origin == FOUND for theme in themes)
        is_time = is_time_to_look(look.fits_none, look.left_last_time)
        if is_time or (has_found and is_time_to_compare(look.answers, look.answers_last_time)):
            self._discover(workspace_id, lease_id, look, EMERGING if has_found else FIRST)

    def _discover(self, workspace_id: int, lease_id: str, look: Look, kind: str) -> None:
        run_id, all_there = None, False
        while not all_there:  # a theme may be called by words that were taken back meanwhile
            answers, made = self._found(workspace_id, look, kind)
            with self._runs.writing(lease_id) as session:
                all_there = len(still_said(session, workspace_id, answers)) == len(answers)
                run_id = self._begin(session, workspace_id, look, made) if all_there else None
        if run_id is not None:
            self._complete(workspace_id, lease_id, run_id, kind)

    def _found(
        self, workspace_id: int, look: Look, kind: str
    ) -> tuple[tuple[KnownAnswer, ...], Finding]:
        """Return the answers that were looked at, and what was found in them."""
        engine = self._engine()
        with self.database.reading() as session:
            themes = themes_of(session, workspace_id)
            refused = refused_themes(session, workspace_id)
            answers = answers_without_theme(session, workspace_id, look.run_id)
            new = (
                arrivals_of(session, workspace_id, look.run_id) if kind == EMERGING else Arrivals()
            )
            every = tuple(dict.fromkeys((*answers, *new.late, *new.earlier)))
            vectors = vectors_of(
                session, workspace_id, {one.body for one in every}, engine.model_digest
            )
        about = look.theme_count
        if kind == EMERGING:
            found = engine.emerging(
                themes, answers, vectors, refused=refused, fewest=MORE, about=about, new=new
            )
        else:
            found = engine.discover(themes, answers, vectors, about=about)
        return every, Finding(kind, engine.digest(themes), found)

    @staticmethod
    def _begin(session: Session, workspace_id: int, look: Look, made: Finding) -> int | None:
        """Begin a run with what was found; None, and a note, where nothing was."""
        note_look(session, workspace_id, look.run_id, look.fits_none, look.answers)
        if not made.found:
            return None
        now = database_now(session)
        run_id = begin_run(session, workspace_id, made.kind, made.engine, now)
        new = [as_new_theme(theme) for theme in made.found]
        add_themes(session, workspace_id, run_id, new, now)
        return run_id

    def _complete(
        self, workspace_id: int, lease_id: str, run_id: int, kind: str, *, asked: bool = False
    ) -> None:
        """Bring a run up to date; the first then applies itself, others await the owner.

        What the owner refused is not laid before them again by itself, only where they `asked`.
        """
        self._runs.fill(workspace_id, lease_id, run_id)
        if kind == FIRST:
            self._runs.flip(workspace_id, lease_id, run_id)
            return
        summary = self._summary(workspace_id, run_id)
        if kind == RESORT and not summary["moved"]:
            self._runs.flip(workspace_id, lease_id, run_id)
            return
        if kind == RESORT and not asked and self._was_refused(workspace_id, summary["moves"]):
            self._refuse(workspace_id, lease_id, run_id)
            return
        with self._runs.writing(lease_id) as session:
            propose_run(session, workspace_id, run_id, summary, database_now(session))

    def _was_refused(self, workspace_id: int, moves: object) -> bool:
        """Whether people said no to just this when it was proposed before."""
        with self.database.reading() as session:
            return moves in refused_moves(session, workspace_id)

    def _summary(self, workspace_id: int, run_id: int) -> dict[str, object]:
        from survey.understand.engine import what_would_change

        with self.database.reading() as session:
            look = look_at(session, workspace_id)
            names = {
                str(theme.id): theme.name for theme in themes_of(session, workspace_id, run_id)
            }
            before = members(session, workspace_id, look.run_id)
            after = members(session, workspace_id, run_id)
        return what_would_change(before, after, names, look.answers)

    def _accept(self, workspace_id: int, lease_id: str, run_id: int) -> None:
        self._runs.fill(workspace_id, lease_id, run_id)
        self._runs.graft(workspace_id, lease_id, run_id)
        with self.database.reading() as session:
            before = look_at(session, workspace_id).run_id
            moved = moved_between(session, workspace_id, before, run_id)
        self._runs.flip(
            workspace_id,
            lease_id,
            run_id,
            lambda session: note_in_place(session, workspace_id, run_id, before, moved),
        )

    def _refuse(self, workspace_id: int, lease_id: str, run_id: int) -> None:
        self._runs.clear(workspace_id, lease_id, run_id)
        with self._runs.writing(lease_id) as session:
            refuse_run(session, workspace_id, run_id, database_now(session))

    def _delete(self, workspace_id: int, lease_id: str, run_id: int) -> None:
        self._runs.clear(workspace_id, lease_id, run_id)
        with self._runs.writing(lease_id) as session:
            delete_run(session, workspace_id, run_id)

    def _compare_engines(self) -> bool:
        """Sort a workspace anew that another version of the engine sorted, as a proposal."""
        with self.database.reading() as session:
            workspace_id = another_workspace(session, self._compared)
            if workspace_id is None:
                return False
            self._compared.add(workspace_id)
            engine = self._engine().digest(themes_of(session, workspace_id))
            if was_tried(session, workspace_id, engine):
                return True
        return self._held(workspace_id, lambda lease: self._resort(workspace_id, lease, engine))

    def _resort_asked(self, workspace_id: int, lease_id: str, asked_at: datetime) -> None:
        """Sort all answers anew with the present book and what people taught, as a proposal."""
        with self.database.reading() as session:
            themes, taught = themes_of(session, workspace_id), taught_of(session, workspace_id)
            engine = self._engine().digest(themes)
            if taught:
                engine = f"{engine}+{taught_digest(taught)}"
            run = unfinished_run(session, workspace_id)
            # Who refused and asks for it again has changed their mind.
            tried = was_tried(session, workspace_id, engine, but_refused=True)
        if run is not None:
            self._delete(workspace_id, lease_id, run.id)
        is_new = not tried or (run is not None and run.engine == engine)
        if is_new:
            self._resort(workspace_id, lease_id, engine, asked=True)
        with self._runs.writing(lease_id) as session:
            now = database_now(session)
            note_resorted(session, workspace_id, asked_at, now, was_read=is_new)

    def _resort(
        self, workspace_id: int, lease_id: str, engine: str, *, asked: bool = False
    ) -> None:
        with self._runs.writing(lease_id) as session:
            run_id = begin_run(session, workspace_id, RESORT, engine, database_now(session))
        self._complete(workspace_id, lease_id, run_id, RESORT, asked=asked)
