"""The map of answers: a page with its table, the points for its script, and answers to read."""

from flask import Blueprint, Response, render_template, request

from survey.clock import utc_now
from survey.show.answer_queries import PAGE, answers_among
from survey.show.map_queries import as_bytes, is_laid_out, map_points, map_table
from survey.show.pages import filter_form, view_asked
from survey.show.standing import standing
from survey.web.access import open_to
from survey.web.current import database, place
from survey.web.filters import LARGEST_ID

blueprint = Blueprint("map", __name__)


@blueprint.get("/w/<workspace>/map")
@open_to("teammate")
def page() -> str:
    """Show the map and, beside it, its themes as a table."""
    view, wrong = view_asked()
    inside = place().workspace_id
    with database().reading() as session:
        run_id = standing(session, inside, utc_now()).run_id
        return render_template(
            "show/map.html",
            table=map_table(session, inside, run_id, view.wanted),
            is_laid_out=is_laid_out(session, inside),
            **filter_form(session, view, wrong),
        )


@blueprint.get("/w/<workspace>/map/points")
@open_to("teammate")
def points() -> Response:
    """Give the points of a view to the map's script."""
    view, _ = view_asked()
    inside = place().workspace_id
    with database().reading() as session:
        run_id = standing(session, inside, utc_now()).run_id
        body = as_bytes(map_points(session, inside, run_id, view.wanted))
    return Response(body, content_type="application/octet-stream")


@blueprint.get("/w/<workspace>/map/answers")
@open_to("teammate")
def answers() -> str:
    """Give some answers of a view, to be read beside the map; `ids` names them."""
    view, _ = view_asked()
    inside = place().workspace_id
    ids = _ids(request.args.get("ids", ""))
    with database().reading() as session:
        run_id = standing(session, inside, utc_now()).run_id
        return render_template(
            "show/map_answers.html",
            answers=answers_among(session, inside, run_id, view.wanted, ids),
        )


def _ids(typed: str) -> list[int]:
    found = [
        int(one)
        for one in typed.split(",")[:PAGE]
        if one.isascii() and one.isdigit() and len(one) <= 19
    ]
    return [one for one in found if one <= LARGEST_ID]
