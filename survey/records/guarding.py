"""What the dignity guard keeps: sealed originals of masked answers, flags, where to turn."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Select, String, func, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from survey.records.base import CLUSTERED, DueWork, Record, owned_by

KEEP, DROP, SHOW = "keep", "drop", "show"  # what a workspace does with personal data it masks
DANGERS = ("self_harm", "harm_to_others", "abuse", "emergency")
IN_A_LETTER = 0  # the version that a flag names whose words stand in a letter, not in the answer
CHANGED_SINCE = -1  # of a flag that owners were told of, and whose words are not there any more


class SealedText(Record):
    """The original of a masked answer, encrypted under the installation's key."""

    __tablename__ = "sealed_text"
    __table_args__ = (owned_by("answer_id", table="answer"), CLUSTERED)

    workspace_id: Mapped[int] = mapped_column(primary_key=True)
    answer_id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    sealed: Mapped[bytes]


class Flag(DueWork, Record):
    """An answer that speaks of danger, until somebody of the team has looked after it.

    Due, while ``told_at`` is empty, is a mail to the owners.

    ``start`` and ``end`` cite the words in the analysed text. There is no moment of raising, since
    an anonymous answer must not get one; the answer's own day serves. What was said in a letter
    has the version `IN_A_LETTER` and cites nothing; so does `CHANGED_SINCE`. Of the moment of
    telling the day is enough.
    """

    __tablename__ = "flag"
    __table_args__ = (
        owned_by("answer_id", table="answer"),
        CheckConstraint(
            "danger IN ('self_harm', 'harm_to_others', 'abuse', 'emergency')", name="danger"
        ),
        Index(
            "ix_flag_open",
            "workspace_id",
            "answered_on",
            sqlite_where=text("settled_at IS NULL"),
            postgresql_where=text("settled_at IS NULL"),
        ),
    )

    workspace_id: Mapped[int] = mapped_column(primary_key=True)
    answer_id: Mapped[int] = mapped_column(primary_key=True)
    danger: Mapped[str] = mapped_column(String(20), primary_key=True)
    version: Mapped[int]
    start: Mapped[int]
    end: Mapped[int]
    answered_on: Mapped[date]
    told_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[int | None]  # a person of the workspace
    was_danger: Mapped[bool | None]  # what that person said: False for a false alarm


class WhereToTurn(Record):
    """An owner's own sentence for customers in danger, by country."""

    __tablename__ = "where_to_turn"

    workspace_id: Mapped[int] = mapped_column(
        ForeignKey("workspace.id", ondelete="CASCADE"), primary_key=True
    )
    country: Mapped[str] = mapped_column(String(2), primary_key=True)
    words: Mapped[str]


def open_flags(session: Session, workspace_id: int) -> int:
    """Return how many answers speak of danger and wait for somebody to look after them."""
    return session.execute(open_flags_of(workspace_id)).scalar_one()


def open_flags_of(workspace_id: Any) -> Select[int]:
    """As `open_flags`, to be asked beside other things."""
    return select(func.count(Flag.answer_id.distinct())).where(
        Flag.workspace_id == workspace_id, Flag.settled_at.is_(None)
    )
