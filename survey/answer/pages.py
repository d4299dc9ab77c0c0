"""The customer's page: one question, one box, one button. The link is the authority."""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from typing import TypeVar
from urllib.parse import quote

from flask import Blueprint, request
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from survey.answer.afterwards import (
    allow_coming_back,
    change_answer,
    take_back,
    write_back,
)
from survey.answer.asking import Asking, asking_by_link
from survey.answer.forms import Typed, read_typed
from survey.answer.open_pages import changed_fault
from survey.answer.ordinary import keep_typed
from survey.answer.queries import OpenedLink, Wording, closed_link, opened_link, wording_of
from survey.answer.receipt_pages import anonymous_page, sent_anonymously, used_page
from survey.answer.said_queries import Said, what_came_since, what_was_said
from survey.answer.screens import (
    change_screen,
    closed_screen,
    gone_screen,
    not_kept_screen,
    question_screen,
    said_screen,
    take_back_screen,
    unknown_screen,
)
from survey.clock import utc_now
from survey.errors import AfterwordError, DeniedError
from survey.guard.personal import may_hold_personal_data
from survey.records.care import Cared, Original, cared_for
from survey.records.faults import lost_race, sqlstate_of
from survey.tokens import token_alone
from survey.web.access import open_to
from survey.web.current import database, settings
from survey.web.language import page_language, speak
from survey.web.unknown_links import count_unknown_link, refuse_who_guesses

log = logging.getLogger(__name__)
blueprint = Blueprint("answer", __name__)
Result = TypeVar("Result")


@blueprint.get("/a/", defaults={"token": ""})
@blueprint.get("/a/<path:token>")
@open_to("customer")
def page(token: str) -> Response:
    """Show the question, or what was said with this link; changes nothing, ever."""
    now = utc_now()
    link = _opened(token, now)
    if link is None:
        return _nothing_opens(token, now)
    if link.answered:
        return _what_was_said(link)
    return anonymous_page(link) if link.anonymous else question_screen(_asking(link))


def _what_was_said(link: OpenedLink) -> Response:
    with database().reading() as session:
        asking = asking_by_link(link, wording_of(session, link, page_language()))
        said = what_was_said(session, link, settings().secret_key)
        if said is None:
            return used_page(link)
        if said.state != "given":
            return gone_screen(asking, said)
        if "change" in request.args:
            return change_screen(asking, said)
        if "take-back" in request.args:
            return take_back_screen(asking, said)
        return said_screen(
            asking, said, what_came_since(session, link, said, settings().secret_key)
        )


@blueprint.post("/a/", defaults={"token": ""})
@blueprint.post("/a/<path:token>")
@open_to("customer")
def send(token: str) -> Response:
    """Keep the answer, exactly once; a fault comes back with every word kept."""
    now = utc_now()
    try:
        return _sent(token, now)
    except (AfterwordError, HTTPException):
        raise
    except Exception as error:  # whatever it is: the words are the customer's, and only here
        # Their text and token may stand in the error's own words, which stay out of the log.
        log.error("an answer could not be kept: %s %s", type(error).__name__, sqlstate_of(error))
        return not_kept_screen(read_typed(request))


@blueprint.errorhandler(DeniedError)
def came_by_another_site(_error: DeniedError) -> Response:
    """Give the words back where another site, or a browser that says none, sent them.

    Sending them on is the customer's own press on our own page, so nothing is decided here.
    """
    if _opened((request.view_args or {}).get("token", ""), utc_now()) is None:
        count_unknown_link()  # before their words are read: reading is what costs
    try:
        typed = read_typed(request)
    except HTTPException:  # more than any page can hold
        typed = Typed("")
    return not_kept_screen(typed, foreign=True)


def _sent(token: str, now: datetime) -> Response:
    link = _opened(token, now)
    if link is None:
        refuse_who_guesses()  # before their words are read: reading is what costs
        return _nothing_opens(token, now, read_typed(request))
    typed = read_typed(request)
    if link.answered:
        return _afterwards(link, typed, now)
    if link.anonymous:
        return sent_anonymously(link, typed, now)
    if typed.fault:
        return question_screen(_asking(link), typed)
    if typed.anonymous:  # the page promised more than holds by now
        return question_screen(_asking(link), typed, changed_fault())
    if link.question_version_id is None:
        link = _pinned(link)
    cared = _cared_for(link, typed)
    as_kept = replace(typed, text=cared.text)
    taken = _tried_twice(lambda: _taken(link, as_kept, now, cared.original))
    return _to_what_was_said() if taken else _afterwards(link, typed, now)


def _taken(link: OpenedLink, typed: Typed, now: datetime, original: Original | None) -> bool:
    return database().in_turn(
        lambda straight: keep_typed(straight, link, typed, now, original=original)
    )


def _cared_for(link: OpenedLink, typed: Typed) -> Cared:
    """Mask what readers need not see; of ordinary words the database is not asked about that."""
    if not may_hold_personal_data(typed.text):
        return Cared(typed.text)
    with database().reading() as session:
        return cared_for(session, settings().secret_key, link.workspace_id, typed.text)


def _tried_twice(act: Callable[[], Result]) -> Result:
    """Who lost a race is tried again, unseen."""
    try:
        return act()
    except Exception as error:
        if not lost_race(error):
            raise
        return act()


def _opened(token: str, now: datetime) -> OpenedLink | None:
    with database().looking() as straight:
        link = opened_link(straight, token_alone(token), now)
    speak(link.customer_language if link else None)
    return link


def _asking(link: OpenedLink) -> Asking:
    return asking_by_link(link, _wording(link))


def _wording(link: OpenedLink) -> Wording:
    with database().reading() as session:
        return wording_of(session, link, page_language())


def _pinned(link: OpenedLink) -> OpenedLink:
    """Pin the wording that was shown, where the mail that would have pinned it is not sent yet."""
    wording = _wording(link)
    return replace(link, question_version_id=wording.question_version_id, language=wording.language)


def _to_what_was_said() -> Response:
    """Lead to the page by GET, so that reloading it sends nothing again."""
    return Response(status=HTTPStatus.SEE_OTHER, headers={"Location": quote(request.path)})


def _nothing_opens(token: str, now: datetime, typed: Typed | None = None) -> Response:
    """Tell whoever holds a link whose time is over; of any other nobody learns anything."""
    unsaved = typed.text if typed and not typed.blank else ""
    with database().looking() as straight:
        closed = closed_link(straight, token_alone(token), now)
    if closed is not None:
        speak(closed.customer_language)
        return closed_screen(closed, unsaved)
    count_unknown_link()
    return unknown_screen(unsaved)


def _afterwards(link: OpenedLink, typed: Typed, now: datetime) -> Response:
    """Do with an answer that was given before what was asked, or say why not."""
    said = _said_now(link)
    if said is None:  # given anonymously; or somebody is just removing it
        return used_page(link, typed)
    if said.state != "given":
        return _gone(link, said, typed)
    doing = {
        "change": _change,
        "withdraw": _withdraw,
        "come-back": _come_back,
        "write": _write,
    }.get(typed.doing, _second_answer)
    return doing(link, said, typed, now)


def _second_answer(link: OpenedLink, said: Said, typed: Typed, now: datetime) -> Response:
    """Pressing twice is no fault; other words may take the place of the first, if wanted."""
    # What no page takes is not looked through: that would take minutes.
    same = not typed.fault and said.says(_cared_for(link, typed).text, typed.text)
    if typed.blank or same:
        return _to_what_was_said()
    return change_screen(_asking(link), said, typed=typed, stale=True)


def _change(link: OpenedLink, said: Said, typed: Typed, now: datetime) -> Response:
    if typed.nothing and typed.text == said.text:
        typed = replace(typed, words_left_out=True)  # what stands in the box is what was said
    if typed.fault:
        return change_screen(_asking(link), said, typed=typed, fault=typed.fault)
    cared = Cared("") if typed.nothing else _cared_for(link, typed)
    if not typed.nothing and said.says(cared.text, typed.text):
        return _to_what_was_said()
    outcome = _written(
        lambda session: change_answer(
            session, link.workspace_id, said.answer_id, cared.text, now,
            seen=typed.seen, nothing=typed.nothing, original=cared.original,
        )
    )  # fmt: skip
    if outcome == "done":
        return _to_what_was_said()
    said = _said_now(link) or said
    if said.state != "given":
        return _gone(link, said, typed)
    return change_screen(_asking(link), said, typed=typed, stale=True)


def _withdraw(link: OpenedLink, said: Said, typed: Typed, now: datetime) -> Response:
    _written(lambda session: take_back(session, link.workspace_id, said.answer_id, now))
    return _to_what_was_said()


def _come_back(link: OpenedLink, said: Said, typed: Typed, now: datetime) -> Response:
    if typed.consent_fault:
        return _said_again(link, said, typed, typed.consent_fault)
    _written(
        lambda session: allow_coming_back(
            session, link.workspace_id, said.answer_id, typed.consent, now
        )
    )
    return _to_what_was_said()


def _write(link: OpenedLink, said: Said, typed: Typed, now: datetime) -> Response:
    if typed.fault:
        return _said_again(link, said, typed, typed.fault)
    cared = _cared_for(link, typed)
    outcome = _written(
        lambda session: write_back(
            session, link.workspace_id, said.answer_id, cared, now, after=typed.seen
        )
    )
    if outcome == "withdrawn":
        return _gone(link, _said_now(link) or said, typed)
    return _to_what_was_said()


def _written(act: Callable[[Session], Result]) -> Result:
    def once() -> Result:
        with database().writing() as session:
            return act(session)

    return _tried_twice(once)


def _said_now(link: OpenedLink) -> Said | None:
    with database().reading() as session:
        return what_was_said(session, link, settings().secret_key)


def _said_again(link: OpenedLink, said: Said, typed: Typed, fault: str) -> Response:
    with database().reading() as session:
        since = what_came_since(session, link, said, settings().secret_key)
    return said_screen(_asking(link), said, since, typed=typed, fault=fault)


def _gone(link: OpenedLink, said: Said, typed: Typed) -> Response:
    """Taking back twice is no fault; words that come too late are given back."""
    if typed.doing in ("withdraw", "come-back") or typed.blank:
        return _to_what_was_said()
    return gone_screen(_asking(link), said, typed.text)
