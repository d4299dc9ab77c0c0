"""The word index: SQLite's FTS5 with rowid = answer id, or a tsvector table on PostgreSQL."""

from collections.abc import Iterable, Mapping

from sqlalchemy import text
from sqlalchemy.orm import Session

# FTS5's own tables and PostgreSQL's table are made by hand in the first migration and are left
# out of alembic's comparison.
INDEX_TABLES = frozenset(
    ["answer_search"]
    + [f"answer_search_{part}" for part in ("data", "idx", "content", "docsize", "config")]
)

_INSERT = {
    "sqlite": "INSERT INTO answer_search (rowid, body) VALUES (:answer, :body)",
    "postgresql": (
        "INSERT INTO answer_search (workspace_id, answer_id, document) "
        "VALUES (:workspace, :answer, to_tsvector('simple', :body))"
    ),
}


def index_answer(session: Session, workspace_id: int, answer_id: int, body: str) -> None:
    """Make an answer's words findable, replacing what was indexed before."""
    forget_answers(session, workspace_id, [answer_id])
    if body:
        index_new_answers(session, workspace_id, {answer_id: body})


def index_new_answers(session: Session, workspace_id: int, bodies: Mapping[int, str]) -> None:
    """Make the words of answers findable that were never indexed before, by answer id."""
    statement = _INSERT[session.get_bind().dialect.name]
    rows = [
        {"workspace": workspace_id, "answer": answer_id, "body": body}
        for answer_id, body in bodies.items()
    ]
    if rows:
        session.execute(text(statement), rows)


def forget_answers(session: Session, workspace_id: int, answer_ids: Iterable[int]) -> None:
    """Take answers out of the index; unknown ids do no harm."""
    if session.get_bind().dialect.name == "sqlite":
        statement = "DELETE FROM answer_search WHERE rowid = :answer"
    else:
        statement = (
            "DELETE FROM answer_search WHERE workspace_id = :workspace AND answer_id = :answer"
        )
    for answer_id in answer_ids:
        session.execute(text(statement), {"workspace": workspace_id, "answer": answer_id})
