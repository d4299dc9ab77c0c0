"""Keep the original of a letter in which personal data was masked.

Originals of answers are sealed anew by whoever migrates, since that takes the installation's key
(see `survey.records.sealing_anew`).

Revision ID: 0015
Revises: 0014
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0015"
down_revision: str | None = "0014"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Add where it stands; letters that are there stay as they are."""
    op.add_column("message", sa.Column("sealed", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    """Take it away: what was sealed stays masked."""
    op.drop_column("message", "sealed")
