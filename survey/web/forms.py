"""The base of every signed-in form, and how an action's refusal finds its way to a field."""

from typing import Any

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
