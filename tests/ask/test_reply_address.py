"""The mail that goes out says where replies go, and a reply to it finds its way back."""

from dataclasses import replace
from email.message import EmailMessage

import pytest
from sqlalchemy import select, update

from survey.answer.by_mail import take_mail
from survey.clock import utc_now
from survey.errors import SettingsError
from survey.records import AnswerText, Question
from survey.records.database import Database
from survey.settings import Settings, read_settings
from tests.ask.conftest import Asker
from tests.support.outcomes import text_of
from tests.support.relay import Relay


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, reply_address="answers@hill.example")


def _reply(sent: EmailMessage, *, by_address: bool) -> bytes:
    mail = EmailMessage()
    mail["From"] = "Mo <mo@example.org>"
    mail["To"] = str(sent["Reply-To"]) if by_address else "ask@hill.example"
    mail["In-Reply-To"] = str(sent["Message-ID"]) if not by_address else "<x@y.example>"
    mail["Message-ID"] = "<reply@example.org>"
    mail.set_content("Less waiting.")
    return mail.as_bytes()


@pytest.mark.parametrize("by_address", [True, False])
def test_a_reply_to_what_was_sent_is_its_answer(
    asker: Asker, relay: Relay, database: Database, settings: Settings, by_address: bool
) -> None:
    asker.record()
    asker.send_all(relay)
    (sent,) = relay.taken
    assert "Or simply reply to this mail." in text_of(sent)
    raw = _reply(sent, by_address=by_address)
    assert take_mail(database, settings, raw, utc_now()).outcome == "answered"
    with database.reading() as session:
        assert session.scalars(select(AnswerText.body)).one() == "Less waiting."


def test_an_address_for_replies_fits_into_a_mail(asker: Asker, relay: Relay) -> None:
    asker.record()
    asker.send_all(relay)
    local, _, domain = str(relay.taken[0]["Reply-To"]).rpartition("@")
    assert (local[:8], domain, len(local)) == ("answers+", "hill.example", 34)


def test_without_a_reply_address_nothing_is_promised(
    asker: Asker, relay: Relay, settings: Settings
) -> None:
    asker.settings = replace(settings, reply_address=None)
    asker.record()
    asker.send_all(relay)
    assert relay.taken[0]["Reply-To"] is None
    assert "simply reply" not in text_of(relay.taken[0])


def test_an_anonymous_question_asks_for_no_reply(
    asker: Asker, relay: Relay, database: Database
) -> None:
    with database.writing() as session:
        session.execute(update(Question).values(anonymous=True))
    asker.record()
    asker.send_all(relay)
    assert relay.taken[0]["Reply-To"] is None
    text = " ".join(text_of(relay.taken[0]).split())
    assert "simply reply" not in text
    assert "a reply to this mail would show your address" in text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SURVEY_REPLY_ADDRESS", "answers"),
        ("SURVEY_REPLY_ADDRESS", "a+b@example.org"),
        ("SURVEY_REPLY_ADDRESS", "a" * 38 + "@example.org"),
        ("SURVEY_REPLY_ADDRESS", "Mo <a@example.org>"),
        ("SURVEY_IMAP_URL", "imap.example.org"),
        ("SURVEY_IMAP_URL", "imaps://imap.example.org"),
        ("SURVEY_IMAP_URL", "imaps://mo:pw@imap.example.org?tls=maybe"),
        ("SURVEY_IMAP_URL", "pop3://mo:pw@imap.example.org"),
        ("SURVEY_MAIL_WEBHOOK_SECRET", "short"),
    ],
)
def test_a_wrong_setting_is_refused_by_name(tmp_path: object, name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        read_settings({"SURVEY_DATA_DIR": f"{tmp_path}/data", name: value})


def test_a_mailbox_is_named_by_one_address(tmp_path: object) -> None:
    url = "imap://mo%40example.org:p%2Fw@imap.example.org/Replies?tls=starttls"
    imap = read_settings({"SURVEY_DATA_DIR": f"{tmp_path}/data", "SURVEY_IMAP_URL": url}).imap
    assert imap is not None
    assert (imap.user, imap.password, imap.mailbox) == ("mo@example.org", "p/w", "Replies")
    assert (imap.port, imap.tls) == (143, "starttls")
