"""Asking by hand: the form for one interaction, and the page of one who wants no more mail."""

import hashlib
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from survey.ask.actions import record_interaction, unsubscribe
from survey.ask.dates import moment_in_words
from survey.ask.forms import AskForm, blame
from survey.ask.interaction import read_interaction
from survey.ask.queries import MailLink, Recorded, asking_settings, unsubscribe_link
from survey.ask.rows import Once
from survey.ask.wordings import languages_to_choose
from survey.clock import utc_now
from survey.errors import FieldError, NotFoundError
from survey.languages import language_name, nearest
from survey.tokens import random_token, token_alone
from survey.web.access import open_to
from survey.web.current import database, place, settings
from survey.web.forms import named_lines
from survey.web.unknown_links import count_unknown_link

blueprint = Blueprint("ask", __name__)

_FORM_FIELDS = {
    "customer.email": "email",
    "customer.name": "name",
    "customer.language": "language",
}


@blueprint.get("/w/<workspace>/ask")
@open_to("teammate")
def ask() -> str:
    """Show the form for one interaction."""
    return _page(AskForm(once=random_token()))


@blueprint.post("/w/<workspace>/ask")
@open_to("teammate")
def post_ask() -> Response | tuple[str, int]:
    """Record the interaction, or show the form again with what was typed and what is wrong."""
    form = AskForm()
    if form.validate():
        try:
            recorded = _record(form)
        except FieldError as error:
            blame(form, error, _FORM_FIELDS)
        else:
            said = _said_back(recorded, (form.email.data or "").strip())
            flash(said + _in_english(form.language.data, recorded))
            return redirect(url_for("ask.ask"), 303)
    return _page(form), 422


def _page(form: AskForm) -> str:
    worded = _wordings()
    languages = languages_to_choose(worded)
    form.offer_languages(languages)
    return render_template(
        "ask/ask.html",
        form=form,
        worded=[language_name(tag) for tag in worded],
        every=all(nearest(tag, worded) for tag, _name in languages),
    )


def _wordings() -> dict[str, str]:
    with database().reading() as session:
        return asking_settings(session, place().workspace_id).wordings


def _record(form: AskForm) -> Recorded:
    body, now, here = _body(form), utc_now(), place()
    new = read_interaction(body, zone=ZoneInfo(here.time_zone), now=now)
    with database().writing() as session:
        return record_interaction(
            session,
            here.workspace_id,
            new,
            secret_key=settings().secret_key,
            now=now,
            once=_once(form, body),
        )


def _once(form: AskForm, body: dict[str, Any]) -> Once:
    """A form sent twice, by a double click or by going back, is one interaction."""
    digest = hashlib.sha256(repr(body).encode("utf-8", "surrogatepass"))
    page = hashlib.sha256((form.once.data or "").encode("utf-8", "surrogatepass"))
    return Once(f"form {page.hexdigest()} {digest.hexdigest()}", digest.digest())


def _body(form: AskForm) -> dict[str, Any]:
    """Put the form's words into the shape the API takes, so that both are checked alike."""
    return {
        "customer": {
            "email": form.email.data or "",
            "name": form.name.data,
            "language": form.language.data,
        },
        "served_by": form.served_by.data,
        "about": form.about.data,
        "occurred_at": form.occurred_at.data,
        "segments": named_lines(form.segments.data or "", "segments", "branch: North"),
        "note": form.note.data,
    }


def _said_back(recorded: Recorded, email: str) -> str:
    if recorded.state == "skipped":
        return f"Kept. {email} asked for no more mail, so no question goes out."
    now = utc_now()
    if recorded.due_at > now:
        when = moment_in_words(recorded.due_at, ZoneInfo(place().time_zone), now)
        return f"Kept. The mail to {email} is written {when}."
    if settings().smtp is None:
        return f"Kept. The mail to {email} is written now; find it in the Outbox."
    return f"Kept. The mail to {email} goes out now."


def _in_english(language: str | None, recorded: Recorded) -> str:
    """Say where the question goes out in English to somebody who reads another language."""
    if not language or recorded.state == "skipped" or nearest(language, _wordings()):
        return ""
    name = language_name(language)
    return f" The mail and the page are in {name}, the question in English: it has no wording yet."


@blueprint.get("/u/<token>")
@open_to("customer")
def no_more(token: str) -> str:
    """Show what the link is for; following it changes nothing, since mail programs do so, too."""
    return render_template("ask/no_more.html", link=_mail_link(token_alone(token)), just_done=False)


@blueprint.post("/u/<token>")
@open_to("customer")
def post_no_more(token: str) -> str:
    """Take the address off, from our page or by a mail program's one click (RFC 8058)."""
    token = token_alone(token)
    link = _mail_link(token)
    with database().writing() as session:
        unsubscribe(session, token, secret_key=settings().secret_key, now=utc_now())
    return render_template("ask/no_more.html", link=link, just_done=True)


def _mail_link(token: str) -> MailLink:
    with database().reading() as session:
        link = unsubscribe_link(session, token, settings().secret_key)
    if link is None:
        count_unknown_link()
        raise NotFoundError(
            gettext("This link opens nothing. If you copied it from a mail, please copy all of it.")
        )
    return link
