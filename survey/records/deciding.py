"""What people decide about themes, and what they found when they checked them.

Decisions are append-only; only whether one still holds changes, when it is undone. What is shown
is a run plus the decisions that hold.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from survey.records.base import CLUSTERED, DueWork, Record, owned_by, row_id

KINDS = (
    "belongs", "does_not_belong", "move", "rename", "words", "merge", "split", "new_theme", "book",
    "pin", "unpin", "hide", "show", "review", "accept_run", "refuse_run", "undo", "tone",
)  # fmt: skip
TONE = "tone"
"""The kind that says only which tone answers have in a theme."""
VERDICTS = ("yes", "no", "unknown")


def _one_of(column: str, names: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(name) for name in names)})"


class Decision(Record):
    """One step of one person: an entry of the ledger, undone as a whole.

    ``number`` counts a workspace's decisions; a later one wins over an earlier one. ``details``
    keeps the words before and after, and what the ledger needs to tell the step.
    """

    __tablename__ = "decision"
    __table_args__ = (
        CheckConstraint(_one_of("kind", KINDS), name="kind"),
        Index("ix_decision_workspace_id_theme_id", "workspace_id", "theme_id"),
        Index("ix_decision_workspace_id_answer_id", "workspace_id", "answer_id"),
        Index("ix_decision_workspace_id_number", "workspace_id", "number", unique=True),
    )

    workspace_id: Mapped[int] = mapped_column(
        ForeignKey("workspace.id", ondelete="CASCADE"), primary_key=True
    )
    id: Mapped[int] = row_id()
    kind: Mapped[str] = mapped_column(String(20))
    theme_id: Mapped[int | None]
    other_theme_id: Mapped[int | None]
    answer_id: Mapped[int | None]
    version: Mapped[int | None]
    run_id: Mapped[int | None]
    value: Mapped[str | None]
    person_id: Mapped[int | None]
    decided_at: Mapped[datetime]
    number: Mapped[int] = mapped_column(default=0, server_default="0")
    holds: Mapped[bool] = mapped_column(default=True, server_default="1")
    undoes_id: Mapped[int | None]
    answers: Mapped[int] = mapped_column(default=0, server_default="0")  # that it moved
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict, server_default="{}")


class DecidedAnswer(Record):
    """One answer of a decision: it belongs in a theme, or it does not, or what its tone there is.

    Of a decision about the tone, `tone` is what was said; whether the answer is in the theme it
    leaves open. The word holds for the version it was said of: a changed answer is sorted afresh.
    """

    __tablename__ = "decided_answer"
    __table_args__ = (
        owned_by("decision_id", table="decision"),
        owned_by("answer_id", table="answer"),
        owned_by("theme_id", table="theme"),
        Index("ix_decided_answer_workspace_id_answer_id", "workspace_id", "answer_id"),
        Index("ix_decided_answer_workspace_id_theme_id", "workspace_id", "theme_id"),
    )

    workspace_id: Mapped[int] = mapped_column(primary_key=True)
    decision_id: Mapped[int] = mapped_column(primary_key=True)
    answer_id: Mapped[int] = mapped_column(primary_key=True)
    theme_id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int]
    belongs: Mapped[bool]
    start: Mapped[int | None]  # the clause that speaks for it, where one does
    end: Mapped[int | None]
    tone: Mapped[str] = mapped_column(String(20), default="unclear")


class Overruled(Record):
    """What a run itself made of an answer that people's decisions show otherwise.

    Kept only while the two differ, so that undoing every decision leaves the run alone.
    """

    __tablename__ = "overruled"
    __table_args__ = (
        owned_by("run_id", table="run"),
        owned_by("answer_id", table="answer"),
        Index("ix_overruled_workspace_id_answer_id", "workspace_id", "answer_id"),
    )

    workspace_id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(primary_key=True)
    answer_id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int]
    outcome: Mapped[str] = mapped_column(String(20))
    placings: Mapped[list[list[Any]]] = mapped_column(JSON)  # theme, start, end, tone, confidence


class ToShow(Record):
    """An answer that the worker is still to show as a decision says: of a step that moves many."""

    __tablename__ = "to_show"
    __table_args__ = (
        owned_by("answer_id", table="answer"),
        owned_by("decision_id", table="decision"),
        CLUSTERED,
    )

    workspace_id: Mapped[int] = mapped_column(primary_key=True)
    answer_id: Mapped[int] = mapped_column(primary_key=True)
    decision_id: Mapped[int]


class ThemeCut(DueWork, Record):
    """A suggested cut of a theme into parts: asked for by a person, worked out by the worker."""

    __tablename__ = "theme_cut"
    __table_args__ = (owned_by("theme_id", table="theme"),)

    workspace_id: Mapped[int] = mapped_column(primary_key=True)
    theme_id: Mapped[int] = mapped_column(primary_key=True)
    asked_at: Mapped[datetime]
    made_at: Mapped[datetime | None]
    number: Mapped[int] = mapped_column(default=0)  # of the last decision it takes into account
    parts: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON)


class Review(Record):
    """A sample of a theme's answers that a person reads, one by one."""

    __tablename__ = "review"
    __table_args__ = (
        owned_by("theme_id", table="theme"),
        Index("ix_review_workspace_id_theme_id", "workspace_id", "theme_id"),
    )

    workspace_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int] = row_id()
    theme_id: Mapped[int]
    run_id: Mapped[int]
    engine: Mapped[str] = mapped_column(String(64))
    seed: Mapped[int]
    population: Mapped[int]  # answers the theme had when the sample was drawn
    number: Mapped[int] = mapped_column(default=0)  # of the last decision it takes into account
    person_id: Mapped[int | None]
    begun_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    decision_id: Mapped[int | None]


class ReviewAnswer(Record):
    """One answer of a sample, in its place, and what the person said of it."""

    __tablename__ = "review_answer"
    __table_args__ = (
        owned_by("review_id", table="review"),
        owned_by("answer_id", table="answer"),
        CheckConstraint(_one_of("verdict", VERDICTS), name="verdict"),
        Index("ix_review_answer_workspace_id_answer_id", "workspace_id", "answer_id"),
    )

    workspace_id: Mapped[int] = mapped_column(primary_key=True)
    review_id: Mapped[int] = mapped_column(primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True)
    answer_id: Mapped[int]
    version: Mapped[int]
    verdict: Mapped[str | None] = mapped_column(String(10))
