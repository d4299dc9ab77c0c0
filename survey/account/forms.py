"""The account pages' forms. What a value must be is said by the actions, in their words."""

from typing import Any

from wtforms import EmailField, PasswordField, SelectField, StringField

from survey.clock import UTC_ZONE
from survey.web.forms import Form
from survey.web.zones import ZoneField

_ROLES: Any = ["teammate", "owner"]  # the stubs still want pairs, which WTForms 3.3 warns about


class SignInForm(Form):
    """Who comes in."""

    email = EmailField("E-mail address", render_kw={"autocomplete": "username"})
    password = PasswordField("Password", render_kw={"autocomplete": "current-password"})


class FirstOwnerForm(Form):
    """The first owner and their business."""

    business = StringField(
        "Name of your business", render_kw={"autocomplete": "organization", "maxlength": 120}
    )
    email = EmailField("Your e-mail address", render_kw={"autocomplete": "username"})
    password = PasswordField(
        "Choose a password", render_kw={"autocomplete": "new-password", "minlength": 10}
    )
    time_zone = ZoneField("Your time zone", default=UTC_ZONE)


class BeginForm(Form):
    """Start empty, or with the sample business."""


class KeyForm(Form):
    """A new API key."""

    label = StringField("What is it for?", render_kw={"maxlength": 120, "autocomplete": "off"})


class PasswordForm(Form):
    """A new password for who is signed in."""

    present = PasswordField("Present password", render_kw={"autocomplete": "current-password"})
    new = PasswordField("New password", render_kw={"autocomplete": "new-password", "minlength": 10})


class TeammateForm(Form):
    """Somebody to be asked to join."""

    email = EmailField("Their e-mail address", render_kw={"autocomplete": "off"})
    role = SelectField("As", choices=_ROLES)


class JoinForm(Form):
    """A new teammate's password."""

    password = PasswordField(
        "Choose a password", render_kw={"autocomplete": "new-password", "minlength": 10}
    )


class ConfirmForm(Form):
    """A button and its CSRF field, nothing more."""
