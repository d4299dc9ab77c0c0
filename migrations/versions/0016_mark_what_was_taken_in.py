"""Mark on the answer itself whether it was taken in, instead of in a table of arrivals.

Revision ID: 0016
Revises: 0015
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0016"
down_revision: str | None = "0015"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_NOT_TAKEN_IN = (
    "UPDATE answer SET taken_in = {no} WHERE EXISTS (SELECT 1 FROM arrival WHERE "
    "arrival.workspace_id = answer.workspace_id AND arrival.answer_id = answer.id)"
)
_ARRIVED = (
    "INSERT INTO arrival (workspace_id, answer_id) "
    "SELECT workspace_id, id FROM answer WHERE NOT taken_in"
)


def upgrade() -> None:
    """Move what waits to the answers, and make one index of two kinds of work."""
    op.add_column(
        "answer", sa.Column("taken_in", sa.Boolean(), server_default=sa.true(), nullable=False)
    )
    op.execute(_NOT_TAKEN_IN.format(no=_no()))
    op.drop_table("arrival")
    op.drop_index("ix_answer_to_sort", "answer")
    op.create_index(
        "ix_answer_to_do",
        "answer",
        ["workspace_id", "answered_on", "taken_in"],
        sqlite_where=sa.text("sorted_by IS NULL OR taken_in = 0"),
        postgresql_where=sa.text("sorted_by IS NULL OR NOT taken_in"),
    )


def downgrade() -> None:
    """Move what waits back to a table of arrivals."""
    op.create_table(
        "arrival",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("answer_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "answer_id"],
            ["answer.workspace_id", "answer.id"],
            name=op.f("fk_arrival_workspace_id_answer_id_answer"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "answer_id", name=op.f("pk_arrival")),
        sqlite_with_rowid=False,
    )
    op.execute(_ARRIVED)
    op.drop_index("ix_answer_to_do", "answer")
    op.execute("ALTER TABLE answer DROP COLUMN taken_in")  # as such: answers are many
    op.create_index(
        "ix_answer_to_sort",
        "answer",
        ["workspace_id", "answered_on"],
        sqlite_where=sa.text("sorted_by IS NULL"),
        postgresql_where=sa.text("sorted_by IS NULL"),
    )


def _no() -> str:
    return "0" if op.get_bind().dialect.name == "sqlite" else "false"
