"""The forms of the page of news. What a value must be is said by the actions, in their words."""

from typing import Any

from wtforms import BooleanField, SelectField, StringField

from survey.web.forms import Form

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
NEVER = "Never"
_CHOICES: Any = [NEVER, *DAYS]  # the stubs still want pairs, which WTForms 3.3 warns about


class WishForm(Form):
    """What one member wants to be told."""

    weekday = SelectField("The week’s letter comes", choices=_CHOICES)
    alerts = BooleanField("Tell me when a theme rises beyond chance")


class FeedForm(Form):
    """A new address for the feed, or none."""


class WebhookForm(Form):
    """Where news goes, and whether words may go along."""

    webhook_url = StringField(
        "Address of the webhook", render_kw={"autocomplete": "off", "inputmode": "url"}
    )
    with_words = BooleanField("Customers’ words may stand in letters and in what is posted")
