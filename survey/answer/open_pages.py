"""Open links, on a poster or a web page: the customer's page for whoever comes by."""

import logging
from dataclasses import replace
from datetime import datetime

from flask import Blueprint, request
from flask_babel import gettext
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from survey.answer.asking import Asking
from survey.answer.forms import Typed, read_typed
from survey.answer.places import OpenPlace, opened_place, words_under
from survey.answer.screens import kept_screen, not_kept_screen, question_screen, unknown_screen
from survey.answer.unnamed import hold_from_place, sums_for, take_open
from survey.clock import utc_now
from survey.errors import AfterwordError, DeniedError
from survey.guard.personal import may_hold_personal_data
from survey.records.care import Cared, cared_for
from survey.records.faults import sqlstate_of, twice_if_lost
from survey.records.where_to_turn import where_to_turn
from survey.tokens import random_link_token, token_alone
from survey.web.access import open_to
from survey.web.address import visitor_address
from survey.web.current import database, limits, settings
from survey.web.headers import allow_frames_on
from survey.web.language import page_language, speak
from survey.web.unknown_links import count_unknown_link, refuse_who_guesses

log = logging.getLogger(__name__)
blueprint = Blueprint("open", __name__)

# A café's guests share an address, so who comes often adds two numbers and is not refused.
OFTEN = "5/10minutes"  # from one address
FAR_TOO_OFTEN = "200/10minutes"
FLOOD = "60/10minutes"  # at one place, from everywhere


@blueprint.get("/o/", defaults={"token": ""})
@blueprint.get("/o/<path:token>")
@open_to("customer")
def page(token: str) -> Response:
    """Show the question; changes nothing, ever."""
    place = _opened(token)
    return question_screen(_asking(place)) if place else _unknown()


@blueprint.post("/o/", defaults={"token": ""})
@blueprint.post("/o/<path:token>")
@open_to("customer")
def send(token: str) -> Response:
    """Keep an answer, once for each page that was opened; a fault comes back with every word."""
    try:
        return _sent(token, utc_now())
    except (AfterwordError, HTTPException):
        raise
    except Exception as error:  # whatever it is: the words are the customer's, and only here
        log.error("an answer could not be kept: %s %s", type(error).__name__, sqlstate_of(error))
        return not_kept_screen(read_typed(request))


@blueprint.errorhandler(DeniedError)
def came_by_another_site(_error: DeniedError) -> Response:
    """Give the words back where another site, or a browser that says none, sent them."""
    if _opened((request.view_args or {}).get("token", "")) is None:
        count_unknown_link()  # before their words are read: reading is what costs
    return given_back()


def given_back() -> Response:
    """Give back what came by another site, to be sent on by one's own press."""
    try:
        typed = read_typed(request)
    except HTTPException:  # more than any page can hold
        typed = Typed("")
    return not_kept_screen(typed, foreign=True)


def _opened(token: str) -> OpenPlace | None:
    speak(None)
    with database().reading() as session:
        place = opened_place(session, token_alone(token), page_language())
    if place is not None and place.sites:
        allow_frames_on(place.sites)
    return place


def _unknown(typed: Typed | None = None) -> Response:
    count_unknown_link()
    return unknown_screen("" if typed is None or typed.blank else typed.text)


def _sent(token: str, now: datetime) -> Response:
    place = _opened(token)
    if place is None:
        refuse_who_guesses()  # before their words are read: reading is what costs
        return _unknown(read_typed(request))
    typed = read_typed(request)
    fault = typed.fault or _changed_fault(place, typed) or _flood_fault(place, typed)
    if fault:
        return question_screen(_asking(place, typed), typed, fault)
    _count(place)
    cared = as_it_is_kept(place.workspace_id, typed, anonymously=place.anonymous)
    if _kept(place, typed, cared, now) or _said(typed.own, cared.text):
        return thanks(place.workspace_id, _asking(place), typed, anonymously=place.anonymous)
    return _other_words(place, typed)


def _kept(place: OpenPlace, typed: Typed, cared: Cared, now: datetime) -> bool:
    own, nothing = typed.own, typed.nothing

    def keep() -> bool:
        with database().writing() as session:
            if place.anonymous:
                return hold_from_place(session, place, own, cared.text, now, nothing=nothing)
            return take_open(
                session, place, own, cared.text, now, nothing=nothing, original=cared.original
            )

    return twice_if_lost(keep)


def as_it_is_kept(workspace_id: int, typed: Typed, *, anonymously: bool) -> Cared:
    """Mask what readers need not see; of an anonymous answer the original goes in any case."""
    if typed.nothing or not may_hold_personal_data(typed.text):
        return Cared("" if typed.nothing else typed.text)
    with database().reading() as session:
        return cared_for(
            session, settings().secret_key, workspace_id, typed.text, keep=not anonymously
        )


def thanks(workspace_id: int, asking: Asking, typed: Typed, *, anonymously: bool) -> Response:
    """Thank for an answer, and give out where it is found again.

    Parameters
    ----------
    workspace_id : int
        Whose answer it is.
    asking : Asking
        What stood around the box.
    typed : Typed
        What was sent.
    anonymously : bool
        Whether its own token is a receipt.
    """
    with database().reading() as session:
        turn_to = where_to_turn(session, workspace_id, typed.text, page_language())
    door = "r" if anonymously else "a"
    return kept_screen(asking, typed, f"{settings().base_url}/{door}/{typed.own}", turn_to)


def _said(own: str, text: str) -> bool:
    with database().reading() as session:
        return words_under(session, own) == text


def _other_words(place: OpenPlace, typed: Typed) -> Response:
    """Offer to send other words from the same page as an answer of their own: none are lost."""
    told = gettext(
        "From this page you sent other words before, and they are kept. Press Send to send these "
        "as an answer of their own."
    )
    return question_screen(_asking(place), replace(typed, own=""), told)


def _asking(place: OpenPlace, typed: Typed | None = None) -> Asking:
    """Return what the page says; one that comes back with a fault keeps its token."""
    own = (typed and typed.own) or random_link_token()
    is_flooded = typed is not None and _is_flooded(place)
    return place.asking(own, sums_for(settings().secret_key, own) if is_flooded else None)


def _changed_fault(place: OpenPlace, typed: Typed) -> str | None:
    """Say why a page is not taken that promised something else, or that we did not hand out."""
    if typed.own and typed.anonymous == place.anonymous:
        return None
    return changed_fault()


def changed_fault() -> str:
    """Return what is said to whoever sends a page that promised something else."""
    told: str = gettext(
        "How this is asked has changed since you opened the page. Please read below what holds "
        "now, and send your words again."
    )
    return told


def _flood_fault(place: OpenPlace, typed: Typed) -> str | None:
    if limits().used_up(FAR_TOO_OFTEN, "place", str(place.place_id), visitor_address()):
        said: str = gettext(
            "Too many answers come from here just now. Please send it again in ten minutes; your "
            "words are still here."
        )
        return said
    right = sum(sums_for(settings().secret_key, typed.own))
    if typed.sum == right or not _is_flooded(place):
        return None
    told: str = gettext(
        "Many answers come in just now. To show that you are a person, please add the two numbers "
        "below. Your words are still here."
    )
    return told


def _is_flooded(place: OpenPlace) -> bool:
    here = str(place.place_id)
    return limits().used_up(OFTEN, "place", here, visitor_address()) or limits().used_up(
        FLOOD, "place", here
    )


def _count(place: OpenPlace) -> None:
    here = str(place.place_id)
    limits().count(FLOOD, "place", here)
    for limit in (OFTEN, FAR_TOO_OFTEN):
        limits().count(limit, "place", here, visitor_address())
