"""What comes after an answer: talks, letters, notes of changes, and how long answers are kept.

Revision ID: 0003
Revises: 0002
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply this revision."""
    op.add_column("workspace", sa.Column("keep_months", sa.BigInteger(), nullable=True))
    op.add_column("answer", sa.Column("expired_on", sa.Date(), nullable=True))
    _make_talk()
    _make_message()
    _make_change_note()
    _name_mails_by_an_id_of_their_own()


def _make_talk() -> None:
    op.create_table(
        "talk",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("answer_id", sa.BigInteger(), nullable=False),
        sa.Column("may_come_back", sa.Boolean(), nullable=False),
        sa.Column("how", sa.String(length=10), nullable=False),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("handed_to", sa.BigInteger(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("how IN ('mail', 'phone')", name=op.f("ck_talk_how")),
        _of("talk", "answer"),
        sa.PrimaryKeyConstraint("workspace_id", "answer_id", name=op.f("pk_talk")),
    )


def _make_message() -> None:
    op.create_table(
        "message",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("answer_id", sa.BigInteger(), nullable=False),
        sa.Column("author", sa.String(length=10), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("signed", sa.Text(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("mail", sa.String(length=10), server_default="none", nullable=False),
        sa.Column("lease_id", sa.String(length=32), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.CheckConstraint("author IN ('team', 'customer')", name=op.f("ck_message_author")),
        sa.CheckConstraint(
            "mail IN ('none', 'queued', 'sending', 'sent', 'failed')", name=op.f("ck_message_mail")
        ),
        _of("message", "answer"),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_message")),
    )
    op.create_index(
        "ix_message_workspace_id_answer_id", "message", ["workspace_id", "answer_id", "written_at"]
    )
    op.create_index(
        "ix_message_due",
        "message",
        ["written_at"],
        sqlite_where=sa.text("mail IN ('queued', 'sending')"),
        postgresql_where=sa.text("mail IN ('queued', 'sending')"),
    )


def _make_change_note() -> None:
    op.create_table(
        "change_note",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("theme_id", sa.BigInteger(), nullable=True),
        sa.Column("answer_id", sa.BigInteger(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("signed", sa.Text(), nullable=True),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("noted_on", sa.Date(), nullable=False),
        sa.CheckConstraint(
            "(theme_id IS NULL) <> (answer_id IS NULL)", name=op.f("ck_change_note_about")
        ),
        _of("change_note", "theme"),
        _of("change_note", "answer"),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_change_note")),
    )
    for other in ("theme", "answer"):
        op.create_index(
            f"ix_change_note_workspace_id_{other}_id",
            "change_note",
            ["workspace_id", f"{other}_id"],
        )


def _of(table: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["workspace_id", f"{other}_id"],
        [f"{other}.workspace_id", f"{other}.id"],
        name=op.f(f"fk_{table}_workspace_id_{other}_id_{other}"),
        ondelete="CASCADE",
    )


def _name_mails_by_an_id_of_their_own() -> None:
    """One invitation may have several mails now: the question, and replies."""
    with op.batch_alter_table("outgoing_mail") as batch:
        batch.add_column(sa.Column("id", sa.BigInteger(), nullable=True))
    op.execute("UPDATE outgoing_mail SET id = invitation_id")
    _key_mails_by("id")


def _key_mails_by(column: str) -> None:
    with op.batch_alter_table("outgoing_mail") as batch:
        batch.drop_constraint("pk_outgoing_mail", type_="primary")
        batch.alter_column("id", existing_type=sa.BigInteger(), nullable=column != "id")
        batch.create_primary_key("pk_outgoing_mail", ["workspace_id", column])


def downgrade() -> None:
    """Take it back; replies' mails go, since one invitation could hold but one."""
    op.execute("DELETE FROM outgoing_mail WHERE id <> invitation_id")
    _key_mails_by("invitation_id")
    with op.batch_alter_table("outgoing_mail") as batch:
        batch.drop_column("id")
    for table in ("change_note", "message", "talk"):
        op.drop_table(table)
    op.drop_column("answer", "expired_on")
    op.drop_column("workspace", "keep_months")
