"""Find invitations that were answered before their sender wrote down that they were sent.

Revision ID: 0002
Revises: 0001
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Add an index that holds only what was not sent, so that answering does not touch it."""
    op.create_index(
        "ix_invitation_unsent",
        "invitation",
        ["state"],
        sqlite_where=sa.text("sent_at IS NULL"),
        postgresql_where=sa.text("sent_at IS NULL"),
    )


def downgrade() -> None:
    """Take it away."""
    op.drop_index("ix_invitation_unsent", table_name="invitation")
