"""The forms of asking. Their words are checked where programs' words are, so both agree."""

from typing import Any

from flask_wtf import FlaskForm
from wtforms import (
    EmailField,
    FileField,
    HiddenField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # stubs are older
from wtforms.widgets import DateTimeLocalInput, NumberInput

from survey.errors import FieldError
from survey.file_forms import ENCODINGS
from survey.web.zones import ZoneField

UNITS = {"minutes": 1, "hours": 60, "days": 24 * 60}
_UNITS: Any = list(UNITS)
_ENCODINGS: Any = [SelectChoice(*one) for one in ENCODINGS]
TAKE_OUT = "take_out"
_LEFT: Any = [
    SelectChoice("keep", "Keep asking the earlier question"),
    SelectChoice(TAKE_OUT, "Take them out, and ask in English"),
]


class AskForm(FlaskForm):  # type: ignore[misc]
    """An interaction, typed in by hand."""

    once = HiddenField()
    email = EmailField("Customer’s e-mail address", render_kw={"autocomplete": "off"})
    name = StringField("Customer’s name", render_kw={"autocomplete": "off"})
    language = SelectField("Their language", validate_choice=False)
    served_by = StringField("Who looked after them")
    about = StringField("What it was about")
    occurred_at = StringField("When it was", widget=DateTimeLocalInput())
    segments = TextAreaField("Segments")
    note = TextAreaField("Note")

    def offer_languages(self, languages: list[tuple[str, str]]) -> None:
        """Offer languages, by tag and name, and first of all none."""
        choices: Any = [SelectChoice("", "Not known"), *(SelectChoice(*one) for one in languages)]
        self.language.choices = choices


class ListForm(FlaskForm):  # type: ignore[misc]
    """Several customers at once, as rows of a spreadsheet."""

    once = HiddenField()
    people = TextAreaField(
        "Rows from a spreadsheet", render_kw={"rows": 10, "spellcheck": "false", "wrap": "off"}
    )
    file = FileField("Or a CSV file", render_kw={"accept": ".csv,.tsv,.txt,text/csv"})
    encoding = SelectField("What the file is written in", choices=_ENCODINGS, validate_choice=False)


class SettingsForm(FlaskForm):  # type: ignore[misc]
    """What an owner decides about asking."""

    name = StringField("Name of your business")
    question = StringField("The question")
    others = TextAreaField("The question in other languages")
    left = SelectField(
        "When you change the question and leave lines here as they are",
        choices=_LEFT,
        validate_choice=False,
    )
    delay = StringField("Delay", widget=NumberInput(min=0))
    unit = SelectField("Unit", choices=_UNITS)
    time_zone = ZoneField("Time zone")
    keep = StringField("For how many months", widget=NumberInput(min=1))


def delay_in_minutes(typed: str, unit: str) -> int:
    """Return the minutes that a number and a unit stand for.

    Raises
    ------
    FieldError
        When the number is no whole one, or has more than six digits.
    """
    number = typed.strip()
    if not (number.isascii() and number.isdigit() and len(number) <= 6):
        raise FieldError("delay", "Please give a whole number, like 2.")
    return int(number) * UNITS[unit]


def months_to_keep(typed: str) -> int | None:
    """Return the months that were typed, None where the field was left empty.

    Raises
    ------
    FieldError
        When it is no whole number of months.
    """
    number = typed.strip()
    if not number:
        return None
    if not (number.isascii() and number.isdigit() and len(number) <= 6):
        raise FieldError("keep", "Please give a whole number of months, or leave it empty.")
    return int(number)


def delay_in_units(minutes: int) -> tuple[int, str]:
    """Return a delay in the largest unit that fits it evenly.

    Parameters
    ----------
    minutes : int
        0 or more.
    """
    for unit in ("days", "hours"):
        if minutes and minutes % UNITS[unit] == 0:
            return minutes // UNITS[unit], unit
    return minutes, "minutes"


def blame(form: Any, error: FieldError, fields: dict[str, str]) -> None:
    """Put a refusal next to the field it is about; `fields` maps its name to the form's."""
    field = form[fields.get(error.field, error.field)]
    field.errors = [*field.errors, str(error)]
