"""Where the team comes back to customers: who waits, one answer's letters, what was changed."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from survey.clock import day_in, in_words, utc_now
from survey.errors import ConflictError, FieldError, NotFoundError
from survey.records.talks import changes_of_theme
from survey.respond.actions import (
    About,
    Writing,
    hand_over,
    mail_again,
    note_change,
    remove_note,
    reply,
    settle,
)
from survey.respond.forms import NoteForm, ReplyForm
from survey.respond.queries import (
    TalkPage,
    last_signature,
    talk_list,
    talk_page,
    teammates,
    theme_heard,
)
from survey.web.access import open_to
from survey.web.current import database, place, settings, visitor
from survey.web.forms import blame

LARGEST_ID = 2**63 - 1
blueprint = Blueprint("respond", __name__)


@blueprint.get("/w/<workspace>/replies")
@open_to("teammate")
def replies() -> str:
    """Show who waits for a word, and the talks that rest."""
    person = visitor()
    mine = request.args.get("for") == "me" and person is not None
    with database().reading() as session:
        listed = talk_list(
            session, place().workspace_id, person.person_id if mine and person else None
        )
    return render_template("respond/replies.html", listed=listed, mine=mine, when=_when, day=_day)


@blueprint.get("/w/<workspace>/replies/<int:answer_id>")
@open_to("teammate")
def talk(answer_id: int) -> str:
    """Show one answer with its letters."""
    return _talk_page(answer_id)


@blueprint.post("/w/<workspace>/replies/<int:answer_id>")
@open_to("teammate")
def post_reply(answer_id: int) -> Response | tuple[str, int]:
    """Write to the customer, or show the page again with every word kept."""
    form = ReplyForm()
    try:
        if not form.validate():
            raise FieldError("", "Please send it again; the page had been open for too long.")
        with database().writing() as session:
            mailed = reply(
                session, place().workspace_id, _id(answer_id), _writing(form), utc_now(),
                secret_key=settings().secret_key, seen=_number(form.seen.data),
            )  # fmt: skip
    except NotFoundError as error:
        return render_template("respond/gone.html", words=form.body.data, wrong=error), 404
    except FieldError as error:
        blame(form, error)
        return _talk_page(answer_id, form), 422
    except ConflictError as error:
        form.form_errors.append(str(error))
        return _talk_page(answer_id, form), 409
    flash(_what_became_of_it(mailed=mailed))
    return _to_talk(answer_id)


def _what_became_of_it(*, mailed: bool) -> str:
    if not mailed:
        return "Kept. The letter waits under the customer’s link."
    if settings().smtp is None:
        return (
            "Kept. The letter waits under the customer’s link; no mail server is set, so the mail "
            "about it is kept in the Outbox."
        )
    return "Sent. The mail goes out now, and the letter is under the customer’s link."


@blueprint.post("/w/<workspace>/replies/<int:answer_id>/hand-over")
@open_to("teammate")
def post_hand_over(answer_id: int) -> Response:
    """Hand an answer to somebody, or to nobody in particular."""
    typed = request.form.get("to", "")
    person_id = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 20 else None
    if person_id is not None:
        _id(person_id)
    with database().writing() as session:
        hand_over(session, place().workspace_id, _id(answer_id), person_id, utc_now())
    flash("Handed over." if person_id else "Nobody in particular looks after it now.")
    return _to_talk(answer_id)


@blueprint.post("/w/<workspace>/replies/<int:answer_id>/settle")
@open_to("teammate")
def post_settle(answer_id: int) -> Response:
    """Say that nothing more is to be said, or take that back."""
    settled = request.form.get("settled") == "1"
    with database().writing() as session:
        settle(session, place().workspace_id, _id(answer_id), utc_now(), settled=settled)
    flash(
        "Settled. It comes back here when the customer writes again."
        if settled
        else "It waits for a word again."
    )
    return redirect(url_for("respond.replies"), 303) if settled else _to_talk(answer_id)


@blueprint.post("/w/<workspace>/replies/<int:answer_id>/mail-again/<int:message_id>")
@open_to("teammate")
def post_mail_again(answer_id: int, message_id: int) -> Response:
    """Try a mail again that failed."""
    with database().writing() as session:
        mail_again(session, place().workspace_id, _id(message_id), utc_now())
    flash("The mail is tried again now.")
    return _to_talk(answer_id)


@blueprint.post("/w/<workspace>/replies/<int:answer_id>/changes")
@open_to("teammate")
def post_change_for_answer(answer_id: int) -> Response | tuple[str, int]:
    """Note what was changed because of one answer; its customer alone reads it."""
    form = NoteForm()
    wrong = _noted(form, About(answer_id=_id(answer_id)))
    if wrong:
        return _talk_page(answer_id, note=form), 422
    flash("Noted. The customer sees it under their link.")
    return _to_talk(answer_id)


@blueprint.get("/w/<workspace>/themes/<int:theme_id>/changes")
@open_to("teammate")
def theme_changes(theme_id: int) -> str:
    """Show what was changed because of a theme."""
    return _theme_page(theme_id)


@blueprint.post("/w/<workspace>/themes/<int:theme_id>/changes")
@open_to("teammate")
def post_theme_change(theme_id: int) -> Response | tuple[str, int]:
    """Note what was changed because of a theme; everybody who is in it reads it."""
    form = NoteForm()
    wrong = _noted(form, About(theme_id=_id(theme_id)))
    if wrong:
        return _theme_page(theme_id, form), 422
    flash("Noted. Customers whose answers are in this theme see it under their links.")
    return redirect(url_for("respond.theme_changes", theme_id=theme_id), 303)


@blueprint.post("/w/<workspace>/changes/<int:note_id>/remove")
@open_to("teammate")
def post_remove_note(note_id: int) -> Response:
    """Take a note away."""
    with database().writing() as session:
        about = remove_note(session, place().workspace_id, _id(note_id))
    flash("Removed. Nobody sees it any more.")
    if about.theme_id is not None:
        return redirect(url_for("respond.theme_changes", theme_id=about.theme_id), 303)
    return _to_talk(about.answer_id or 0)


def _noted(form: NoteForm, about: About) -> bool:
    """Note a change; True where it could not be, and the form says why."""
    try:
        if not form.validate():
            raise FieldError("", "Please send it again; the page had been open for too long.")
        with database().writing() as session:
            note_change(session, place().workspace_id, about, _writing(form), utc_now())
    except FieldError as error:
        blame(form, error)
        return True
    return False


def _talk_page(answer_id: int, form: ReplyForm | None = None, note: NoteForm | None = None) -> str:
    with database().reading() as session:
        shown = talk_page(session, place().workspace_id, _id(answer_id))
        if shown is None:
            raise NotFoundError("There is no such answer here; it may have been taken back.")
        team = teammates(session, place().workspace_id)
    # A form that came too late is shown beside the letters that came first, and may be sent on.
    fresh = {"seen": str(len(shown.letters))}
    if form is None:
        form = ReplyForm(formdata=None, signed=_own_name(), **fresh)
    else:
        form.seen.data = fresh["seen"]
    return render_template(
        "respond/talk.html",
        talk=shown,
        team=team,
        form=form,
        note=note or NoteForm(formdata=None, signed=_own_name(), prefix=""),
        phone=_phone(shown),
        relay=settings().smtp,
        when=_when,
        day=_day,
    )


def _theme_page(theme_id: int, form: NoteForm | None = None) -> str:
    with database().reading() as session:
        theme = theme_heard(session, place().workspace_id, _id(theme_id))
        if theme is None:
            raise NotFoundError("There is no such theme here.")
        notes = changes_of_theme(session, place().workspace_id, theme_id)
    return render_template(
        "respond/theme_changes.html",
        theme=theme,
        notes=notes,
        form=form or NoteForm(formdata=None, signed=_own_name()),
        day=_day,
    )


def _phone(shown: TalkPage) -> str | None:
    return shown.consent.detail if shown.consent.given and shown.consent.how == "phone" else None


def _writing(form: ReplyForm | NoteForm) -> Writing:
    person = visitor()
    return Writing(
        form.body.data or "", form.signed.data or "", person.person_id if person else None
    )


def _number(typed: str | None) -> int:
    return int(typed) if typed and typed.isascii() and typed.isdigit() and len(typed) < 10 else 0


def _own_name() -> str:
    """Return the name under which this person wrote last, else their own."""
    person = visitor()
    if person is None:
        return ""
    with database().reading() as session:
        return last_signature(session, place().workspace_id, person.person_id) or person.name


def _to_talk(answer_id: int) -> Response:
    return redirect(url_for("respond.talk", answer_id=answer_id), 303)


def _id(given: int) -> int:
    if given > LARGEST_ID:
        raise NotFoundError("There is no such page here.")
    return given


def _day(day: date) -> str:
    return in_words(day, day_in(utc_now(), place().time_zone))


def _when(moment: datetime) -> str:
    local = moment.astimezone(ZoneInfo(place().time_zone))
    return f"{_day(local.date())}, {local:%H:%M}"
