"""What owners see of open links: places, their posters and snippets; and anonymous asking."""

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response as Answered
from wtforms import StringField, TextAreaField

from survey.ask.forms import blame
from survey.ask.places import (
    PlaceShown,
    add_place,
    allow_sites,
    ask_anonymously,
    close_place,
    link_of_place,
    place_of,
    places_of,
    questions_asked,
    read_place,
    read_sites,
    show_in_company_of,
)
from survey.ask.queries import AskingSettings, asking_settings
from survey.clock import utc_now
from survey.errors import FieldError, InputError, NotFoundError
from survey.records.anonymity import held_answers, smallest_company
from survey.web.access import open_to
from survey.web.current import database, place, settings
from survey.web.forms import named_lines

blueprint = Blueprint("places", __name__)


class PlaceForm(FlaskForm):  # type: ignore[misc]
    """A new open link."""

    name = StringField("Name of the place or person")
    served_by = StringField("Who looks after people there")
    about = StringField("What it is about")
    segments = TextAreaField("Segments")
    sites = TextAreaField("Web sites that may show it")


class SitesForm(FlaskForm):  # type: ignore[misc]
    """Where a place's page may be shown in a frame."""

    sites = TextAreaField("Web sites that may show it")


@blueprint.get("/w/<workspace>/places")
@open_to("owner")
def places() -> str:
    """List the open links, and offer to make one."""
    return _places_page(PlaceForm())


@blueprint.post("/w/<workspace>/places")
@open_to("owner")
def post_places() -> Answered | tuple[str, int]:
    """Make an open link, or say which field is wrong and keep what was typed."""
    form = PlaceForm()
    if form.validate():
        try:
            place_id = _add(form)
        except FieldError as error:
            blame(form, error, {})
        else:
            return redirect(url_for("places.one", place_id=place_id), 303)
    return _places_page(form), 422


def _add(form: PlaceForm) -> int:
    new = read_place(
        form.name.data or "",
        form.served_by.data or "",
        form.about.data or "",
        named_lines(form.segments.data or "", "segments", "branch: North"),
        form.sites.data or "",
    )
    with database().writing() as session:
        return add_place(
            session,
            place().workspace_id,
            new,
            secret_key=settings().secret_key,
            now=utc_now(),
        )


def _places_page(form: PlaceForm) -> str:
    with database().reading() as session:
        found = places_of(session, place().workspace_id)
    return render_template("ask/places.html", form=form, places=found)


@blueprint.get("/w/<workspace>/places/<int:place_id>")
@open_to("owner")
def one(place_id: int) -> str:
    """Show a place: its link, poster and snippet."""
    found = _found(place_id)
    return _place_page(found, SitesForm(sites="\n".join(found.sites)))


@blueprint.post("/w/<workspace>/places/<int:place_id>")
@open_to("owner")
def post_one(place_id: int) -> Answered | tuple[str, int]:
    """Say on which web sites a place's page may be shown."""
    found, form = _found(place_id), SitesForm()
    if form.validate():
        try:
            sites = read_sites(form.sites.data or "")
            with database().writing() as session:
                allow_sites(session, place().workspace_id, place_id, sites)
        except FieldError as error:
            blame(form, error, {})
        else:
            flash("Saved.")
            return redirect(url_for("places.one", place_id=place_id), 303)
    return _place_page(found, form), 422


@blueprint.post("/w/<workspace>/places/<int:place_id>/close")
@open_to("owner")
def post_close(place_id: int) -> Answered:
    """Close an open link for good."""
    with database().writing() as session:
        close_place(session, place().workspace_id, place_id, utc_now())
    flash("Closed. Its posters lead nowhere from now on; what was said stays.")
    return redirect(url_for("places.places"), 303)


@blueprint.get("/w/<workspace>/places/<int:place_id>/poster.<kind>")
@open_to("owner")
def poster(place_id: int, kind: str) -> Response:
    """Give the poster, as ``svg`` or ``pdf``."""
    # Drawing codes is loaded only where one is drawn.
    from survey.ask.poster import can_be_pdf, poster_pdf, poster_svg

    drawn = _poster(_found(place_id), _asked(), request.args.get("language", "en"))
    if kind == "svg":
        return Response(poster_svg(drawn), mimetype="image/svg+xml")
    if kind != "pdf":
        raise NotFoundError("There is no such page here.")
    if not can_be_pdf(drawn):
        raise InputError("A PDF cannot write these letters. Please print the SVG instead.")
    return Response(poster_pdf(drawn), mimetype="application/pdf")


def _asked() -> AskingSettings:
    with database().reading() as session:
        return asking_settings(session, place().workspace_id)


def _poster(found: PlaceShown, asked: AskingSettings, wished: str) -> Any:
    from survey.ask.poster import Poster

    language = wished if wished in asked.wordings else "en"
    return Poster(
        business=asked.name,
        question=asked.wordings[language],
        address=link_of_place(settings(), found),
        language=language,
    )


def _found(place_id: int) -> PlaceShown:
    with database().reading() as session:
        return place_of(session, place().workspace_id, place_id)


def _place_page(found: PlaceShown, form: SitesForm) -> str:
    from survey.ask.poster import can_be_pdf

    asked = _asked()
    return render_template(
        "ask/place.html",
        place_shown=found,
        form=form,
        link=link_of_place(settings(), found),
        base_url=settings().base_url,
        wordings=asked.wordings,
        as_pdf={tag for tag in asked.wordings if can_be_pdf(_poster(found, asked, tag))},
    )


@blueprint.get("/w/<workspace>/anonymous")
@open_to("owner")
def anonymous() -> str:
    """Say what asking anonymously means, and which questions are asked so."""
    return _anonymous_page()


def _anonymous_page(fault: str | None = None, typed: str | None = None) -> str:
    with database().reading() as session:
        inside = place().workspace_id
        return render_template(
            "ask/anonymous.html",
            questions=questions_asked(session, inside),
            held={one.question_id: one.answers for one in held_answers(session, inside)},
            company=smallest_company(session, inside),
            fault=fault,
            typed=typed,
        )


@blueprint.post("/w/<workspace>/anonymous")
@open_to("owner")
def post_anonymous() -> Answered | tuple[str, int]:
    """Ask a question anonymously from now on, or with names; or change the company it takes."""
    if "company" in request.form:
        return _change_company(request.form["company"].strip())
    told = request.form.get("question", "")
    question_id = int(told) if told.isascii() and told.isdigit() and len(told) < 20 else 2**63
    is_anonymous = request.form.get("ask") == "anonymously"
    with database().writing() as session:
        ask_anonymously(session, place().workspace_id, question_id, anonymous=is_anonymous)
    flash(
        "From now on nobody is told from whom an answer is."
        if is_anonymous
        else "From now on answers come with who was asked. Anonymous ones stay anonymous."
    )
    return redirect(url_for("places.anonymous"), 303)


def _change_company(typed: str) -> Answered | tuple[str, int]:
    answers = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 6 else 0
    try:
        with database().writing() as session:
            show_in_company_of(session, place().workspace_id, answers)
    except FieldError as error:
        return _anonymous_page(str(error), typed), 422
    flash(f"Saved. Anonymous answers are shown once {answers} have come.")
    return redirect(url_for("places.anonymous"), 303)
