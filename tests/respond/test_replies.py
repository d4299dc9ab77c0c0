"""Coming back to customers: who waits, letters both ways, hand-overs, and what was changed."""

import html
import re

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from survey.clock import utc_now
from survey.records import ChangeNote, Member, Message, Talk
from survey.records.database import Database
from survey.records.talks import Consent, replies_waiting, set_consent, write_letter
from survey.records.withdrawal import hold_answer, withdraw
from tests.support.browser import Browser
from tests.support.given import Given, give, sort_into, theme_of
from tests.support.people import Business


@pytest.fixture
def database(app: Flask) -> Database:
    opened: Database = app.extensions["afterword"].database
    return opened


@pytest.fixture
def given(database: Database, business: Business) -> Given:
    """An answer whose customer may be come back to, by mail."""
    made = give(database, business, "Nobody told me the price.", served_by="Sam", about="a crown")
    _allow(database, business, made, Consent(True))
    return made


def _allow(database: Database, business: Business, given: Given, consent: Consent) -> None:
    with database.writing() as session:
        set_consent(session, business.workspace_id, given.id, consent, utc_now())


def _words(page: TestResponse) -> str:
    plain = re.sub(r"<[^>]+>", "", page.get_data(as_text=True))
    return " ".join(html.unescape(plain).split())


def _in_box(page: TestResponse) -> str:
    found = re.search(r"<textarea[^>]*>\r?\n?(.*?)</textarea>", page.get_data(as_text=True), re.S)
    assert found
    return html.unescape(found.group(1))


def _at(business: Business, given: Given, rest: str = "") -> str:
    return business.at(f"replies/{given.id}{rest}")


def _write(browser: Browser, business: Business, given: Given, **fields: str) -> TestResponse:
    letter = {"body": "We are sorry. It stands on the card now.", "signed": "Sam", **fields}
    opened = browser.get(_at(business, given)).get_data(as_text=True)
    seen = re.search(r'name="seen"[^>]*value="(\d+)"', opened)
    return browser.send(_at(business, given), **{"seen": seen.group(1) if seen else "0", **letter})


def _messages(database: Database) -> list[tuple[str, str | None, str]]:
    with database.reading() as session:
        rows = session.execute(
            select(Message.body, Message.signed, Message.mail).order_by(Message.written_at)
        )
        return [(row.body, row.signed, row.mail) for row in rows]


def test_who_may_be_come_back_to_waits_until_somebody_writes(
    owner: Browser, client: Browser, database: Database, business: Business, given: Given
) -> None:
    give(database, business, "Nothing to add.", customer_name="Ann")
    listed = _words(owner.get(business.at("replies")))
    assert "Waiting for a word" in listed
    assert "Mo · a crown" in listed
    assert "Ann" not in listed
    assert _waiting(database, business) == 1
    assert _write(owner, business, given).status_code == 303
    assert _waiting(database, business) == 0
    assert "At rest" in _words(owner.get(business.at("replies")))
    shown = _words(client.get(given.link))
    assert "Sam wrote back" in shown
    assert "It stands on the card now." in shown
    assert 'name="signed" type="text" value="Sam"' in owner.get(_at(business, given)).get_data(
        as_text=True
    )
    client.post(given.link, data={"do": "write", "seen": "1", "answer": "Thank you, Sam."})
    assert _waiting(database, business) == 1
    assert "Thank you, Sam." in _words(owner.get(_at(business, given)))


def _waiting(database: Database, business: Business) -> int:
    with database.reading() as session:
        return replies_waiting(session, business.workspace_id)


def test_the_header_says_how_many_wait(owner: Browser, business: Business, given: Given) -> None:
    assert "Replies 1 waiting for you" in _words(owner.get(business.at("ask")))


def test_a_letter_is_mailed_where_mail_was_allowed_and_else_waits_under_the_link(
    owner: Browser, database: Database, business: Business, given: Given
) -> None:
    _write(owner, business, given)
    unknown = give(database, business, "Slow.", customer_email="")
    by_phone = give(database, business, "Slow.")
    _allow(database, business, unknown, Consent(True))
    _allow(database, business, by_phone, Consent(True, "phone", "020 7946 0018"))
    assert "020 7946 0018" in _words(owner.get(_at(business, by_phone)))
    for one in (unknown, by_phone):
        assert "waits under the customer’s link" in _words(
            owner.get(_write(owner, business, one).location)
        )
    assert [mail for _, _, mail in _messages(database)] == ["queued", "none", "none"]


def test_without_leave_nobody_is_written_to(
    owner: Browser, database: Database, business: Business
) -> None:
    given = give(database, business, "Slow.")
    page = owner.get(_at(business, given))
    assert "They have not allowed you to come back to them" in _words(page)
    refused = _write(owner, business, given)
    assert refused.status_code == 409
    assert "has not allowed you" in _words(refused)
    assert _in_box(refused) == "We are sorry. It stands on the card now."
    assert _messages(database) == []


def test_leave_that_is_taken_back_ends_it(
    owner: Browser, database: Database, business: Business, given: Given
) -> None:
    _write(owner, business, given)
    _allow(database, business, given, Consent(False))
    assert "any more" in _words(owner.get(_at(business, given)))
    assert _write(owner, business, given, body="One more thing").status_code == 409


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"body": "  "}, "write a few words first"),
        ({"body": "x" * 20_001}, "Please keep to 20,000 characters"),
        ({"signed": " "}, "Please sign with 1 to 80 characters"),
        ({"signed": "y" * 81}, "Please sign with 1 to 80 characters"),
    ],
)
def test_a_letter_that_cannot_go_comes_back_whole(
    owner: Browser,
    database: Database,
    business: Business,
    given: Given,
    fields: dict[str, str],
    wrong: str,
) -> None:
    sent = _write(owner, business, given, **fields)
    assert sent.status_code == 422
    assert wrong in _words(sent)
    assert _in_box(sent) == fields.get("body", "We are sorry. It stands on the card now.")
    assert _messages(database) == []


def test_a_letter_sent_twice_is_one_and_crossing_letters_are_shown(
    owner: Browser, teammate: Browser, client: Browser, database: Database, business: Business,
    given: Given,
) -> None:  # fmt: skip
    for _ in range(2):
        sent = owner.send(_at(business, given), body="Sorry.", signed="Sam", seen="0")
        assert sent.status_code == 303
    assert len(_messages(database)) == 1
    client.post(given.link, data={"do": "write", "seen": "1", "answer": "And the bill?"})
    crossed = teammate.send(_at(business, given), body="All well?", signed="Jo", seen="1")
    assert crossed.status_code == 409
    assert "Another letter came in between" in _words(crossed)
    assert "And the bill?" in _words(crossed)
    assert _in_box(crossed) == "All well?"
    on = re.search(r'name="seen"[^>]*value="(\d+)"', crossed.get_data(as_text=True))
    assert on
    sent = teammate.send(_at(business, given), body="All well?", signed="Jo", seen=on.group(1))
    assert sent.status_code == 303


def test_a_letter_to_an_answer_that_was_taken_back_is_given_back(
    owner: Browser, database: Database, business: Business, given: Given
) -> None:
    opened = owner.get(_at(business, given)).get_data(as_text=True)
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', opened)
    assert token
    with database.writing() as session:
        answer = hold_answer(session, business.workspace_id, given.id)
        assert answer is not None
        withdraw(session, answer, utc_now())
    late = owner.post(
        _at(business, given),
        data={"csrf_token": token.group(1), "body": "My letter", "signed": "Sam", "seen": "0"},
    )
    assert late.status_code == 404
    assert "My letter" in _words(late)
    assert owner.get(_at(business, given)).status_code == 404


def test_an_answer_is_handed_to_a_teammate(
    owner: Browser, teammate: Browser, database: Database, business: Business, given: Given
) -> None:
    with database.reading() as session:
        mates = dict(
            session.execute(
                select(Member.role, Member.person_id).where(
                    Member.workspace_id == business.workspace_id
                )
            ).all()
        )
    handed = _post(owner, business, given, "/hand-over", to=str(mates["teammate"]))
    assert handed.status_code == 303
    assert "Mo · a crown" in _words(teammate.get(business.at("replies?for=me")))
    assert "Mo · a crown" not in _words(owner.get(business.at("replies?for=me")))
    assert "with mate@example.org" in _words(owner.get(business.at("replies")))
    for nobody in ("7", "9" * 19, "9" * 18):
        assert _post(owner, business, given, "/hand-over", to=nobody).status_code == 404
    assert _post(owner, business, given, "/hand-over", to="").status_code == 303
    with database.reading() as session:
        assert session.scalars(select(Talk.handed_to)).all() == [None]


def _post(
    browser: Browser, business: Business, given: Given, rest: str, **fields: str
) -> TestResponse:
    opened = browser.get(_at(business, given)).get_data(as_text=True)
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', opened)
    assert token
    return browser.post(_at(business, given, rest), data={"csrf_token": token.group(1), **fields})


def test_what_is_settled_rests_until_the_customer_writes_again(
    owner: Browser, client: Browser, database: Database, business: Business, given: Given
) -> None:
    assert _post(owner, business, given, "/settle", settled="1").status_code == 303
    assert _waiting(database, business) == 0
    assert _post(owner, business, given, "/settle", settled="0").status_code == 303
    assert _waiting(database, business) == 1
    _write(owner, business, given)
    _post(owner, business, given, "/settle", settled="1")
    client.post(given.link, data={"do": "write", "seen": "1", "answer": "One more thing."})
    assert _waiting(database, business) == 1


def test_what_was_changed_is_noted_on_a_theme_and_taken_away_again(
    owner: Browser, client: Browser, database: Database, business: Business, given: Given
) -> None:
    theme = theme_of(database, business, "Prices")
    sort_into(database, business, theme, given)
    at = business.at(f"themes/{theme}/changes")
    assert "1 customer whose answer is in this theme" in _words(owner.get(at))
    note = {"body": "Prices stand on the card.", "signed": "Sam"}
    for _ in range(2):
        assert owner.send(at, **note).status_code == 303
    assert "Prices stand on the card." in _words(client.get(given.link))
    with database.reading() as session:
        note_id = session.scalars(select(ChangeNote.id)).one()
    assert owner.send(at, business.at(f"changes/{note_id}/remove")).status_code == 303
    assert "Prices stand on the card." not in _words(client.get(given.link))
    assert owner.send(at, business.at(f"changes/{note_id}/remove")).status_code == 404
    for wrong in ({"body": ""}, {"body": "x" * 2_001}, {"signed": ""}):
        again = owner.send(at, **{**note, **wrong})
        assert again.status_code == 422
        assert _in_box(again) == {**note, **wrong}["body"]
    assert f"themes/{theme}/changes" in owner.get(business.at(f"themes/{theme}")).get_data(
        as_text=True
    )


def test_a_change_is_noted_for_one_customer_alone(
    owner: Browser, client: Browser, database: Database, business: Business, given: Given
) -> None:
    other = give(database, business, "Nobody told me the price, too.")
    noted = _post(owner, business, given, "/changes", body="Your crown is free.", signed="Sam")
    assert noted.status_code == 303
    assert "Your crown is free." in _words(client.get(given.link))
    assert "Your crown is free." in _words(owner.get(_at(business, given)))
    assert "Your crown is free." not in _words(client.get(other.link))
    assert _post(owner, business, given, "/changes", body="", signed="Sam").status_code == 422


def test_another_workspaces_answers_and_themes_are_not_found(
    outsider: Browser, elsewhere: Business, database: Database, business: Business, given: Given
) -> None:
    theme = theme_of(database, business, "Prices")
    mine = give(database, elsewhere, "Slow.")
    for path in (f"replies/{given.id}", f"themes/{theme}/changes", f"replies/{2**64}"):
        assert outsider.get(elsewhere.at(path)).status_code == 404
    form = elsewhere.at(f"replies/{mine.id}")
    for rest in ("", "/settle", "/hand-over", "/changes"):
        sent = outsider.send(
            form, elsewhere.at(f"replies/{given.id}{rest}"), body="Hello", signed="Eve", seen="0"
        )
        assert sent.status_code == 404, rest
    with database.reading() as session:
        assert session.scalars(select(Message.id)).all() == []
        assert session.scalars(select(ChangeNote.id)).all() == []


def test_a_mail_that_failed_is_tried_again(
    owner: Browser, database: Database, business: Business, given: Given
) -> None:
    with database.writing() as session:
        message_id = write_letter(
            session, business.workspace_id, given.id, "Sorry.", utc_now(), signed="Sam",
            mail="failed",
        )  # fmt: skip
        session.get_one(Message, (business.workspace_id, message_id)).last_error = "550 no such"
    page = _words(owner.get(_at(business, given)))
    assert "the mail failed; the letter is under the link" in page
    assert "550 no such" in page
    assert _post(owner, business, given, f"/mail-again/{message_id}").status_code == 303
    assert [mail for _, _, mail in _messages(database)] == ["queued"]
