"""Let anonymous answers go with age that never found company: they know the week they came in.

Revision ID: 0012
Revises: 0011
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0012"
down_revision: str | None = "0011"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Add the week; what waits already goes on waiting."""
    op.add_column("held_answer", sa.Column("since", sa.Date(), nullable=True))


def downgrade() -> None:
    """Take it away."""
    op.drop_column("held_answer", "since")
