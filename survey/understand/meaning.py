"""Search by meaning, in the worker: which answers are like a sentence, or like another answer.

The web process asks over the loopback line and names the workspace; only that workspace's answers
are looked at. Vectors are those that sorting kept. The table of a workspace is made at its first
question and kept up to date between questions.
"""

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from survey.errors import EngineError
from survey.records import Answer, AnswerText, TextVector, Workspace
from survey.records.answering import GIVEN
from survey.records.database import Database
from survey.records.filters import AnswerFilter, answers_in_view
from survey.records.text import text_digest
from survey.understand.embed import stored
from survey.understand.nearest import Nearest, of_whole

if TYPE_CHECKING:
    from survey.understand.embed import Embedder

log = logging.getLogger(__name__)

MOST_ANSWERS = 200_000  # of one workspace, the newest; 150 MB of vectors
MOST_WORKSPACES = 4
MOST_FOUND = 200


@dataclass(frozen=True)
class _Table:
    changed_at: datetime | None
    nearest: Nearest
    model_digest: str


class Meaning:
    """Answers questions of likeness.

    Parameters
    ----------
    database : Database
        Where answers and vectors are.
    embedder : callable
        Gives the sentence model; raises EngineError where it cannot be loaded.
    """

    def __init__(self, database: Database, embedder: "Callable[[], Embedder]") -> None:
        self._database = database
        self._embedder = embedder
        self._tables: OrderedDict[int, _Table] = OrderedDict()
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
            ``found``: for each sentence or answer a list of ``[answer id as text, likeness]``, the
            nearest first; an answer without a vector finds nothing.
        """
        try:
            return self._answered(question)
        except EngineError as error:
            return {"found": [], "trouble": str(error)}
        except Exception:
            log.exception("a question of meaning could not be answered")
            raise

    def _answered(self, question: Mapping[str, Any]) -> dict[str, Any]:
        workspace_id, most = int(question["workspace"]), min(int(question["most"]), MOST_FOUND)
        with self._lock:
            table = self._table(workspace_id)
        among = self._among(workspace_id, question.get("filter"))
        found = []
        for vector, but in self._vectors(table, question):
            near = table.nearest.nearest(vector, most, among=among, but=but)
            found.append([[str(one.answer_id), round(one.likeness, 4)] for one in near])
        return {"found": found, "looked_at": len(table.nearest.ids)}

    def _vectors(
        self, table: _Table, question: Mapping[str, Any]
    ) -> list[tuple["np.ndarray[Any, np.dtype[np.float32]]", int | None]]:
        if "sentence" in question:
            encoded = self._embedder().encode([str(question["sentence"])])
            return [(stored(encoded)[0].astype(np.float32), None)]
        asked = [int(one) for one in question["like"]]
        nowhere = np.zeros(table.nearest.vectors.shape[1], dtype=np.float32)
        vectors = [(table.nearest.vector(one), one) for one in asked]
        return [(nowhere if one is None else one, but) for one, but in vectors]

    def _among(self, workspace_id: int, plain: Mapping[str, Any] | None) -> set[int] | None:
        if plain is None:
            return None
        wanted = filter_from(plain)
        with self._database.reading() as session:
            run_id = session.scalar(
                select(Workspace.current_run_id).where(Workspace.id == workspace_id)
            )
            conditions = answers_in_view(workspace_id, run_id, wanted)
            return set(session.scalars(select(Answer.id).where(*conditions)))

    def _table(self, workspace_id: int) -> _Table:
        digest = self._embedder().digest
        with self._database.reading() as session:
            changed_at = session.scalar(
                select(Workspace.answers_changed_at).where(Workspace.id == workspace_id)
            )
            table = self._tables.get(workspace_id)
            if table is None or (table.changed_at, table.model_digest) != (changed_at, digest):
                nearest = _read(session, workspace_id, self._embedder())
                table = _Table(changed_at, nearest, digest)
        self._tables[workspace_id] = table
        self._tables.move_to_end(workspace_id)
        while len(self._tables) > MOST_WORKSPACES:
            self._tables.popitem(last=False)
        return table


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
            and_(
                AnswerText.workspace_id == Answer.workspace_id,
                AnswerText.answer_id == Answer.id,
                AnswerText.version == Answer.version,
            ),
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
        kept = packed.get(text_digest(body))
        vector = None if kept is None else of_whole(kept, embedder.dimension)
        if vector is not None:
            ids.append(answer_id)
            vectors.append(vector)
    table = np.stack(vectors) if vectors else np.zeros((0, embedder.dimension), dtype=np.float16)
    return Nearest(ids, table)
