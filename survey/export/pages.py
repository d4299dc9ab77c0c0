"""Taking the answers along: the page for people, the files for people and programs."""

from collections.abc import Iterator
from datetime import date
from tempfile import TemporaryFile
from typing import IO

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response

from survey.clock import day_in, utc_now
from survey.export.answers_file import Form, exported_csv, write_form
from survey.export.queries import answers_counted, current_run, masking_of, segment_names
from survey.export.rows import columns
from survey.records.filters import AnswerFilter
from survey.web.access import open_to
from survey.web.current import database, place
from survey.web.filters import View, view_from

blueprint = Blueprint("export", __name__)
_PIECE = 64 * 1024
_KINDS: dict[Form, str] = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "zip": "application/zip",
}


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
            masking=masking_of(session, inside),
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


@blueprint.get("/w/<workspace>/export.xlsx", defaults={"form": "xlsx"})
@blueprint.get("/w/<workspace>/export.zip", defaults={"form": "zip"})
@open_to("teammate")
def export_file(form: Form) -> Response:
    """Give the answers in view as a workbook, or with the rest in a ZIP."""
    return _written(form)


@blueprint.get("/export.xlsx", defaults={"form": "xlsx"})
@blueprint.get("/export.zip", defaults={"form": "zip"})
@open_to("key")
def export_file_by_key(form: Form) -> Response:
    """Give the same to a program."""
    return _written(form)


def _view() -> View:
    return view_from(request.args, _today())


def _today() -> date:
    return day_in(utc_now(), place().time_zone)


def _named(form: str) -> str:
    return f"{place().slug}-answers-{_today().isoformat()}.{form}"


def _file(wanted: AnswerFilter) -> Response:
    pieces = exported_csv(
        database(), place().workspace_id, wanted, for_excel="excel" in request.args
    )
    response = Response(pieces, mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{_named("csv")}"'
    return response


def _written(form: Form) -> Response:
    """Write a file that cannot be given away while it is written, and give it away then."""
    wanted, file = _view().wanted, TemporaryFile()  # noqa: SIM115  the response closes it
    try:
        write_form(database(), place().workspace_id, wanted, form, file, today=_today())
    except BaseException:
        file.close()
        raise
    response = Response(_pieces(file), mimetype=_KINDS[form])
    response.content_length = file.tell()
    response.call_on_close(file.close)
    response.headers["Content-Disposition"] = f'attachment; filename="{_named(form)}"'
    return response


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    file.seek(0)
    while piece := file.read(_PIECE):
        yield piece
    file.close()
