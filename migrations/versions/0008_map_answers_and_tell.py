"""Map answers and tell what is new: layouts and places, readers, bulletins and deliveries.

Revision ID: 0008
Revises: 0007
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

KINDS = ("answer", "unsubscribe", "api_key", "join", "reply", "place", "receipt")
ADDED = ("feed", "digest")
IS_WEEK = sa.text("kind = 'week'")
STILL_RISING = sa.text("kind = 'rising' AND ended_on IS NULL")
IS_QUEUED = sa.text("state = 'queued'")


def upgrade() -> None:
    """Add seven tables, and the kinds of link that lead to a feed and out of a letter."""
    _allow_kinds(*KINDS, *ADDED)
    _make_map()
    _make_telling()
    _make_reader()
    _make_bulletin()
    _make_delivery()


def _allow_kinds(*kinds: str) -> None:
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    with op.batch_alter_table("link", table_kwargs={"sqlite_with_rowid": False}) as table:
        table.drop_constraint(op.f("ck_link_kind"), type_="check")
        table.create_check_constraint(op.f("ck_link_kind"), f"kind IN ({listed})")


def _id(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), autoincrement=False, nullable=nullable)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _due() -> list[sa.Column[object]]:
    return [
        sa.Column("lease_id", sa.String(length=32), nullable=True),
        _moment("lease_until", nullable=True),
        sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False),
        _moment("next_try_at", nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
    ]


def _in_workspace(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["workspace_id"],
        ["workspace.id"],
        name=op.f(f"fk_{table}_workspace_id_workspace"),
        ondelete="CASCADE",
    )


def _of(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["workspace_id", column],
        [f"{other}.workspace_id", f"{other}.id"],
        name=op.f(f"fk_{table}_workspace_id_{column}_{other}"),
        ondelete="CASCADE",
    )


def _make_map() -> None:
    op.create_table(
        "map_layout",
        _id("workspace_id"),
        _id("id"),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("model_digest", sa.String(length=64), nullable=False),
        _id("run_id"),
        _id("fitted_on"),
        _id("filled_to"),
        _moment("begun_at"),
        sa.Column("shape", sa.LargeBinary(), nullable=False),
        sa.Column("centres", sa.JSON(), nullable=False),
        sa.CheckConstraint(
            "state IN ('filling', 'current', 'past')", name=op.f("ck_map_layout_state")
        ),
        _in_workspace("map_layout"),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_map_layout")),
        sa.UniqueConstraint("workspace_id", "state", name=op.f("uq_map_layout_workspace_id_state")),
    )
    op.create_table(
        "map_place",
        _id("workspace_id"),
        _id("layout_id"),
        _id("answer_id"),
        _id("spot"),
        _of("map_place", "layout_id", "map_layout"),
        sa.PrimaryKeyConstraint("workspace_id", "layout_id", "answer_id", name="pk_map_place"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "map_waiting",
        _id("workspace_id"),
        _id("answer_id"),
        _of("map_waiting", "answer_id", "answer"),
        sa.PrimaryKeyConstraint("workspace_id", "answer_id", name=op.f("pk_map_waiting")),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO map_waiting (workspace_id, answer_id) SELECT workspace_id, id FROM answer "
        "WHERE sorted_by IS NOT NULL AND state = 'given'"
    )


def _make_telling() -> None:
    op.create_table(
        "telling",
        _id("workspace_id"),
        sa.Column("webhook_url", sa.Text(), nullable=True),
        sa.Column("nonce", sa.LargeBinary(), nullable=False),
        sa.Column("with_words", sa.Boolean(), nullable=False),
        _moment("look_at"),
        sa.Column("week_told", sa.Date(), nullable=True),
        *_due(),
        _in_workspace("telling"),
        sa.PrimaryKeyConstraint("workspace_id", name=op.f("pk_telling")),
    )


def _make_reader() -> None:
    op.create_table(
        "reader",
        _id("workspace_id"),
        _id("person_id"),
        _id("weekday", nullable=True),
        sa.Column("alerts", sa.Boolean(), nullable=False),
        sa.Column("nonce", sa.LargeBinary(), nullable=False),
        sa.Column("feed_nonce", sa.LargeBinary(), nullable=True),
        _moment("due_at", nullable=True),
        *_due(),
        sa.CheckConstraint("weekday BETWEEN 0 AND 6", name=op.f("ck_reader_weekday")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "person_id"],
            ["member.workspace_id", "member.person_id"],
            name=op.f("fk_reader_workspace_id_person_id_member"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "person_id", name=op.f("pk_reader")),
    )
    op.create_index("ix_reader_due_at", "reader", ["due_at"])


def _make_bulletin() -> None:
    op.create_table(
        "bulletin",
        _id("workspace_id"),
        _id("id"),
        sa.Column("kind", sa.String(length=10), nullable=False),
        _id("theme_id", nullable=True),
        sa.Column("tone", sa.String(length=10), nullable=True),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        _moment("made_at"),
        _moment("changed_at"),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.CheckConstraint("kind IN ('week', 'rising')", name=op.f("ck_bulletin_kind")),
        _in_workspace("bulletin"),
        _of("bulletin", "theme_id", "theme"),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_bulletin")),
    )
    op.create_index(
        "uq_bulletin_week",
        "bulletin",
        ["workspace_id", "last_day"],
        unique=True,
        sqlite_where=IS_WEEK,
        postgresql_where=IS_WEEK,
    )
    op.create_index(
        "uq_bulletin_rising",
        "bulletin",
        ["workspace_id", "theme_id", "tone"],
        unique=True,
        sqlite_where=STILL_RISING,
        postgresql_where=STILL_RISING,
    )
    op.create_index("ix_bulletin_workspace_id_made_at", "bulletin", ["workspace_id", "made_at"])


def _make_delivery() -> None:
    op.create_table(
        "delivery",
        _id("workspace_id"),
        _id("id"),
        _id("bulletin_id"),
        sa.Column("way", sa.String(length=10), nullable=False),
        _id("person_id"),
        sa.Column("state", sa.String(length=10), nullable=False),
        _moment("made_at"),
        _moment("done_at", nullable=True),
        *_due(),
        sa.CheckConstraint("way IN ('mail', 'webhook')", name=op.f("ck_delivery_way")),
        sa.CheckConstraint(
            "state IN ('queued', 'sent', 'failed', 'dropped')", name=op.f("ck_delivery_state")
        ),
        _of("delivery", "bulletin_id", "bulletin"),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_delivery")),
        sa.UniqueConstraint(
            "workspace_id", "bulletin_id", "way", "person_id",
            name=op.f("uq_delivery_workspace_id_bulletin_id_way_person_id"),
        ),
    )  # fmt: skip
    op.create_index(
        "ix_delivery_queued",
        "delivery",
        ["made_at"],
        sqlite_where=IS_QUEUED,
        postgresql_where=IS_QUEUED,
    )


def downgrade() -> None:
    """Take them away, with the links that would lead nowhere."""
    for table in ("delivery", "bulletin", "reader", "telling"):
        op.drop_table(table)
    for table in ("map_waiting", "map_place", "map_layout"):
        op.drop_table(table)
    op.execute("DELETE FROM link WHERE kind IN ('feed', 'digest')")
    _allow_kinds(*KINDS)
