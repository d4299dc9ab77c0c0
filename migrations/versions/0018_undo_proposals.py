"""Let the undoing of a proposal say where its answers go back to, as the sorting had them.

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
    """Add what an answer is where it is in no theme, and how sure its place is."""
    with op.batch_alter_table("decided_answer") as table:
        table.add_column(sa.Column("outcome", sa.String(length=20), nullable=True))
        table.add_column(sa.Column("confidence", sa.Double(), nullable=True))


def downgrade() -> None:
    """Take them away: answers of an undone proposal then stand as if put there by hand."""
    with op.batch_alter_table("decided_answer") as table:
        table.drop_column("confidence")
        table.drop_column("outcome")
