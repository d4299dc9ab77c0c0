"""What the dignity guard keeps: sealed originals, flags, and where customers may turn.

Revision ID: 0005
Revises: 0004
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply this revision."""
    op.add_column("workspace", sa.Column("country", sa.String(length=2), nullable=True))
    op.add_column(
        "workspace",
        sa.Column("personal_data", sa.String(length=10), server_default="keep", nullable=False),
    )
    op.create_table(
        "sealed_text",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("answer_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        _of_answer("sealed_text"),
        sa.PrimaryKeyConstraint(
            "workspace_id", "answer_id", "version", name=op.f("pk_sealed_text")
        ),
        sqlite_with_rowid=False,
    )
    _make_flag()
    op.create_table(
        "where_to_turn",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_where_to_turn_workspace_id_workspace"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "country", name=op.f("pk_where_to_turn")),
    )


def _make_flag() -> None:
    op.create_table(
        "flag",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("answer_id", sa.BigInteger(), nullable=False),
        sa.Column("danger", sa.String(length=20), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("end", sa.BigInteger(), nullable=False),
        sa.Column("answered_on", sa.Date(), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by", sa.BigInteger(), nullable=True),
        sa.Column("was_danger", sa.Boolean(), nullable=True),
        sa.CheckConstraint(
            "danger IN ('self_harm', 'harm_to_others', 'abuse', 'emergency')",
            name=op.f("ck_flag_danger"),
        ),
        _of_answer("flag"),
        sa.PrimaryKeyConstraint("workspace_id", "answer_id", "danger", name=op.f("pk_flag")),
    )
    op.create_index(
        "ix_flag_open",
        "flag",
        ["workspace_id", "answered_on"],
        sqlite_where=sa.text("settled_at IS NULL"),
        postgresql_where=sa.text("settled_at IS NULL"),
    )


def _of_answer(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["workspace_id", "answer_id"],
        ["answer.workspace_id", "answer.id"],
        name=op.f(f"fk_{table}_workspace_id_answer_id_answer"),
        ondelete="CASCADE",
    )


def downgrade() -> None:
    """Take it back; what was sealed is lost, and the masked words stay."""
    for table in ("where_to_turn", "flag", "sealed_text"):
        op.drop_table(table)
    op.drop_column("workspace", "personal_data")
    op.drop_column("workspace", "country")
