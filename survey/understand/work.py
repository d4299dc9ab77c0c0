"""The worker's side of understanding: claim, read, let the engine work, write in short pieces.

Nothing here holds work that would be lost: a worker killed at any line leaves claims that run
out and at most one run that nobody sees, which the next worker takes up where it stopped. The
engine and its model are loaded with the first answer that is due, never at import.
"""

import logging
import random
import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from survey.errors import EngineError
from survey.records import Answer
from survey.records.database import Database, database_now, what_failed
from survey.records.due import give_back
from survey.records.runs import NewTheme, begin_sorting
from survey.records.sample import load_sample, workspace_to_fill
from survey.records.showing import answers_to_show, show_some
from survey.understand.actions import (
    claim_answers,
    keep_vectors,
    note_trouble,
    put_answers_back,
    store_sorted,
)
from survey.understand.handwork import Handwork
from survey.understand.known import BOOK, KnownAnswer, KnownTheme, Told
from survey.understand.lessons import taught_of
from survey.understand.looking import Looking
from survey.understand.queries import (
    claimed_answers,
    current_run,
    themes_of,
    vectors_of,
    workspace_to_sort,
)

if TYPE_CHECKING:
    from survey.understand.embed import Embedder
    from survey.understand.engine import Engine
    from survey.understand.laying import Laying

log = logging.getLogger(__name__)

BATCH = 256  # answers claimed and read at once: the more, the fewer half-empty batches
CHUNK = 16  # answers written in one transaction, which stays under 20 ms
PAUSE = 60.0  # seconds before an engine that could not be loaded is tried again


class Understanding:
    """Sorts answers as they come, and looks for themes when enough of them fit none.

    Parameters
    ----------
    database : Database
        The queue and the store.
    model_name : str, optional
        The sentence model; the packaged one by default.
    load : callable, optional
        Gives the engine; tests bring their own.
    stopping : callable, optional
        Says whether to come to an end between two pieces of work.
    """

    def __init__(
        self,
        database: Database,
        model_name: str | None = None,
        *,
        load: "Callable[[], Engine] | None" = None,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self.database = database
        self._load = load or (lambda: _load_engine(model_name))
        self._engine: Engine | None = None
        self._loading = threading.Lock()  # another loop may ask for the sentence model
        self._jitter = random.Random()  # noqa: S311  spreads retries, keeps no secret
        self._quiet_until = 0.0
        self._last = 0
        self._stopping = stopping
        self._handwork = Handwork(database, self.engine, self._jitter)
        self._laying: Laying | None = None
        self._looking = Looking(database, self.engine, stopping, self._jitter)

    def rounds(self) -> list[Callable[[], bool]]:
        """Return what takes turns in the worker's loop; each says whether there may be more."""
        return [
            self.fill_round,
            self.show_round,
            self.hand_round,
            self.sort_round,
            self.theme_round,
            self.map_round,
        ]

    def engine(self) -> "Engine":
        """Return the engine, loaded on first use.

        Raises
        ------
        EngineError
            When it cannot be loaded.
        """
        with self._loading:
            if self._engine is None:
                self._engine = self._load()
        return self._engine

    def sentence_model(self) -> "Embedder":
        """Return the engine's sentence model, for whoever asks beside the sorting.

        Raises
        ------
        EngineError
            When it cannot be loaded.
        """
        return self.engine().sentences

    def fill_round(self) -> bool:
        """Load the sample business where an owner asked for it."""
        with self.database.reading() as session:
            workspace_id = workspace_to_fill(session)
        if workspace_id is None:
            return False
        with self.database.writing() as session:
            load_sample(session, workspace_id, database_now(session), wished=True)
        return True

    def show_round(self) -> bool:
        """Move some answers of a step that moves many; True when there may be more."""
        with self.database.reading() as session:
            if not answers_to_show(session):
                return False
        with self.database.writing() as session:
            return show_some(session, CHUNK)

    def hand_round(self) -> bool:
        """Do one thing that people asked for by hand; True when there may be more."""
        if time.monotonic() < self._quiet_until:
            return False
        try:
            return self._handwork.place_round() or self._handwork.cut_round()
        except EngineError as error:
            log.error("what people asked for waits: %s", error)
            self._quiet_until = time.monotonic() + PAUSE
            return False

    def sort_round(self) -> bool:
        """Sort one batch of answers; True when there may be more."""
        with self.database.reading() as session:
            workspace_id = workspace_to_sort(session, database_now(session), self._last)
        if workspace_id is None or not self._is_ready(workspace_id):
            return False
        self._last = workspace_id
        with self.database.writing() as session:
            claimed = claim_answers(session, workspace_id, database_now(session), BATCH)
        with self.database.reading() as session:
            answers = claimed_answers(session, workspace_id, claimed.lease_id)
        if answers:
            self._sort(workspace_id, claimed.lease_id, answers)
        if self._stopping():
            with self.database.writing() as session:
                give_back(session, Answer, claimed.lease_id)
        return bool(answers)

    def theme_round(self) -> bool:
        """Act on one decision or look at one workspace's themes; True when there may be more."""
        if time.monotonic() < self._quiet_until:
            return False
        return self._looking.round(may_compare=self._engine is not None)

    def map_round(self) -> bool:
        """Do one step of a workspace's map; True when there may be more."""
        if time.monotonic() < self._quiet_until:
            return False
        if self._laying is None:
            from survey.understand.laying import Laying

            self._laying = Laying(self.database, self.engine, self._stopping)
        with self.database.reading() as session:  # answers are sorted before they are mapped
            if workspace_to_sort(session, database_now(session), self._last) is not None:
                return False
        try:
            return self._laying.round()
        except EngineError as error:
            log.error("the map waits: %s", error)
            self._quiet_until = time.monotonic() + PAUSE
            return False

    def _is_ready(self, workspace_id: int) -> bool:
        """Load the engine; where that fails, say so to the owner and be quiet for a while."""
        if time.monotonic() < self._quiet_until:
            return False
        try:
            self.engine()
        except EngineError as error:
            log.error("answers wait: %s", error)
            self._quiet_until = time.monotonic() + PAUSE
            with self.database.writing() as session:
                note_trouble(session, workspace_id, str(error))
            return False
        return True

    def _sort(self, workspace_id: int, lease_id: str, answers: Sequence[KnownAnswer]) -> None:
        """Sort claimed answers; one that the engine breaks on does not hold up the others."""
        if self._stopping():
            return
        run_id, themes = self._themes(workspace_id)
        try:
            told, vectors = self._told(workspace_id, themes, answers)
        except Exception as error:
            if len(answers) > 1:
                for answer in answers:
                    self._sort(workspace_id, lease_id, [answer])
                return
            log.error("answer %x could not be sorted\n%s", answers[0].id, what_failed(error))
            self._put_back(workspace_id, lease_id, answers[0].id, error)
            return
        engine = self.engine().digest(themes)
        for start in range(0, len(told), CHUNK):
            chunk = told[start : start + CHUNK]
            if self._stopping():
                return
            with self.database.writing() as session:
                stored = store_sorted(
                    session, workspace_id, run_id, chunk, lease_id=lease_id, engine=engine
                )
                if stored:
                    digest = self.engine().model_digest
                    keep_vectors(session, workspace_id, chunk, vectors, digest)
            if not stored:  # another run became current meanwhile: read them again, its way
                self._sort(workspace_id, lease_id, [one.answer for one in told])
                return

    def _told(
        self, workspace_id: int, themes: tuple[KnownTheme, ...], answers: Sequence[KnownAnswer]
    ) -> tuple[list[Told], dict[str, bytes]]:
        engine = self.engine()
        with self.database.reading() as session:
            bodies = {answer.body for answer in answers}
            vectors = vectors_of(session, workspace_id, bodies, engine.model_digest)
            taught = taught_of(session, workspace_id)
        return engine.sort(themes, answers, vectors, taught)

    def _themes(self, workspace_id: int) -> tuple[int, tuple[KnownTheme, ...]]:
        """Return the current run and its themes; a workspace without one gets the book's."""
        with self.database.reading() as session:
            run_id = current_run(session, workspace_id)
        if run_id is None:
            book = _shipped_themes()
            engine = self.engine().digest(tuple(_as_known(theme) for theme in book))
            with self.database.writing() as session:
                now = database_now(session)
                run_id = begin_sorting(session, workspace_id, book, engine, now)
        with self.database.reading() as session:
            return run_id, themes_of(session, workspace_id)

    def _put_back(self, workspace_id: int, lease_id: str, answer_id: int, error: Exception) -> None:
        with self.database.writing() as session:
            put_answers_back(
                session,
                workspace_id,
                [answer_id],
                lease_id=lease_id,
                error=f"This answer could not be sorted: {error}",
                now=database_now(session),
                jitter=self._jitter,
            )


def _load_engine(model_name: str | None) -> "Engine":
    from survey.understand.embed import load_embedder
    from survey.understand.engine import Engine

    return Engine(load_embedder(model_name))


def _shipped_themes() -> list[NewTheme]:
    from survey.understand.book import shipped_book

    return [
        NewTheme(
            name=theme.name,
            origin=BOOK,
            key=theme.key,
            definition=theme.definition,
            not_this=theme.not_,
            examples=theme.examples,
        )
        for theme in shipped_book().themes
    ]


def _as_known(theme: NewTheme) -> KnownTheme:
    return KnownTheme(
        id=0,
        key=theme.key,
        name=theme.name,
        definition=theme.definition,
        not_this=theme.not_this,
        examples=theme.examples,
        origin=BOOK,
    )
