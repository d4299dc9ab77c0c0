"""Anonymous answers: the personal link that is merely used up, and the receipt that opens them."""

import logging
from dataclasses import replace
from datetime import datetime

from flask import Blueprint, redirect, request
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from survey.answer.afterwards import Outcome, write_back
from survey.answer.asking import Asking, asking_anonymously
from survey.answer.forms import Typed, read_typed
from survey.answer.open_pages import as_it_is_kept, changed_fault, given_back, thanks
from survey.answer.places import Receipt, opened_receipt, words_under
from survey.answer.queries import OpenedLink, wording_of
from survey.answer.screens import (
    change_screen,
    gone_screen,
    not_kept_screen,
    question_screen,
    said_screen,
    take_back_screen,
    unknown_screen,
    used_screen,
)
from survey.answer.unnamed import change_unnamed, hold_from_link, take_back_unnamed
from survey.clock import utc_now
from survey.errors import AfterwordError, ConflictError, DeniedError
from survey.records.anonymity import smallest_company
from survey.records.faults import sqlstate_of, twice_if_lost
from survey.tokens import random_link_token, token_alone
from survey.web.access import open_to
from survey.web.current import database
from survey.web.language import page_language, speak
from survey.web.unknown_links import count_unknown_link, refuse_who_guesses

log = logging.getLogger(__name__)
blueprint = Blueprint("receipt", __name__)


def anonymous_page(link: OpenedLink) -> Response:
    """Show the question of a personal link that is asked anonymously."""
    return question_screen(_asking(link, random_link_token()))


def used_page(link: OpenedLink, typed: Typed | None = None) -> Response:
    """Say that a link had its anonymous answer; the page that sent it gets its receipt again."""
    unsaved = "" if typed is None or typed.blank else typed.text
    if typed is not None and typed.own and not typed.fault:  # what is too long takes minutes
        with database().reading() as session:
            said = words_under(session, typed.own, kind="receipt")
        if said == as_it_is_kept(link.workspace_id, typed, anonymously=True).text:
            return thanks(link.workspace_id, _asking(link, ""), typed, anonymously=True)
    return used_screen(_asking(link, ""), unsaved)


def sent_anonymously(link: OpenedLink, typed: Typed, now: datetime) -> Response:
    """Hold an anonymous answer and give out its receipt, at once: a second address that is opened
    right after would join the two in a web server's log.
    """
    if not (typed.own and typed.anonymous) or typed.fault:
        fault = typed.fault or changed_fault()
        return question_screen(_asking(link, typed.own or random_link_token()), typed, fault)
    text = as_it_is_kept(link.workspace_id, typed, anonymously=True).text

    def hold() -> str:
        with database().writing() as session:
            return hold_from_link(session, link, typed.own, text, now, nothing=typed.nothing)

    try:
        outcome = twice_if_lost(hold)
    except ConflictError:
        return not_kept_screen(typed)
    if outcome == "not ours":
        return question_screen(_asking(link, random_link_token()), typed, changed_fault())
    if outcome != "held":
        return used_page(link, typed)
    return thanks(link.workspace_id, _asking(link, ""), typed, anonymously=True)


def _asking(link: OpenedLink, own: str) -> Asking:
    with database().reading() as session:
        company = smallest_company(session, link.workspace_id)
        wording = wording_of(session, link, page_language())
    return asking_anonymously(link, wording, own, company)


@blueprint.get("/r/", defaults={"token": ""})
@blueprint.get("/r/<path:token>")
@open_to("customer")
def page(token: str) -> Response:
    """Show an anonymous answer to whoever holds its receipt; changes nothing, ever."""
    receipt = _opened(token, utc_now())
    if receipt is None:
        return _unknown()
    asking, said = receipt.asking, receipt.said
    if said.state != "given":
        return gone_screen(asking, said)
    if "change" in request.args:
        return change_screen(asking, said)
    if "take-back" in request.args:
        return take_back_screen(asking, said)
    return said_screen(asking, said, receipt.since)


@blueprint.post("/r/", defaults={"token": ""})
@blueprint.post("/r/<path:token>")
@open_to("customer")
def send(token: str) -> Response:
    """Change an anonymous answer, take it back, or write back."""
    try:
        return _sent(token, utc_now())
    except (AfterwordError, HTTPException):
        raise
    except Exception as error:  # whatever it is: the words are the customer's, and only here
        log.error("an answer could not be kept: %s %s", type(error).__name__, sqlstate_of(error))
        return not_kept_screen(read_typed(request))


def _sent(token: str, now: datetime) -> Response:
    receipt = _opened(token, now)
    if receipt is None:
        refuse_who_guesses()
        return _unknown(read_typed(request))
    typed = read_typed(request)
    if receipt.said.state != "given":
        return gone_screen(receipt.asking, receipt.said, "" if typed.blank else typed.text)
    if typed.doing == "withdraw":
        _done(receipt, typed, now)
    elif typed.doing == "write" and not receipt.is_held:
        if typed.fault:
            return said_screen(
                receipt.asking, receipt.said, receipt.since, typed=typed, fault=typed.fault
            )
        _done(receipt, typed, now)
    elif typed.doing == "change" or not typed.blank:
        return _changed(receipt, typed, now)
    return redirect(request.path, 303)


def _changed(receipt: Receipt, typed: Typed, now: datetime) -> Response:
    if typed.nothing and typed.text == receipt.said.text:
        typed = replace(typed, words_left_out=True)  # what stands in the box is what was said
    if typed.fault:
        return change_screen(receipt.asking, receipt.said, typed=typed, fault=typed.fault)
    outcome = _done(receipt, replace(typed, doing="change"), now)
    if outcome == "stale":
        receipt = _opened((request.view_args or {}).get("token", ""), now) or receipt
        return change_screen(receipt.asking, receipt.said, typed=typed, stale=True)
    if outcome == "withdrawn":
        return gone_screen(receipt.asking, replace(receipt.said, state="withdrawn"), typed.text)
    return redirect(request.path, 303)


def _done(receipt: Receipt, typed: Typed, now: datetime) -> Outcome:
    def act() -> Outcome:
        with database().writing() as session:
            return _act(session, receipt, typed, now)

    return twice_if_lost(act)


def _act(session: Session, receipt: Receipt, typed: Typed, now: datetime) -> Outcome:
    which = (receipt.workspace_id, receipt.said.answer_id)
    if typed.doing == "withdraw":
        take_back_unnamed(session, *which, now)
        return "done"
    cared = as_it_is_kept(receipt.workspace_id, typed, anonymously=True)
    if typed.doing == "write":
        return write_back(session, *which, cared, now, after=typed.seen)
    return change_unnamed(session, *which, cared.text, now, seen=typed.seen, nothing=typed.nothing)


@blueprint.errorhandler(DeniedError)
def came_by_another_site(_error: DeniedError) -> Response:
    """Give the words back where another site, or a browser that says none, sent them."""
    if _opened((request.view_args or {}).get("token", ""), utc_now()) is None:
        count_unknown_link()
    return given_back()


def _opened(token: str, now: datetime) -> Receipt | None:
    speak(None)
    with database().reading() as session:
        return opened_receipt(session, token_alone(token), page_language(), now)


def _unknown(typed: Typed | None = None) -> Response:
    count_unknown_link()
    return unknown_screen("" if typed is None or typed.blank else typed.text)
