"""Asking by hand: the form, the Outbox, settings, and the page of a customer who wants no more."""

import hashlib
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from survey.ask.actions import Once, record_interaction
from survey.ask.dates import moment_in_words
from survey.ask.forms import AskForm
from survey.ask.interaction import read_interaction
from survey.ask.queries import Recorded
from survey.clock import utc_now
from survey.errors import FieldError
from survey.tokens import random_token
from survey.web.access import open_to
from survey.web.current import database, place, settings

blueprint = Blueprint("ask", __name__)

_FORM_FIELDS = {"customer.email": "email", "customer.name": "name"}


@blueprint.get("/w/<workspace>/ask")
@open_to("teammate")
def ask() -> str:
    """Show the form for one interaction."""
    form = AskForm(once=random_token())
    return render_template("ask/ask.html", form=form)


@blueprint.post("/w/<workspace>/ask")
@open_to("teammate")
def post_ask() -> Response | tuple[str, int]:
    """Record the interaction, or show the form again with what was typed and what is wrong."""
    form = AskForm()
    form.validate()
    if not form.errors:
        try:
            recorded = _record(form)
        except FieldError as error:
            name = _FORM_FIELDS.get(error.field, error.field.partition(".")[0])
            form[name].errors = [str(error)]
        else:
            flash(_said_back(recorded, form.email.data or ""))
            return redirect(url_for("ask.ask"), 303)
    return render_template("ask/ask.html", form=form), 422


def _record(form: AskForm) -> Recorded:
    body = _body(form)
    now, here = utc_now(), place()
    new = read_interaction(body, zone=ZoneInfo(here.time_zone), now=now)
    digest = hashlib.sha256(repr(body).encode("utf-8", "replace"))
    once = Once(f"form {(form.once.data or '')[:60]} {digest.hexdigest()}", digest.digest())
    with database().writing() as session:
        return record_interaction(
            session,
            here.workspace_id,
            new,
            secret_key=settings().secret_key,
            now=now,
            once=once if form.once.data else None,
        )


def _body(form: AskForm) -> dict[str, Any]:
    """Put the form's words into the shape the API takes, so that both are checked alike."""
    occurred_at = form.occurred_at.data
    return {
        "customer": {"email": form.email.data or "", "name": form.name.data},
        "served_by": form.served_by.data,
        "about": form.about.data,
        "occurred_at": occurred_at.isoformat() if occurred_at else None,
        "segments": _segments(form.segments.data or ""),
        "note": form.note.data,
    }


def _segments(typed: str) -> dict[str, str]:
    """Read one ``name: value`` a line."""
    found: dict[str, str] = {}
    for line in filter(str.strip, typed.splitlines()):
        name, colon, value = line.partition(":")
        if not colon or not name.strip() or not value.strip():
            raise FieldError("segments", f"Please write a name, a colon and a value: “{line}”.")
        if name.strip() in found:
            raise FieldError("segments", f"The segment {name.strip()} is there twice.")
        found[name.strip()] = value.strip()
    return found


def _said_back(recorded: Recorded, email: str) -> str:
    if recorded.state == "skipped":
        return f"Kept. {email} asked for no more mail, so no question goes out."
    if recorded.due_at > utc_now():
        when = moment_in_words(recorded.due_at, ZoneInfo(place().time_zone), utc_now())
        return f"Kept. The question to {email} goes out at this time: {when}."
    return f"Kept. The question to {email} goes out now."
