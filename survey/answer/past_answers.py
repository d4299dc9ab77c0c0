"""Saving past answers: they count as answered, never as asked, and are due for sorting."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from survey.answer.csv_file import PastAnswer
from survey.guard.personal import may_hold_personal_data
from survey.records import (
    Answer,
    AnswerSegment,
    AnswerText,
    ImportBatch,
    Workspace,
)
from survey.records.base import new_id
from survey.records.care import care, masking_of
from survey.records.counts import Counted, Measure, count_many
from survey.records.flagging import Spoken, flag_dangers
from survey.records.search import index_new_answers
from survey.records.text import as_stored
from survey.records.workspaces import first_question

STILL_PRESENT = timedelta(days=30)  # so long words of danger in a past answer raise a flag


def begin_import(
    session: Session,
    workspace_id: int,
    file_name: str,
    file_sha256: bytes,
    now: datetime,
    *,
    batch_id: int | None = None,
) -> ImportBatch:
    """Note that a file is being imported; with the id of a batch, go on with it if it was begun."""
    begun = session.get(ImportBatch, (workspace_id, batch_id)) if batch_id else None
    if begun is not None:
        return begun
    batch = ImportBatch(
        workspace_id=workspace_id,
        id=batch_id or new_id(),
        file_name=as_stored(file_name)[:300],
        file_sha256=file_sha256,
        created_at=now,
    )
    session.add(batch)
    session.flush()
    return batch


def add_past_answers(
    session: Session, batch: ImportBatch, answers: Sequence[PastAnswer], today: date, now: datetime
) -> int:
    """Save those answers that are not here yet, with the work they make due.

    Parameters
    ----------
    session : Session
        A writing session; the edge commits.
    batch : ImportBatch
        The file they come from.
    answers : sequence of PastAnswer
        Some hundred at most, so that the transaction stays short.
    today : date
        The workspace's own day, for answers without a date.
    now : datetime
        The present moment.

    Returns
    -------
    int
        How many were saved; the others were here already.
    """
    keyed = {import_key(batch.file_sha256, answer): answer for answer in answers}
    for key in here_already(session, batch.workspace_id, keyed):
        keyed.pop(key)
    if keyed:
        asked = first_question(session, batch.workspace_id)
        _insert(session, batch, keyed, asked, today)
        session.execute(
            update(Workspace)
            .where(Workspace.id == batch.workspace_id)
            .values(answers_changed_at=now)
        )
        _note(session, batch, imported=ImportBatch.imported + len(keyed))
    return len(keyed)


def finish_import(session: Session, batch: ImportBatch, skipped: int) -> None:
    """Note how many rows of a file were left out; how many came in was noted as they came."""
    _note(session, batch, skipped=skipped)


def here_already(session: Session, workspace_id: int, keys: Collection[str]) -> list[str]:
    """Return those keys of past answers under which an answer is here, some hundred at a time."""
    query = select(Answer.import_key).where(
        Answer.workspace_id == workspace_id, Answer.import_key.in_(keys)
    )
    return [key for key in session.scalars(query) if key is not None]


def import_key(file_sha256: bytes, answer: PastAnswer) -> str:
    """Return what a past answer is known by: its id, else its file's digest and its row."""
    if answer.id is not None:
        return f"id:{answer.id}"
    return f"row:{file_sha256.hex()}:{answer.row}"


def _note(session: Session, batch: ImportBatch, **values: Any) -> None:
    session.execute(
        update(ImportBatch)
        .where(ImportBatch.workspace_id == batch.workspace_id, ImportBatch.id == batch.id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )


def _insert(
    session: Session,
    batch: ImportBatch,
    keyed: dict[str, PastAnswer],
    asked: tuple[int, int],
    today: date,
) -> None:
    rows = [
        _row(batch, key, answer, today) | {"question_id": asked[0], "question_version_id": asked[1]}
        for key, answer in keyed.items()
    ]
    shown = _as_readers_may_see_them(session, batch.workspace_id, list(keyed.values()))
    given = {row["id"]: answer for row, answer in zip(rows, shown, strict=True)}
    session.execute(insert(Answer), rows)
    session.execute(insert(AnswerText), [_text_row(batch, *pair) for pair in given.items()])
    segments = [
        {"workspace_id": batch.workspace_id, "answer_id": answer_id, "name": name, "value": value}
        for answer_id, answer in given.items()
        for name, value in answer.segments
    ]
    if segments:
        session.execute(insert(AnswerSegment), segments)
    index_new_answers(session, batch.workspace_id, {id_: one.text for id_, one in given.items()})
    _flag_recent(session, batch, rows, given, today)
    counted = (
        Counted(batch.workspace_id, asked[0], row["answered_on"], given[row["id"]].segments)
        for row in rows
    )
    count_many(session, 1, ((one, (Measure("answered"),)) for one in counted))


def _as_readers_may_see_them(
    session: Session, workspace_id: int, answers: list[PastAnswer]
) -> list[PastAnswer]:
    """Mask personal data; the original is not sealed, since the file still says it."""
    if not any(may_hold_personal_data(answer.text) for answer in answers):
        return answers
    masking = masking_of(session, workspace_id)
    return [replace(one, text=care(masking, b"", one.text, keep=False).text) for one in answers]


def _flag_recent(
    session: Session,
    batch: ImportBatch,
    rows: list[dict[str, Any]],
    given: dict[int, PastAnswer],
    today: date,
) -> None:
    """Flag danger in what was said of late; what is older nobody can come to the aid of."""
    since = today - STILL_PRESENT
    spoken = [
        Spoken(row["id"], 1, given[row["id"]].text, row["answered_on"])
        for row in rows
        if row["answered_on"] >= since
    ]
    flag_dangers(session, batch.workspace_id, spoken, batch.created_at)


def _row(batch: ImportBatch, key: str, answer: PastAnswer, today: date) -> dict[str, Any]:
    return {
        "workspace_id": batch.workspace_id,
        "id": new_id(),
        "origin": "import",
        "answered_at": answer.said_at,
        "answered_on": answer.said_on or today,
        "reference": answer.id,
        "import_batch_id": batch.id,
        "import_key": key,
    }


def _text_row(batch: ImportBatch, answer_id: int, answer: PastAnswer) -> dict[str, Any]:
    return {
        "workspace_id": batch.workspace_id,
        "answer_id": answer_id,
        "version": 1,
        "body": answer.text,
        "written_at": answer.said_at,
    }
