"""Counts of answers by day and by week, and the changes that wait to be folded into them."""

from datetime import date

from sqlalchemy import CheckConstraint, Date, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from survey.records.base import CLUSTERED, Record, row_id
from survey.records.faces import LONGEST_NAME, LONGEST_VALUE

MEASURES = (
    "asked",
    "replied",
    "answered",
    "withdrawn",
    "theme",
    "themes",
    "nothing",
    "unsorted",
    "other_language",
)
_MEASURE_CHECK = f"measure IN ({', '.join(repr(name) for name in MEASURES)})"

# Distinct answers of one day (or one week), question, theme, tone and one face. `run_id` and
# `theme_id` are 0, `tone`, `face` and `value` are empty where they do not apply; a row with an
# empty face counts all answers. `replied` counts askings that were answered, on the day of asking;
# `theme` the answers in one theme; `themes`, `nothing`, `unsorted` and `other_language` are
# outcomes of a run, one an answer.


class DayCount(Record):
    """Folded counts by day, in the order in which a page reads some days of everything."""

    __tablename__ = "day_count"
    __table_args__ = (CheckConstraint(_MEASURE_CHECK, name="measure"), CLUSTERED)

    workspace_id: Mapped[int] = mapped_column(
        ForeignKey("workspace.id", ondelete="CASCADE"), primary_key=True
    )
    face: Mapped[str] = mapped_column(String(LONGEST_NAME), primary_key=True)
    value: Mapped[str] = mapped_column(String(LONGEST_VALUE), primary_key=True)
    run_id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    measure: Mapped[str] = mapped_column(String(20), primary_key=True)
    theme_id: Mapped[int] = mapped_column(primary_key=True)
    tone: Mapped[str] = mapped_column(String(20), primary_key=True)
    question_id: Mapped[int] = mapped_column(primary_key=True)
    answers: Mapped[int]


class WeekCount(Record):
    """The same by week, whose first day is a Monday: what a page reads of a long view."""

    __tablename__ = "week_count"
    __table_args__ = (CheckConstraint(_MEASURE_CHECK, name="measure"), CLUSTERED)

    workspace_id: Mapped[int] = mapped_column(
        ForeignKey("workspace.id", ondelete="CASCADE"), primary_key=True
    )
    face: Mapped[str] = mapped_column(String(LONGEST_NAME), primary_key=True)
    value: Mapped[str] = mapped_column(String(LONGEST_VALUE), primary_key=True)
    run_id: Mapped[int] = mapped_column(primary_key=True)
    measure: Mapped[str] = mapped_column(String(20), primary_key=True)
    theme_id: Mapped[int] = mapped_column(primary_key=True)
    tone: Mapped[str] = mapped_column(String(20), primary_key=True)
    question_id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    answers: Mapped[int]


class CountDelta(Record):
    """A change of the counts, appended in the transaction that caused it and folded by the worker.

    It is one row however many faces an answer has (see `survey.records.faces.written`); folding
    spreads it. `asked_on` is the day of the asking that an ``answered`` answer replies to.
    """

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
    day: Mapped[date]
    asked_on: Mapped[date | None]
    faces: Mapped[str]
    change: Mapped[int]
