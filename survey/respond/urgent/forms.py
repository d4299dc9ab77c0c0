"""The form of how personal data and danger are looked after."""

from typing import Any

from wtforms import RadioField, SelectField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from survey.guard.turning import TURNINGS
from survey.records.guarding import DROP, KEEP, SHOW
from survey.web.forms import Form

_CHOICES: Any = [
    SelectChoice(KEEP, "Mask it, and keep the original sealed"),
    SelectChoice(DROP, "Mask it, and drop the original"),
    SelectChoice(SHOW, "Show it as it was typed"),
]


class CareForm(Form):
    """What an owner decides about personal data and danger."""

    personal_data = RadioField("What is done with it", choices=_CHOICES)
    country = SelectField("Country of your customers")
    sentences = TextAreaField("In your own words")

    def offer_countries(self, lives_in: str | None) -> None:
        """Offer the countries whose numbers we know.

        Parameters
        ----------
        lives_in : str or None
            Where the workspace's clock is.
        """
        from babel import Locale

        names = Locale("en").territories
        usual = f"By the time zone ({names[lives_in]})" if lives_in else "Not known"
        known = sorted((names[code], code) for code in TURNINGS)
        choices: Any = [SelectChoice(code, name) for name, code in known]
        self.country.choices = [SelectChoice("", usual), *choices]
