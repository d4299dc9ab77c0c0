"""Keep a ledger of themes: numbered decisions that can be undone, and checks of a theme's answers.

Revision ID: 0006
Revises: 0005
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

BEFORE = (
    "belongs", "does_not_belong", "rename", "merge", "split", "pin", "unpin", "hide", "show",
    "accept_run", "refuse_run", "undo",
)  # fmt: skip
KINDS = (*BEFORE, "move", "words", "new_theme", "book", "review")


def upgrade() -> None:
    """Number the decisions, and add what a decision concerns and what it overrules."""
    _allow(KINDS)
    for column in (
        sa.Column("number", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("holds", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("undoes_id", sa.BigInteger(), nullable=True),
        sa.Column("answers", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("details", sa.JSON(), server_default="{}", nullable=False),
    ):
        op.add_column("decision", column)
    op.execute(
        "UPDATE decision SET number = (SELECT count(*) FROM decision AS earlier"
        " WHERE earlier.workspace_id = decision.workspace_id"
        " AND (earlier.decided_at < decision.decided_at"
        " OR (earlier.decided_at = decision.decided_at AND earlier.id <= decision.id)))"
    )
    op.create_index(
        "ix_decision_workspace_id_number", "decision", ["workspace_id", "number"], unique=True
    )
    added: tuple[tuple[str, sa.Column[Any]], ...] = (
        ("theme", sa.Column("merged_into", sa.BigInteger(), nullable=True)),
        ("theme", sa.Column("split_from", sa.BigInteger(), nullable=True)),
        ("theme", sa.Column("first_words", sa.JSON(), nullable=True)),
        ("workspace", sa.Column("resort_asked_at", sa.DateTime(timezone=True), nullable=True)),
    )
    for table, column in added:
        op.add_column(table, column)
    _create_decided_answer()
    _create_overruled()
    _create_theme_cut()
    _create_reviews()


def _create_decided_answer() -> None:
    op.create_table(
        "decided_answer",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("decision_id", sa.BigInteger(), nullable=False),
        sa.Column("answer_id", sa.BigInteger(), nullable=False),
        sa.Column("theme_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("belongs", sa.Boolean(), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=True),
        sa.Column("end", sa.BigInteger(), nullable=True),
        sa.Column("tone", sa.String(length=20), nullable=False),
        _owned_by("decided_answer", "decision"),
        _owned_by("decided_answer", "answer"),
        _owned_by("decided_answer", "theme"),
        sa.PrimaryKeyConstraint(
            "workspace_id", "decision_id", "answer_id", "theme_id",
            name=op.f("pk_decided_answer"),
        ),
    )  # fmt: skip
    _index("decided_answer", "answer_id")
    _index("decided_answer", "theme_id")


def _create_overruled() -> None:
    op.create_table(
        "overruled",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("answer_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("placings", sa.JSON(), nullable=False),
        _owned_by("overruled", "run"),
        _owned_by("overruled", "answer"),
        sa.PrimaryKeyConstraint("workspace_id", "run_id", "answer_id", name=op.f("pk_overruled")),
    )
    _index("overruled", "answer_id")


def _create_theme_cut() -> None:
    op.create_table(
        "theme_cut",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("theme_id", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("parts", sa.JSON(), nullable=True),
        sa.Column("lease_id", sa.String(length=32), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        _owned_by("theme_cut", "theme"),
        sa.PrimaryKeyConstraint("workspace_id", "theme_id", name=op.f("pk_theme_cut")),
    )


def _create_reviews() -> None:
    op.create_table(
        "review",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("theme_id", sa.BigInteger(), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("engine", sa.String(length=64), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("population", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision_id", sa.BigInteger(), nullable=True),
        _owned_by("review", "theme"),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_review")),
    )
    _index("review", "theme_id")
    op.create_table(
        "review_answer",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("review_id", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("answer_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("verdict", sa.String(length=10), nullable=True),
        sa.CheckConstraint(
            "verdict IN ('yes', 'no', 'unknown')", name=op.f("ck_review_answer_verdict")
        ),
        _owned_by("review_answer", "review"),
        _owned_by("review_answer", "answer"),
        sa.PrimaryKeyConstraint(
            "workspace_id", "review_id", "place", name=op.f("pk_review_answer")
        ),
    )
    _index("review_answer", "answer_id")


def downgrade() -> None:
    """Take it back; decisions that the tables before could not hold are lost."""
    for table in ("review_answer", "review", "theme_cut", "overruled", "decided_answer"):
        op.drop_table(table)
    op.drop_column("workspace", "resort_asked_at")
    for column in ("first_words", "split_from", "merged_into"):
        op.drop_column("theme", column)
    op.drop_index("ix_decision_workspace_id_number", "decision")
    for column in ("details", "answers", "undoes_id", "holds", "number"):
        op.drop_column("decision", column)
    op.execute(
        "DELETE FROM decision WHERE kind IN ('move', 'words', 'new_theme', 'book', 'review')"
    )
    _allow(BEFORE)


def _allow(kinds: Sequence[str]) -> None:
    """Let decisions be of these kinds."""
    condition = f"kind IN ({', '.join(repr(kind) for kind in kinds)})"
    with op.batch_alter_table("decision") as batch:
        if op.get_bind().dialect.name != "sqlite":  # there, copying a table leaves its checks
            batch.drop_constraint(op.f("ck_decision_kind"), type_="check")
        batch.create_check_constraint(op.f("ck_decision_kind"), condition)


def _owned_by(table: str, owner: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["workspace_id", f"{owner}_id"],
        [f"{owner}.workspace_id", f"{owner}.id"],
        name=op.f(f"fk_{table}_workspace_id_{owner}_id_{owner}"),
        ondelete="CASCADE",
    )


def _index(table: str, column: str) -> None:
    op.create_index(f"ix_{table}_workspace_id_{column}", table, ["workspace_id", column])
