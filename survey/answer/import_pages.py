"""Importing past answers on a page: choose a file, look at how it would be read, import it."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response

from survey.answer.csv_file import Wanted
from survey.answer.import_file import MOST_REASONS, MOST_ROWS, by_reason
from survey.answer.import_form import UploadForm
from survey.answer.import_plan import FirstRows, Plan, first_rows, likely, plan_of
from survey.answer.recent_plans import RecentPlans
from survey.answer.uploads import (
    ON_THE_PAGE,
    Upload,
    bytes_of_upload,
    choose,
    chosen_in,
    ever_imported,
    keep_upload,
    leave,
    make_due,
    past_imports,
    upload_of,
    waiting_uploads,
)
from survey.clock import day_in, in_words, utc_now
from survey.errors import FileError, InputError
from survey.file_forms import DATE_FORMATS, ENCODINGS
from survey.records.bringing import DUE, HERE
from survey.records.heartbeat import is_fresh, last_beat
from survey.records.workspaces import answers_changed
from survey.web.access import open_to, takes_up_to
from survey.web.again import look_again
from survey.web.current import database, place

LARGEST = 10 * 1024 * 1024
TOO_LARGE = (
    "This file has more than 10 MB, which is more than this page takes; nothing was kept. Cut it "
    "into smaller files (each with the first row that names the columns), or import it on the "
    "server with survey import, which takes any size."
)
blueprint = Blueprint("past", __name__)
Page = str | Response | tuple[str, int]
_recent = RecentPlans()
_FILE = "/w/<workspace>/import/<int(max=9223372036854775807):file_id>"


@blueprint.get("/w/<workspace>/import")
@open_to("owner")
def choose_file() -> Page:
    """Offer to choose a file, and tell what was imported before."""
    return _start(UploadForm(formdata=None))


@blueprint.post("/w/<workspace>/import")
@takes_up_to(LARGEST, TOO_LARGE)
@open_to("owner")
def post_file() -> Page:
    """Keep the file, and lead to how it would be read."""
    form, sent = UploadForm(), request.files.get("file") or FileStorage()
    if not sent.filename or not sent.stream.read(1):
        empty = (
            "This file is empty. Please choose another one."
            if sent.filename
            else "Please choose a file first."
        )
        form.file.errors = [empty]
        return _start(form), 422
    sent.stream.seek(0)
    inside = place().workspace_id
    try:
        file_id = keep_upload(database(), inside, sent.filename, sent.stream, utc_now())
    except FileError as error:
        form.file.errors = [str(error)]
        return _start(form), 422
    return redirect(url_for("past.look", file_id=file_id), 303)


@blueprint.get(_FILE)
@open_to("owner")
def look(file_id: int) -> Page:
    """Show how a file would be read; later, how far its import is and what came of it."""
    with database().reading() as session:
        upload = upload_of(session, place().workspace_id, file_id)
        if upload.state == HERE:
            raw = bytes_of_upload(session, place().workspace_id, file_id)
        beat = last_beat(session)
    if upload.state == HERE:
        return _chosen(upload, raw)
    away = not is_fresh(beat, utc_now())
    if upload.state == DUE:
        look_again(2)
    return render_template("answer/import_done.html", upload=upload, away=away)


@blueprint.post(_FILE)
@open_to("owner")
def post_look(file_id: int) -> Page:
    """Keep how it is to be read and show what that would do; import it; or forget it."""
    inside, do = place().workspace_id, request.form.get("do")
    shown = _shown(file_id) if do == "import" else None
    if shown is not None and "text" in request.form and _typed() != shown:
        do = "look"
        flash(
            "How it is read was changed: this is what would happen now. Nothing is imported yet; "
            "press Import below if it is right."
        )
    with database().writing() as session:
        if do == "leave":
            leave(session, inside, file_id)
        elif do == "import":
            if shown is not None:
                choose(session, inside, file_id, shown)
            make_due(session, inside, file_id)
        else:
            choose(session, inside, file_id, _typed())
    if do == "leave":
        flash("Left. The file is forgotten, and nothing was imported.")
        return redirect(url_for("past.choose_file"), 303)
    return redirect(url_for("past.look", file_id=file_id), 303)


def _shown(file_id: int) -> Wanted | None:
    """Return how the page shows the file to be read; None where it waits no more.

    The file is read before anything is written: meanwhile no customer's answer has to wait.
    """
    with database().reading() as session:
        upload = upload_of(session, place().workspace_id, file_id)
        if upload.state != HERE or upload.wanted is not None:
            return upload.wanted if upload.state == HERE else None
        raw = bytes_of_upload(session, place().workspace_id, file_id)
    return _likely(upload, raw)


def _start(form: UploadForm) -> str:
    with database().reading() as session:
        past = past_imports(session, place().workspace_id)
        waiting = waiting_uploads(session, place().workspace_id)
    return render_template(
        "answer/import.html", form=form, past=past, waiting=waiting, day=_day, due=DUE
    )


def _chosen(upload: Upload, raw: bytes) -> str:
    """Show the file as it would be read; where it cannot be, why, and what can be chosen."""
    wanted = upload.wanted or Wanted(guess=False, ways=ON_THE_PAGE)
    top, plan, fault = FirstRows((), ()), None, ""
    try:
        wanted = upload.wanted or _likely(upload, raw)
        top = first_rows(raw, upload.file_name, wanted)
        plan = _plan(upload, raw, wanted)
    except InputError as error:
        fault = str(error)
    reasons = by_reason(plan.skipped, MOST_ROWS) if plan else []
    return render_template(
        "answer/import_look.html",
        upload=upload,
        wanted=wanted,
        top=top,
        plan=plan,
        fault=fault,
        guessed=wanted.segments if upload.wanted is None else (),
        reasons=reasons[:MOST_REASONS],
        more_reasons=max(0, len(reasons) - MOST_REASONS),
        date_formats=DATE_FORMATS,
        encodings=ENCODINGS,
        form=UploadForm(formdata=None),
        day=_day,
    )


def _plan(upload: Upload, raw: bytes, wanted: Wanted) -> Plan:
    inside, zone, now = place().workspace_id, place().time_zone, utc_now()
    file = upload.file_name, raw, upload.sha256
    with database().reading() as session:
        # An import says of all its pieces that they came when it began.
        changed = answers_changed(session, inside), ever_imported(session, inside)
        until = *changed, zone, day_in(now, zone)
        return _recent.of(
            (inside, upload.id, *chosen_in(wanted), *until),
            lambda: plan_of(session, inside, file, wanted, zone=ZoneInfo(zone), now=now),
        )


def _likely(upload: Upload, raw: bytes) -> Wanted:
    wanted = Wanted(guess=False, ways=ON_THE_PAGE)
    return likely(raw, upload.file_name, wanted, ZoneInfo(place().time_zone))


def _typed() -> Wanted:
    """Read the form; what nobody's page offered counts as not chosen."""
    sent = request.form
    formats, encodings = dict(DATE_FORMATS), dict(ENCODINGS)
    date_format = sent.get("date_format", "")
    encoding = sent.get("encoding", "")
    return Wanted(
        text=sent.get("text") or None,
        id=sent.get("id") or None,
        date=sent.get("date") or None,
        date_format=date_format if date_format and date_format in formats else None,
        segments=tuple(sent.getlist("segment")),
        encoding=encoding if encoding in encodings else "utf-8",
        guess=False,
        ways=ON_THE_PAGE,
    )


def _day(when: date) -> str:
    """Return a day in words, or that of a moment."""
    zone = place().time_zone
    day = day_in(when, zone) if isinstance(when, datetime) else when
    return in_words(day, day_in(utc_now(), zone))
