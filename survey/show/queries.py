"""What the overview shows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from survey.records import Answer, AnswerText, Assignment, Theme
from survey.records.filters import AnswerFilter, Tone, answers_in_view
from survey.show.charts import Spark, spark
from survey.show.exact import beyond_chance
from survey.show.figures import (
    Figures,
    Series,
    figures_in_view,
    first_and_last_day,
)
from survey.show.quotes import Candidate, Quote, chosen_quotes
from survey.show.span import Change, Span, change, span_of, trend

# Where nobody can tell whether an answer wishes or praises, it stands with the wishes.
WISHES: tuple[Tone, ...] = ("wish", "unclear")
PRAISE: tuple[Tone, ...] = ("praise",)
_CANDIDATES = 12
_FEW_IN_VIEW = 3000
_ALWAYS_SHOWN = 5  # themes in a column, however seldom heard
_FEWEST_FOR_A_LINE = 10  # answers in a theme; a line of fewer is noise


@dataclass(frozen=True)
class ThemeName:
    """A theme as lists name it."""

    id: int
    name: str
    definition: str
    origin: Literal["book", "found"]
    pinned: bool = False


@dataclass(frozen=True)
class ThemeRow:
    """One theme in one column of the overview.

    Parameters
    ----------
    theme : ThemeName
        Which theme.
    count : int
        Answers in view that are in it, in the column's tones.
    spark : Spark or None
        Its share over time.
    change : Change or None
        How it moved lately, only where the change is real.
    quotes : tuple of Quote
        Up to two.
    """

    theme: ThemeName
    count: int
    spark: Spark | None
    change: Change | None
    quotes: tuple[Quote, ...]


@dataclass(frozen=True)
class Column:
    """Wishes, or praise.

    Parameters
    ----------
    tones : tuple of str
        What counts here.
    book, found : tuple of ThemeRow
        Most answers first: the book's themes, and those found in these answers.
    few : tuple of ThemeRow
        Themes so seldom heard that they are only named: under one answer in a hundred, and not
        among the first.
    """

    tones: tuple[Tone, ...]
    book: tuple[ThemeRow, ...]
    found: tuple[ThemeRow, ...]
    few: tuple[ThemeRow, ...]


@dataclass(frozen=True)
class Overview:
    """The overview of a view that has askings or answers.

    Parameters
    ----------
    figures : Figures
        Everything counted.
    wishes, praise : Column
        The two columns.
    silent : tuple of ThemeName
        The book's themes that nobody in view spoke of.
    """

    figures: Figures
    wishes: Column
    praise: Column
    silent: tuple[ThemeName, ...]

    @property
    def largest(self) -> int:
        """The longest bar: the most answers of any theme in either column."""
        rows = (*self.wishes.book, *self.wishes.found, *self.praise.book, *self.praise.found)
        return max((row.count for row in rows), default=1)


def theme_overview(
    session: Session, workspace_id: int, run_id: int | None, wanted: AnswerFilter
) -> Overview | None:
    """Return the overview of a view, None where nothing was asked or answered in it.

    Parameters
    ----------
    session : Session
        An open session.
    workspace_id : int
        Whose answers.
    run_id : int or None
        The current run; None before the first.
    wanted : AnswerFilter
        Which answers. Tones narrow the columns, too: what else such answers say is left out; with
        a theme they narrow the columns alone.
    """
    shown = wanted.tones or (*WISHES, *PRAISE)
    if wanted.theme_id is not None:
        wanted = replace(wanted, tones=())
    span = span_in_view(session, workspace_id, run_id, wanted)
    if span is None:
        return None
    figures = figures_in_view(session, workspace_id, run_id, wanted, span)
    names = theme_names(session, workspace_id, {theme_id for theme_id, _ in figures.by_theme})
    changes = real_changes(figures, names)
    quoted = _Quoting(session, workspace_id, run_id, wanted, figures)
    columns = [
        _column(figures, names, changes, quoted, tuple(one for one in tones if one in shown))
        for tones in (WISHES, PRAISE)
    ]
    return Overview(
        figures=figures,
        wishes=columns[0],
        praise=columns[1],
        silent=tuple(
            name
            for name in sorted(names, key=lambda one: one.name.casefold())
            if name.origin == "book" and not figures.theme(name.id).total and not name.pinned
        ),
    )


def span_in_view(
    session: Session, workspace_id: int, run_id: int | None, wanted: AnswerFilter
) -> Span | None:
    """Return the days in view that hold askings or answers, None without any."""
    days = first_and_last_day(session, workspace_id, run_id, wanted)
    return span_of(*days) if days else None


def theme_names(session: Session, workspace_id: int, counted: Iterable[int]) -> list[ThemeName]:
    """Return the active themes of a workspace, and those that are counted but for hidden ones."""
    ids = set(counted)
    query = select(
        Theme.id, Theme.name, Theme.definition, Theme.origin, Theme.state, Theme.pinned
    ).where(Theme.workspace_id == workspace_id)
    return [
        ThemeName(row.id, row.name, row.definition, row.origin, row.pinned)
        for row in session.execute(query)
        if row.state == "active" or (row.id in ids and row.state != "hidden")
    ]


def real_changes(
    figures: Figures, names: Sequence[ThemeName]
) -> dict[tuple[int, tuple[Tone, ...]], Change]:
    """Return the changes beyond chance, all themes and both columns tested together."""
    compared = {
        (name.id, tones): found
        for name in names
        for tones in (WISHES, PRAISE)
        if (series := figures.theme(name.id, tones)).total
        and (found := change(figures.span, series.steps, figures.answered.steps))
    }
    real = beyond_chance([one.chance for one in compared.values()])
    return {key: one for (key, one), said in zip(compared.items(), real, strict=True) if said}


def _column(
    figures: Figures,
    names: Sequence[ThemeName],
    changes: dict[tuple[int, tuple[Tone, ...]], Change],
    quoted: "_Quoting",
    tones: tuple[Tone, ...],
) -> Column:
    heard = sorted(
        (
            (name, series)
            for name in names
            if (series := figures.theme(name.id, tones)).total or (name.pinned and tones == WISHES)
        ),
        key=lambda one: (not one[0].pinned, -one[1].total, one[0].name.casefold()),
    )
    seldom = 0.01 * figures.answered.total
    often = sum(rank < _ALWAYS_SHOWN or one[1].total >= seldom for rank, one in enumerate(heard))
    rows = [
        ThemeRow(
            theme=name,
            count=series.total,
            spark=_spark(figures, series),
            change=changes.get((name.id, tones)),
            quotes=quoted.quotes(name.id, tones) if rank < often else (),
        )
        for rank, (name, series) in enumerate(heard)
    ]
    return Column(
        tones=tones,
        book=tuple(row for row in rows[:often] if row.theme.origin == "book"),
        found=tuple(row for row in rows[:often] if row.theme.origin == "found"),
        few=tuple(rows[often:]),
    )


def _spark(figures: Figures, series: Series) -> Spark | None:
    if series.total < _FEWEST_FOR_A_LINE:
        return None
    return spark(trend(figures.span, series.steps, figures.answered.steps))


class _Quoting:
    """Finds quotes: for a few answers all at once, for many by walking each theme's surest."""

    def __init__(
        self,
        session: Session,
        workspace_id: int,
        run_id: int | None,
        wanted: AnswerFilter,
        figures: Figures,
    ) -> None:
        self._session = session
        self._here = (workspace_id, run_id, wanted)
        self._few: dict[tuple[int, bool], list[Candidate]] | None = None
        if figures.answered.total <= _FEW_IN_VIEW:
            self._few = _candidates_at_once(session, *self._here)
        # Built once and run for every theme: building costs more than running.
        self._walks: dict[tuple[Tone, ...], Any] = {}

    def quotes(self, theme_id: int, tones: tuple[Tone, ...]) -> tuple[Quote, ...]:
        if self._few is not None:
            return chosen_quotes(self._few.get((theme_id, tones == PRAISE), ()))
        if tones not in self._walks:
            self._walks[tones] = _walk(*self._here, tones)
        rows = self._session.execute(self._walks[tones], {"theme": theme_id})
        return chosen_quotes(_candidate(row) for row in rows)


def _walk(
    workspace_id: int, run_id: int | None, wanted: AnswerFilter, tones: tuple[Tone, ...]
) -> Any:
    # The days are hidden from the planner: it would gather everything said in them first, where
    # walking a theme's surest answers finds a dozen soon.
    day = func.coalesce(Answer.answered_on, Answer.answered_on)
    return (
        _quotable(workspace_id, run_id, replace(wanted, since=None, until=None), one_by_one=True)
        .where(
            Assignment.theme_id == bindparam("theme"),
            Assignment.tone.in_(tones),
            *([day >= wanted.since] if wanted.since else []),
            *([day <= wanted.until] if wanted.until else []),
        )
        .order_by(Assignment.confidence.desc())
        .limit(_CANDIDATES)
    )


def _quotable(
    workspace_id: int, run_id: int | None, wanted: AnswerFilter, *, one_by_one: bool = False
) -> Any:
    return (
        select(Assignment.answer_id, Assignment.start, Assignment.end, AnswerText.body)
        .join(
            Answer,
            (Answer.workspace_id == Assignment.workspace_id) & (Answer.id == Assignment.answer_id),
        )
        .join(
            AnswerText,
            (AnswerText.workspace_id == Assignment.workspace_id)
            & (AnswerText.answer_id == Assignment.answer_id)
            & (AnswerText.version == Answer.version),
        )
        .where(
            Assignment.workspace_id == workspace_id,
            Assignment.run_id == run_id,
            Assignment.version == Answer.version,  # words since changed are not quoted
            *answers_in_view(workspace_id, run_id, wanted, one_by_one=one_by_one),
        )
    )


def _candidate(row: Any) -> Candidate:
    return Candidate(row.answer_id, row.body, row.start, row.end)


def _candidates_at_once(
    session: Session, workspace_id: int, run_id: int | None, wanted: AnswerFilter
) -> dict[tuple[int, bool], list[Candidate]]:
    praised = Assignment.tone == "praise"
    place = func.row_number().over(
        partition_by=(Assignment.theme_id, praised),
        order_by=(Assignment.confidence.desc(), Assignment.answer_id.desc()),
    )
    ranked = (
        _quotable(workspace_id, run_id, wanted)
        .add_columns(Assignment.theme_id, praised.label("praised"), place.label("place"))
        .subquery()
    )
    query = select(ranked).where(ranked.c.place <= _CANDIDATES).order_by(ranked.c.place)
    found: dict[tuple[int, bool], list[Candidate]] = {}
    for row in session.execute(query):
        found.setdefault((row.theme_id, bool(row.praised)), []).append(_candidate(row))
    return found
