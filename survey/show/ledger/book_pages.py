"""The book's page: themes of one's own, from the page or a file; the shipped book beside or not."""

from collections.abc import Sequence

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.datastructures import FileStorage

from survey.errors import NotFoundError
from survey.records.ledger import Done, latest_number
from survey.show.ledger.book_actions import (
    BookRow,
    OwnTheme,
    add_file,
    add_own,
    book_rows,
    edit_own,
    put_away,
)
from survey.show.ledger.forms import BookFileForm, OwnThemeForm, StepForm
from survey.show.ledger.pages import ID, Page, done_step, hand
from survey.show.ledger.queries import lines_of
from survey.web.access import open_to
from survey.web.current import database, place

blueprint = Blueprint("ledger_book", __name__)
_READ_ANEW = "All answers are read anew for it; what would move comes as a proposal."


@blueprint.get("/w/<workspace>/book")
@open_to("owner")
def book() -> Page:
    """Show the themes of the book."""
    return _book_page(OwnThemeForm(formdata=None), BookFileForm(formdata=None))


@blueprint.post("/w/<workspace>/book")
@open_to("owner")
def post_book() -> Page:
    """Add a theme of one's own."""
    form = OwnThemeForm()
    done = done_step(
        form,
        lambda session: add_own(session, hand(), _written(form)),
        lambda _since: _book_page(form, BookFileForm(formdata=None)),
    )
    return _back(done, f"Added. {_READ_ANEW}")


@blueprint.post("/w/<workspace>/book/file")
@open_to("owner")
def post_file() -> Page:
    """Add the themes of a YAML file."""
    form = BookFileForm()
    sent = request.files.get("file") or FileStorage()
    name, raw = sent.filename or "", sent.read()
    done = done_step(
        form,
        lambda session: add_file(session, hand(), name, raw),
        lambda _since: _book_page(OwnThemeForm(formdata=None), form),
    )
    return _back(done, f"Read. {_READ_ANEW}")


@blueprint.get(f"/w/<workspace>/book/<{ID}:theme_id>")
@open_to("owner")
def own(theme_id: int) -> Page:
    """Show one's own theme, to be changed."""
    row = _row(theme_id)
    form = OwnThemeForm(formdata=None, data=vars(row) | {"examples": "\n".join(row.examples)})
    return _own_page(theme_id, form)


@blueprint.post(f"/w/<workspace>/book/<{ID}:theme_id>")
@open_to("owner")
def post_own(theme_id: int) -> Page:
    """Change the words of one's own theme."""
    form = OwnThemeForm()
    done = done_step(
        form,
        lambda session: edit_own(session, hand(), theme_id, _written(form)),
        lambda since: _own_page(theme_id, form, since),
    )
    return _back(done, f"Changed. {_READ_ANEW}")


@blueprint.get("/w/<workspace>/book/away")
@open_to("owner")
def away() -> Page:
    """Show what would move if themes were put away or taken back."""
    return _away_page(StepForm(), request.args.get("theme", ""), request.args.get("back", ""))


@blueprint.post("/w/<workspace>/book/away")
@open_to("owner")
def post_away() -> Page:
    """Put themes away, or take them back."""
    form = StepForm()
    theme, back = request.form.get("theme", ""), request.form.get("back", "")
    ids = [row.id for row in _chosen(theme, back)]
    done = done_step(
        form,
        lambda session: put_away(session, hand(), ids, back=bool(back)),
        lambda since: _away_page(form, theme, back, since),
    )
    return _back(done, f"Done. {_READ_ANEW}")


def _written(form: OwnThemeForm) -> OwnTheme:
    return OwnTheme(
        name=form.name.data or "",
        definition=form.definition.data or "",
        not_this=form.not_this.data or "",
        examples=tuple((form.examples.data or "").splitlines()),
    )


def _back(done: Done | tuple[str, int], told: str) -> Page:
    if not isinstance(done, Done):
        return done
    flash(told)
    return redirect(url_for("ledger_book.book"), 303)


def _rows() -> tuple[BookRow, ...]:
    with database().reading() as session:
        return book_rows(session, place().workspace_id)


def _row(theme_id: int) -> BookRow:
    found = next((row for row in _rows() if row.id == theme_id and row.is_own), None)
    if found is None:
        raise NotFoundError("There is no such theme of your own here.")
    return found


def _chosen(theme: str, back: str) -> list[BookRow]:
    """Return the themes that a link names: one's own by id, or all of the shipped book."""
    found = [
        row
        for row in _rows()
        if row.is_away == bool(back)
        and (not row.is_own if theme == "shipped" else row.is_own and str(row.id) == theme)
    ]
    if not found:
        raise NotFoundError("There is nothing like that in the book now.")
    return found


def _book_page(form: OwnThemeForm, file_form: BookFileForm) -> str:
    return render_template("show/ledger/book.html", rows=_rows(), form=form, file_form=file_form)


def _own_page(theme_id: int, form: OwnThemeForm, since: Sequence[int] = ()) -> str:
    row = _row(theme_id)
    with database().reading() as session:
        inside = place().workspace_id
        form.seen.data = str(latest_number(session, inside))
        stale = lines_of(session, inside, since) if since else ()
    return render_template("show/ledger/own.html", row=row, form=form, stale=stale)


def _away_page(form: StepForm, theme: str, back: str, since: Sequence[int] = ()) -> str:
    rows = _chosen(theme, back)
    with database().reading() as session:
        inside = place().workspace_id
        form.seen.data = str(latest_number(session, inside))
        stale = lines_of(session, inside, since) if since else ()
    return render_template(
        "show/ledger/away.html", rows=rows, theme=theme, back=back, form=form, stale=stale
    )
