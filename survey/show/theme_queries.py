"""One theme by itself: how many, since when, and who says it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from survey.records import Theme
from survey.records.filters import AnswerFilter, Tone
from survey.records.tallies import Sought
from survey.show.charts import Plot, plot
from survey.show.exact import interval
from survey.show.figures import Figures, figures_in_view
from survey.show.queries import (
    NAMING,
    PRAISE,
    WISHES,
    ThemeName,
    as_named,
    real_changes,
    span_in_view,
    theme_names,
)
from survey.show.segments import SegmentTable, theme_by_segment
from survey.show.span import Change, Point, Span, change, trend
from survey.show.together import Companion, companions


@dataclass(frozen=True)
class Move:
    """How one column of the overview moved in a theme.

    Parameters
    ----------
    tones : tuple of str
        The column's.
    change : Change
        The newest four weeks against those before.
    is_real : bool
        Whether it is beyond chance, all themes and both columns being tested together.
    """

    tones: tuple[Tone, ...]
    change: Change
    is_real: bool


@dataclass(frozen=True)
class ThemePage:
    """What a theme's page says above its answers.

    Parameters
    ----------
    theme : ThemeName
        Name and definition.
    span : Span
        The days in view.
    count, of : int
        Answers in the theme, and answers in view.
    low, high : float
        The exact 95 % interval of the share.
    by_tone : dict
        Answers by tone: ``wish``, ``praise``, ``unclear``.
    points : tuple of Point
        The share over time.
    plot : Plot or None
        The same, ready to be drawn.
    moves : tuple of Move
        The newest four weeks against those before, in a view long enough: of its wishes and of
        its praise, as the overview of the same answers tells them.
    segments : tuple of SegmentTable
        Who says it; only where the view is not already of one segment.
    companions : tuple of Companion
        Themes in the same answers; only where the view is not already narrowed.
    """

    theme: ThemeName
    span: Span
    count: int
    of: int
    low: float
    high: float
    by_tone: dict[str, int]
    points: tuple[Point, ...]
    plot: Plot | None
    moves: tuple[Move, ...]
    segments: tuple[SegmentTable, ...]
    companions: tuple[Companion, ...]


def theme_name(session: Session, workspace_id: int, theme_id: int) -> ThemeName | None:
    """Return a theme of a workspace, None where it has no such theme."""
    row = session.execute(
        select(*NAMING).where(
            Theme.workspace_id == workspace_id,
            Theme.id == theme_id,
            Theme.state.in_(("active", "hidden")),
        )
    ).one_or_none()
    return as_named(row) if row else None


def theme_page(
    session: Session, workspace_id: int, run_id: int, theme: ThemeName, wanted: AnswerFilter
) -> ThemePage | None:
    """Return a theme's figures in a view, None where the view holds no answer.

    Parameters
    ----------
    session : Session
        An open session.
    workspace_id, run_id : int
        Whose answers, under which run.
    theme : ThemeName
        Which theme.
    wanted : AnswerFilter
        Days, segments and tones.
    """
    view = replace(wanted, theme_id=None, pile=None, tones=())
    span = span_in_view(session, workspace_id, run_id, view)
    if span is None:
        return None
    figures = figures_in_view(session, workspace_id, run_id, view, span)
    answered = figures.answered
    if not answered.total:
        return None
    series = figures.theme(theme.id, wanted.tones or ("wish", "praise", "unclear"))
    points = trend(span, series.steps, answered.steps)
    names = theme_names(session, workspace_id, {one for one, _ in figures.by_theme})
    low, high = interval(series.total, answered.total)
    segments: tuple[SegmentTable, ...] = ()
    along: tuple[Companion, ...] = ()
    if not (view.faces or view.words or view.with_theme_id):
        everyone = (series.total, answered.total)
        sought = replace(_with_themes(workspace_id, run_id, view, span), theme_id=theme.id)
        segments = theme_by_segment(session, replace(sought, tones=wanted.tones), everyone)
        along = companions(session, replace(sought, theme_id=None), theme.id, names, figures)
    return ThemePage(
        theme=theme,
        span=span,
        count=series.total,
        of=answered.total,
        low=low,
        high=high,
        by_tone={t: figures.theme(theme.id, (t,)).total for t in ("wish", "praise", "unclear")},
        points=points,
        plot=plot(points),
        moves=_moves(figures, names, theme, wanted.tones),
        segments=segments,
        companions=along,
    )


def _with_themes(workspace_id: int, run_id: int, view: AnswerFilter, span: Span) -> Sought:
    return Sought(
        workspace_id,
        ("theme",),
        run_id,
        since=span.first,
        until=span.last,
        question_id=view.question_id,
    )


def _moves(
    figures: Figures, names: list[ThemeName], theme: ThemeName, tones: Sequence[Tone]
) -> tuple[Move, ...]:
    """Return how the theme moved; where tones are chosen, in the columns that they stand in."""
    hidden = () if any(one.id == theme.id for one in names) else (theme,)
    real = real_changes(figures, (*names, *hidden))
    columns = [column for column in (WISHES, PRAISE) if not tones or set(tones) & set(column)]
    return tuple(
        Move(column, moved, (theme.id, column) in real)
        for column in columns
        if (series := figures.theme(theme.id, column)).total
        and (moved := change(figures.span, series.steps, figures.answered.steps))
    )
