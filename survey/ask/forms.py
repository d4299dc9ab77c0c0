"""The forms of asking."""

from flask_wtf import FlaskForm
from wtforms import DateTimeLocalField, EmailField, HiddenField, StringField, TextAreaField


class AskForm(FlaskForm):  # type: ignore[misc]
    """An interaction, typed in by hand; its words are checked by `read_interaction`."""

    once = HiddenField()
    email = EmailField("Customer's email")
    name = StringField("Customer's name")
    served_by = StringField("Who looked after them")
    about = StringField("What it was about")
    occurred_at = DateTimeLocalField("When it was", format="%Y-%m-%dT%H:%M")
    segments = TextAreaField("Segments")
    note = TextAreaField("Note for your team")
