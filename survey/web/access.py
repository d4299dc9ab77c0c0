"""Who may open which page: every route names its rule, and none without one starts.

public    anybody, signed in or not (sign-in, health); forms carry a CSRF field
customer  whoever holds the link: no cookie, no CSRF field, but a foreign Origin is refused
signed_in anybody who is signed in
teammate  members of the workspace in the address
owner     its owners
key       programs with an API key of a workspace
"""

from collections.abc import Callable
from typing import Any, Literal, TypeVar

from flask import Flask, abort, current_app, flash, g, redirect, request, url_for
from flask_wtf.csrf import CSRFProtect
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response

from survey.clock import utc_now
from survey.errors import DeniedError, NotFoundError
from survey.web.current import database, visitor
from survey.web.origin import refuse_foreign_origin
from survey.web.session import signed_in_visitor
from survey.web.who import place_of_key, place_of_member

Rule = Literal["public", "customer", "signed_in", "teammate", "owner", "key"]
View = TypeVar("View", bound=Callable[..., Any])

_SAFE = ("GET", "HEAD", "OPTIONS")
_MOST_FIELDS = 1000  # each costs a hundred times its bytes once it is read
_READ_ON, _PIECE = 20, 64 * 1024  # how many times too much is still let come, and how at once
csrf = CSRFProtect()


def open_to(rule: Rule) -> Callable[[View], View]:
    """Name the rule of a view; put it right above the function, below the route."""

    def mark(view: View) -> View:
        view.access_rule = rule  # type: ignore[attr-defined]
        return view

    return mark


def takes_up_to(largest: int, told: str) -> Callable[[View], View]:
    """Let a view take a larger file than others; what is larger still leads back, with a sentence.

    Parameters
    ----------
    largest : int
        Bytes of the whole request.
    told : str
        What whoever sends more is told.
    """

    def mark(view: View) -> View:
        view.takes_up_to = largest, told  # type: ignore[attr-defined]
        return view

    return mark


def rule_of(app: Flask, endpoint: str) -> Rule | None:
    """Return the rule of an endpoint, None where its author forgot one."""
    rule: Rule | None = getattr(app.view_functions[endpoint], "access_rule", None)
    return rule


def guard(app: Flask) -> None:
    """Enforce every route's rule, and refuse to start while a route has none.

    Raises
    ------
    RuntimeError
        Naming the routes without a rule.
    """
    lacking = [endpoint for endpoint in app.view_functions if rule_of(app, endpoint) is None]
    if lacking:
        raise RuntimeError(f"routes without an access rule: {', '.join(sorted(lacking))}")
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False  # the rule decides, below
    app.config["WTF_CSRF_TIME_LIMIT"] = None  # a form left open overnight still works
    csrf.init_app(app)
    app.before_request(_enforce)


def _enforce() -> Response | None:
    if request.endpoint is None:
        return None
    rule = rule_of(current_app, request.endpoint)
    if rule == "customer":
        if request.method not in _SAFE:
            refuse_foreign_origin()
        return None
    if any("\0" in value for value in (request.view_args or {}).values() if isinstance(value, str)):
        abort(404)  # no row's name holds one, and PostgreSQL refuses to look
    if rule == "key":
        _enter_with_key()
        return None
    _refuse_countless_fields()
    g.visitor = signed_in_visitor()
    refused = None if rule == "public" else _enter_signed_in(rule)
    if refused is None and request.method not in _SAFE:
        return _with_room(csrf.protect)
    return refused


def _with_room(protect: Callable[[], None]) -> Response | None:
    """Check the CSRF field, for which a form is read whole, its file included."""
    room = getattr(current_app.view_functions[request.endpoint or ""], "takes_up_to", None)
    if room is None or request.mimetype != "multipart/form-data":
        protect()
        return None
    largest, told = room
    request.max_content_length = largest
    try:
        protect()
    except RequestEntityTooLarge:
        _let_it_end(largest)
        flash(told)
        return redirect(request.path, 303)
    return None


def _let_it_end(largest: int) -> None:
    """Read what still comes, up to a limit: a browser that is cut off would show no sentence."""
    stream, left = request.environ["wsgi.input"], _READ_ON * largest
    while left > 0 and (piece := stream.read(min(left, _PIECE))):
        left -= len(piece)


def _refuse_countless_fields() -> None:
    if request.method in _SAFE or request.mimetype != "application/x-www-form-urlencoded":
        return  # of a multipart body, the framework counts the parts by itself
    if request.get_data().count(b"&") >= _MOST_FIELDS:
        abort(413)


def _enter_with_key() -> None:
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    with database().glancing() as session:
        found = place_of_key(session, key.strip()) if scheme.lower() == "bearer" else None
    if found is None:
        abort(401)
    g.place = found


def _enter_signed_in(rule: Rule | None) -> Response | None:
    person = visitor()
    if person is None:
        if request.method not in _SAFE:
            abort(401)
        return redirect(url_for("account.sign_in", next=request.full_path.rstrip("?")))
    if rule == "signed_in":
        return None
    slug = (request.view_args or {}).pop("workspace", "")
    with database().glancing() as session:
        found = place_of_member(session, person.person_id, slug, utc_now())
    if found is None:
        raise NotFoundError("There is no such page here.")
    g.place = found
    if rule == "owner" and found.role != "owner":
        raise DeniedError("Only an owner of this workspace can do that.")
    return None
