"""Keep where the rest of a theme lies after a part was split off by hand.

Revision ID: 0010
Revises: 0009
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Add the place of what stayed behind."""
    op.add_column("theme", sa.Column("rest_anchor", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    """Take it away."""
    op.drop_column("theme", "rest_anchor")
