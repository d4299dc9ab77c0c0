"""Search by meaning, in the worker: which answers are like a sentence, or like another answer.

The web process asks over the loopback line and names the workspace; only that workspace's answers
are looked at. Vectors are those that sorting kept. The table of a workspace is made at its first
question and kept up to date between questions.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from survey.records import NEWEST_WORDS, Answer, AnswerText, TextVector, Workspace
from survey.records.answering import GIVEN
from survey.records.database import Database
from survey.records.filters import AnswerFilter, answers_in_view
from survey.records.text import text_digest
from survey.understand.embed import stored
from survey.understand.nearest import Near, Nearest, of_whole
from survey.understand.nothing import answer_says_nothing

if TYPE_CHECKING:
    from survey.understand.embed import Embedder

MOST_ANSWERS = 200_000  # of one workspace, the newest; 300 MB of vectors
MOST_VECTORS = 250_000  # of all workspaces together, but for the one asked about last
MOST_WORKSPACES = 4
MOST_FOUND = 200
FEW_WORDS = 3
_LOOKED_AT = (400, 1600)  # the nearest ones, of which it is asked first whether they are in view
_REST = 10  # times as long as a table took to read, before it is read again


@dataclass(frozen=True)
class _Table:
    state: tuple[datetime | None, int]
    nearest: Nearest
    good_until: float


class Meaning:
    """Answers questions of likeness.

    A workspace's table is made once somebody asked for it, by `refresh`, which also keeps it up to
    date; until then the answer is that it is getting ready. So nobody waits for a model to load.

    Parameters
    ----------
    database : Database
        Where answers and vectors are.
    embedder : callable
        Gives the sentence model; raises EngineError where it cannot be loaded.
    """

    def __init__(self, database: Database, embedder: "Callable[[], Embedder]") -> None:
        self._database = database
        self._load = embedder
        self._embedder: Embedder | None = None
        self._asked: OrderedDict[int, None] = OrderedDict()
        self._tables: dict[int, _Table] = {}
        self._lock = threading.Lock()

    def answer(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """Answer one question.

        Parameters
        ----------
        question : mapping
            ``workspace`` (id); ``sentence``, or ``like`` (answer ids, as text); ``filter`` (see
            `survey.records.filters.AnswerFilter.plain`), where not everything is in view; ``most``.

        Returns
        -------
        dict
            ``ready``; and ``found``: for each sentence or answer a list of
            ``[answer id as text, likeness]``, the nearest first. An answer without a vector, like
            one that has just come in, finds nothing.
        """
        workspace_id, most = int(question["workspace"]), min(int(question["most"]), MOST_FOUND)
        with self._lock:
            self._asked[workspace_id] = None
            self._asked.move_to_end(workspace_id)
            table = self._tables.get(workspace_id)
        if table is None or self._embedder is None:
            return {"ready": False, "found": []}
        view = _View(self._database, workspace_id, question.get("filter"))
        found = []
        for vector, but in self._vectors(self._embedder, table.nearest, question):
            near = view.nearest(table.nearest, vector, most, but)
            found.append([[str(one.answer_id), round(one.likeness, 4)] for one in near])
        return {"ready": True, "found": found}

    def refresh(self) -> None:
        """Bring the tables of those workspaces up to date that were asked about lately."""
        with self._lock:
            while len(self._asked) > MOST_WORKSPACES:
                gone, _ = self._asked.popitem(last=False)
                self._tables.pop(gone, None)
            asked = list(self._asked)
        for workspace_id in asked:
            before = self._tables.get(workspace_id)
            if before is not None and time.monotonic() < before.good_until:
                continue
            self._embedder = self._embedder or self._load()
            with self._database.reading() as session:
                state = _state(session, workspace_id)
                if before is not None and before.state == state:
                    continue
                started = time.monotonic()
                nearest = _read(session, workspace_id, self._embedder)
            # Reading a large table again and again would leave no time for anything else.
            good_until = time.monotonic() + _REST * (time.monotonic() - started)
            with self._lock:
                self._tables[workspace_id] = _Table(state, nearest, good_until)
                self._make_room()

    def _vectors(
        self, embedder: "Embedder", nearest: Nearest, question: Mapping[str, Any]
    ) -> list[tuple["NDArray[np.float32]", int | None]]:
        if "sentence" in question:
            encoded = embedder.encode([str(question["sentence"])])
            return [(stored(encoded)[0].astype(np.float32), None)]
        asked = [int(one) for one in question["like"]]
        vectors = [(nearest.vector(one), one) for one in asked]
        return [(vector, one) for vector, one in vectors if vector is not None]

    def _make_room(self) -> None:
        """Let tables go that were asked about longest ago while all together are too large."""
        while len(self._tables) > 1 and (
            sum(len(one.nearest.ids) for one in self._tables.values()) > MOST_VECTORS
        ):
            gone = next(one for one in self._asked if one in self._tables)
            self._asked.pop(gone)
            self._tables.pop(gone)


class _View:
    """The answers of a filter, of which few are looked at as long as few will do.

    Parameters
    ----------
    database : Database
        Where they are.
    workspace_id : int
        Whose.
    plain : mapping or None
        As `survey.records.filters.AnswerFilter.plain` gives it; None for all.
    """

    def __init__(
        self, database: Database, workspace_id: int, plain: Mapping[str, Any] | None
    ) -> None:
        self._database = database
        self._workspace_id = workspace_id
        self._wanted = None if plain is None else filter_from(plain)
        self._all: set[int] | None = None

    def nearest(
        self, table: Nearest, vector: "NDArray[np.float32]", most: int, but: int | None
    ) -> list[Near]:
        """Return the answers in view that are nearest to a vector, as `Nearest.nearest` does."""
        if self._wanted is None:
            return table.nearest(vector, most, but=but)
        if self._all is None:
            near = table.nearest(vector, sum(_LOOKED_AT), but=but)
            found: list[Near] = []
            for first, count in zip((0, *_LOOKED_AT), _LOOKED_AT, strict=False):
                some = near[first : first + count]
                inside = self._inside([one.answer_id for one in some])
                found += [one for one in some if one.answer_id in inside]
                if len(found) >= most or len(near) == len(table.ids):
                    return found[:most]
            self._all = self._inside(None)
        return table.nearest(vector, most, among=self._all, but=but)

    def _inside(self, ids: list[int] | None) -> set[int]:
        """Return which of some answers are in view, or all that are."""
        assert self._wanted is not None
        with self._database.reading() as session:
            run_id = session.scalar(
                select(Workspace.current_run_id).where(Workspace.id == self._workspace_id)
            )
            here = (self._workspace_id, run_id, self._wanted)
            query = select(Answer.id).where(*answers_in_view(*here, one_by_one=ids is not None))
            if ids is not None:
                query = query.where(Answer.id.in_(ids))
            return set(session.connection().scalars(query))


def _state(session: Session, workspace_id: int) -> tuple[datetime | None, int]:
    """Return what changes when answers come, go, or get their vectors by being sorted."""
    changed_at = session.scalar(
        select(Workspace.answers_changed_at).where(Workspace.id == workspace_id)
    )
    unsorted = select(Answer.id).where(
        Answer.workspace_id == workspace_id, Answer.sorted_by.is_(None), Answer.state == GIVEN
    )
    left = session.scalar(select(func.count()).select_from(unsorted.limit(1000).subquery()))
    return changed_at, left or 0


def filter_from(plain: Mapping[str, Any]) -> AnswerFilter:
    """Return the filter that `AnswerFilter.plain` gave."""
    values = dict(plain)
    for name in ("since", "until"):
        if values.get(name):
            values[name] = date.fromisoformat(values[name])
    values["segments"] = tuple((name, value) for name, value in values.get("segments", ()))
    values["tones"] = tuple(values.get("tones", ()))
    return AnswerFilter(**values)


def _read(session: Session, workspace_id: int, embedder: "Embedder") -> Nearest:
    """Read the newest answers' vectors."""
    rows = session.execute(
        select(Answer.id, AnswerText.body)
        .join(
            AnswerText,
            NEWEST_WORDS,
        )
        .where(Answer.workspace_id == workspace_id, Answer.state == GIVEN, AnswerText.body != "")
        .order_by(Answer.answered_on.desc(), Answer.id.desc())
        .limit(MOST_ANSWERS)
    )
    packed: dict[bytes, bytes] = {
        row.text_sha256: row.vector
        for row in session.execute(
            select(TextVector.text_sha256, TextVector.vector).where(
                TextVector.workspace_id == workspace_id,
                TextVector.model_digest == embedder.digest,
            )
        )
    }
    ids, vectors = [], []
    for answer_id, body in rows:
        if _is_empty_talk(body):
            continue
        kept = packed.get(text_digest(body))
        vector = None if kept is None else of_whole(kept, embedder.dimension)
        if vector is not None:
            ids.append(answer_id)
            vectors.append(vector)
    table = np.stack(vectors) if vectors else np.zeros((0, embedder.dimension), dtype=np.float16)
    return Nearest(ids, table)


def _is_empty_talk(body: str) -> bool:
    """Tell "No comment", "ok" and the like: they lie near any short sentence, and answer none."""
    return len(body.split()) <= FEW_WORDS and answer_says_nothing((body,))
