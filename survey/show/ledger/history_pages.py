"""The ledger itself: who did what, undoing it, and the themes of any day."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.utils import redirect

from survey.clock import day_in, utc_now
from survey.errors import NotFoundError
from survey.records.ledger import Done, latest_number
from survey.records.replay import themes_at
from survey.show.ledger import actions
from survey.show.ledger.anew import reading_anew
from survey.show.ledger.forms import StepForm
from survey.show.ledger.pages import ID, Page, done_step, hand, moved_words
from survey.show.ledger.queries import ledger_page, lines_of, moved_by_undoing, theme_name_of
from survey.web.access import open_to
from survey.web.current import database, place

blueprint = Blueprint("ledger_history", __name__)


@blueprint.get("/w/<workspace>/ledger")
@open_to("teammate")
def ledger() -> Page:
    """Show what was done to the themes, or how they stood on a day."""
    args = request.args
    today = day_in(utc_now(), place().time_zone)
    on, wrong = _day(args.get("on", ""), today)
    theme_id = _small(args.get("theme", ""))
    with database().reading() as session:
        inside = place().workspace_id
        return render_template(
            "show/ledger/ledger.html",
            page=ledger_page(session, inside, theme_id, _small(args.get("before", ""))),
            theme_id=theme_id,
            theme=theme_name_of(session, inside, theme_id) if theme_id is not None else None,
            first_page=not args.get("before"),
            on=on,
            wrong=wrong,
            today=today,
            then=_themes_on(session, on) if on else (),
            anew=reading_anew(session, inside, utc_now()),
        )


def _themes_on(session: Session, day: date) -> Sequence[object]:
    """Return the themes at the end of one of the workspace's own days."""
    zone = ZoneInfo(place().time_zone)
    end = datetime.combine(day, time.max, zone)
    return themes_at(session, place().workspace_id, end, day)


def _day(typed: str, today: date) -> tuple[date | None, str | None]:
    if not typed.strip():
        return None, None
    try:
        day = date.fromisoformat(typed.strip())
    except ValueError:
        return None, "Please give the day as a date like 2026-03-31."
    if day > today:
        return None, "That day has not come yet; here is how it stands today."
    if day < date(1900, 1, 1) + timedelta(days=1):
        return None, "There was no ledger that long ago."
    return day, None


def _small(typed: str) -> int | None:
    if typed.isascii() and typed.isdigit() and len(typed) <= 19 and int(typed) < 2**63:
        return int(typed)
    return None


@blueprint.post("/w/<workspace>/ledger/sort-anew")
@open_to("teammate")
def post_sort_anew() -> Page:
    """Ask for all answers to be sorted anew with what people taught, as a proposal."""
    with database().writing() as session:
        actions.ask_for_resort(session, place().workspace_id, utc_now())
    return redirect(url_for("ledger_history.ledger"), 303)


@blueprint.get(f"/w/<workspace>/ledger/<{ID}:decision_id>/undo")
@open_to("teammate")
def undo(decision_id: int) -> Page:
    """Show what would move if a step were undone."""
    return _undo_page(decision_id, StepForm())


@blueprint.post(f"/w/<workspace>/ledger/<{ID}:decision_id>/undo")
@open_to("teammate")
def post_undo(decision_id: int) -> Page:
    """Undo a step."""
    form = StepForm()
    done = done_step(
        form,
        lambda session: actions.undo(session, hand(), decision_id),
        lambda since: _undo_page(decision_id, form, since),
    )
    if not isinstance(done, Done):
        return done
    with database().reading() as session:
        (line,) = lines_of(session, place().workspace_id, [decision_id])
    what = "Done again" if line.took_back else "Undone"
    flash(f"{what}: {moved_words(done)}" if done.moved or done.later else f"{what}.")
    return redirect(url_for("ledger_history.ledger"), 303)


def _undo_page(decision_id: int, form: StepForm, since: Sequence[int] = ()) -> str:
    inside = place().workspace_id
    with database().reading() as session:
        found = lines_of(session, inside, [decision_id])
        if not found:
            raise NotFoundError("There is no such step here.")
        actions.refuse_the_book(session, hand(), decision_id)
        form.seen.data = str(latest_number(session, inside))
        return render_template(
            "show/ledger/undo.html",
            line=found[0],
            form=form,
            moved=moved_by_undoing(session, inside, decision_id),
            stale=lines_of(session, inside, since) if since else (),
        )
