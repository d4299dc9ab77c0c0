"""Themes, the runs that assign answers to them, and what people decided about both."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from survey.records.base import Record, owned_by, row_id

THEMES, NOTHING, UNSORTED, OTHER_LANGUAGE = "themes", "nothing", "unsorted", "other_language"


class Theme(Record):
    """A lasting theme of one workspace; its id never changes by itself."""

    __tablename__ = "theme"
    __table_args__ = (
        CheckConstraint("origin IN ('book', 'found')", name="origin"),
        CheckConstraint(
            "state IN ('active', 'proposed', 'refused', 'hidden', 'merged')", name="state"
        ),
        Index("ix_theme_workspace_id_key", "workspace_id", "key"),
    )

    workspace_id: Mapped[int] = mapped_column(
        ForeignKey("workspace.id", ondelete="CASCADE"), primary_key=True
    )
    id: Mapped[int] = row_id()
    key: Mapped[str | None] = mapped_column(String(60))
    name: Mapped[str]
    definition: Mapped[str] = mapped_column(default="")
    not_this: Mapped[str] = mapped_column(default="")
    origin: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(20), default="active")
    run_id: Mapped[int | None]  # the run that found or proposed it
    pinned: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    model_digest: Mapped[str | None] = mapped_column(String(64))
    anchor: Mapped[bytes | None]  # a found theme's place among the vectors, as the engine stores it
    # What stands after all decisions; worked out anew with each of them, see settled.py.
    merged_into: Mapped[int | None]  # where its answers are shown, after all merges
    split_from: Mapped[int | None]  # the theme that its answers go back to when the split is undone
    rest_anchor: Mapped[bytes | None]  # the place of what stayed behind when it was split off
    first_words: Mapped[dict[str, Any] | None] = mapped_column(JSON)  # before anybody changed them


class ThemeExample(Record):
    """What an owner or the book gives as an example of a theme."""

    __tablename__ = "theme_example"
    __table_args__ = (owned_by("theme_id", table="theme"),)

    workspace_id: Mapped[int] = mapped_column(primary_key=True)
    theme_id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    example: Mapped[str]


class Exemplar(Record):
    """A clause that stands for a theme; erased with its answer."""

    __tablename__ = "exemplar"
    __table_args__ = (
        owned_by("theme_id", table="theme"),
        owned_by("answer_id", table="answer"),
        Index("ix_exemplar_workspace_id_answer_id", "workspace_id", "answer_id"),
    )

    workspace_id: Mapped[int] = mapped_column(primary_key=True)
    theme_id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    answer_id: Mapped[int]
    version: Mapped[int]
    start: Mapped[int]
    end: Mapped[int]
    vector: Mapped[bytes]  # float16, unit length


class Run(Record):
    """One pass of the engine. It writes under a new id; then the workspace's pointer flips."""

    __tablename__ = "run"
    __table_args__ = (
        CheckConstraint(
            "state IN ('working', 'current', 'proposed', 'refused', 'replaced', 'failed')",
            name="state",
        ),
        CheckConstraint("kind IN ('first', 'resort', 'emerging')", name="kind"),
    )

    workspace_id: Mapped[int] = mapped_column(
        ForeignKey("workspace.id", ondelete="CASCADE"), primary_key=True
    )
    id: Mapped[int] = row_id()
    kind: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(20), default="working")
    engine: Mapped[str] = mapped_column(String(64))
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[int | None]
    summary: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    error: Mapped[str | None]


class Sorting(Record):
    """What a run made of one answer: themes, nothing, another language, or not sorted."""

    __tablename__ = "sorting"
    __table_args__ = (
        owned_by("run_id", table="run"),
        owned_by("answer_id", table="answer"),
        CheckConstraint(
            "outcome IN ('themes', 'nothing', 'unsorted', 'other_language')", name="outcome"
        ),
        Index("ix_sorting_workspace_id_answer_id", "workspace_id", "answer_id"),
    )

    workspace_id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(primary_key=True)
    answer_id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int]
    outcome: Mapped[str] = mapped_column(String(20))


class Assignment(Record):
    """An answer in a theme, as one run saw it, with the clause that decided."""

    __tablename__ = "assignment"
    __table_args__ = (
        owned_by("run_id", table="run"),
        owned_by("answer_id", table="answer"),
        owned_by("theme_id", table="theme"),
        CheckConstraint("tone IN ('wish', 'praise', 'unclear')", name="tone"),
        CheckConstraint("confidence BETWEEN 0 AND 1", name="confidence"),
        # A theme's answers, the surest first or last. Without answer_id on purpose: SQLite, having
        # no statistics, would prefer it as "covering" where it has to look up one answer.
        Index(
            "ix_assignment_by_confidence",
            "workspace_id",
            "theme_id",
            "run_id",
            "confidence",
            "tone",
        ),
        Index("ix_assignment_workspace_id_answer_id", "workspace_id", "answer_id"),
    )

    workspace_id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(primary_key=True)
    answer_id: Mapped[int] = mapped_column(primary_key=True)
    theme_id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int]
    start: Mapped[int | None]  # code points of the analysed text; empty where no clause decided
    end: Mapped[int | None]
    tone: Mapped[str] = mapped_column(String(20))
    confidence: Mapped[float]


class TextVector(Record):
    """A text's vectors under one model: of the whole and then of its clauses, float16, unit length.

    This is the form themes are assigned from. It is kept by the hash of the whole text, so that
    forgetting a text forgets the vectors of its clauses too.
    """

    __tablename__ = "text_vector"

    workspace_id: Mapped[int] = mapped_column(
        ForeignKey("workspace.id", ondelete="CASCADE"), primary_key=True
    )
    text_sha256: Mapped[bytes] = mapped_column(primary_key=True)
    model_digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    vector: Mapped[bytes]
