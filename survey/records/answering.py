"""Answers, their texts and segments, and the batches in which past answers are imported."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, and_, text
from sqlalchemy.orm import Mapped, mapped_column

from survey.records.base import CLUSTERED, DueWork, Record, owned_by, row_id

GIVEN = "given"
WITHDRAWN = "withdrawn"


class ImportBatch(Record):
    """One file of past answers."""

    __tablename__ = "import_batch"

    workspace_id: Mapped[int] = mapped_column(
        ForeignKey("workspace.id", ondelete="CASCADE"), primary_key=True
    )
    id: Mapped[int] = row_id()
    file_name: Mapped[str]
    file_sha256: Mapped[bytes]
    created_at: Mapped[datetime]
    imported: Mapped[int] = mapped_column(default=0)
    skipped: Mapped[int] = mapped_column(default=0)


class Answer(DueWork, Record):
    """What a customer said; due for sorting while ``sorted_by`` names no engine.

    An anonymous answer carries no invitation, exact time, served_by, channel or reference. One
    answer per link is enforced by the invitation's change of state, so there is no key to it.
    """

    __tablename__ = "answer"
    __table_args__ = (
        owned_by("question_id", table="question", on_delete="RESTRICT"),
        owned_by("question_version_id", table="question_version", on_delete="RESTRICT"),
        owned_by("import_batch_id", table="import_batch"),
        Index(
            "ix_answer_import_key",
            "workspace_id",
            "import_key",
            unique=True,
            sqlite_where=text("import_key IS NOT NULL"),
            postgresql_where=text("import_key IS NOT NULL"),
        ),
        Index("ix_answer_workspace_id_invitation_id", "workspace_id", "invitation_id"),
        Index("ix_answer_workspace_id_answered_on", "workspace_id", "answered_on", "id"),
        Index(  # one for two kinds of work: each index is a page more of every commit
            "ix_answer_to_do",
            "workspace_id",
            "answered_on",
            "taken_in",
            sqlite_where=text("sorted_by IS NULL OR taken_in = 0"),
            postgresql_where=text("sorted_by IS NULL OR NOT taken_in"),
        ),
        Index(
            "ix_answer_imported",
            "workspace_id",
            "state",
            "answered_on",
            sqlite_where=text("origin = 'import'"),
            postgresql_where=text("origin = 'import'"),
        ),
        CheckConstraint("state IN ('given', 'withdrawn')", name="state"),
        CheckConstraint("origin IN ('link', 'import', 'sample')", name="origin"),
    )

    workspace_id: Mapped[int] = mapped_column(
        ForeignKey("workspace.id", ondelete="CASCADE"), primary_key=True
    )
    id: Mapped[int] = row_id()
    question_id: Mapped[int]
    question_version_id: Mapped[int | None]
    language: Mapped[str | None] = mapped_column(String(20))
    invitation_id: Mapped[int | None]
    anonymous: Mapped[bool] = mapped_column(default=False)
    origin: Mapped[str] = mapped_column(String(20), default="link")
    state: Mapped[str] = mapped_column(String(20), default=GIVEN)
    said_nothing: Mapped[bool] = mapped_column(default=False)  # pressed "Nothing, it was fine"
    version: Mapped[int] = mapped_column(default=1)
    answered_at: Mapped[datetime | None]  # empty when anonymous
    answered_on: Mapped[date]  # the workspace's own day
    served_by: Mapped[str | None]
    channel: Mapped[str | None]
    reference: Mapped[str | None]
    import_batch_id: Mapped[int | None]
    import_key: Mapped[str | None] = mapped_column(String(300))
    sorted_by: Mapped[str | None] = mapped_column(String(64))
    taken_in: Mapped[bool] = mapped_column(default=True, server_default="1")  # see .arrivals
    expired_on: Mapped[date | None]  # withdrawn by age, not by the customer


class AnswerText(Record):
    """The analysed text of one version of an answer; every derived thing cites offsets into it."""

    __tablename__ = "answer_text"
    __table_args__ = (owned_by("answer_id", table="answer"), CLUSTERED)

    workspace_id: Mapped[int] = mapped_column(primary_key=True)
    answer_id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    body: Mapped[str]
    written_at: Mapped[datetime | None]


# Joins an answer and what it says now.
NEWEST_WORDS = and_(
    AnswerText.workspace_id == Answer.workspace_id,
    AnswerText.answer_id == Answer.id,
    AnswerText.version == Answer.version,
)


class AnswerSegment(Record):
    """A segment of an answer, copied from its interaction or its row in a file."""

    __tablename__ = "answer_segment"
    __table_args__ = (
        owned_by("answer_id", table="answer"),
        Index("ix_answer_segment_workspace_id_name_value", "workspace_id", "name", "value"),
        CLUSTERED,
    )

    workspace_id: Mapped[int] = mapped_column(primary_key=True)
    answer_id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    value: Mapped[str] = mapped_column(String(200))


@dataclass(frozen=True)
class Locked:
    """An answer as it stands, and will until the transaction ends that locked it."""

    workspace_id: int
    id: int
    state: str
    version: int
    said_nothing: bool
    anonymous: bool
    answered_on: date
    invitation_id: int | None
