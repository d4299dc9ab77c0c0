"""Counts of answers by day, and the changes that wait to be folded into them."""

from datetime import date

from sqlalchemy import CheckConstraint, Date, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from survey.records.base import CLUSTERED, Record, row_id

MEASURES = (
    "asked",
    "answered",
    "withdrawn",
    "theme",
    "themes",
    "nothing",
    "unsorted",
    "other_language",
)
_MEASURE_CHECK = f"measure IN ({', '.join(repr(name) for name in MEASURES)})"


class _Cell:
    """What is counted: distinct answers of one day, question, theme, tone and one segment.

    ``run_id`` and ``theme_id`` are 0, ``tone``, ``segment_name`` and ``segment_value`` are empty
    where they do not apply; a row with an empty segment counts all answers. ``theme`` counts the
    answers in one theme; ``themes``, ``nothing``, ``unsorted`` and ``other_language`` are outcomes
    of a run, one an answer.
    """

    # In this order a page reads one unbroken stretch of the key: a segment, a run, a measure.
    segment_name: Mapped[str] = mapped_column(String(60), primary_key=True)
    segment_value: Mapped[str] = mapped_column(String(200), primary_key=True)
    run_id: Mapped[int] = mapped_column(primary_key=True)
    measure: Mapped[str] = mapped_column(String(20), primary_key=True)
    theme_id: Mapped[int] = mapped_column(primary_key=True)
    tone: Mapped[str] = mapped_column(String(20), primary_key=True)
    question_id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)


class DayCount(_Cell, Record):
    """Folded counts."""

    __tablename__ = "day_count"
    __table_args__ = (
        CheckConstraint(_MEASURE_CHECK, name="measure"),
        {"sqlite_with_rowid": False},  # the key is the table: no second look-up a row
    )

    workspace_id: Mapped[int] = mapped_column(
        ForeignKey("workspace.id", ondelete="CASCADE"), primary_key=True, sort_order=-1
    )
    answers: Mapped[int]


class CountDelta(Record):
    """A change of a count, appended in the transaction that caused it and folded by the worker."""

    __tablename__ = "count_delta"
    __table_args__ = (
        CheckConstraint(_MEASURE_CHECK, name="measure"),
        CLUSTERED,
    )

    workspace_id: Mapped[int] = mapped_column(
        ForeignKey("workspace.id", ondelete="CASCADE"), primary_key=True
    )
    id: Mapped[int] = row_id()
    run_id: Mapped[int]
    measure: Mapped[str] = mapped_column(String(20))
    theme_id: Mapped[int]
    tone: Mapped[str] = mapped_column(String(20))
    question_id: Mapped[int]
    segment_name: Mapped[str] = mapped_column(String(60))
    segment_value: Mapped[str] = mapped_column(String(200))
    day: Mapped[date]
    change: Mapped[int]
