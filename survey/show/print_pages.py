"""For a meeting: the overview as a page to print, and every chart as a file of its own."""

from flask import Blueprint, Response, render_template, request
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from survey.clock import day_in, utc_now
from survey.errors import FieldError, NotFoundError
from survey.show.drawings import Bar, bars_svg, map_svg, segments_svg, trend_svg
from survey.show.map_queries import map_points
from survey.show.queries import Column, Overview, theme_overview
from survey.show.span import Span
from survey.show.standing import standing
from survey.show.theme_queries import ThemePage, theme_name, theme_page
from survey.show.words import counted, day_words, figure
from survey.web.access import open_to
from survey.web.current import database, place
from survey.web.filters import View, view_from

blueprint = Blueprint("paper", __name__)
_ID = "int(max=9223372036854775807)"
_COLUMNS = (("What would have been more helpful", "wish"), ("What helped", "praise"))
_MOST_BARS = 12


@blueprint.get("/w/<workspace>/print")
@open_to("teammate")
def page() -> str:
    """Show the overview as a page to print."""
    view, wrong = _view()
    with database().reading() as session:
        run_id = standing(session, place().workspace_id, utc_now()).run_id
        overview = theme_overview(session, place().workspace_id, run_id, view.wanted)
    return render_template(
        "show/print.html",
        view=view,
        wrong=wrong,
        overview=overview,
        today=day_in(utc_now(), place().time_zone),
        columns=[(title, _of(overview, tone), tone) for title, tone in _COLUMNS]
        if overview
        else [],
    )


@blueprint.get("/w/<workspace>/charts/themes.svg")
@open_to("teammate")
def themes() -> Response:
    """Draw the themes of a view as bars."""
    view, _ = _view()
    with database().reading() as session:
        run_id = standing(session, place().workspace_id, utc_now()).run_id
        overview = theme_overview(session, place().workspace_id, run_id, view.wanted)
    if overview is None or not overview.figures.answered.total:
        raise NotFoundError("No answers are in this view, so there is nothing to draw.")
    of = overview.figures.answered.total
    groups = [(title, _bars(_of(overview, tone), tone)) for title, tone in _COLUMNS]
    below = f"{counted(of, 'answer')}, {_days(overview.figures.span)}"
    return _svg(bars_svg(_whose(), below, [group for group in groups if group[1]], of))


@blueprint.get(f"/w/<workspace>/charts/themes/<{_ID}:theme_id>/trend.svg")
@open_to("teammate")
def trend(theme_id: int) -> Response:
    """Draw a theme's share over time."""
    found = _theme(theme_id)
    if found.plot is None:
        raise NotFoundError("There are not enough answers in this view to draw how it moves.")
    below = f"Share of {counted(found.of, 'answer')}, {_days(found.span)}; with its 95 % interval"
    named = found.theme.among(_view()[0].wanted.tones)
    return _svg(trend_svg(named.name, below, found.plot, found.points))


@blueprint.get(f"/w/<workspace>/charts/themes/<{_ID}:theme_id>/segments.svg")
@open_to("teammate")
def segments(theme_id: int) -> Response:
    """Draw who says it."""
    found = _theme(theme_id)
    if not found.segments:
        raise NotFoundError("This view has no segments to compare.")
    below = f"Share of each segment’s answers with its 95 % interval, {_days(found.span)}"
    return _svg(segments_svg(found.theme.name, below, found.segments))


@blueprint.get("/w/<workspace>/charts/map.svg")
@open_to("teammate")
def answer_map() -> Response:
    """Draw the map of answers."""
    view, _ = _view()
    with database().reading() as session:
        run_id = standing(session, place().workspace_id, utc_now()).run_id
        points = map_points(session, place().workspace_id, run_id, view.wanted)
    if not points.ids:
        raise NotFoundError("No answers of this view are on the map yet.")
    below = f"{figure(len(points.ids))} answers; those that are alike lie near each other"
    return _svg(map_svg(_whose(), below, points))


def _whose() -> str:
    """Return whose answers a chart shows; a file goes where no page says that it is the sample."""
    return "A sample: a made-up dental practice" if place().has_sample else place().name


def _theme(theme_id: int) -> ThemePage:
    view, _ = _view()
    inside = place().workspace_id
    with database().reading() as session:
        found = _read_theme(session, inside, theme_id, view)
    if found is None:
        raise NotFoundError("There is no such theme in this view.")
    return found


def _read_theme(session: Session, inside: int, theme_id: int, view: View) -> ThemePage | None:
    run_id = standing(session, inside, utc_now()).run_id
    named = theme_name(session, inside, theme_id)
    if named is None or run_id is None:
        return None
    return theme_page(session, inside, run_id, named, view.wanted)


def _of(overview: Overview | None, tone: str) -> Column:
    if overview is None:
        raise NotFoundError("No answers are in this view.")
    return overview.praise if tone == "praise" else overview.wishes


def _bars(column: Column, tone: str) -> list[Bar]:
    rows = sorted(column.rows, key=lambda row: -row.count)
    return [Bar(row.theme.name, row.count, tone) for row in rows[:_MOST_BARS]]


def _days(span: Span) -> str:
    if span.first == span.last:
        return day_words(span.first)
    return f"{day_words(span.first)} to {day_words(span.last)}"


def _svg(drawn: str) -> Response:
    return Response(drawn, content_type="image/svg+xml; charset=utf-8")


def _view() -> tuple[View, str | None]:
    today = day_in(utc_now(), place().time_zone)
    try:
        return view_from(request.args, today), None
    except FieldError as error:
        return view_from(MultiDict(), today), str(error)
