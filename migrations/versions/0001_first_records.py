"""First records.

Revision ID: 0001
Revises:
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply this revision."""
    op.create_table(
        "first_owner_link",
        sa.Column("token_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("token_sha256", name=op.f("pk_first_owner_link")),
    )
    op.create_table(
        "person",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("email", name=op.f("uq_person_email")),
    )
    op.create_table(
        "worker_beat",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("beat_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("doing", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_worker_beat")),
    )
    op.create_table(
        "workspace",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("slug", sa.String(length=60), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delay_minutes", sa.BigInteger(), nullable=False),
        sa.Column("link_days", sa.BigInteger(), nullable=False),
        sa.Column("smallest_group", sa.BigInteger(), nullable=False),
        sa.Column("theme_count", sa.BigInteger(), nullable=True),
        sa.Column("current_run_id", sa.BigInteger(), nullable=True),
        sa.Column("answers_changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("themes_looked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_sample", sa.Boolean(), nullable=False),
        sa.Column("lease_id", sa.String(length=32), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workspace")),
        sa.UniqueConstraint("slug", name=op.f("uq_workspace_slug")),
    )
    op.create_table(
        "api_key",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_api_key_workspace_id_workspace"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_api_key")),
    )
    op.create_table(
        "count_delta",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("measure", sa.String(length=20), nullable=False),
        sa.Column("theme_id", sa.BigInteger(), nullable=False),
        sa.Column("tone", sa.String(length=20), nullable=False),
        sa.Column("question_id", sa.BigInteger(), nullable=False),
        sa.Column("segment_name", sa.String(length=60), nullable=False),
        sa.Column("segment_value", sa.String(length=200), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("change", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "measure IN ('asked', 'answered', 'withdrawn', 'theme', 'themes', 'nothing', "
            "'unsorted', 'other_language')",
            name=op.f("ck_count_delta_measure"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_count_delta_workspace_id_workspace"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_count_delta")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_count_delta_workspace_id_measure_day",
        "count_delta",
        ["workspace_id", "measure", "day"],
        unique=False,
    )

    op.create_table(
        "day_count",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("answers", sa.BigInteger(), nullable=False),
        sa.Column("segment_name", sa.String(length=60), nullable=False),
        sa.Column("segment_value", sa.String(length=200), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("measure", sa.String(length=20), nullable=False),
        sa.Column("theme_id", sa.BigInteger(), nullable=False),
        sa.Column("tone", sa.String(length=20), nullable=False),
        sa.Column("question_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.CheckConstraint(
            "measure IN ('asked', 'answered', 'withdrawn', 'theme', 'themes', 'nothing', "
            "'unsorted', 'other_language')",
            name=op.f("ck_day_count_measure"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_day_count_workspace_id_workspace"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "workspace_id",
            "segment_name",
            "segment_value",
            "run_id",
            "measure",
            "theme_id",
            "tone",
            "question_id",
            "day",
            name=op.f("pk_day_count"),
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "decision",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("theme_id", sa.BigInteger(), nullable=True),
        sa.Column("other_theme_id", sa.BigInteger(), nullable=True),
        sa.Column("answer_id", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=True),
        sa.Column("run_id", sa.BigInteger(), nullable=True),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('belongs', 'does_not_belong', 'rename', 'merge', 'split', 'pin', 'unpin', "
            "'hide', 'show', 'accept_run', 'refuse_run', 'undo')",
            name=op.f("ck_decision_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_decision_workspace_id_workspace"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_decision")),
    )
    op.create_index(
        "ix_decision_workspace_id_answer_id",
        "decision",
        ["workspace_id", "answer_id"],
        unique=False,
    )
    op.create_index(
        "ix_decision_workspace_id_theme_id", "decision", ["workspace_id", "theme_id"], unique=False
    )

    op.create_table(
        "import_batch",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("file_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("imported", sa.BigInteger(), nullable=False),
        sa.Column("skipped", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_import_batch_workspace_id_workspace"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_import_batch")),
    )
    op.create_table(
        "interaction",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("customer_email", sa.Text(), nullable=False),
        sa.Column("customer_name", sa.Text(), nullable=True),
        sa.Column("customer_language", sa.Text(), nullable=True),
        sa.Column("served_by", sa.Text(), nullable=True),
        sa.Column("about", sa.Text(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("reference", sa.String(length=200), nullable=True),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("idempotency_key", sa.String(length=200), nullable=True),
        sa.Column("body_sha256", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_interaction_workspace_id_workspace"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_interaction")),
        sa.UniqueConstraint(
            "workspace_id",
            "idempotency_key",
            name=op.f("uq_interaction_workspace_id_idempotency_key"),
        ),
        sa.UniqueConstraint(
            "workspace_id", "reference", name=op.f("uq_interaction_workspace_id_reference")
        ),
    )
    op.create_table(
        "joining",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("role IN ('owner', 'teammate')", name=op.f("ck_joining_role")),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_joining_workspace_id_workspace"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_joining")),
        sa.UniqueConstraint("workspace_id", "email", name=op.f("uq_joining_workspace_id_email")),
    )
    op.create_table(
        "link",
        sa.Column("token_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("target_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('answer', 'unsubscribe', 'api_key', 'join')", name=op.f("ck_link_kind")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_link_workspace_id_workspace"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("token_sha256", name=op.f("pk_link")),
        sa.UniqueConstraint(
            "workspace_id", "kind", "target_id", name=op.f("uq_link_workspace_id_kind_target_id")
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "member",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("role IN ('owner', 'teammate')", name=op.f("ck_member_role")),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
            name=op.f("fk_member_person_id_person"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_member_workspace_id_workspace"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "person_id", name=op.f("pk_member")),
    )
    op.create_index("ix_member_person_id", "member", ["person_id"], unique=False)

    op.create_table(
        "question",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("anonymous", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_question_workspace_id_workspace"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_question")),
        sa.UniqueConstraint("workspace_id", "key", name=op.f("uq_question_workspace_id_key")),
    )
    op.create_table(
        "run",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("engine", sa.String(length=64), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("summary", sa.JSON(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.CheckConstraint("kind IN ('first', 'resort', 'emerging')", name=op.f("ck_run_kind")),
        sa.CheckConstraint(
            "state IN ('working', 'current', 'proposed', 'refused', 'replaced', 'failed')",
            name=op.f("ck_run_state"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_run_workspace_id_workspace"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_run")),
    )
    op.create_table(
        "session",
        sa.Column("token_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
            name=op.f("fk_session_person_id_person"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("token_sha256", name=op.f("pk_session")),
    )
    op.create_index(op.f("ix_session_person_id"), "session", ["person_id"], unique=False)

    op.create_table(
        "text_vector",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("text_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("model_digest", sa.String(length=64), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_text_vector_workspace_id_workspace"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "workspace_id", "text_sha256", "model_digest", name=op.f("pk_text_vector")
        ),
    )
    op.create_table(
        "theme",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("key", sa.String(length=60), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.Column("not_this", sa.Text(), nullable=False),
        sa.Column("origin", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=True),
        sa.Column("pinned", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("model_digest", sa.String(length=64), nullable=True),
        sa.Column("anchor", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("origin IN ('book', 'found')", name=op.f("ck_theme_origin")),
        sa.CheckConstraint(
            "state IN ('active', 'proposed', 'refused', 'hidden', 'merged')",
            name=op.f("ck_theme_state"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_theme_workspace_id_workspace"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_theme")),
    )
    op.create_index("ix_theme_workspace_id_key", "theme", ["workspace_id", "key"], unique=False)

    op.create_table(
        "unsubscribed",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("address_hmac", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_unsubscribed_workspace_id_workspace"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "address_hmac", name=op.f("pk_unsubscribed")),
    )
    op.create_table(
        "interaction_segment",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("interaction_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("value", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "interaction_id"],
            ["interaction.workspace_id", "interaction.id"],
            name=op.f("fk_interaction_segment_workspace_id_interaction_id_interaction"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "workspace_id", "interaction_id", "name", name=op.f("pk_interaction_segment")
        ),
    )
    op.create_table(
        "question_version",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("question_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "question_id"],
            ["question.workspace_id", "question.id"],
            name=op.f("fk_question_version_workspace_id_question_id_question"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_question_version")),
        sa.UniqueConstraint(
            "workspace_id",
            "question_id",
            "number",
            name=op.f("uq_question_version_workspace_id_question_id_number"),
        ),
    )
    op.create_table(
        "theme_example",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("theme_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("example", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "theme_id"],
            ["theme.workspace_id", "theme.id"],
            name=op.f("fk_theme_example_workspace_id_theme_id_theme"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "workspace_id", "theme_id", "number", name=op.f("pk_theme_example")
        ),
    )
    op.create_table(
        "answer",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("question_id", sa.BigInteger(), nullable=False),
        sa.Column("question_version_id", sa.BigInteger(), nullable=True),
        sa.Column("language", sa.String(length=20), nullable=True),
        sa.Column("invitation_id", sa.BigInteger(), nullable=True),
        sa.Column("anonymous", sa.Boolean(), nullable=False),
        sa.Column("origin", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("said_nothing", sa.Boolean(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_on", sa.Date(), nullable=False),
        sa.Column("served_by", sa.Text(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("import_batch_id", sa.BigInteger(), nullable=True),
        sa.Column("import_key", sa.String(length=300), nullable=True),
        sa.Column("sorted_by", sa.String(length=64), nullable=True),
        sa.Column("lease_id", sa.String(length=32), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.CheckConstraint("origin IN ('link', 'import', 'sample')", name=op.f("ck_answer_origin")),
        sa.CheckConstraint("state IN ('given', 'withdrawn')", name=op.f("ck_answer_state")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "import_batch_id"],
            ["import_batch.workspace_id", "import_batch.id"],
            name=op.f("fk_answer_workspace_id_import_batch_id_import_batch"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "question_id"],
            ["question.workspace_id", "question.id"],
            name=op.f("fk_answer_workspace_id_question_id_question"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "question_version_id"],
            ["question_version.workspace_id", "question_version.id"],
            name=op.f("fk_answer_workspace_id_question_version_id_question_version"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_answer_workspace_id_workspace"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_answer")),
    )
    op.create_index(
        "ix_answer_workspace_id_answered_on",
        "answer",
        ["workspace_id", "answered_on", "id"],
        unique=False,
    )
    op.create_index(
        "ix_answer_workspace_id_invitation_id",
        "answer",
        ["workspace_id", "invitation_id"],
        unique=False,
    )
    op.create_index(
        "ix_answer_import_key",
        "answer",
        ["workspace_id", "import_key"],
        unique=True,
        sqlite_where=sa.text("import_key IS NOT NULL"),
        postgresql_where=sa.text("import_key IS NOT NULL"),
    )
    op.create_index(
        "ix_answer_to_sort",
        "answer",
        ["workspace_id", "answered_on"],
        unique=False,
        sqlite_where=sa.text("sorted_by IS NULL"),
        postgresql_where=sa.text("sorted_by IS NULL"),
    )

    op.create_table(
        "invitation",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("interaction_id", sa.BigInteger(), nullable=False),
        sa.Column("question_id", sa.BigInteger(), nullable=False),
        sa.Column("question_version_id", sa.BigInteger(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("skipped_because", sa.Text(), nullable=True),
        sa.Column("nonce", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("asked_on", sa.Date(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_id", sa.String(length=32), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('queued','sending','sent','answered','withdrawn','skipped','failed')",
            name=op.f("ck_invitation_state"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "interaction_id"],
            ["interaction.workspace_id", "interaction.id"],
            name=op.f("fk_invitation_workspace_id_interaction_id_interaction"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "question_id"],
            ["question.workspace_id", "question.id"],
            name=op.f("fk_invitation_workspace_id_question_id_question"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "question_version_id"],
            ["question_version.workspace_id", "question_version.id"],
            name=op.f("fk_invitation_workspace_id_question_version_id_question_version"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_invitation")),
        sa.UniqueConstraint(
            "workspace_id", "interaction_id", name=op.f("uq_invitation_workspace_id_interaction_id")
        ),
    )
    op.create_index("ix_invitation_due", "invitation", ["state", "due_at"], unique=False)
    op.create_index(
        "ix_invitation_workspace_id_asked_on",
        "invitation",
        ["workspace_id", "asked_on", "state"],
        unique=False,
    )

    op.create_table(
        "question_text",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("question_version_id", sa.BigInteger(), nullable=False),
        sa.Column("language", sa.String(length=20), nullable=False),
        sa.Column("wording", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "question_version_id"],
            ["question_version.workspace_id", "question_version.id"],
            name=op.f("fk_question_text_workspace_id_question_version_id_question_version"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "workspace_id", "question_version_id", "language", name=op.f("pk_question_text")
        ),
    )
    op.create_table(
        "answer_segment",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("answer_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("value", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "answer_id"],
            ["answer.workspace_id", "answer.id"],
            name=op.f("fk_answer_segment_workspace_id_answer_id_answer"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "workspace_id", "answer_id", "name", name=op.f("pk_answer_segment")
        ),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_answer_segment_workspace_id_name_value",
        "answer_segment",
        ["workspace_id", "name", "value"],
        unique=False,
    )

    op.create_table(
        "answer_text",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("answer_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace_id", "answer_id"],
            ["answer.workspace_id", "answer.id"],
            name=op.f("fk_answer_text_workspace_id_answer_id_answer"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "workspace_id", "answer_id", "version", name=op.f("pk_answer_text")
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "assignment",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("answer_id", sa.BigInteger(), nullable=False),
        sa.Column("theme_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=True),
        sa.Column("end", sa.BigInteger(), nullable=True),
        sa.Column("tone", sa.String(length=20), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.CheckConstraint(
            "tone IN ('wish', 'praise', 'unclear')", name=op.f("ck_assignment_tone")
        ),
        sa.CheckConstraint("confidence BETWEEN 0 AND 1", name=op.f("ck_assignment_confidence")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "answer_id"],
            ["answer.workspace_id", "answer.id"],
            name=op.f("fk_assignment_workspace_id_answer_id_answer"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "run_id"],
            ["run.workspace_id", "run.id"],
            name=op.f("fk_assignment_workspace_id_run_id_run"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "theme_id"],
            ["theme.workspace_id", "theme.id"],
            name=op.f("fk_assignment_workspace_id_theme_id_theme"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "workspace_id", "run_id", "answer_id", "theme_id", name=op.f("pk_assignment")
        ),
    )
    op.create_index(
        "ix_assignment_workspace_id_answer_id",
        "assignment",
        ["workspace_id", "answer_id"],
        unique=False,
    )
    op.create_index(
        "ix_assignment_by_confidence",
        "assignment",
        ["workspace_id", "theme_id", "run_id", "confidence", "tone"],
        unique=False,
    )

    op.create_table(
        "exemplar",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("theme_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("answer_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("end", sa.BigInteger(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "answer_id"],
            ["answer.workspace_id", "answer.id"],
            name=op.f("fk_exemplar_workspace_id_answer_id_answer"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "theme_id"],
            ["theme.workspace_id", "theme.id"],
            name=op.f("fk_exemplar_workspace_id_theme_id_theme"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "theme_id", "number", name=op.f("pk_exemplar")),
    )
    op.create_index(
        "ix_exemplar_workspace_id_answer_id",
        "exemplar",
        ["workspace_id", "answer_id"],
        unique=False,
    )

    op.create_table(
        "outgoing_mail",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("invitation_id", sa.BigInteger(), nullable=False),
        sa.Column("delivery", sa.String(length=20), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("to_address", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text_body", sa.Text(), nullable=False),
        sa.Column("html_body", sa.Text(), nullable=False),
        sa.Column("headers", sa.JSON(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "delivery IN ('outbox', 'relay')", name=op.f("ck_outgoing_mail_delivery")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "invitation_id"],
            ["invitation.workspace_id", "invitation.id"],
            name=op.f("fk_outgoing_mail_workspace_id_invitation_id_invitation"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "invitation_id", name=op.f("pk_outgoing_mail")),
    )
    op.create_table(
        "sorting",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("answer_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('themes', 'nothing', 'unsorted', 'other_language')",
            name=op.f("ck_sorting_outcome"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "answer_id"],
            ["answer.workspace_id", "answer.id"],
            name=op.f("fk_sorting_workspace_id_answer_id_answer"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "run_id"],
            ["run.workspace_id", "run.id"],
            name=op.f("fk_sorting_workspace_id_run_id_run"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "run_id", "answer_id", name=op.f("pk_sorting")),
    )
    op.create_index(
        "ix_sorting_workspace_id_answer_id", "sorting", ["workspace_id", "answer_id"], unique=False
    )
    _create_word_index()


def downgrade() -> None:
    """Take this revision back."""
    op.execute("DROP TABLE answer_search")
    op.drop_index("ix_sorting_workspace_id_answer_id", "sorting")

    op.drop_table("sorting")
    op.drop_table("outgoing_mail")
    op.drop_index("ix_exemplar_workspace_id_answer_id", "exemplar")

    op.drop_table("exemplar")
    op.drop_index("ix_assignment_by_confidence", "assignment")
    op.drop_index("ix_assignment_workspace_id_answer_id", "assignment")

    op.drop_table("assignment")
    op.drop_table("answer_text")
    op.drop_index("ix_answer_segment_workspace_id_name_value", "answer_segment")

    op.drop_table("answer_segment")
    op.drop_table("question_text")
    op.drop_index("ix_invitation_workspace_id_asked_on", "invitation")
    op.drop_index("ix_invitation_due", "invitation")

    op.drop_table("invitation")
    op.drop_index("ix_answer_to_sort", "answer")
    op.drop_index("ix_answer_import_key", "answer")
    op.drop_index("ix_answer_workspace_id_invitation_id", "answer")
    op.drop_index("ix_answer_workspace_id_answered_on", "answer")

    op.drop_table("answer")
    op.drop_table("theme_example")
    op.drop_table("question_version")
    op.drop_table("interaction_segment")
    op.drop_table("unsubscribed")
    op.drop_index("ix_theme_workspace_id_key", "theme")

    op.drop_table("theme")
    op.drop_table("text_vector")
    op.drop_index(op.f("ix_session_person_id"), "session")

    op.drop_table("session")
    op.drop_table("run")
    op.drop_table("question")
    op.drop_index("ix_member_person_id", "member")

    op.drop_table("member")
    op.drop_table("link")
    op.drop_table("joining")
    op.drop_table("interaction")
    op.drop_table("import_batch")
    op.drop_index("ix_decision_workspace_id_theme_id", "decision")
    op.drop_index("ix_decision_workspace_id_answer_id", "decision")

    op.drop_table("decision")
    op.drop_table("day_count")
    op.drop_index("ix_count_delta_workspace_id_measure_day", "count_delta")

    op.drop_table("count_delta")
    op.drop_table("api_key")
    op.drop_table("workspace")
    op.drop_table("worker_beat")
    op.drop_table("person")
    op.drop_table("first_owner_link")


def _create_word_index() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE VIRTUAL TABLE answer_search USING fts5("
            "body, columnsize=0, tokenize='unicode61 remove_diacritics 2')"
        )
        # What is erased must be gone from the file, not only marked as deleted.
        op.execute("INSERT INTO answer_search (answer_search, rank) VALUES ('secure-delete', 1)")
        return
    op.create_table(
        "answer_search",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("answer_id", sa.BigInteger(), nullable=False),
        sa.Column("document", postgresql.TSVECTOR(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "answer_id", name="pk_answer_search"),
        sa.ForeignKeyConstraint(
            ["workspace_id", "answer_id"],
            ["answer.workspace_id", "answer.id"],
            name="fk_answer_search_workspace_id_answer_id_answer",
            ondelete="CASCADE",
        ),
    )
    op.create_index(
        "ix_answer_search_document", "answer_search", ["document"], postgresql_using="gin"
    )
