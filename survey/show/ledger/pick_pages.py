"""Picking answers from any view, and moving them by hand: seen with its counts, then done."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from flask import Blueprint, flash, redirect, render_template, request, url_for
from markupsafe import Markup
from sqlalchemy.orm import Session

from survey.clock import day_in, utc_now
from survey.errors import FieldError, NotFoundError
from survey.records.ledger import Done, latest_number
from survey.show.answer_queries import (
    PAGE,
    AnswerPage,
    answer_page,
    answers_by_id,
    answers_counted,
)
from survey.show.choices import PILE_NAMES
from survey.show.ledger import actions
from survey.show.ledger.forms import StepForm
from survey.show.ledger.pages import ID, Page, done_step, hand, moved_words
from survey.show.ledger.picking import DEEDS, answers_picked, picked
from survey.show.ledger.queries import lines_of, theme_card, themes_to_choose
from survey.show.moves import PAGE as SHOWN
from survey.show.moves import standing_answers
from survey.show.standing import standing
from survey.web.access import open_to
from survey.web.current import database, place
from survey.web.filters import View, view_from

blueprint = Blueprint("ledger_pick", __name__)
_INTO = ("move", "put", "only")  # deeds that name the theme the answers go to


@dataclass(frozen=True)
class Wish:
    """What somebody wants done with picked answers.

    Parameters
    ----------
    do : str
        As in `picking.DEEDS`.
    ids : tuple of int
        Which answers.
    from_id, to_id : int or None
        The theme they are picked from, and the one they are to go to.
    name : str
        What a new theme is to be called.
    back : str
        The page of this workspace that they were picked on, to lead back to; empty where unknown.
    """

    do: str
    ids: tuple[int, ...]
    from_id: int | None
    to_id: int | None
    name: str
    back: str = ""


@blueprint.get("/w/<workspace>/pick")
@open_to("teammate")
def pick() -> Page:
    """List the answers of a view, to be picked from."""
    view, inside = _view(), place().workspace_id
    after = request.args.get("after")
    with database().reading() as session:
        stands = standing(session, inside, utc_now())
        listed, after = _page(session, stands.run_id, view, after)
        theme_id = view.wanted.theme_id
        return render_template(
            "show/ledger/pick.html",
            view=view,
            listed=listed,
            after=after,
            ticked=set(request.args.getlist("answer")),
            pile=PILE_NAMES.get(view.wanted.pile or ""),
            total=answers_counted(session, inside, stands.run_id, view.wanted),
            most=actions.MOST_AT_ONCE,
            card=theme_card(session, inside, theme_id) if theme_id is not None else None,
            choices=themes_to_choose(session, inside, {theme_id or 0}),
            tone_names={"wish": "a wish", "praise": "praise", "unclear": "unclear"},
        )


def _page(
    session: Session, run_id: int | None, view: View, after: str | None
) -> tuple[AnswerPage, str | None]:
    """Return a page to pick from, and where it begins: at the first once a later one is empty."""
    here = (session, place().workspace_id, run_id, view.wanted)
    if after is not None:
        try:
            listed = answer_page(*here, after=after)
        except FieldError:
            listed = AnswerPage((), None)
        if listed.answers:
            return listed, after
    return answer_page(*here), None


@blueprint.get(f"/w/<workspace>/answers/<{ID}:answer_id>/tone")
@open_to("teammate")
def tone(answer_id: int) -> Page:
    """Show which tone an answer has in each of its themes, and let it be said otherwise."""
    form, inside = StepForm(), place().workspace_id
    with database().reading() as session:
        stands = standing(session, inside, utc_now())
        found = answers_by_id(session, inside, stands.run_id, [answer_id])
        if not found:
            raise NotFoundError("There is no such answer here.")
        form.seen.data = str(latest_number(session, inside))
        return render_template("show/ledger/tone.html", form=form, answer=found[0])


@blueprint.get("/w/<workspace>/pick/plan")
@open_to("teammate")
def plan() -> Page:
    """Show what would move, before anything does."""
    try:
        wish = _wish_from_link()
    except FieldError as error:
        flash(str(error))
        return redirect(_picked_on(ticked=request.args.getlist("answer")[:PAGE]), 303)
    return _plan_page(wish, StepForm())


@blueprint.post("/w/<workspace>/pick")
@open_to("teammate")
def post_pick() -> Page:
    """Do with the picked answers what was wished."""
    form, sent = StepForm(), request.form
    wish = Wish(
        do=sent.get("do", ""),
        ids=tuple(_number(one) for one in sent.get("answers", "").split(",") if one),
        from_id=_number(sent["from"]) if sent.get("from") else None,
        to_id=_number(sent["to"]) if sent.get("to") else None,
        name=sent.get("name", ""),
        back=_own_page(sent.get("back", "")),
    )
    if wish.back and _is_out(wish):  # pressed twice, or by two people
        one = len(wish.ids) == 1
        flash(f"{'That answer is' if one else 'Those answers are'} not in this theme any more.")
        return redirect(_back(wish), 303)
    done = done_step(
        form,
        lambda session: _do(session, wish),
        lambda since: _plan_page(wish, form, since),
    )
    if not isinstance(done, Done):
        return done
    told = Markup('Done: {} <a href="{}">Undo it</a>')
    flash(told.format(_told(wish, done), _undoing(done)))
    return redirect(_back(wish), 303)


def _told(wish: Wish, done: Done) -> str:
    """Say what was done."""
    if wish.do in actions.TONES:
        return "they are counted so from now on."
    with database().reading() as session:
        step = lines_of(session, place().workspace_id, [done.decision_id])[0]
    there = {"move": step.other, "split": step.other, "out": ""}.get(wish.do, step.theme)
    return moved_words(done, there)


def _is_out(wish: Wish) -> bool:
    """Whether somebody wants out of a theme what is not in it."""
    if wish.do != "out":
        return False
    with database().reading() as session:
        found = picked(session, place().workspace_id, wish.ids, wish.from_id, wish.to_id)
    return found.in_from == 0


def _undoing(done: Done) -> str:
    return url_for("ledger_history.undo", decision_id=done.decision_id)


def _own_page(asked: str) -> str:
    """Return a page to lead back to if it is one of this workspace, else nothing."""
    own = asked.startswith(f"/w/{place().slug}/") and asked.isprintable() and "\\" not in asked
    return asked.rstrip("?") if own else ""


def _back(wish: Wish) -> str:
    """Return the page that the step was begun on; where that is unknown, the next."""
    if wish.back:
        return wish.back
    if wish.from_id is not None:
        return url_for("show.theme", theme_id=wish.from_id)
    return url_for("ledger_history.ledger")


def _picked_on(ticked: Sequence[str] = ()) -> str:
    """Return the page that a picking form was sent from, with what was ticked on it."""
    pairs = [*_view().pairs(), *(("answer", one) for one in ticked)]
    if after := request.args.get("after"):
        pairs.append(("after", after))
    return url_for("ledger_pick.pick") + (f"?{urlencode(pairs)}" if pairs else "")


def _do(session: Session, wish: Wish) -> Done:
    here, there = wish.from_id or 0, wish.to_id or 0
    if wish.do == "out":
        return actions.take_out(session, hand(), wish.ids, here)
    if wish.do == "move":
        return actions.move(session, hand(), wish.ids, here, there)
    if wish.do in ("put", "only"):
        put = actions.put_in if wish.do == "put" else actions.put_only_in
        return put(session, hand(), wish.ids, there)
    if wish.do == "split":
        return actions.split(session, hand(), here, wish.ids, wish.name)
    if wish.do in actions.TONES:
        return actions.say_tone(session, hand(), wish.ids, here, wish.do)
    if wish.do == "new":
        return actions.new_theme(session, hand(), wish.ids, wish.name)
    raise NotFoundError("There is no such step.")


def _wish_from_link() -> Wish:
    """Read the picking form.

    Raises
    ------
    FieldError
        When no answer is picked, or too many, or no theme where the step needs one.
    """
    args, view = request.args, _view()
    do = args.get("do", "")
    if do not in DEEDS:
        raise NotFoundError("There is no such step.")
    if do in ("out", "move", "split", *actions.TONES) and view.wanted.theme_id is None:
        raise FieldError("theme", "Please open a theme first, and pick from its answers.")
    if do in _INTO and not args.get("to"):
        raise FieldError("to", "Please choose the theme they are to go to.")
    if args.get("all"):
        with database().reading() as session:
            inside = place().workspace_id
            run_id = standing(session, inside, utc_now()).run_id
            ids: Sequence[int] = answers_picked(session, inside, run_id, view.wanted)
    else:
        ids = tuple(_number(one) for one in args.getlist("answer"))
    if not ids:
        raise FieldError("answers", "Please tick at least one answer.")
    if len(ids) > actions.MOST_AT_ONCE:
        raise FieldError(
            "answers", f"Please pick at most {actions.MOST_AT_ONCE:,} answers at once."
        )
    to_id = _number(args["to"]) if args.get("to") and do in _INTO else None
    return Wish(do, tuple(ids), view.wanted.theme_id, to_id, args.get("name", ""), _picked_on())


def _plan_page(wish: Wish, form: StepForm, since: Sequence[int] = ()) -> str:
    inside = place().workspace_id
    with database().reading() as session:
        form.seen.data = str(latest_number(session, inside))
        found = picked(session, inside, wish.ids, wish.from_id, wish.to_id)
        source, target = (
            theme_card(session, inside, one) if one is not None else None
            for one in (wish.from_id, wish.to_id)
        )
        moved = found.moved_by(wish.do)
        run_id = standing(session, inside, utc_now()).run_id
        return render_template(
            "show/ledger/plan.html",
            form=form,
            wish=replace(wish, ids=found.ids),
            found=found,
            moved=standing_answers(session, inside, run_id, moved[:SHOWN]),
            moved_more=max(0, len(moved) - SHOWN),
            source=source,
            target=target,
            stale=lines_of(session, inside, since) if since else (),
        )


def _view() -> View:
    today = day_in(utc_now(), place().time_zone)
    try:
        return view_from(request.args, today)
    except FieldError as error:
        raise NotFoundError("There is no such view.") from error


def _number(typed: str) -> int:
    if not (typed.isascii() and typed.isdigit() and len(typed) <= 19 and int(typed) < 2**63):
        raise NotFoundError("There is no such answer or theme here.")
    return int(typed)
