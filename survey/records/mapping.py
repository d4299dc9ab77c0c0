"""Where answers lie on the map: layouts, the places they give, and the answers that wait for one.

A layout is fitted once and then placed by: a new answer gets its place without moving others. A
later layout is filled beside the current one, and then one state flips, as with runs.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String, UniqueConstraint, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from survey.records.base import CLUSTERED, Record, owned_by, row_id

FILLING, CURRENT, PAST = "filling", "current", "past"
SIDE = 1 << 16
"""Places are whole numbers from 0 to SIDE - 1 in both directions; y grows downwards."""


class MapLayout(Record):
    """One way to lay a workspace's answers out; at most one in each state."""

    __tablename__ = "map_layout"
    __table_args__ = (
        CheckConstraint("state IN ('filling', 'current', 'past')", name="state"),
        UniqueConstraint("workspace_id", "state"),
    )

    workspace_id: Mapped[int] = mapped_column(
        ForeignKey("workspace.id", ondelete="CASCADE"), primary_key=True
    )
    id: Mapped[int] = row_id()
    state: Mapped[str] = mapped_column(String(10), default=FILLING)
    model_digest: Mapped[str] = mapped_column(String(64))
    run_id: Mapped[int]  # the run whose themes it was fitted on
    fitted_on: Mapped[int]  # answers
    filled_to: Mapped[int] = mapped_column(default=0)  # the answer up to which it is filled
    begun_at: Mapped[datetime]
    shape: Mapped[bytes]  # how a vector becomes a place, as the engine packs it
    centres: Mapped[dict[str, Any]] = mapped_column(JSON)  # theme id → [x, y]


class MapPlace(Record):
    """An answer's place in a layout; forgotten with its words."""

    __tablename__ = "map_place"
    __table_args__ = (owned_by("layout_id", table="map_layout"), CLUSTERED)

    workspace_id: Mapped[int] = mapped_column(primary_key=True)
    layout_id: Mapped[int] = mapped_column(primary_key=True)
    answer_id: Mapped[int] = mapped_column(primary_key=True)
    spot: Mapped[int]  # x * SIDE + y


class MapWaiting(Record):
    """An answer that was sorted and has no place yet, or said something else since."""

    __tablename__ = "map_waiting"
    __table_args__ = (owned_by("answer_id", table="answer"), CLUSTERED)

    workspace_id: Mapped[int] = mapped_column(primary_key=True)
    answer_id: Mapped[int] = mapped_column(primary_key=True)


def wait_for_places(session: Session, workspace_id: int, answer_ids: Collection[int]) -> None:
    """Let answers wait for a place on the map; those that wait already go on doing so."""
    rows = [
        {"workspace_id": workspace_id, "answer_id": answer_id} for answer_id in sorted(answer_ids)
    ]
    if rows:
        session.execute(_insert(session, MapWaiting).on_conflict_do_nothing(), rows)


def put_places(
    session: Session, workspace_id: int, layout_id: int, spots: Mapping[int, int]
) -> None:
    """Put answers in their places of a layout, by answer; a later place takes an earlier's."""
    if not spots:
        return
    statement = _insert(session, MapPlace)
    keys = ["workspace_id", "layout_id", "answer_id"]
    session.execute(
        statement.on_conflict_do_update(
            index_elements=keys, set_={"spot": statement.excluded.spot}
        ),
        [
            {"workspace_id": workspace_id, "layout_id": layout_id, "answer_id": key, "spot": spot}
            for key, spot in sorted(
                spots.items()
            )  # in one order, so that two never lock each other
        ],
    )


def forget_place(session: Session, workspace_id: int, answer_id: int) -> None:
    """Take an answer off the map."""
    layouts = select(MapLayout.id).where(MapLayout.workspace_id == workspace_id)
    session.execute(
        delete(MapPlace).where(
            MapPlace.workspace_id == workspace_id,
            MapPlace.layout_id.in_(layouts),
            MapPlace.answer_id == answer_id,
        )
    )
    session.execute(
        delete(MapWaiting).where(
            MapWaiting.workspace_id == workspace_id, MapWaiting.answer_id == answer_id
        )
    )


def _insert(session: Session, record: type[Record]) -> Any:
    dialect = session.get_bind().dialect.name
    return (sqlite if dialect == "sqlite" else postgresql).insert(record)
