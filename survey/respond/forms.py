"""The forms of responding."""

from wtforms import HiddenField, StringField, TextAreaField

from survey.web.forms import Form

_ALONE = {"autocomplete": "off"}


class ReplyForm(Form):
    """A letter to a customer; `seen` is how many letters its writer had before them."""

    body = TextAreaField("Your letter", render_kw={"rows": 5})
    signed = StringField("Signed", render_kw=_ALONE)
    seen = HiddenField()


class NoteForm(Form):
    """What was changed."""

    body = TextAreaField("In your words", render_kw={"rows": 3})
    signed = StringField("Signed", render_kw=_ALONE)
