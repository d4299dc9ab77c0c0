"""Tell owners at once that an answer speaks of danger.

Revision ID: 0011
Revises: 0010
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0011"
down_revision: str | None = "0010"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply this revision; flags that are open already are told of, too."""
    for column in _columns():
        op.add_column("flag", column)


def downgrade() -> None:
    """Take it back."""
    for column in reversed(_columns()):
        op.drop_column("flag", column.name)


def _columns() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_id", sa.String(length=32), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
    )
