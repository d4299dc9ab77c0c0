"""The base of every signed-in form, and how an action's refusal finds its way to a field."""

from typing import Any

from flask import g
from flask_wtf import FlaskForm
from wtforms import Form as PlainForm

from survey.errors import FieldError


class Form(FlaskForm):  # type: ignore[misc]
    """A form with a CSRF field; browsers are not asked to judge input, the server words it."""


def blame(form: PlainForm | Form, error: FieldError) -> None:
    """Show a refusal at the field it is about, or at the form when it has no such field.

    Parameters
    ----------
    form : Form
        The form that was sent.
    error : FieldError
        What an action refused.
    """
    fields: dict[str, Any] = form._fields
    if error.field in fields:
        field = fields[error.field]
        field.errors = [*field.errors, str(error)]
    else:
        form.form_errors.append(str(error))


def first_fault() -> bool:
    """Whether no fault was pointed at on this page yet: the first one's field has the focus."""
    is_first = not g.get("pointed_at")
    g.pointed_at = True
    return is_first


def named_lines(typed: str, field: str, example: str) -> dict[str, str]:
    """Read one ``name: value`` a line.

    Parameters
    ----------
    typed : str
        As it stands in a text area.
    field : str
        The field's name, for the refusal.
    example : str
        A good line, for the refusal.

    Raises
    ------
    FieldError
        For a line without a colon, and for a name that comes twice.
    """
    found: dict[str, str] = {}
    for line in filter(str.strip, typed.splitlines()):
        name, colon, value = (part.strip() for part in line.partition(":"))
        if not (name and colon and value):
            raise FieldError(field, f"Please write each line like “{example}”.")
        if name in found:
            raise FieldError(field, f"“{name}” is there twice.")
        found[name] = value
    return found


def as_lines(named: dict[str, str]) -> str:
    """Return names and values as `named_lines` reads them."""
    return "\n".join(f"{name}: {value}" for name, value in named.items())
