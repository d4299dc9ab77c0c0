"""A workspace that asks, and the relay its mails go to."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from survey.ask.actions import record_interaction
from survey.ask.interaction import read_interaction
from survey.ask.queries import Recorded
from survey.ask.work import MailRound
from survey.clock import utc_now
from survey.mail import SmtpRelay
from survey.records.database import Database
from survey.settings import Settings
from tests.support.places import PlaceForTest, make_place
from tests.support.relay import Relay, running_relay


@pytest.fixture
def asking(database: Database) -> PlaceForTest:
    """A workspace with an API key."""
    return make_place(database)


@pytest.fixture
def relay() -> Iterator[Relay]:
    """A relay that takes everything, until a test says otherwise."""
    with running_relay() as running:
        yield running


@dataclass
class Asker:
    """Records interactions and sends what is due, as the edges do."""

    database: Database
    settings: Settings
    place: PlaceForTest

    def record(self, email: str = "mo@example.org", **more: Any) -> Recorded:
        """Record an interaction with `email`; further fields as the API has them."""
        now: datetime = more.pop("now", utc_now())
        customer = {"email": email, **more.pop("customer", {"name": "Mo"})}
        body = {"customer": customer, "served_by": "Sam", **more}
        new = read_interaction(body, zone=ZoneInfo("UTC"), now=now)
        with self.database.writing() as session:
            return record_interaction(
                session, self.place.id, new, secret_key=self.settings.secret_key, now=now
            )

    def round(self, relay: Relay | None, **limits: float) -> MailRound:
        """Return a worker's mail round over `relay`, or over none."""
        mailer = SmtpRelay(relay.settings, "ask@hill.example", **limits) if relay else None
        settings = replace(self.settings, mail_from="ask@hill.example")
        return MailRound(self.database, settings, mailer, lambda: False)

    def send_all(self, relay: Relay | None, **limits: float) -> MailRound:
        """Send batch after batch until nothing is due."""
        sending = self.round(relay, **limits)
        while sending():
            pass
        return sending


@pytest.fixture
def asker(database: Database, settings: Settings, asking: PlaceForTest) -> Asker:
    """Asks on behalf of the workspace `asking`."""
    return Asker(database, settings, asking)
