"""Let imported answers of some days be counted without looking at all the others.

Revision ID: 0019
Revises: 0018
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0019"
down_revision: str | None = "0018"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Add an index of imported answers alone: an answer by a link costs nothing more."""
    op.create_index(
        "ix_answer_imported",
        "answer",
        ["workspace_id", "state", "answered_on"],
        sqlite_where=sa.text("origin = 'import'"),
        postgresql_where=sa.text("origin = 'import'"),
    )


def downgrade() -> None:
    """Take it away."""
    op.drop_index("ix_answer_imported", "answer")
