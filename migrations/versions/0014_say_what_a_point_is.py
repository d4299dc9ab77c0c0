"""Let people say whether a point is praise or a wish.

Revision ID: 0014
Revises: 0013
"""

from collections.abc import Sequence

from alembic import op

revision: str = "0014"
down_revision: str | None = "0013"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

BEFORE = (
    "belongs", "does_not_belong", "move", "rename", "words", "merge", "split", "new_theme", "book",
    "pin", "unpin", "hide", "show", "review", "accept_run", "refuse_run", "undo",
)  # fmt: skip
KEEP = (
    "CREATE TEMP TABLE kept_decided_answer AS SELECT * FROM decided_answer",
    "CREATE TEMP TABLE kept_to_show AS SELECT * FROM to_show",
)
GIVE_BACK = (
    "DELETE FROM decided_answer",
    "INSERT INTO decided_answer SELECT * FROM kept_decided_answer",
    "DROP TABLE kept_decided_answer",
    "DELETE FROM to_show",
    "INSERT INTO to_show SELECT * FROM kept_to_show",
    "DROP TABLE kept_to_show",
)


def upgrade() -> None:
    """Let decisions say a tone."""
    _allow((*BEFORE, "tone"))


def downgrade() -> None:
    """Take it back; the tones that were said are lost."""
    op.execute(
        "DELETE FROM decision WHERE kind = 'undo' AND EXISTS (SELECT 1 FROM decision AS undone"
        " WHERE undone.workspace_id = decision.workspace_id AND undone.id = decision.undoes_id"
        " AND undone.kind = 'tone')"
    )
    op.execute("DELETE FROM decision WHERE kind = 'tone'")
    _allow(BEFORE)


def _allow(kinds: Sequence[str]) -> None:
    """Let decisions be of these kinds."""
    condition = f"kind IN ({', '.join(repr(kind) for kind in kinds)})"
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    if is_sqlite:  # it copies the table and drops the old one, which takes along what it owns
        _run(KEEP)
    with op.batch_alter_table("decision") as batch:
        if not is_sqlite:  # there, copying a table leaves its checks
            batch.drop_constraint(op.f("ck_decision_kind"), type_="check")
        batch.create_check_constraint(op.f("ck_decision_kind"), condition)
    if is_sqlite:
        _run(GIVE_BACK)


def _run(statements: Sequence[str]) -> None:
    for statement in statements:
        op.execute(statement)
