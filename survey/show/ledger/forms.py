"""The ledger's forms. What a value must be is said by the actions, in their words."""

from wtforms import FileField, HiddenField, StringField, TextAreaField

from survey.web.forms import Form


class StepForm(Form):
    """A step of the ledger; it carries up to where its reader has seen the ledger."""

    seen = HiddenField()


class RenameForm(StepForm):
    """Another name for a theme."""

    name = StringField("Its new name", render_kw={"maxlength": 80, "autocomplete": "off"})


class SplitForm(StepForm):
    """The name of what is split off."""

    name = StringField("Name of the new theme", render_kw={"maxlength": 80, "autocomplete": "off"})


class OwnThemeForm(StepForm):
    """A theme of one's own."""

    name = StringField("Name", render_kw={"maxlength": 80, "autocomplete": "off"})
    definition = StringField(
        "What it is, in one sentence", render_kw={"maxlength": 400, "autocomplete": "off"}
    )
    not_this = StringField(
        "What it is not, if it is easily confused",
        render_kw={"maxlength": 400, "autocomplete": "off"},
    )
    examples = TextAreaField("Three to six things a customer would say, one a line")


class BookFileForm(StepForm):
    """Themes of one's own in a file."""

    file = FileField("A YAML file of themes")
