"""Answers that speak of danger, answers as typed, and how the guard is set."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from survey.clock import day_in, in_words, utc_now
from survey.errors import FieldError, NotFoundError
from survey.guard.turning import country_of
from survey.respond.urgent.actions import Care, change_care, look_after
from survey.respond.urgent.forms import CareForm
from survey.respond.urgent.queries import as_typed, care_settings, urgent
from survey.web.access import open_to
from survey.web.current import database, place, settings, visitor
from survey.web.forms import as_lines, blame, named_lines

LARGEST_ID = 2**63 - 1
KINDS = {
    "self_harm": "harm to oneself",
    "harm_to_others": "harm to others",
    "abuse": "abuse",
    "emergency": "an emergency or a dangerous thing",
}
_SAID = {"danger": True, "no-danger": False, "wait": None}
blueprint = Blueprint("urgent", __name__)


@blueprint.get("/w/<workspace>/urgent")
@open_to("teammate")
def listed() -> str:
    """Show the answers that speak of danger."""
    with database().reading() as session:
        found = urgent(session, place().workspace_id)
    return render_template("respond/urgent.html", found=found, kinds=KINDS, day=_day, when=_when)


@blueprint.post("/w/<workspace>/urgent/<int:answer_id>")
@open_to("teammate")
def post_look_after(answer_id: int) -> Response:
    """Note what somebody says about an answer that was flagged."""
    person, said = visitor(), request.form.get("said", "")
    if said not in _SAID or person is None:
        raise NotFoundError("Please go back and press one of the buttons.")
    with database().writing() as session:
        look_after(
            session, place().workspace_id, _id(answer_id), person.person_id, utc_now(),
            was_danger=_SAID[said],
        )  # fmt: skip
    flash("It waits again." if said == "wait" else "Noted.")
    return redirect(url_for("urgent.listed"), 303)


@blueprint.get("/w/<workspace>/answers/<int:answer_id>/as-typed")
@open_to("owner")
def show_as_typed(answer_id: int) -> str:
    """Show one answer with the personal data that is masked everywhere else."""
    with database().reading() as session:
        found = as_typed(session, settings().secret_key, place().workspace_id, _id(answer_id))
    if found is None:
        raise NotFoundError("There is no such answer here.")
    return render_template("respond/as_typed.html", found=found, when=_when)


@blueprint.get("/w/<workspace>/settings/care")
@open_to("owner")
def edit_care() -> str:
    """Show how personal data and danger are looked after."""
    with database().reading() as session:
        now = care_settings(session, place().workspace_id)
    return _care_page(
        CareForm(
            personal_data=now.personal_data,
            country=now.country or "",
            sentences=as_lines(now.sentences),
        )
    )


@blueprint.post("/w/<workspace>/settings/care")
@open_to("owner")
def post_care() -> Response | tuple[str, int]:
    """Change it, or say which field is wrong and keep what was typed."""
    form = CareForm()
    form.offer_countries(country_of(None, place().time_zone))
    if form.validate():
        try:
            with database().writing() as session:
                change_care(session, place().workspace_id, _care(form))
        except FieldError as error:
            blame(form, error)
        else:
            flash("Saved. It counts for answers from now on.")
            return redirect(url_for("urgent.edit_care"), 303)
    return _care_page(form), 422


def _care(form: CareForm) -> Care:
    example = "GB: Ring us on 020 7946 0000 at any hour, or 999."
    sentences = named_lines(form.sentences.data or "", "sentences", example)
    return Care(form.personal_data.data or "", form.country.data or "", sentences)


def _care_page(form: CareForm) -> str:
    form.offer_countries(country_of(None, place().time_zone))
    with database().reading() as session:
        now = care_settings(session, place().workspace_id)
    return render_template("respond/care.html", form=form, now=now)


def _id(number: int) -> int:
    if number > LARGEST_ID:
        raise NotFoundError("There is no such answer here.")
    return number


def _day(day: date) -> str:
    return in_words(day, day_in(utc_now(), place().time_zone))


def _when(moment: datetime) -> str:
    return _day(moment.astimezone(ZoneInfo(place().time_zone)).date())
