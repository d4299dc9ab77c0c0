"""What people type by mistake is masked for readers, and theirs to see; danger raises a flag."""

import html
import re
import time
from datetime import UTC, date, datetime

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from flask import Flask
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from survey.answer.csv_file import PastAnswer
from survey.answer.past_answers import add_past_answers, begin_import
from survey.clock import utc_now
from survey.guard.sealing import _key
from survey.records import AnswerText, Flag, Message, SealedText, WhereToTurn, Workspace
from survey.records.arrivals import take_in
from survey.records.database import Database
from survey.records.guarding import open_flags
from survey.records.sealing_anew import seal_all_anew
from tests.support.browser import Browser
from tests.support.invitations import SECRET_KEY, Invited, invite
from tests.support.people import Business

TYPED = "Ring me on 020 7946 0958 or at mo@example.org, card 4111 1111 1111 1111."
SHOWN = "Ring me on [phone number] or at [e-mail address], card [card number]."
DANGER = "Nobody rang back and I don't want to live any more."


@pytest.fixture
def database(app: Flask) -> Database:
    opened: Database = app.extensions["afterword"].database
    return opened


@pytest.fixture
def invited(database: Database, business: Business) -> Invited:
    _set(database, business, time_zone="Europe/London")
    return invite(database, business)


def _set(database: Database, business: Business, **values: object) -> None:
    with database.writing() as session:
        session.execute(
            update(Workspace).where(Workspace.id == business.workspace_id).values(**values)
        )


def _kept(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(AnswerText.body)))


def _sealed(database: Database) -> int:
    with database.reading() as session:
        return len(session.scalars(select(SealedText)).all())


def _take_in(database: Database) -> None:
    with database.writing() as session:
        take_in(session, utc_now(), limit=50)


def _flags(database: Database) -> list[tuple[str, str]]:
    with database.reading() as session:
        bodies = {row.answer_id: row.body for row in session.scalars(select(AnswerText))}
        flags = session.scalars(select(Flag).order_by(Flag.danger)).all()
        return [(flag.danger, bodies[flag.answer_id][flag.start : flag.end]) for flag in flags]


def _words(page: TestResponse) -> str:
    plain = re.sub(r"<[^>]+>", "", page.get_data(as_text=True))
    return " ".join(html.unescape(plain).split())


def test_readers_get_the_masked_text_and_the_writer_their_own(
    client: Browser, database: Database, owner: Browser, business: Business, invited: Invited
) -> None:
    assert client.post(invited.link, data={"answer": TYPED}).status_code == 303
    assert _kept(database) == [SHOWN]
    assert TYPED in _words(client.get(invited.link))
    assert TYPED in _words(client.get(f"{invited.link}?change"))
    _take_in(database)
    for page in ("answers", "answers?q=phone", "export.csv"):
        seen = owner.get(business.at(page)).get_data(as_text=True)
        assert "7946" not in seen
        assert "mo@example.org, card" not in seen
    assert SHOWN in _words(owner.get(business.at("answers")))


def test_what_the_database_holds_does_not_say_it(
    client: Browser, database: Database, invited: Invited
) -> None:
    client.post(invited.link, data={"answer": TYPED})
    with database.reading() as session:
        sealed = session.scalars(select(SealedText.sealed)).one()
    assert b"7946" not in sealed
    assert b"4111" not in sealed


def test_an_original_opens_at_its_own_version_of_its_own_answer_alone(
    client: Browser, database: Database, business: Business, invited: Invited
) -> None:
    other = invite(database, business)
    client.post(invited.link, data={"answer": TYPED})
    client.post(other.link, data={"answer": "Or on 020 7946 0001."})
    with database.writing() as session:
        first, second = session.scalars(select(SealedText)).all()
        first.sealed, second.sealed = second.sealed, first.sealed
    for link in (invited.link, other.link):
        page = _words(client.get(link))
        assert "7946" not in page
        assert "Nobody has kept it." in page


def test_what_was_sealed_for_its_workspace_alone_is_sealed_anew_once(
    client: Browser, database: Database, business: Business, invited: Invited
) -> None:
    client.post(invited.link, data={"answer": TYPED})
    with database.writing() as session:
        sealed = session.scalars(select(SealedText)).one()
        sealed.sealed = _sealed_as_before(business.workspace_id, TYPED)
    assert "7946" not in _words(client.get(invited.link))
    assert seal_all_anew(database, b"another key, of as many letters.") == 0
    assert seal_all_anew(database, SECRET_KEY) == 1
    assert TYPED in _words(client.get(invited.link))
    assert seal_all_anew(database, SECRET_KEY) == 0


def _sealed_as_before(workspace_id: int, original: str) -> bytes:
    nonce, told = bytes(range(12)), workspace_id.to_bytes(8, "big")
    return nonce + AESGCM(_key(SECRET_KEY)).encrypt(nonce, original.encode(), told)


def test_letters_are_masked_for_the_team_and_their_writers_own(
    client: Browser, database: Database, owner: Browser, business: Business, invited: Invited
) -> None:
    client.post(invited.link, data={"answer": "Nobody rang back.", "may": "1"})
    with database.reading() as session:
        answer_id = session.scalars(select(AnswerText.answer_id)).one()
    talk = business.at(f"replies/{answer_id}")
    owner.send(talk, body="Where may we ring you?", signed="Sam", seen="0")
    letter = {"do": "write", "seen": "1", "answer": TYPED}
    for _ in range(2):  # pressed twice
        assert client.post(invited.link, data=letter).status_code == 303
    other = TYPED.replace("0958", "0999")  # masked, it reads the same
    client.post(invited.link, data=letter | {"answer": other})
    with database.reading() as session:
        theirs = session.scalars(select(Message).where(Message.author == "customer")).all()
        assert [one.body for one in theirs] == [SHOWN, SHOWN]
        assert not any(one.sealed is None or b"7946" in one.sealed for one in theirs)
    seen = _words(owner.get(talk))
    assert "7946" not in seen
    assert "As it was typed" in seen
    assert "7946" not in _words(owner.get(business.at("replies")))
    as_typed = _words(owner.get(business.at(f"answers/{answer_id}/as-typed")))
    for page in (as_typed, _words(client.get(invited.link))):
        assert TYPED in page
        assert other in page


def test_a_letter_whose_original_is_dropped_says_so(
    client: Browser, database: Database, owner: Browser, business: Business, invited: Invited
) -> None:
    _set(database, business, personal_data="drop")
    client.post(invited.link, data={"answer": "Nobody rang back.", "may": "1"})
    client.post(invited.link, data={"do": "write", "seen": "0", "answer": TYPED})
    page = _words(client.get(invited.link))
    assert SHOWN in page
    assert "Nobody has kept it." in page
    with database.reading() as session:
        assert session.scalars(select(Message.sealed)).all() == [None]


def test_a_workspace_may_drop_the_original(
    client: Browser, database: Database, business: Business, invited: Invited
) -> None:
    _set(database, business, personal_data="drop")
    client.post(invited.link, data={"answer": TYPED})
    assert _kept(database) == [SHOWN]
    assert _sealed(database) == 0
    page = _words(client.get(invited.link))
    assert SHOWN in page
    assert "Nobody has kept it." in page


def test_a_workspace_may_show_everything(
    client: Browser, database: Database, business: Business, invited: Invited
) -> None:
    _set(database, business, personal_data="show")
    client.post(invited.link, data={"answer": TYPED})
    assert _kept(database) == [TYPED]


def test_brackets_in_a_changed_answer_stand_for_themselves(
    client: Browser, database: Database, invited: Invited
) -> None:
    client.post(invited.link, data={"answer": TYPED})
    typed = f"x{SHOWN}y, or 1:[phone number] and [phone number]9."
    client.post(invited.link, data={"answer": typed, "do": "change", "seen": "1"})
    assert (_kept(database), _sealed(database)) == (["", typed], 0)
    assert typed in _words(client.get(invited.link))


def test_pressing_twice_is_still_no_fault(
    client: Browser, database: Database, business: Business, invited: Invited
) -> None:
    for _ in range(2):
        assert client.post(invited.link, data={"answer": TYPED}).status_code == 303
    _set(database, business, personal_data="drop")
    assert client.post(invited.link, data={"answer": TYPED}).status_code == 303
    assert _kept(database) == [SHOWN]


def test_a_second_answer_too_long_to_be_kept_costs_no_more_than_a_moment(
    client: Browser, invited: Invited
) -> None:
    client.post(invited.link, data={"answer": TYPED})
    long = "0171 2345678 " * 60_000
    began = time.process_time()
    page = client.post(invited.link, data={"answer": long})
    assert time.process_time() - began < 3
    assert page.status_code == 409
    assert long in page.get_data(as_text=True)


def test_changing_an_answer_masks_anew_and_forgets_the_old_original(
    client: Browser, database: Database, invited: Invited
) -> None:
    client.post(invited.link, data={"answer": TYPED})
    other = TYPED.replace("0958", "0959")
    client.post(invited.link, data={"answer": other, "do": "change", "seen": "1"})
    assert other in _words(client.get(invited.link))
    assert _sealed(database) == 1
    client.post(invited.link, data={"answer": "Less waiting.", "do": "change", "seen": "2"})
    assert _sealed(database) == 0


def test_taking_an_answer_back_takes_original_and_flag_along(
    client: Browser, database: Database, invited: Invited
) -> None:
    client.post(invited.link, data={"answer": f"{DANGER} {TYPED}"})
    _take_in(database)
    assert _sealed(database) == len(_flags(database)) == 1
    client.post(invited.link, data={"do": "withdraw"})
    assert _sealed(database) == len(_flags(database)) == 0


def test_words_of_danger_raise_a_flag_that_cites_them(
    client: Browser, database: Database, business: Business, invited: Invited
) -> None:
    client.post(invited.link, data={"answer": f"{TYPED} {DANGER}"})
    _take_in(database)
    assert _flags(database) == [("self_harm", "don't want to live any more")]
    with database.reading() as session:
        assert open_flags(session, business.workspace_id) == 1


def test_harmless_idioms_raise_none(client: Browser, database: Database, invited: Invited) -> None:
    client.post(invited.link, data={"answer": "The waiting killed me."})
    _take_in(database)
    assert _flags(database) == []
    assert "in danger" not in _words(client.get(invited.link))


def test_a_changed_answer_is_looked_through_again(
    client: Browser, database: Database, invited: Invited
) -> None:
    client.post(invited.link, data={"answer": DANGER})
    _take_in(database)
    client.post(invited.link, data={"answer": "All is well.", "do": "change", "seen": "1"})
    assert _flags(database) == []
    client.post(invited.link, data={"answer": "I smell gas in here", "do": "change", "seen": "2"})
    assert _flags(database) == [("emergency", "I smell gas")]


def test_a_letter_is_looked_through_too_and_keeps_its_numbers(
    client: Browser, database: Database, owner: Browser, business: Business, invited: Invited
) -> None:
    client.post(invited.link, data={"answer": "Too slow."})
    told = utc_now()
    for words in (f"{DANGER} Ring 020 7946 0958.", f"Once more: {DANGER}"):
        client.post(invited.link, data={"answer": words, "do": "write", "seen": "0"})
        with database.writing() as session:
            flag = session.scalars(select(Flag)).one()
            assert flag.told_at == (None if "Ring" in words else told)  # owners are told once
            flag.told_at = told
    assert [danger for danger, _ in _flags(database)] == ["self_harm"]
    assert "Please call 999 now." in _words(client.get(invited.link))
    page = _words(owner.get(business.at("urgent")))
    assert "Too slow." in page
    assert "It stands in a letter that came later" in page
    assert "live any more" not in page


def test_a_flag_for_a_letter_outlasts_a_change_of_the_answer_and_goes_with_it(
    client: Browser, database: Database, invited: Invited
) -> None:
    client.post(invited.link, data={"answer": "Too slow."})
    client.post(invited.link, data={"answer": DANGER, "do": "write", "seen": "0"})
    for version, words in enumerate(("Far too slow.", "There is a fire in the hall, help!"), 1):
        data = {"answer": words, "do": "change", "seen": str(version)}
        assert client.post(invited.link, data=data).status_code == 303
        _take_in(database)
        assert "self_harm" in [danger for danger, _ in _flags(database)]
    assert client.post(invited.link, data={"do": "withdraw"}).status_code == 303
    assert _flags(database) == []


def test_whoever_writes_of_danger_reads_where_to_turn(
    client: Browser, database: Database, business: Business, invited: Invited
) -> None:
    client.post(invited.link, data={"answer": DANGER})
    page = _words(client.get(invited.link))
    assert "Please call 999 now." in page
    assert "Samaritans, 116 123" in page
    _set(database, business, country="AT")
    assert "Please call 112 now." in _words(client.get(invited.link))
    with database.writing() as session:
        session.add(
            WhereToTurn(workspace_id=business.workspace_id, country="AT", words="Ruf 142 an.")
        )
    page = _words(client.get(invited.link))
    assert "Ruf 142 an." in page
    assert "112" not in page


def test_whoever_is_hurt_by_a_thing_reads_where_to_turn_and_is_flagged(
    client: Browser, database: Database, owner: Browser, business: Business, invited: Invited
) -> None:
    client.post(invited.link, data={"answer": "The e-bike battery exploded and burnt my hand."})
    assert "Please call 999 now." in _words(client.get(invited.link))
    _take_in(database)
    assert _flags(database) == [("emergency", "e-bike battery exploded")]
    page = owner.get(business.at("urgent"))
    assert "May be about an emergency or a dangerous thing" in _words(page)
    assert "<mark>e-bike battery exploded</mark>" in page.get_data(as_text=True)


def test_where_the_country_is_not_known_no_number_is_made_up(
    client: Browser, database: Database, business: Business
) -> None:
    invited = invite(database, business, customer_language="en-US")
    client.post(invited.link, data={"answer": DANGER})
    page = _words(client.get(invited.link))
    assert "the emergency number of where you are now" in page
    assert "911" not in page


def test_past_answers_are_masked_and_only_recent_ones_flagged(
    database: Database, business: Business
) -> None:
    _set(database, business, time_zone="Europe/London")
    for text, day in ((f"{DANGER} {TYPED}", date(2026, 1, 2)), (DANGER, date(2026, 11, 18))):
        now = datetime(2026, 11, 20, 12, tzinfo=UTC)
        past = PastAnswer(row=0, text=text, id=None, said_on=day, said_at=None, segments=())
        with database.writing() as session:
            batch = begin_import(session, business.workspace_id, "past.csv", text.encode(), now)
            add_past_answers(session, batch, [past], now.date(), now)
    assert sorted(_kept(database)) == sorted([f"{DANGER} {SHOWN}", DANGER])
    assert len(_flags(database)) == 1
    assert _sealed(database) == 0
