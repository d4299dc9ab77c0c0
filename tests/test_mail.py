"""The way out of mail: what a relay is told, and what it never gets to hear."""

from dataclasses import replace
from email.message import EmailMessage
from typing import Any

import pytest

from survey.errors import RelayError
from survey.mail import SmtpRelay
from tests.support.relay import running_relay


@pytest.mark.parametrize("asked_for", [{"tls": "starttls"}, {"user": "mo", "password": "secret"}])
def test_a_relay_that_failed_the_greeting_gets_no_mail_at_the_next_try_either(
    asked_for: dict[str, Any],
) -> None:
    message = EmailMessage()
    message["To"] = "mo@example.org"
    with running_relay() as relay:
        demanding = SmtpRelay(replace(relay.settings, **asked_for), "ask@hill.example")
        with demanding.opened() as outlet:
            for _ in range(2):
                with pytest.raises(RelayError, match="lacks what the settings ask for"):
                    outlet.send(message)
        assert relay.taken == []
