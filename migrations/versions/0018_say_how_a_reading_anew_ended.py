"""Let a workspace keep when all its answers were last read anew on request, and how that ended.

Revision ID: 0018
Revises: 0017
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0018"
down_revision: str | None = "0017"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Add both; a reading that ended before is not told of."""
    op.add_column(
        "workspace", sa.Column("resort_ended_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.add_column("workspace", sa.Column("resort_outcome", sa.String(length=20), nullable=True))


def downgrade() -> None:
    """Take them away, in place: a new table for the old one would take all it owns along."""
    op.drop_column("workspace", "resort_outcome")
    op.drop_column("workspace", "resort_ended_at")
