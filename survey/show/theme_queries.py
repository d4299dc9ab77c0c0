"""One theme by itself: how many, since when, and who says it."""

from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from survey.records import Theme
from survey.records.filters import AnswerFilter
from survey.records.tallies import Sought
from survey.show.charts import Plot, plot
from survey.show.exact import beyond_chance, interval
from survey.show.figures import Figures, figures_in_view
from survey.show.queries import NAMING, ThemeName, as_named, span_in_view, theme_names
from survey.show.segments import SegmentTable, theme_by_segment
from survey.show.span import Change, Point, Span, change, trend
from survey.show.together import Companion, companions


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
    change : Change or None
        The newest four weeks against those before, in a view long enough.
    change_is_real : bool
        Whether it is beyond chance, all themes being tested together.
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
    change: Change | None
    change_is_real: bool
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
    narrowed = bool(view.faces or view.words or view.with_theme_id)
    span = span_in_view(session, workspace_id, run_id, view)
    if span is None:
        return None
    figures = figures_in_view(session, workspace_id, run_id, view, span)
    answered = figures.answered
    if not answered.total:
        return None
    series = figures.theme(theme.id, wanted.tones or ("wish", "praise", "unclear"))
    points = trend(span, series.steps, answered.steps)
    moved = change(span, series.steps, answered.steps)
    low, high = interval(series.total, answered.total)
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
        change=moved,
        change_is_real=moved is not None and _is_real(figures, theme.id, moved),
        segments=()
        if narrowed
        else theme_by_segment(
            session, workspace_id, run_id, theme.id, span=span, question_id=view.question_id
        ),
        companions=()
        if narrowed
        else companions(
            session,
            _with_themes(workspace_id, run_id, view, span),
            theme.id,
            theme_names(session, workspace_id, ()),
            figures,
        ),
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


def _is_real(figures: Figures, theme_id: int, moved: Change) -> bool:
    """Whether a change is beyond chance when every theme heard in view is tested with it."""
    others = [
        change(figures.span, series.steps, figures.answered.steps)
        for other in {one for one, _ in figures.by_theme} - {theme_id}
        if (series := figures.theme(other)).total
    ]
    return beyond_chance([moved.chance, *(one.chance for one in others if one)])[0]
