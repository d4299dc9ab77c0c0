"""The customer's screens: each a page of its own, with the status that tells programs the same."""

from http import HTTPStatus

from flask import make_response, render_template
from werkzeug.wrappers import Response

from survey.answer.asking import Asking
from survey.answer.forms import Typed
from survey.answer.queries import ClosedLink
from survey.answer.said_queries import Said, Since
from survey.records.where_to_turn import TurnTo

_NOTHING_SINCE = Since()


def question_screen(
    asking: Asking, typed: Typed | None = None, fault: str | None = None
) -> Response:
    """Show the question, or again with what was sent and why it was not taken.

    Parameters
    ----------
    asking : Asking
        What stands around the box.
    typed : Typed, optional
        What was sent.
    fault : str, optional
        Why it was not taken, where `typed` cannot know.
    """
    page = render_template(
        "answer/question.html", asking=asking, typed=typed, fault=fault or (typed and typed.fault)
    )
    return _with_a_box(page, HTTPStatus.UNPROCESSABLE_ENTITY if typed else HTTPStatus.OK)


def kept_screen(
    asking: Asking, typed: Typed, address: str, turn_to: TurnTo | None = None
) -> Response:
    """Thank for an answer that has a link, or a receipt, of its own from now on, and give it out.

    Parameters
    ----------
    asking : Asking
        What stood around the box.
    typed : Typed
        What was kept.
    address : str
        Where it is found again.
    turn_to : TurnTo, optional
        Whom to turn to, where it speaks of danger.
    """
    page = render_template(
        "answer/kept.html", asking=asking, typed=typed, address=address, turn_to=turn_to
    )
    return make_response(page)


def used_screen(asking: Asking, unsaved: str = "") -> Response:
    """Say that a link has had its anonymous answer, which it cannot find again."""
    page = render_template("answer/used.html", asking=asking, unsaved=unsaved)
    return make_response(page, HTTPStatus.CONFLICT if unsaved else HTTPStatus.OK)


def said_screen(
    asking: Asking,
    said: Said,
    since: Since = _NOTHING_SINCE,
    *,
    typed: Typed | None = None,
    fault: str | None = None,
) -> Response:
    """Show what was said and what came of it; with a fault, the form it is about as typed.

    Parameters
    ----------
    asking, said, since
        The answer, and what came after it.
    typed : Typed, optional
        A letter, or how to come back, that was not taken.
    fault : str, optional
        Why.
    """
    page = render_template(
        "answer/said.html", asking=asking, said=said, since=since, typed=typed, fault=fault
    )
    return _with_a_box(page, HTTPStatus.UNPROCESSABLE_ENTITY if fault else HTTPStatus.OK)


def change_screen(
    asking: Asking,
    said: Said,
    *,
    typed: Typed | None = None,
    fault: str | None = None,
    stale: bool = False,
) -> Response:
    """Offer to change what was said.

    Parameters
    ----------
    asking, said
        The answer as it stands.
    typed : Typed, optional
        New words that were not taken.
    fault : str, optional
        Why.
    stale : bool
        Whether it is because other words were sent meanwhile, which are then shown beside them.
    """
    page = render_template(
        "answer/change.html", asking=asking, said=said, typed=typed, fault=fault, stale=stale
    )
    if stale:
        return _with_a_box(page, HTTPStatus.CONFLICT)
    return _with_a_box(page, HTTPStatus.UNPROCESSABLE_ENTITY if fault else HTTPStatus.OK)


def take_back_screen(asking: Asking, said: Said) -> Response:
    """Ask once more before an answer is erased."""
    return make_response(render_template("answer/take_back.html", asking=asking, said=said))


def gone_screen(asking: Asking, said: Said, unsaved: str = "") -> Response:
    """Say that the answer is no longer here, and give back what was sent all the same."""
    page = render_template("answer/gone.html", asking=asking, said=said, unsaved=unsaved)
    return make_response(page, HTTPStatus.CONFLICT if unsaved else HTTPStatus.OK)


def closed_screen(closed: ClosedLink, unsaved: str = "") -> Response:
    """Say that the time to answer is over, and give back what was sent all the same."""
    page = render_template("answer/closed.html", closed=closed, unsaved=unsaved)
    return make_response(page, HTTPStatus.GONE)


def unknown_screen(unsaved: str = "") -> Response:
    """One page for every link that opens nothing; it gives typed words back, and tells no more."""
    page = render_template("answer/unknown.html", unsaved=unsaved)
    return make_response(page, HTTPStatus.NOT_FOUND)


def not_kept_screen(typed: Typed, *, foreign: bool = False) -> Response:
    """Give everything back to be sent again: it could not be kept, or came by another site."""
    page = render_template("answer/not_kept.html", typed=typed, foreign=foreign)
    if foreign:
        return _with_a_box(page, HTTPStatus.FORBIDDEN)
    response = make_response(page, HTTPStatus.SERVICE_UNAVAILABLE)
    response.headers["Retry-After"] = "60"
    return response


def _with_a_box(page: str, status: HTTPStatus) -> Response:
    response = make_response(page, status)
    # Not no-store: with it, browsers drop what was typed when one leaves the page and comes back.
    response.headers["Cache-Control"] = "private, no-cache"
    return response
