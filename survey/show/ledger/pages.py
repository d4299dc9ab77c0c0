"""One theme: rename it, merge it, split it, pin or hide it. Each page shows its counts first."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from survey.clock import utc_now
from survey.errors import FieldError, NotFoundError, StaleError
from survey.records.ledger import Done, latest_number
from survey.show.ledger import actions
from survey.show.ledger.cuts import cut_of
from survey.show.ledger.forms import RenameForm, SplitForm, StepForm
from survey.show.ledger.queries import (
    LedgerLine,
    ThemeCard,
    answers_in_both,
    ledger_page,
    lines_of,
    theme_card,
    themes_to_choose,
)
from survey.show.ledger.trust import Trust, trust_in
from survey.show.words import counted
from survey.web.access import open_to
from survey.web.again import look_again
from survey.web.current import database, place, visitor
from survey.web.forms import blame

blueprint = Blueprint("ledger", __name__)
Page = str | Response | tuple[str, int]
ID = "int(max=9223372036854775807)"
_THEME = f"/w/<workspace>/themes/<{ID}:theme_id>"
_FLAGGED = {
    "pin": "‘{}’ stays at the top now.",
    "unpin": "‘{}’ stands where its numbers put it again.",
    "hide": "‘{}’ is hidden now. Its answers stay in it.",
    "show": "‘{}’ is shown again.",
}


def hand() -> actions.Hand:
    """Return who is doing a step, and up to where they have seen the ledger."""
    person = visitor()
    seen = request.form.get("seen", "")
    return actions.Hand(
        workspace_id=place().workspace_id,
        person_id=person.person_id if person else None,
        now=utc_now(),
        seen=int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 19 else 0,
        is_owner=place().role == "owner",
    )


@dataclass(frozen=True)
class Side:
    """What stands at the side of a theme's page: its card, how right it is, what was done."""

    card: ThemeCard
    trust: Trust | None
    history: tuple[LedgerLine, ...]


@blueprint.app_template_global()
def ledger_side(theme_id: int) -> Side:
    """Return the side of a theme's page."""
    inside = place().workspace_id
    with database().reading() as session:
        return Side(
            theme_card(session, inside, theme_id),
            trust_in(session, inside, theme_id),
            ledger_page(session, inside, theme_id).lines[:3],
        )


def moved_words(done: Done, there: str = "") -> str:
    """Say how many answers moved, to which theme if that is to be said, and how many follow."""
    moved = f"{counted(done.moved, 'answer')} moved{f' to “{there}”' if there else ''}"
    return f"{moved}, {done.later:,} follow in a moment." if done.later else f"{moved}."


def to_theme(theme_id: int) -> Response:
    """Lead on to a theme's page."""
    return redirect(url_for("show.theme", theme_id=theme_id), 303)


def done_step(
    form: StepForm, step: Callable[[Session], Done], again: Callable[[Sequence[int]], str]
) -> Done | tuple[str, int]:
    """Do a step; where it cannot be done, show the form again with everything that was typed.

    Parameters
    ----------
    form : StepForm
        What was sent.
    step : callable
        Does it.
    again : callable
        Shows the form, given what others did since it was made.
    """
    try:
        with database().writing() as session:
            return step(session)
    except StaleError as error:
        return again(error.steps), error.status
    except FieldError as error:
        blame(form, error)
        return again(()), error.status


def _form_page(
    name: str, theme_id: int, form: StepForm, since: Sequence[int], **more: object
) -> str:
    """Show a form about a theme, with its counts and what others did meanwhile."""
    with database().reading() as session:
        inside = place().workspace_id
        form.seen.data = str(latest_number(session, inside))
        return render_template(
            f"show/ledger/{name}.html",
            card=theme_card(session, inside, theme_id),
            form=form,
            stale=lines_of(session, inside, since) if since else (),
            **more,
        )


@blueprint.get(f"{_THEME}/rename")
@open_to("teammate")
def rename(theme_id: int) -> Page:
    """Ask for another name."""
    form = RenameForm()
    with database().reading() as session:
        form.name.data = theme_card(session, place().workspace_id, theme_id).name
    return _form_page("rename", theme_id, form, ())


@blueprint.post(f"{_THEME}/rename")
@open_to("teammate")
def post_rename(theme_id: int) -> Page:
    """Give a theme another name."""
    form = RenameForm()
    done = done_step(
        form,
        lambda session: actions.rename(session, hand(), theme_id, form.name.data or ""),
        lambda since: _form_page("rename", theme_id, form, since),
    )
    if not isinstance(done, Done):
        return done
    flash("Renamed. The ledger remembers the old name.")
    return to_theme(theme_id)


@blueprint.get(f"{_THEME}/merge")
@open_to("teammate")
def merge(theme_id: int) -> Page:
    """Show the themes it can go into; with one chosen, what would move."""
    into = request.args.get("into", "")
    return _merge_page(theme_id, StepForm(), _id(into) if into else None)


@blueprint.post(f"{_THEME}/merge")
@open_to("teammate")
def post_merge(theme_id: int) -> Page:
    """Show a theme's answers in another one."""
    form = StepForm()
    into = _id(request.form.get("into", ""))
    done = done_step(
        form,
        lambda session: actions.merge(session, hand(), theme_id, into),
        lambda since: _merge_page(theme_id, form, into, since),
    )
    if not isinstance(done, Done):
        return done
    flash(f"Merged: {moved_words(done)} The ledger can undo it.")
    return to_theme(into)


def _merge_page(theme_id: int, form: StepForm, into: int | None, since: Sequence[int] = ()) -> str:
    inside = place().workspace_id
    with database().reading() as session:
        choices = themes_to_choose(session, inside, {theme_id})
        chosen = next((one for one in choices if one.id == into), None)
        both = answers_in_both(session, inside, theme_id, chosen.id) if chosen else 0
    return _form_page("merge", theme_id, form, since, choices=choices, chosen=chosen, both=both)


@blueprint.get(f"{_THEME}/set/<kind>")
@open_to("teammate")
def flag(theme_id: int, kind: str) -> Page:
    """Ask whether to pin or hide a theme, or to take that back."""
    if kind not in actions.FLAGS:
        raise NotFoundError("There is no such page here.")
    return _form_page("flag", theme_id, StepForm(), (), kind=kind)


@blueprint.post(f"{_THEME}/set/<kind>")
@open_to("teammate")
def post_flag(theme_id: int, kind: str) -> Page:
    """Pin or hide a theme, or take that back."""
    if kind not in actions.FLAGS:
        raise NotFoundError("There is no such page here.")
    form = StepForm()
    done = done_step(
        form,
        lambda session: actions.flag(session, hand(), theme_id, kind),
        lambda since: _form_page("flag", theme_id, form, since, kind=kind),
    )
    if not isinstance(done, Done):
        return done
    with database().reading() as session:
        name = theme_card(session, place().workspace_id, theme_id).name
    flash(_FLAGGED[kind].format(name))
    return to_theme(theme_id)


@blueprint.get(f"{_THEME}/split")
@open_to("teammate")
def split(theme_id: int) -> Page:
    """Show the suggested cut with its counts, or offer to look for one."""
    return _split_page(theme_id, SplitForm())


@blueprint.post(f"{_THEME}/split/suggest")
@open_to("teammate")
def post_suggest(theme_id: int) -> Page:
    """Ask the worker for a cut."""
    with database().writing() as session:
        actions.theme_of(session, place().workspace_id, theme_id)
        actions.ask_for_cut(session, place().workspace_id, theme_id, utc_now())
    return redirect(url_for("ledger.split", theme_id=theme_id), 303)


@blueprint.post(f"{_THEME}/split")
@open_to("teammate")
def post_split(theme_id: int) -> Page:
    """Make a theme of its own out of one part of the suggested cut."""
    form = SplitForm()
    part = request.form.get("part", "")
    with database().reading() as session:
        cut = cut_of(session, place().workspace_id, theme_id)
    chosen = next((one for one in cut.parts if str(one.number) == part), None) if cut else None
    if chosen is None:
        raise NotFoundError("This cut is not there any more. Please ask for a new one.")
    answers = chosen.answer_ids
    done = done_step(
        form,
        lambda session: actions.split(session, hand(), theme_id, answers, form.name.data or ""),
        lambda since: _split_page(theme_id, form, since, part=part),
    )
    if not isinstance(done, Done):
        return done
    flash(f"Split: {moved_words(done)}")
    return to_theme(theme_id)


def _split_page(theme_id: int, form: SplitForm, since: Sequence[int] = (), part: str = "") -> str:
    with database().reading() as session:
        cut = cut_of(session, place().workspace_id, theme_id)
    if cut is not None and not (cut.is_ready or cut.error):
        look_again()
    return _form_page("split", theme_id, form, since, cut=cut, part=part)


def _id(typed: str) -> int:
    if not (typed.isascii() and typed.isdigit() and len(typed) <= 19 and int(typed) < 2**63):
        raise NotFoundError("There is no such theme here.")
    return int(typed)
