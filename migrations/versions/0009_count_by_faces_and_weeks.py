"""Count by channel, server, language, theme and tone too, and by week for long views.

Revision ID: 0009
Revises: 0008
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_BEFORE = (
    "'asked', 'answered', 'withdrawn', 'theme', 'themes', 'nothing', 'unsorted', 'other_language'"
)
_NOW = f"'asked', 'replied', {_BEFORE.removeprefix(chr(39) + 'asked' + chr(39) + ', ')}"


def upgrade() -> None:
    """Make the tables of counts anew; `survey migrate` counts from scratch what is in none."""
    op.drop_table("count_delta")
    op.drop_table("day_count")
    _folded("day_count", [_run(), _day(), *_what()])
    _folded("week_count", [_run(), *_what(), _day()])
    _waiting(
        [
            sa.Column("asked_on", sa.Date(), nullable=True),
            sa.Column("faces", sa.Text(), nullable=False),
        ],
        _NOW,
    )


def downgrade() -> None:
    """Make the tables as they were, empty; on the way up again they are counted from scratch."""
    op.drop_table("count_delta")
    op.drop_table("week_count")
    op.drop_table("day_count")
    key = [
        sa.Column("segment_name", sa.String(length=60), nullable=False),
        sa.Column("segment_value", sa.String(length=200), nullable=False),
        _run(),
        *_what(),
        _day(),
    ]
    _table("day_count", key, [sa.Column("answers", sa.BigInteger(), nullable=False)], _BEFORE)
    _waiting(
        [
            sa.Column("segment_name", sa.String(length=60), nullable=False),
            sa.Column("segment_value", sa.String(length=200), nullable=False),
        ],
        _BEFORE,
    )


def _run() -> sa.Column[Any]:
    return sa.Column("run_id", sa.BigInteger(), nullable=False)


def _day() -> sa.Column[Any]:
    return sa.Column("day", sa.Date(), nullable=False)


def _what() -> list[sa.Column[Any]]:
    return [
        sa.Column("measure", sa.String(length=20), nullable=False),
        sa.Column("theme_id", sa.BigInteger(), nullable=False),
        sa.Column("tone", sa.String(length=20), nullable=False),
        sa.Column("question_id", sa.BigInteger(), nullable=False),
    ]


def _folded(name: str, key: list[sa.Column[Any]]) -> None:
    face = [
        sa.Column("face", sa.String(length=70), nullable=False),
        sa.Column("value", sa.String(length=200), nullable=False),
    ]
    _table(name, [*face, *key], [sa.Column("answers", sa.BigInteger(), nullable=False)], _NOW)


def _waiting(more: list[sa.Column[Any]], measures: str) -> None:
    columns = [
        _run(),
        *_what(),
        _day(),
        *more,
        sa.Column("change", sa.BigInteger(), nullable=False),
    ]
    key = [sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False)]
    _table("count_delta", key, columns, measures)


def _table(
    name: str, key: list[sa.Column[Any]], columns: list[sa.Column[Any]], measures: str
) -> None:
    op.create_table(
        name,
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        *key,
        *columns,
        sa.CheckConstraint(f"measure IN ({measures})", name=op.f(f"ck_{name}_measure")),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f(f"fk_{name}_workspace_id_workspace"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "workspace_id", *(column.name for column in key), name=op.f(f"pk_{name}")
        ),
        sqlite_with_rowid=False,
    )
