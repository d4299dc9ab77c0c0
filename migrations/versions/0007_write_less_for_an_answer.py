"""Write less for an answer: words are made findable later, and indexes leave out what was sent.

Revision ID: 0007
Revises: 0006
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

UNSENT = sa.text("sent_at IS NULL")


def upgrade() -> None:
    """Make the table of arrivals, and the indexes that an answer does not touch."""
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
    op.drop_index("ix_invitation_due", "invitation")
    op.drop_index("ix_invitation_unsent", "invitation")
    op.create_index(
        "ix_invitation_unsent",
        "invitation",
        ["state", "due_at"],
        sqlite_where=UNSENT,
        postgresql_where=UNSENT,
    )
    op.drop_index("ix_invitation_workspace_id_asked_on", "invitation")
    op.create_index(
        "ix_invitation_workspace_id_asked_on", "invitation", ["workspace_id", "asked_on"]
    )
    op.drop_index("ix_count_delta_workspace_id_measure_day", "count_delta")


def downgrade() -> None:
    """Make what was there before; what waits in the table of arrivals is lost to the search."""
    op.create_index(
        "ix_count_delta_workspace_id_measure_day",
        "count_delta",
        ["workspace_id", "measure", "day"],
    )
    op.drop_index("ix_invitation_workspace_id_asked_on", "invitation")
    op.create_index(
        "ix_invitation_workspace_id_asked_on", "invitation", ["workspace_id", "asked_on", "state"]
    )
    op.drop_index("ix_invitation_unsent", "invitation")
    op.create_index(
        "ix_invitation_unsent",
        "invitation",
        ["state"],
        sqlite_where=UNSENT,
        postgresql_where=UNSENT,
    )
    op.create_index("ix_invitation_due", "invitation", ["state", "due_at"])
    op.drop_table("arrival")
