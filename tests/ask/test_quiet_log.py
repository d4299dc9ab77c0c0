"""What a relay says may quote a customer; the log does not."""

import logging

import pytest

from tests.ask.conftest import Asker
from tests.support.relay import Relay


def test_the_log_holds_the_relays_code_and_not_its_words(
    asker: Asker, relay: Relay, caplog: pytest.LogCaptureFixture
) -> None:
    relay.to_sender = "550 no mail for mo@example.org from here"
    asker.record()
    with caplog.at_level(logging.DEBUG):
        asker.send_all(relay)
    said = [one.getMessage() for one in caplog.records if one.name.startswith("survey.")]
    assert [one.partition(";")[0] for one in said] == ["mail waits (code 550)"]
