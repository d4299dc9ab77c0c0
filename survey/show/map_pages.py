"""The map of answers: a page with its table, the points for its script, and answers to read."""

from collections import OrderedDict
from threading import Lock

from flask import Blueprint, Response, render_template, request

from survey.clock import utc_now
from survey.show.answer_queries import PAGE, answers_among
from survey.show.map_queries import as_bytes, is_laid_out, map_points, map_state, map_table
from survey.show.pages import filter_form, view_asked
from survey.show.standing import standing
from survey.web.access import open_to
from survey.web.current import database, place
from survey.web.filters import LARGEST_ID

blueprint = Blueprint("map", __name__)
_BYTES = "application/octet-stream"


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
    """Give the points of a view to the map's script; a browser that has them is told so."""
    view, _ = view_asked()
    inside = place().workspace_id
    with database().reading() as session:
        run_id = standing(session, inside, utc_now()).run_id
        state = map_state(session, inside, run_id, view.wanted)
        body = None
        if state is None or not request.if_none_match.contains(state):
            body = _kept.get(state) or as_bytes(map_points(session, inside, run_id, view.wanted))
    if state is None:
        return Response(body, content_type=_BYTES)
    if body is not None:
        _kept.put(state, body)
    given = Response(body, 200 if body is not None else 304, content_type=_BYTES)
    given.set_etag(state)
    given.headers["Cache-Control"] = "private, no-cache"  # kept, and asked about every time
    return given


class _Kept:
    """The points that were asked for last, by their state: a few megabytes, and no words."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._bodies: OrderedDict[str, bytes] = OrderedDict()
        self._lock = Lock()

    def get(self, state: str | None) -> bytes | None:
        with self._lock:
            return self._bodies.get(state or "")

    def put(self, state: str, body: bytes) -> None:
        with self._lock:
            self._bodies[state] = body
            self._bodies.move_to_end(state)
            while len(self._bodies) > self._most:
                self._bodies.popitem(last=False)


_kept = _Kept(most=4)


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
