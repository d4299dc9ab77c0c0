"""What the overview shows."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from survey.quoting import nested_within
from survey.records import Theme
from survey.records.filters import AnswerFilter, Tone
from survey.records.praised import praised_name
from survey.show.candidates import FEW, Asked, Candidates, candidates
from survey.show.charts import Spark, spark
from survey.show.exact import beyond_chance
from survey.show.figures import (
    Figures,
    Series,
    figures_in_view,
    first_and_last_day,
)
from survey.show.quotes import Quote, Told, chosen_quotes
from survey.show.span import Change, Span, change, span_of, trend

# Where nobody can tell whether an answer wishes or praises, it stands with the wishes.
WISHES: tuple[Tone, ...] = ("wish", "unclear")
PRAISE: tuple[Tone, ...] = ("praise",)
NAMING = (
    Theme.id,
    Theme.key,
    Theme.name,
    Theme.definition,
    Theme.origin,
    Theme.pinned,
    Theme.run_id,
)
_ALWAYS_SHOWN = 5  # themes in a column, however seldom heard
_FEWEST_FOR_A_LINE = 10  # answers in a theme; a line of fewer is noise


@dataclass(frozen=True)
class ThemeName:
    """A theme as lists name it; `praised` is its name above praise, empty where it is the same.

    `by_hand` tells those that a person made from those that were found.
    """

    id: int
    name: str
    definition: str
    origin: Literal["book", "found"]
    pinned: bool = False
    praised: str = ""
    by_hand: bool = False

    @property
    def is_found(self) -> bool:
        """Whether the answers brought it, not the book and nobody's hand."""
        return self.origin == "found" and not self.by_hand

    def among(self, tones: Collection[Tone]) -> "ThemeName":
        """Return it as it is named among answers of some tones."""
        is_praise = bool(tones) and set(tones) <= set(PRAISE)
        return replace(self, name=self.praised) if self.praised and is_praise else self


def as_named(row: Any) -> ThemeName:
    """Return a row's theme; it has the columns of NAMING."""
    praised = praised_name(row.key, row.name, own=row.run_id is None)
    return ThemeName(
        row.id,
        row.name,
        nested_within(row.definition),
        row.origin,
        row.pinned,
        praised if praised != row.name else "",
        by_hand=row.origin == "found" and row.run_id is None,
    )


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
    rows : tuple of ThemeRow
        Pinned ones first, then most answers first, wherever a theme comes from: who reads only
        the top reads what is said most.
    few : tuple of ThemeRow
        Themes so seldom heard that they are only named: under one answer in a hundred, and not
        among the first.
    """

    tones: tuple[Tone, ...]
    rows: tuple[ThemeRow, ...]
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
    compares : bool
        Whether changes are told: not in a view by tone or pile, whose shares are of other answers
        than a theme's own page shows, so that the two would contradict each other.
    """

    figures: Figures
    wishes: Column
    praise: Column
    silent: tuple[ThemeName, ...]
    compares: bool = True

    @property
    def largest(self) -> int:
        """The longest bar: the most answers of any theme in either column."""
        return max((row.count for row in (*self.wishes.rows, *self.praise.rows)), default=1)

    @property
    def shows_found(self) -> bool:
        """Whether a theme stands here that was found in the answers."""
        rows = (*self.wishes.rows, *self.praise.rows)
        return any(row.theme.is_found for row in rows)


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
    compares = not wanted.tones and wanted.pile is None
    if wanted.theme_id is not None:
        wanted = replace(wanted, tones=())
    span = span_in_view(session, workspace_id, run_id, wanted)
    if span is None:
        return None
    figures = figures_in_view(session, workspace_id, run_id, wanted, span)
    names = theme_names(session, workspace_id, {theme_id for theme_id, _ in figures.by_theme})
    changes = real_changes(figures, names) if compares else {}
    heard = [
        _heard(figures, names, tuple(one for one in tones if one in shown))
        for tones in (WISHES, PRAISE)
    ]
    asked = [Asked(one.tones, tuple(name.id for name, _ in one.shown)) for one in heard]
    few = figures.answered.total <= FEW
    quotable = candidates(session, workspace_id, run_id, wanted, asked, few=few)
    told = Told()
    columns = [
        _column(figures, one, changes, found, told)
        for one, found in zip(heard, quotable, strict=True)
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
        compares=compares,
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
    query = select(*NAMING, Theme.state).where(Theme.workspace_id == workspace_id)
    return [
        as_named(row)
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


@dataclass(frozen=True)
class _Heard:
    """The themes of a column: those shown in full, most answers first, and those only named."""

    tones: tuple[Tone, ...]
    shown: tuple[tuple[ThemeName, Series], ...]
    few: tuple[tuple[ThemeName, Series], ...]


def _heard(figures: Figures, names: Sequence[ThemeName], tones: tuple[Tone, ...]) -> _Heard:
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
    return _Heard(tones, tuple(heard[:often]), tuple(heard[often:]))


def _column(
    figures: Figures,
    heard: _Heard,
    changes: dict[tuple[int, tuple[Tone, ...]], Change],
    quotable: Candidates,
    told: Told,
) -> Column:
    """Return a column; what it quotes is added to what the page has `told`."""

    def row(name: ThemeName, series: Series) -> ThemeRow:
        quotes = chosen_quotes(quotable.get(name.id, ()), told=told)
        told.add(quotes)
        return ThemeRow(
            theme=name.among(heard.tones),
            count=series.total,
            spark=_spark(figures, series),
            change=changes.get((name.id, heard.tones)),
            quotes=quotes,
        )

    return Column(
        tones=heard.tones,
        rows=tuple(row(*one) for one in heard.shown),
        few=tuple(
            ThemeRow(
                name.among(heard.tones), series.total, None, changes.get((name.id, heard.tones)), ()
            )
            for name, series in heard.few
        ),
    )


def _spark(figures: Figures, series: Series) -> Spark | None:
    if series.total < _FEWEST_FOR_A_LINE:
        return None
    return spark(trend(figures.span, series.steps, figures.answered.steps))
