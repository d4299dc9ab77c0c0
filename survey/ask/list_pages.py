"""Asking several customers at once: paste or choose a list, look at whom it asks, ask them.

Whatever is looked at stands in the page itself, and comes back with its form: nothing of a list is
kept, and nobody is asked, before somebody presses the button that says how many.
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response

from survey.ask.dates import moment_in_words
from survey.ask.forms import ListForm
from survey.ask.interaction import MOST_SEGMENTS
from survey.ask.list_actions import ready_list, record_list
from survey.ask.list_file import (
    KINDS,
    MOST_BYTES,
    MOST_ROWS,
    QUIET_DAYS,
    TOO_MUCH,
    Chosen,
    CustomerList,
    likely_choice,
    offered_columns,
    read_list,
    tidied,
)
from survey.ask.list_people import LeftOut, Listed, read_people, rows_to_mend
from survey.ask.queries import AskingSettings, asking_settings
from survey.ask.rows import when_due
from survey.ask.whom import Asking, Whom, whom_to_ask
from survey.ask.wordings import without_wording
from survey.clock import in_words, utc_now
from survey.csv_table import decoded
from survey.csv_written import csv_lines
from survey.errors import InputError
from survey.file_forms import DATE_FORMATS, ENCODINGS
from survey.languages import language_name
from survey.tokens import random_token
from survey.web.access import open_to, takes_up_to
from survey.web.current import database, place, settings

LARGEST = (
    2 * MOST_BYTES + 32 * 1024
)  # of a file in two bytes a letter, with the page's other fields
SHOWN_PEOPLE, SHOWN_LEFT_OUT = 5, 30
CHANGED = (
    "The list, or how it is read, was changed, or a new day has begun: this is what would happen "
    "now. Nobody was asked yet."
)
blueprint = Blueprint("ask_list", __name__)
Page = str | Response | tuple[str, int]


@dataclass(frozen=True)
class Sheet:
    """A list as somebody looks at it.

    Parameters
    ----------
    text : str
        Its rows, as they go back and forth with the page.
    token : str
        The list's own: pressed twice, it asks nobody twice.
    people : CustomerList
        The rows, parted into cells.
    chosen : Chosen
        What its columns hold.
    today : date
        The workspace's day of looking; on the next, more people may be asked.
    """

    text: str
    token: str
    people: CustomerList
    chosen: Chosen
    today: date

    @property
    def seen(self) -> str:
        """Tells what was looked at from what somebody changed since."""
        return hashlib.sha256(repr((self.text, self.chosen, self.today)).encode()).hexdigest()


@blueprint.get("/w/<workspace>/ask/list")
@open_to("owner")
def ask_several() -> Page:
    """Offer to paste rows, or to choose a file."""
    return _start(ListForm(formdata=None))


@blueprint.post("/w/<workspace>/ask/list")
@takes_up_to(LARGEST, TOO_MUCH)
@open_to("owner")
def post_list() -> Page:
    """Show whom a list would ask; ask them; or give the rows that are left out."""
    form, do = ListForm(), request.form.get("do")
    try:
        text = tidied(_sent(form))
        people = read_list(text)
    except InputError as error:
        field = form.file if request.files.get("file") else form.people
        field.errors = [str(error)]
        return _start(form), 422
    today = utc_now().astimezone(_zone()).date()
    sheet = Sheet(text, form.once.data or random_token(), people, _chosen(people, today), today)
    if "email" not in sheet.chosen.columns:
        return _show(sheet, None, "Which column holds the e-mail addresses? Please choose it."), 422
    if do == "left-out":
        return _to_mend(sheet)
    if do == "ask" and request.form.get("seen") == sheet.seen:
        return _ask(sheet)
    return _show(sheet, utc_now(), CHANGED if do == "ask" else "")


def _start(form: ListForm) -> str:
    return render_template("ask/list.html", form=form, most_rows=MOST_ROWS)


def _sent(form: ListForm) -> str:
    """Return the rows of the file that was chosen, else those that were pasted."""
    file = request.files.get("file")
    if file is None or not file.filename:
        return form.people.data or ""
    encoding = form.encoding.data if form.encoding.data in dict(ENCODINGS) else "utf-8"
    return decoded(file.stream.read(), file.filename, encoding, "below")


def _chosen(people: CustomerList, today: date) -> Chosen:
    """Read what was chosen; what the page did not offer counts as not chosen, addresses never."""
    sent, offered = request.form, offered_columns(people)
    columns = {kind.key: sent.get(f"column-{kind.key}", "") for kind in KINDS}
    columns = {key: name for key, name in columns.items() if name in offered}
    quiet = sent.get("quiet_days", "")
    days = int(quiet) if quiet in map(str, QUIET_DAYS) else QUIET_DAYS[0]
    if "email" not in columns:
        return replace(likely_choice(people, _zone(), today), quiet_days=days)
    date_format = sent.get("date_format", "")
    return Chosen(
        columns,
        date_format if date_format and date_format in dict(DATE_FORMATS) else None,
        tuple(
            name
            for name in dict.fromkeys(sent.getlist("segment"))
            if name in offered and name not in columns.values()
        )[:MOST_SEGMENTS],
        days,
    )


def _ask(sheet: Sheet) -> str:
    now, asking = utc_now(), _asking(sheet)
    rows = read_people(sheet.people, sheet.chosen, zone=_zone(), now=now)
    with database().reading() as session:
        ready = ready_list(session, asking, rows.people, now)
    with database().writing() as session:
        done = record_list(session, ready, now)
    return render_template(
        "ask/list_asked.html",
        done=done,
        when=_when(done.last_due_at, now),
        outbox=settings().smtp is None,
        **_of_left_out((*rows.left_out, *done.left_out)),
        **_of_sheet(sheet),
    )


def _show(sheet: Sheet, now: datetime | None, said: str) -> str:
    """Show a list as it is read; whom it would ask, where its addresses are known."""
    facts: dict[str, Any] = {"whom": None, **_of_left_out(())}
    if now is not None:
        whom, asked = _whom(sheet, now)
        facts = {
            "whom": whom,
            "when": _when(_last_due(whom.people, asked, now), now),
            "unworded": without_wording(_languages(whom.people), asked.wordings),
            **_of_left_out(whom.left_out),
        }
    return render_template(
        "ask/list_look.html",
        said=said,
        shown=SHOWN_PEOPLE,
        kinds=KINDS,
        offered=offered_columns(sheet.people),
        date_formats=DATE_FORMATS,
        quiet_days=QUIET_DAYS,
        day=_day,
        language_name=language_name,
        **facts,
        **_of_sheet(sheet),
    )


def _whom(sheet: Sheet, now: datetime) -> tuple[Whom, AskingSettings]:
    """Return whom a list would ask, and every row that it would not, in its order."""
    rows = read_people(sheet.people, sheet.chosen, zone=_zone(), now=now)
    with database().reading() as session:
        whom = whom_to_ask(session, _asking(sheet), rows.people, now)
        asked = asking_settings(session, place().workspace_id)
    return replace(whom, left_out=_in_order((*rows.left_out, *whom.left_out))), asked


def _to_mend(sheet: Sheet) -> Response:
    whom, _ = _whom(sheet, utc_now())
    rows = csv_lines(rows_to_mend(sheet.people, whom.left_out, sheet.chosen), for_excel=True)
    response = Response("".join(rows), mimetype="text/csv")
    response.headers["Content-Disposition"] = 'attachment; filename="rows-to-mend.csv"'
    return response


def _asking(sheet: Sheet) -> Asking:
    inside, days = place().workspace_id, sheet.chosen.quiet_days
    return Asking(inside, sheet.token, days, _zone(), settings().secret_key)


def _of_sheet(sheet: Sheet) -> dict[str, Any]:
    """Return what a page needs to send a list back as it was looked at."""
    form = ListForm(formdata=None, once=sheet.token, people=sheet.text)
    return {"sheet": sheet, "form": form}


def _of_left_out(rows: tuple[LeftOut, ...]) -> dict[str, Any]:
    shown = _in_order(rows)
    return {"left_out": shown[:SHOWN_LEFT_OUT], "more_left_out": max(0, len(rows) - SHOWN_LEFT_OUT)}


def _in_order(rows: tuple[LeftOut, ...]) -> tuple[LeftOut, ...]:
    return tuple(sorted(rows, key=lambda one: one.row))


def _last_due(people: tuple[Listed, ...], asked: AskingSettings, now: datetime) -> datetime | None:
    delay = timedelta(minutes=asked.delay_minutes)
    return max((when_due(one.new, delay, now) for one in people), default=None)


def _when(due_at: datetime | None, now: datetime) -> str:
    """Return when the last mail goes out, in words; empty where all go out now."""
    later = due_at is not None and due_at > now
    return moment_in_words(due_at, _zone(), now) if due_at and later else ""


def _languages(people: tuple[Listed, ...]) -> list[tuple[str, int]]:
    return [(one.new.language, 1) for one in people if one.new.language]


def _zone() -> ZoneInfo:
    return ZoneInfo(place().time_zone)


def _day(moment: datetime) -> str:
    """Return the day of a moment in words."""
    return in_words(moment.astimezone(_zone()).date(), utc_now().astimezone(_zone()).date())
