"""What owners see of asking: the Outbox and the settings."""

import re
import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from survey.ask.actions import try_failed_again, try_waiting_now
from survey.ask.dates import moment_in_words
from survey.ask.forms import (
    TAKE_OUT,
    SettingsForm,
    blame,
    delay_in_minutes,
    delay_in_units,
    months_to_keep,
)
from survey.ask.letter import Letter, compose_letter, trial_mail
from survey.ask.outbox import KeptMail, mail_state, outbox_page
from survey.ask.queries import AskingSettings, asking_settings, languages_asked
from survey.ask.sending import best_language
from survey.ask.wishes import Wishes, change_settings
from survey.ask.wordings import left_behind, listed, offered_wordings, without, without_wording
from survey.clock import day_in, utc_now
from survey.errors import FieldError, MailError
from survey.languages import ENGLISH, LANGUAGES, language_name, spoken
from survey.letters import Part, as_message, links_of, parts_of
from survey.mail import SmtpRelay
from survey.records.heartbeat import is_fresh, last_beat
from survey.records.workspaces import usual_wordings
from survey.web.access import open_to
from survey.web.again import look_again
from survey.web.current import database, place, settings, visitor
from survey.web.forms import as_lines, named_lines

LATELY = 90  # days
# A person waits for the test mail's outcome, so its relay gets less time than the worker's.
ANSWER_WITHIN, DONE_WITHIN = 8.0, 15.0
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BEFORE = re.compile(r"([0-9]{1,17})-([0-9]{1,19})")
blueprint = Blueprint("ask_owner", __name__)


@blueprint.get("/w/<workspace>/outbox")
@open_to("owner")
def outbox() -> str:
    """Show how outgoing mail stands, and the mails that were kept instead of sent."""
    here, now = place(), utc_now()
    with database().reading() as session:
        page = outbox_page(session, here.workspace_id, _before(request.args.get("before", "")))
        state = mail_state(session, here.workspace_id, now)
        beat = last_beat(session)
    if state.due and not settings().smtp and not request.args and is_fresh(beat, now):
        look_again()
    zone = ZoneInfo(here.time_zone)
    return render_template(
        "ask/outbox.html",
        page=page,
        state=state,
        relay=settings().smtp,
        next_page=page.before and _as_before(*page.before),
        when=lambda moment: moment_in_words(moment, zone, now),
        parts=_parts,
    )


def _parts(mail: KeptMail) -> list[Part]:
    """Return the mail's text with its links live again."""
    return parts_of(mail.text, links_of(settings(), mail.invitation_id, mail.nonce))


def _as_before(moment: datetime, invitation_id: int) -> str:
    return f"{(moment - _EPOCH) // timedelta(microseconds=1)}-{invitation_id}"


def _before(typed: str) -> tuple[datetime, int] | None:
    """Read where a page begins; what nobody's page offered begins at the newest."""
    found = _BEFORE.fullmatch(typed)
    if found is None:
        return None
    microseconds, invitation_id = map(int, found.groups())
    return _EPOCH + timedelta(microseconds=microseconds), min(invitation_id, 2**63 - 1)


@blueprint.post("/w/<workspace>/outbox/try-again")
@open_to("owner")
def post_try_again() -> Response:
    """Make what waits, or what failed, due at once."""
    workspace_id = place().workspace_id
    with database().writing() as session:
        if request.form.get("which") == "failed":
            mails = try_failed_again(session, workspace_id, utc_now())
        else:
            mails = try_waiting_now(session, workspace_id)
    flash(f"{mails} {'mail is' if mails == 1 else 'mails are'} tried again now.")
    return redirect(url_for("ask_owner.outbox"), 303)


@blueprint.get("/w/<workspace>/settings")
@open_to("owner")
def edit_settings() -> str:
    """Show how this workspace asks."""
    with database().reading() as session:
        now = asking_settings(session, place().workspace_id)
    delay, unit = delay_in_units(now.delay_minutes)
    others = {tag: wording for tag, wording in now.wordings.items() if tag != "en"}
    form = SettingsForm(
        name=now.name,
        question=now.wordings.get("en", ""),
        others=as_lines(others),
        delay=delay,
        unit=unit,
        time_zone=now.time_zone,
        keep="" if now.keep_months is None else str(now.keep_months),
    )
    return _settings_page(form, now)


@blueprint.post("/w/<workspace>/settings")
@open_to("owner")
def post_settings() -> Response | tuple[str, int]:
    """Change how this workspace asks, or say which field is wrong and keep what was typed."""
    form, workspace_id = SettingsForm(), place().workspace_id
    if "offer" in request.form:
        return _offer(form, workspace_id), 200
    if form.validate():
        try:
            with database().writing() as session:
                now = asking_settings(session, workspace_id)
                wishes = _wishes(form, now)
                known = (usual_wordings(), *(one.wordings for one in now.versions))
                left = left_behind(now.wordings, wishes.wordings, known)
                if form.left.data == TAKE_OUT:
                    wishes = replace(wishes, wordings=without(left, wishes.wordings))
                anew = change_settings(session, workspace_id, wishes, utc_now())
        except FieldError as error:
            blame(form, error, {})
        else:
            flash("Saved." + " Mails from now on carry the new wording." * anew)
            if left:
                flash(_what_became_of(left, taken_out=form.left.data == TAKE_OUT))
            return redirect(url_for("ask_owner.edit_settings"), 303)
    with database().reading() as session:
        now = asking_settings(session, workspace_id)
    return _settings_page(form, now), 422


def _offer(form: SettingsForm, workspace_id: int) -> str:
    """Put our translations of the usual question into the form, to be looked over and saved."""
    with database().reading() as session:
        now = asking_settings(session, workspace_id)
    try:
        typed = {"en": form.question.data or ""} | _other_wordings(form)
    except FieldError as error:
        blame(form, error, {})
    else:
        others = typed | offered_wordings(typed)
        form.others.data = as_lines({tag: words for tag, words in others.items() if tag != "en"})
        flash("Not saved yet: please look the translations over, then save.")
    return _settings_page(form, now)


def _what_became_of(left: Sequence[str], *, taken_out: bool) -> str:
    """Say what became of the lines that still said the earlier question."""
    names = listed([language_name(tag) for tag in left])
    if taken_out:
        return (
            f"Taken out, since they still said the earlier question: {names}. Customers who read"
            " these are asked in English; the lines stand under Earlier wordings."
        )
    return (
        f"Still asked the earlier question, since their lines are as they were: customers who read"
        f" {names}. Change these lines whenever you like."
    )


def _other_wordings(form: SettingsForm) -> dict[str, str]:
    return named_lines(form.others.data or "", "others", "de: Was hätte mehr geholfen?")


def _wishes(form: SettingsForm, now: AskingSettings) -> Wishes:
    """Read the form; a field that was not sent leaves what it is about as it is."""
    others = _other_wordings(form)
    return Wishes(
        name=form.name.data or "",
        time_zone=form.time_zone.data or "",
        delay_minutes=delay_in_minutes(form.delay.data or "", form.unit.data),
        wordings={"en": form.question.data or ""} | others,
        keep_months=months_to_keep(form.keep.data or "")
        if "keep" in request.form
        else now.keep_months,
    )


def _settings_page(form: SettingsForm, now: AskingSettings) -> str:
    moment = utc_now()
    zone = ZoneInfo(now.time_zone)
    form.time_zone.own = now.time_zone
    shown_in = spoken(request.args.get("in")) or ENGLISH
    lately = day_in(moment, now.time_zone) - timedelta(days=LATELY)
    with database().reading() as session:
        asked = languages_asked(session, place().workspace_id, lately)
    return render_template(
        "ask/settings.html",
        form=form,
        now=now,
        relay=settings().smtp,
        to=_own_address(),
        example=_example(now, moment, shown_in),
        shown_in=shown_in,
        languages=LANGUAGES.values(),
        unworded=without_wording(asked, now.wordings),
        lately=LATELY,
        may_offer=bool(offered_wordings(now.wordings)),
        when=lambda since: moment_in_words(since, zone, moment),
    )


def _example(now: AskingSettings, moment: datetime, language: str) -> list[Part]:
    """Return a mail as a customer would get it, with the real question in it."""
    asked_in = best_language(language, list(now.wordings))
    letter = Letter(
        to_email="mo@example.org",
        to_name="Mo",
        workspace=now.name,
        served_by="Sam",
        about="your visit",
        occurred_at=moment,
        time_zone=now.time_zone,
        question=now.wordings[asked_in],
        language=asked_in,
        message_id="",
        wished=language,
    )
    return parts_of(compose_letter(letter, moment).text, None)


@blueprint.post("/w/<workspace>/settings/test-mail")
@open_to("owner")
def post_test_mail() -> Response:
    """Send the owner a mail through the relay, and say what the relay said."""
    flash(_test_mail(_own_address()))
    return redirect(url_for("ask_owner.edit_settings"), 303)


def _test_mail(to: str) -> str:
    chosen = settings()
    if chosen.smtp is None:
        return "No mail server is set, so there is nothing to test: mails stay on the Outbox page."
    domain = chosen.mail_from.rpartition("@")[2]
    mail = trial_mail(to, place().name, f"<test.{secrets.token_hex(8)}@{domain}>")
    relay = SmtpRelay(
        chosen.smtp, chosen.mail_from, answer_within=ANSWER_WITHIN, done_within=DONE_WITHIN
    )
    message = as_message(mail, mail_from=chosen.mail_from, headers={}, now=utc_now())
    try:
        with relay.opened() as outlet:
            outlet.send(message)
    except MailError as error:
        return f"The test mail did not go out. {str(error).rstrip('.')}."
    return f"The mail server took the test mail to {to}. Please see whether it arrives."


def _own_address() -> str:
    person = visitor()
    return person.email if person else ""
