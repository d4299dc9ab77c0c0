"""The customer's page: one question, one box, one button. The link is the authority."""

import logging
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from urllib.parse import quote

from flask import Blueprint, abort, make_response, render_template, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from survey.answer.actions import take_answer
from survey.answer.forms import Typed, read_typed
from survey.answer.queries import OpenedLink, Said, Wording, opened_link, what_was_said, wording_of
from survey.clock import utc_now
from survey.errors import AfterwordError
from survey.records.faults import lost_race, sqlstate_of
from survey.tokens import token_alone
from survey.web.access import open_to
from survey.web.current import database
from survey.web.language import page_language, speak
from survey.web.unknown_links import count_unknown_link, refuse_who_guesses

log = logging.getLogger(__name__)
blueprint = Blueprint("answer", __name__)


@blueprint.get("/a/", defaults={"token": ""})
@blueprint.get("/a/<path:token>")
@open_to("customer")
def page(token: str) -> Response:
    """Show the question, or what was said with this link; changes nothing, ever."""
    now = utc_now()
    link = _opened(token, now)
    if link is None:
        return _unknown(Typed(""))
    with database().reading() as session:
        said = what_was_said(session, link) if link.answered else None
        wording = wording_of(session, link, page_language())
    if said is not None:
        return _said(link, wording, said)
    return _question(link, wording)


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
        return _not_kept(read_typed(request))


def _sent(token: str, now: datetime) -> Response:
    link = _opened(token, now)
    if link is None:
        refuse_who_guesses()  # before their words are read: reading is what costs
        return _unknown(read_typed(request))
    typed = read_typed(request)
    if link.answered:
        return _second_answer(link, typed)
    if typed.fault:
        return _question(link, _wording(link), typed)
    if link.question_version_id is None:
        link = _pinned(link)
    if typed.language and link.customer_language is None:
        link = replace(link, language=typed.language)
    try:
        taken = _taken(link, typed, now)
    except Exception as error:
        if not lost_race(error):
            raise
        taken = _taken(link, typed, now)
    return _to_what_was_said() if taken else _second_answer(link, typed)


def _taken(link: OpenedLink, typed: Typed, now: datetime) -> bool:
    text = "" if typed.nothing else typed.text
    with database().taking() as straight:
        return take_answer(straight, link, text, now, nothing=typed.nothing)


def _not_kept(typed: Typed) -> Response:
    page = render_template("answer/not_kept.html", typed=typed)
    response = make_response(page, HTTPStatus.SERVICE_UNAVAILABLE)
    response.headers["Retry-After"] = "60"
    return response


def _opened(token: str, now: datetime) -> OpenedLink | None:
    with database().looking() as straight:
        link = opened_link(straight, token_alone(token), now)
    speak(link.customer_language if link else None)
    return link


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


def _question(link: OpenedLink, wording: Wording, typed: Typed | None = None) -> Response:
    """Show the question, or again with what was sent and why it was not taken."""
    status = HTTPStatus.UNPROCESSABLE_ENTITY if typed else HTTPStatus.OK
    page = render_template("answer/question.html", link=link, wording=wording, typed=typed)
    response = make_response(page, status)
    # Not no-store: with it, browsers drop what was typed when one leaves the page and comes back.
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def _second_answer(link: OpenedLink, typed: Typed) -> Response:
    """Answer a second post: pressing twice is no fault, other words are given back unsaved."""
    with database().reading() as session:
        said, wording = what_was_said(session, link), wording_of(session, link, page_language())
    if said is None:
        abort(HTTPStatus.CONFLICT)
    if typed.blank or typed.text == said.text:
        return _to_what_was_said()
    return _said(link, wording, said, unsaved=typed.text)


def _said(link: OpenedLink, wording: Wording, said: Said, unsaved: str = "") -> Response:
    page = render_template(
        "answer/said.html", link=link, wording=wording, said=said, unsaved=unsaved
    )
    return make_response(page, HTTPStatus.CONFLICT if unsaved else HTTPStatus.OK)


def _unknown(typed: Typed) -> Response:
    """One page for every link that opens nothing; it gives typed words back, and tells no more."""
    count_unknown_link()
    text = "" if typed.blank else typed.text
    return make_response(render_template("answer/unknown.html", text=text), HTTPStatus.NOT_FOUND)
