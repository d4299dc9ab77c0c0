"""What owners decide about people and keys, and the page on which the asked ones join."""

from datetime import datetime

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response

from survey.account.actions import create_key, make_person, revoke_key
from survey.account.forms import ConfirmForm, JoinForm, KeyForm, TeammateForm
from survey.account.member_actions import ask_to_join, join, let_go, take_back
from survey.account.passwords import hash_password
from survey.account.queries import (
    Asked,
    asked_of,
    asked_with,
    colleagues_of,
    is_person,
    keys_of,
)
from survey.clock import day_in, in_words, utc_now
from survey.errors import FieldError, NotFoundError
from survey.web import session as browser
from survey.web.access import open_to
from survey.web.current import database, place, settings, visitor
from survey.web.forms import blame

blueprint = Blueprint("account_owner", __name__)
Page = str | Response | tuple[str, int]
_ID = "int(max=9223372036854775807)"


@blueprint.get("/w/<workspace>/people")
@open_to("owner")
def people() -> Page:
    """Show who belongs here, who was asked to, and the API keys."""
    return _people(TeammateForm(), KeyForm())


@blueprint.post("/w/<workspace>/people")
@open_to("owner")
def post_people() -> Page:
    """Make a link with which somebody joins, and show it this once."""
    form = TeammateForm()
    try:
        with database().writing() as session:
            token = ask_to_join(
                session,
                place().workspace_id,
                form.email.data or "",
                form.role.data or "",
                utc_now(),
            )
    except FieldError as error:
        blame(form, error)
        return _people(form, KeyForm()), 422
    link = settings().base_url + url_for("account_owner.joining", token=token)
    return _people(TeammateForm(formdata=None), KeyForm(), link=link, email=form.email.data)


@blueprint.post(f"/w/<workspace>/people/<{_ID}:person_id>/let-go")
@open_to("owner")
def post_let_go(person_id: int) -> Page:
    """End somebody's place in the workspace."""
    with database().writing() as session:
        let_go(session, place().workspace_id, person_id)
    me = visitor()
    left = me is not None and me.person_id == person_id
    return redirect(url_for("account.front" if left else "account_owner.people"))


@blueprint.post(f"/w/<workspace>/people/asked/<{_ID}:joining_id>/take-back")
@open_to("owner")
def post_take_back(joining_id: int) -> Page:
    """Make a link to join worthless."""
    with database().writing() as session:
        take_back(session, place().workspace_id, joining_id)
    return redirect(url_for("account_owner.people"))


@blueprint.post("/w/<workspace>/keys")
@open_to("owner")
def post_key() -> Page:
    """Make an API key and show it this once."""
    form = KeyForm()
    try:
        with database().writing() as session:
            key = create_key(session, place().workspace_id, form.label.data or "", utc_now())
    except FieldError as error:
        blame(form, error)
        return _people(TeammateForm(formdata=None), form), 422
    return _people(TeammateForm(formdata=None), KeyForm(formdata=None), key=key)


@blueprint.post(f"/w/<workspace>/keys/<{_ID}:key_id>/revoke")
@open_to("owner")
def post_revoke(key_id: int) -> Page:
    """Make an API key worthless."""
    with database().writing() as session:
        revoke_key(session, place().workspace_id, key_id, utc_now())
    return redirect(url_for("account_owner.people"))


def _people(people_form: TeammateForm, key_form: KeyForm, **shown_once: str | None) -> str:
    workspace_id = place().workspace_id
    with database().reading() as session:
        colleagues = colleagues_of(session, workspace_id)
        asked = asked_of(session, workspace_id)
        keys = keys_of(session, workspace_id)
    return render_template(
        "account/people.html", people_form=people_form, key_form=key_form, me=visitor(),
        colleagues=colleagues, asked=asked, keys=keys, now=utc_now(), day=_day, **shown_once,
    )  # fmt: skip


def _day(moment: datetime) -> str:
    zone = place().time_zone
    return in_words(day_in(moment, zone), day_in(utc_now(), zone))


@blueprint.get("/join/<token>")
@open_to("public")
def joining(token: str) -> Page:
    """Show somebody who was asked what they are about to join."""
    return _joining(_asked(token), JoinForm())


@blueprint.post("/join/<token>")
@open_to("public")
def post_joining(token: str) -> Page:
    """Let them in: signed in already, or new and with a password of their own."""
    asked, form, person = _asked(token), JoinForm(), visitor()
    if person is not None and person.email == asked.email:
        with database().writing() as session:
            slug = join(session, token, person.person_id, utc_now())
        return redirect(f"/w/{slug}/")
    if person is not None or _signs_in_already(asked):
        return _joining(asked, form), 422
    try:
        password_hash = hash_password(form.password.data or "")
    except FieldError as error:
        blame(form, error)
        return _joining(asked, form), 422
    with database().writing() as session:
        made = make_person(session, asked.email, password_hash, utc_now())
        slug = join(session, token, made.id, utc_now())
    browser.sign_in(made.id)
    return redirect(f"/w/{slug}/")


def _asked(token: str) -> Asked:
    with database().reading() as session:
        found = asked_with(session, token, utc_now())
    if found is None:
        raise NotFoundError("This link was used already or is too old. Ask for a new one.")
    return found


def _signs_in_already(asked: Asked) -> bool:
    with database().reading() as session:
        return is_person(session, asked.email)


def _joining(asked: Asked, form: JoinForm) -> str:
    return render_template(
        "account/join.html", asked=asked, form=form, me=visitor(),
        confirm=ConfirmForm(), known=_signs_in_already(asked),
    )  # fmt: skip
