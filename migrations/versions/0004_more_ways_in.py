"""More ways in: replies by mail, open links, and anonymous answers that wait for company.

Revision ID: 0004
Revises: 0003
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

BEFORE = ("answer", "unsubscribe", "api_key", "join")
ADDED = ("reply", "place", "receipt")


def upgrade() -> None:
    """Add three tables, and the kinds of link that lead to them."""
    _allow_kinds(*BEFORE, *ADDED)
    _add_held_answer()
    _add_place()
    _add_incoming_mail()


def _allow_kinds(*kinds: str) -> None:
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    with op.batch_alter_table("link", table_kwargs={"sqlite_with_rowid": False}) as table:
        table.drop_constraint(op.f("ck_link_kind"), type_="check")
        table.create_check_constraint(op.f("ck_link_kind"), f"kind IN ({listed})")


def _add_held_answer() -> None:
    op.create_table(
        "held_answer",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("question_id", sa.BigInteger(), nullable=False),
        sa.Column("said_nothing", sa.Boolean(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_held_answer_workspace_id_workspace"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "question_id"],
            ["question.workspace_id", "question.id"],
            name=op.f("fk_held_answer_workspace_id_question_id_question"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_held_answer")),
        sqlite_with_rowid=False,
    )


def _add_place() -> None:
    op.create_table(
        "place",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("question_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("served_by", sa.Text(), nullable=True),
        sa.Column("about", sa.Text(), nullable=True),
        sa.Column("segments", sa.JSON(), nullable=False),
        sa.Column("sites", sa.JSON(), nullable=False),
        sa.Column("nonce", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_place_workspace_id_workspace"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "question_id"],
            ["question.workspace_id", "question.id"],
            name=op.f("fk_place_workspace_id_question_id_question"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_place")),
        sa.UniqueConstraint("workspace_id", "name", name=op.f("uq_place_workspace_id_name")),
    )


def _add_incoming_mail() -> None:
    op.create_table(
        "incoming_mail",
        sa.Column("message_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("workspace_id", sa.BigInteger(), nullable=True),
        sa.Column("invitation_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('answered', 'added', 'bounced', 'automatic', 'blank', 'anonymous', "
            "'unknown')",
            name=op.f("ck_incoming_mail_outcome"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_incoming_mail_workspace_id_workspace"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("message_sha256", name=op.f("pk_incoming_mail")),
    )
    op.create_index(
        "ix_incoming_mail_workspace_id_invitation_id",
        "incoming_mail",
        ["workspace_id", "invitation_id"],
        unique=False,
    )


def downgrade() -> None:
    """Take them away, with the links that would lead nowhere."""
    op.drop_table("incoming_mail")
    op.drop_table("place")
    op.drop_table("held_answer")
    op.execute("DELETE FROM link WHERE kind IN ('reply', 'place', 'receipt')")
    _allow_kinds(*BEFORE)
