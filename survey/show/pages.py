"""The pages an owner reads: the overview, the answers, a theme, and proposals."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask import session as cookie
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from survey.clock import day_in, utc_now
from survey.errors import FieldError, NotFoundError
from survey.loopback import ask
from survey.quoting import nested
from survey.records.filters import PILES, AnswerFilter
from survey.records.ledger import latest_number
from survey.records.proposals import decide, open_proposals
from survey.show import words
from survey.show.answer_queries import (
    COUNTED_WORDS_UP_TO,
    MANY,
    ORDERS,
    PAGE,
    Order,
    answer_page,
    answers_counted,
)
from survey.show.choices import PILE_NAMES, choices
from survey.show.imported import imported_in_view
from survey.show.ledger.by_hand import made_by_hand
from survey.show.ledger.queries import part_of
from survey.show.likeness import Suggestion, question_of, suggestions
from survey.show.moves import moves
from survey.show.needs import needs_you
from survey.show.news import news_since
from survey.show.queries import theme_names, theme_overview
from survey.show.standing import COUNTED_UP_TO, Standing, standing
from survey.show.theme_queries import theme_name, theme_page
from survey.show.visits import visit_now, with_latest
from survey.web.access import open_to
from survey.web.again import look_again
from survey.web.current import database, place, visitor
from survey.web.filters import LARGEST_ID, View, view_from
from survey.web.nav import tasks_here

blueprint = Blueprint("show", __name__)

_BESIDE_A_THEME = 8  # answers that its page begins with: enough to hear it, soon read on a phone
DAYS_OFFERED = (7, 28, 90, 365)
TONE_NAMES = {"wish": "a wish", "praise": "praise", "unclear": "unclear"}


@blueprint.app_template_filter("moment_words")
def _moment_words(moment: datetime) -> str:
    return words.moment_words(moment, place().time_zone)


@blueprint.app_template_filter("own_day")
def _own_day(moment: datetime) -> date:
    return day_in(moment, place().time_zone)


for _name in (
    "figure",
    "percent",
    "share",
    "sureness",
    "between",
    "day_words",
    "short_day",
    "counted",
    "shortened",
):
    blueprint.add_app_template_filter(getattr(words, _name), _name)
blueprint.add_app_template_filter(nested, "nested")


@blueprint.get("/w/<workspace>/")
@open_to("teammate")
def overview() -> str:
    """Show the themes of a view."""
    view, wrong = view_asked()
    inside, since, tasks = place().workspace_id, _last_visit(), tasks_here()
    with database().reading() as session:
        stands = standing(session, inside, utc_now())
        context = filter_form(session, view, wrong)
        if view.wanted.theme_id is not None:  # then tones narrow the columns, and no answer
            context["view"] = replace(view, wanted=replace(view.wanted, tones=()))
        if stands.moves_on:
            look_again()  # a newcomer waits
        return render_template(
            "show/overview.html",
            stands=stands,
            counted_up_to=COUNTED_UP_TO,
            overview=theme_overview(session, inside, stands.run_id, view.wanted),
            imported=imported_in_view(session, inside, view.wanted) if stands.has_imported else 0,
            needs=needs_you(session, inside, stands.run_id, tasks),
            news=news_since(session, inside, stands.run_id, since) if since else None,
            **context,
        )


def _last_visit() -> date | None:
    """Return the day of the reader's last visit, and keep in the browser that they are here."""
    slug, kept = place().slug, cookie.get("visits")
    kept = kept if isinstance(kept, dict) else {}
    visit = visit_now(kept.get(slug), utc_now())
    cookie["visits"] = with_latest(kept, slug, visit)
    return day_in(visit.before, place().time_zone) if visit.before else None


@blueprint.get("/w/<workspace>/answers")
@open_to("teammate")
def answers() -> str:
    """List the answers of a view."""
    view, wrong = view_asked()
    inside = place().workspace_id
    with database().reading() as session:
        stands = standing(session, inside, utc_now())
        shown = _listed(session, stands, view)
        context = {
            "stands": stands,
            "heading": _heading(session, view),
            "tone_names": TONE_NAMES,
            **filter_form(session, view, wrong),
        }
    suggested = {}
    if view.wanted.pile == "unsorted":
        suggested = _suggested(stands, [one.id for one in shown["listed"].answers])
    return render_template("show/answers.html", suggested=suggested, **shown, **context)


def _suggested(stands: Standing, unsorted: list[int]) -> dict[int, Suggestion]:
    """Ask the worker where answers might belong; nothing while it is away."""
    if not unsorted:
        return {}
    inside = place().workspace_id
    told = by_meaning(question_of(inside, AnswerFilter(pile="sorted"), like=unsorted))
    with database().reading() as session:
        return suggestions(session, inside, stands.run_id, unsorted, told)


def by_meaning(question: dict[str, Any]) -> dict[str, Any] | None:
    """Ask the worker which answers are alike; None while it is away."""
    settings = current_app.extensions["afterword"].settings
    return ask(settings.data_dir, settings.secret_key, question)


@blueprint.get("/w/<workspace>/themes/<int:theme_id>")
@open_to("teammate")
def theme(theme_id: int) -> str | Response:
    """Show one theme: its trend, who says it, and its answers."""
    view, wrong = view_asked(theme_id)
    inside = place().workspace_id
    with database().reading() as session:
        stands = standing(session, inside, utc_now())
        named = theme_name(session, inside, theme_id) if theme_id < 2**63 else None
        merged = part_of(session, inside, theme_id) if named is None and theme_id < 2**63 else None
        if merged is not None:
            return redirect(url_for("show.theme", theme_id=merged))
        if named is None or stands.run_id is None:
            raise NotFoundError("There is no such theme here.")
        return render_template(
            "show/theme.html",
            stands=stands,
            named=named,
            heading=named.among(view.wanted.tones).name,
            tone_names=TONE_NAMES,
            by_hand=made_by_hand(session, inside, theme_id),
            page=theme_page(session, inside, stands.run_id, named, view.wanted),
            **_listed(session, stands, view, "typical", at_first=_BESIDE_A_THEME),
            **filter_form(session, view, wrong, of_theme=True),
        )


@blueprint.get("/w/<workspace>/proposals")
@open_to("teammate")
def proposals() -> str:
    """Show what waits for a yes or a no."""
    with database().reading() as session:
        return render_template(
            "show/proposals.html", proposals=open_proposals(session, place().workspace_id)
        )


@blueprint.get("/w/<workspace>/proposals/<int:run_id>")
@open_to("teammate")
def proposed_moves(run_id: int) -> str:
    """Show which answers a proposal would move, and from where to where."""
    theme_id, after = (_number(request.args.get(name, "")) for name in ("theme", "after"))
    with database().reading() as session:
        found = moves(
            session, place().workspace_id, min(run_id, LARGEST_ID),
            theme_id=theme_id, after=after or 0,
        )  # fmt: skip
    return render_template(
        "show/moves.html", found=found, run_id=run_id, theme_id=theme_id, first_page=not after
    )


def _number(typed: str) -> int | None:
    """Read an id in an address; what is none counts as absent."""
    plain = typed.isascii() and typed.isdigit() and len(typed) <= len(str(LARGEST_ID))
    return min(int(typed), LARGEST_ID) if plain else None


@blueprint.post("/w/<workspace>/proposals/<int:run_id>")
@open_to("teammate")
def decide_proposal(run_id: int) -> Response:
    """Write down a yes or a no."""
    answer = request.form.get("decision")
    if answer not in ("accept", "refuse") or run_id >= 2**63:
        raise NotFoundError("There is no such proposal here.")
    person = visitor()
    offered, wanted = (set(request.form.getlist(name)) for name in ("offered", "theme"))
    told = {
        "accept": "Accepted. The themes will change in a moment.",
        "refuse": "Refused. Your themes stay as they are. This is not proposed again by itself, "
        "only if you have all answers read anew.",
    }[answer]
    try:
        with database().writing() as session:
            decide(
                session,
                place().workspace_id,
                run_id,
                accept=answer == "accept",
                person_id=person.person_id if person else None,
                now=utc_now(),
                without=offered - wanted,
            )
    except FieldError as error:
        told = str(error)
    flash(told)
    return redirect(url_for("show.proposals"), 303)


def view_asked(theme_id: int | None = None) -> tuple[View, str | None]:
    """Read the view; what cannot be used is told above everything rather than refused."""
    today = day_in(utc_now(), place().time_zone)
    try:
        view, wrong = view_from(request.args, today), None
    except FieldError as error:
        view, wrong = view_from(MultiDict(), today), str(error)
    if theme_id is not None:
        view = replace(view, wanted=replace(view.wanted, theme_id=theme_id, pile=None))
    return view, wrong


def filter_form(
    session: Session, view: View, wrong: str | None, *, of_theme: bool = False
) -> dict[str, object]:
    """Return what the form of filters needs, and what could not be used of the URL."""
    inside = place().workspace_id
    themes = None if of_theme else tuple(theme_names(session, inside, ()))
    return {
        "view": view,
        "wrong": wrong,
        "choices": choices(session, inside, view.wanted, themes),
        "days_offered": DAYS_OFFERED,
    }


def _listed(
    session: Session,
    stands: Standing,
    view: View,
    usual: Order = "newest",
    at_first: int = PAGE,
) -> dict[str, Any]:
    """Return a page of the answers in view; the first page alone may hold fewer."""
    inside = place().workspace_id
    order = next((one for one in ORDERS if one == request.args.get("order")), usual)
    after = request.args.get("after")
    here = (session, inside, stands.run_id, view.wanted)
    total = answers_counted(*here)
    many, at_most = total >= MANY, PAGE if after else at_first
    try:
        page = answer_page(*here, order=order, after=after, many=many, at_most=at_most)
    except FieldError:
        after, page = None, answer_page(*here, order=order, many=many, at_most=at_first)
    return {
        "listed": page,
        "order": order,
        "first_page": not after,
        "total": total,
        "seen": latest_number(session, inside) if view.wanted.theme_id is not None else 0,
        **shortened(view, total),
    }


def shortened(view: View, total: int) -> dict[str, object]:
    """Say whether answers with some words were counted no further."""
    stopped = view.wanted.words is not None and total >= COUNTED_WORDS_UP_TO
    return {"counted_up_to_now": total if stopped else 0}


def _heading(session: Session, view: View) -> str:
    wanted = view.wanted
    if wanted.pile in PILES:
        return PILE_NAMES[wanted.pile or ""]
    if wanted.theme_id is None:
        return "Answers"
    named = theme_name(session, place().workspace_id, wanted.theme_id)
    return named.among(wanted.tones).name if named else "Answers"
