"""Taking the answers along: the page for people, the file for people and programs."""

from datetime import date

from flask import Blueprint, Response, render_template, request

from survey.clock import day_in, utc_now
from survey.export.answers_file import exported_csv
from survey.export.queries import answers_counted, current_run, segment_names
from survey.export.rows import columns
from survey.records.filters import AnswerFilter
from survey.web.access import open_to
from survey.web.current import database, place
from survey.web.filters import View, view_from

blueprint = Blueprint("export", __name__)


@blueprint.get("/w/<workspace>/export")
@open_to("teammate")
def export() -> str:
    """Say what a file would hold, and offer it."""
    view = _view()
    inside = place().workspace_id
    with database().reading() as session:
        run_id = current_run(session, inside)
        return render_template(
            "export/export.html",
            view=view,
            answers=answers_counted(session, inside, run_id, view.wanted),
            columns=columns(segment_names(session, inside)),
        )


@blueprint.get("/w/<workspace>/export.csv")
@open_to("teammate")
def export_csv() -> Response:
    """Give the answers in view to whoever is signed in."""
    return _file(_view().wanted)


@blueprint.get("/export.csv")
@open_to("key")
def export_csv_by_key() -> Response:
    """Give the answers in view to a program."""
    return _file(_view().wanted)


def _view() -> View:
    return view_from(request.args, _today())


def _today() -> date:
    return day_in(utc_now(), place().time_zone)


def _file(wanted: AnswerFilter) -> Response:
    name = f"{place().slug}-answers-{_today().isoformat()}.csv"
    pieces = exported_csv(
        database(), place().workspace_id, wanted, for_excel="excel" in request.args
    )
    response = Response(pieces, mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
