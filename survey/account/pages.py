"""Signing in and out, the first owner, and a person's own page."""

from urllib.parse import urlsplit

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from survey.account.actions import FirstOwner, load_sample, make_first_owner, set_password
from survey.account.forms import BeginForm, FirstOwnerForm, PasswordForm, SignInForm
from survey.account.passwords import hash_password
from survey.account.queries import (
    has_owner,
    holds_sample,
    homes_of,
    is_empty,
    is_first_owner_link,
    person_with,
)
from survey.clock import UTC_ZONE, utc_now
from survey.errors import ConflictError, FieldError, NotFoundError
from survey.records.unload import remove_sample
from survey.web import session as browser
from survey.web.access import open_to
from survey.web.address import visitor_address
from survey.web.current import database, limits, place, visitor
from survey.web.forms import blame
from survey.web.limits import FAILED_SIGN_INS, FAILED_SIGN_INS_OVERALL

blueprint = Blueprint("account", __name__)
Page = str | Response | tuple[str, int]
_NOT_KNOWN = "This address and password do not belong together. Please check both and try again."
_ONE_FAILURE = "1/5minutes"


@blueprint.get("/")
@open_to("signed_in")
def front() -> Page:
    """Lead to the workspace of whoever is signed in."""
    person = visitor()
    with database().reading() as session:
        homes = homes_of(session, person.person_id) if person else ()
    if not homes:
        return render_template("account/nowhere.html"), 404
    return redirect(f"/w/{homes[0].slug}/")


@blueprint.get("/sign-in")
@open_to("public")
def sign_in() -> Page:
    """Show the sign-in page."""
    if visitor():
        return redirect(_wanted())
    with database().reading() as session:
        nobody = not has_owner(session)
    return render_template("account/sign_in.html", form=SignInForm(), nobody=nobody)


@blueprint.post("/sign-in")
@open_to("public")
def sign_in_now() -> Page:
    """Check address and password; failures count against where they come from."""
    form = SignInForm()
    if _tried_too_often():
        abort(429)
    with database().reading() as session:
        known = person_with(session, form.email.data or "", form.password.data or "")
    if known is None or not browser.sign_in(known.person_id, known.password_hash):
        limits().count(FAILED_SIGN_INS, "sign-in", visitor_address())
        limits().count(_ONE_FAILURE, "sign-in", visitor_address())
        limits().count(FAILED_SIGN_INS_OVERALL, "sign-in")
        form.form_errors.append(_NOT_KNOWN)
        return render_template("account/sign_in.html", form=form), 422
    return redirect(_wanted())


def _tried_too_often() -> bool:
    """While many addresses guess at once, each has one try; an owner who knows it gets in."""
    here = visitor_address()
    under_attack = limits().used_up(FAILED_SIGN_INS_OVERALL, "sign-in")
    if under_attack and limits().used_up(_ONE_FAILURE, "sign-in", here):
        return True
    return limits().used_up(FAILED_SIGN_INS, "sign-in", here)


def _wanted() -> str:
    """Return where the visitor was going, if that is a page of ours."""
    wanted = request.args.get("next", "")
    try:
        parts = urlsplit(wanted)
    except ValueError:  # like //[, which begins an IPv6 address and ends there
        return url_for("account.front")
    ours = wanted.startswith("/") and not wanted.startswith("//") and not parts.netloc
    clean = "\\" not in wanted and wanted.isprintable()
    return wanted if ours and clean else url_for("account.front")


@blueprint.post("/sign-out")
@open_to("signed_in")
def sign_out() -> Page:
    """End this browser's session."""
    browser.sign_out()
    return redirect(url_for("account.sign_in"))


@blueprint.get("/start/<token>")
@open_to("public")
def start(token: str) -> Page:
    """Show the first owner's page to whoever holds the one-time link."""
    _require_first_owner_link(token)
    return render_template("account/start.html", form=FirstOwnerForm())


@blueprint.post("/start/<token>")
@open_to("public")
def start_now(token: str) -> Page:
    """Make the first owner and their workspace, and sign them in."""
    _require_first_owner_link(token)
    form = FirstOwnerForm()
    given = FirstOwner(
        email=form.email.data or "",
        password=form.password.data or "",
        business=form.business.data or "",
        time_zone=form.time_zone.data or UTC_ZONE,
    )
    try:
        with database().writing() as session:
            person, workspace = make_first_owner(session, token, given, utc_now())
    except FieldError as error:
        blame(form, error)
        return render_template("account/start.html", form=form), 422
    browser.sign_in(person.id)
    return redirect(url_for("account.begin", workspace=workspace.slug))


def _require_first_owner_link(token: str) -> None:
    with database().reading() as session:
        if not is_first_owner_link(session, token):
            raise NotFoundError(
                "This link was used already, or a newer one was made. "
                "Sign in, or start the program again to see the newest link."
            )


@blueprint.get("/w/<workspace>/begin")
@open_to("owner")
def begin() -> Page:
    """Offer to start empty or with the sample business; or to remove that again."""
    with database().reading() as session:
        empty = is_empty(session, place().workspace_id)
        sample = holds_sample(session, place().workspace_id)
    if not empty and not sample:
        return redirect(f"/w/{place().slug}/")
    return render_template("account/begin.html", form=BeginForm(), sample=sample)


@blueprint.post("/w/<workspace>/begin")
@open_to("owner")
def begin_now() -> Page:
    """Mark the sample business to be loaded, remove it, or leave the workspace empty."""
    if request.form.get("with") == "no sample":
        with database().writing() as session:
            removed = remove_sample(session, place().workspace_id)
        flash(f"The sample is gone: {removed} made-up answers. Your own, if any, are still here.")
    elif request.form.get("with") == "sample":
        with database().writing() as session:
            if not is_empty(session, place().workspace_id):
                raise ConflictError("There are answers here already; nothing was changed.")
            load_sample(session, place().workspace_id)
    return redirect(f"/w/{place().slug}/")


@blueprint.get("/account")
@open_to("signed_in")
def account() -> Page:
    """Show a person's own page."""
    return _account_page(PasswordForm())


@blueprint.post("/account")
@open_to("signed_in")
def account_now() -> Page:
    """Change the password; every browser but this one is signed out."""
    form, person = PasswordForm(), visitor()
    if person is None:
        abort(401)
    if _tried_too_often():
        abort(429)
    try:
        _require_password(person.email, form.present.data or "")
        kept = hash_password(form.new.data or "", "new")
    except FieldError as error:
        blame(form, error)
        return _account_page(form), 422
    with database().writing() as session:
        set_password(session, person.person_id, kept)
    browser.sign_in(person.person_id)
    return redirect(url_for("account.account", changed=1))


def _require_password(email: str, password: str) -> None:
    with database().reading() as session:
        if person_with(session, email, password) is None:
            limits().count(FAILED_SIGN_INS, "sign-in", visitor_address())
            raise FieldError("present", "That is not your present password.")


def _account_page(form: PasswordForm) -> str:
    person = visitor()
    with database().reading() as session:
        homes = homes_of(session, person.person_id) if person else ()
    return render_template("account/account.html", form=form, person=person, homes=homes)
