"""Asking several at once in the browser, without JavaScript: paste, look, ask."""

import csv
import io
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from survey.address import address_hmac
from survey.ask.list_file import MOST_BYTES, MOST_ROWS, TOO_MUCH, WHY
from survey.ask.list_pages import LARGEST
from survey.clock import utc_now
from survey.records import (
    Interaction,
    InteractionSegment,
    Invitation,
    Link,
    Unsubscribed,
    Workspace,
)
from survey.records.database import Database
from tests.ask.conftest import Asker
from tests.support.browser import Browser
from tests.support.people import Business, make_member, signed_in
from tests.support.places import PlaceForTest
from tests.support.relay import Relay

LIST = (
    "Email\tName\tServed by\tWhat was done\tDate\tLanguage\tBranch\n"
    "mo@example.org\tMo\tSam\tyour boiler\t2026-11-17\tGerman\tHill\n"
    "jo@example.org\tJo\tSam\tyour tap\t2026-11-18 09:30\t\tMill\n"
)
_CHOICES = re.compile(r'<select name="(column-\w+|date_format|quiet_days)".*?</select>', re.DOTALL)


@pytest.fixture
def business(asking: PlaceForTest) -> Business:
    return asking.business


@pytest.fixture
def owner(app: Flask, database: Database, business: Business) -> Browser:
    return signed_in(app, make_member(database, business, "owner@example.org", "owner"))


def _words(page: str) -> str:
    return re.sub(r"\s+", " ", page)


def _look(owner: Browser, business: Business, text: str, **more: Any) -> str:
    sent = owner.send(business.at("ask/list"), people=text, **more)
    assert sent.status_code in {200, 422}, sent.status_code
    return _words(sent.get_data(as_text=True))


def _as_shown(page: str) -> dict[str, Any]:
    """Return the fields of a page that shows a list, as a browser would send them."""
    found: dict[str, Any] = {}
    for name in ("csrf_token", "once", "seen"):
        value = re.search(rf'name="{name}"[^>]*value="([^"]*)"', page)
        assert value, name
        found[name] = value[1]
    for select_ in _CHOICES.finditer(page):
        chosen = re.search(r'<option(?: value="([^"]*)")? selected>([^<]*)', select_[0])
        if chosen:
            found[select_[1]] = _plain(chosen[1] if chosen[1] is not None else chosen[2])
    rows = re.search(r'<textarea[^>]*name="people"[^>]*>(.*?)</textarea>', page, re.DOTALL)
    assert rows
    found["people"] = _plain(rows[1].removeprefix("\r\n").removeprefix("\n"))
    found["segment"] = re.findall(r'name="segment" value="([^"]*)" checked', page)
    return found


def _plain(escaped: str) -> str:
    import html

    return html.unescape(escaped)


def _shown(owner: Browser, business: Business, text: str) -> dict[str, Any]:
    sent = owner.send(business.at("ask/list"), people=text)
    assert sent.status_code == 200
    return _as_shown(sent.get_data(as_text=True))


def _press(owner: Browser, business: Business, fields: dict[str, Any], do: str) -> TestResponse:
    return owner.post(
        business.at("ask/list"), data={**fields, "do": do}, content_type="multipart/form-data"
    )


def _ask(owner: Browser, business: Business, text: str) -> str:
    pressed = _press(owner, business, _shown(owner, business, text), "ask")
    assert pressed.status_code == 200
    return _words(pressed.get_data(as_text=True))


def _count(database: Database, record: type) -> int:
    with database.reading() as session:
        return session.execute(select(func.count()).select_from(record)).scalar_one()


def test_the_page_for_one_leads_owners_to_the_page_for_several(
    owner: Browser, business: Business, app: Flask, database: Database
) -> None:
    link = f'<a href="{business.at("ask/list")}">Ask several at once</a>'
    assert link in owner.get(business.at("ask")).get_data(as_text=True)
    mate = signed_in(app, make_member(database, business, "mate@example.org", "teammate"))
    assert link not in mate.get(business.at("ask")).get_data(as_text=True)


def test_a_list_is_looked_at_and_then_asked(
    owner: Browser, business: Business, database: Database
) -> None:
    fields = _shown(owner, business, LIST)
    page = _look(owner, business, LIST)
    assert "<h1>2 people to ask</h1>" in page
    assert "your boiler</bdi>&nbsp;· <bdi>Sam</bdi>&nbsp;· Tuesday 17 November" in page
    assert "<bdi>Deutsch</bdi>" in page
    assert _count(database, Interaction) == 0  # looking asks nobody
    fields["segment"] = ["Branch"]
    looked = _press(owner, business, fields, "look").get_data(as_text=True)
    done = _press(owner, business, _as_shown(looked), "ask").get_data(as_text=True)
    assert "<h1>2 people are asked</h1>" in done
    with database.reading() as session:
        mo, jo = session.scalars(select(Interaction).order_by(Interaction.customer_name.desc()))
        assert (mo.customer_email, mo.customer_name, mo.customer_language) == (
            ("mo@example.org", "Mo", "de")
        )
        assert (mo.served_by, mo.about) == ("Sam", "your boiler")
        assert mo.occurred_at == datetime.fromisoformat("2026-11-17T12:00+00:00")
        assert jo.occurred_at == datetime.fromisoformat("2026-11-18T09:30+00:00")
        assert jo.customer_language is None
        assert set(session.scalars(select(InteractionSegment.value))) == {"Hill", "Mill"}
        doors = session.scalars(select(Link.kind).join(Invitation, Link.target_id == Invitation.id))
        assert sorted(doors) == ["answer", "answer", "reply", "reply", "unsubscribe", "unsubscribe"]


def test_whom_a_list_asks_gets_the_mail_that_one_asked_by_hand_gets(
    owner: Browser, business: Business, asker: Asker, relay: Relay
) -> None:
    _ask(owner, business, LIST)
    asker.send_all(relay)
    assert sorted(relay.recipients) == ["jo@example.org", "mo@example.org"]
    texts = [mail.get_body(("plain",)) for mail in relay.taken]
    bodies = [text.get_content() for text in texts if text]
    german = next(body for body in bodies if "Mo" in body)
    assert "Dienstag" in german
    assert all(re.search(r"/a/[\w-]+", body) for body in bodies)


def test_rows_of_no_header_are_read_by_what_stands_in_them(
    owner: Browser, business: Business, database: Database
) -> None:
    page = _look(owner, business, "Mo,mo@example.org,17/11/2026\nJo,jo@example.org,18/11/2026")
    assert "<h1>2 people to ask</h1>" in page
    assert "mail addresses from <bdi>Column 2</bdi>, when it was from <bdi>Column 3</bdi>" in page
    assert "Tuesday 17 November" in page


def test_dates_that_may_be_read_two_ways_are_those_of_late(
    owner: Browser, business: Business
) -> None:
    today = utc_now()
    for form in ("%d/%m/%Y", "%m/%d/%Y"):
        typed = (today - timedelta(days=3)).strftime(form)
        page = _look(owner, business, f"email,date\nmo@example.org,{typed}")
        assert f"{today - timedelta(days=3):%A}" in page


def test_a_column_called_date_in_which_no_date_stands_is_not_read_as_one(
    owner: Browser, business: Business
) -> None:
    page = _look(owner, business, "email,day,birthday\nmo@example.org,Monday,1980-03-01")
    assert "<h1>1 person to ask</h1>" in page
    assert "1980" not in page.split("The rows</label>")[0].split("Change the list")[0]
    assert "when it was from" not in page


def test_each_row_that_is_left_out_says_why(
    owner: Browser, business: Business, database: Database
) -> None:
    rows = [
        ("", "", "", ""),
        ("mo(at)example.org", "", "", ""),
        ("mo@example.org", "", "", ""),
        ("MO@Example.org ", "", "", ""),
        ("a@example.org", "", "2027-03-01", ""),
        ("b@example.org", "", "soon", ""),
        ("c@example.org", "", "2026-02-31", ""),
        ("d@example.org", "", "", "Klingonisch"),
        ("e@example.org", "x" * 201, "", ""),
        ("f@example.org", "your \x00 tap", "", ""),
    ]
    table = io.StringIO()
    csv.writer(table).writerows([("email", "about", "date", "language"), *rows])
    broken = 'g@example.org,,"2026-11-17"x,\nh@example.org,your tap\n'
    page = _look(owner, business, table.getvalue() + broken)
    assert "<h1>1 person to ask</h1>" in page
    assert "10 rows left out" in page  # the empty one is no row at all
    for row, why in (
        (3, "“mo(at)example.org” is no e-mail address that mail can go to."),
        (5, "Row 4 has the same address."),
        (6, "Its date, Monday 1 March 2027, is still to come."),
        (7, "Its date “soon” is not written like 2026-11-22, or with a time."),
        (8, "Its date “2026-02-31” is a day that does not exist."),
        (9, "The language “Klingonisch” is not known: please write its English name, or its tag"),
        (10, "What it was about: please use at most 200 characters."),
        (11, "It holds signs that cannot be read (�)."),
        (12, "A quotation mark stands inside a quoted field; it should be doubled there."),
        (13, "It has 2 cells where the first row has 4."),
    ):
        told = re.search(rf'<li>Row {row}[, ].*?<p class="meta">(.*?)</p>', page)
        assert told, row
        assert why in told[1], row


def test_a_row_with_a_name_and_no_address_says_so(owner: Browser, business: Business) -> None:
    page = _look(owner, business, "name,email\nMo,\nJo,jo@example.org")
    assert "There is no e-mail address." in page


def test_who_wants_no_more_mail_is_left_out(
    owner: Browser, business: Business, asker: Asker, database: Database
) -> None:
    fields = _shown(owner, business, LIST)
    address = address_hmac(asker.settings.secret_key, business.workspace_id, "MO@example.org")
    with database.writing() as session:
        session.add(
            Unsubscribed(
                workspace_id=business.workspace_id, address_hmac=address, created_at=utc_now()
            )
        )
    done = _words(_press(owner, business, fields, "ask").get_data(as_text=True))  # looked at before
    assert "<h1>1 person is asked</h1>" in done
    assert "They asked for no more mail." in done
    with database.reading() as session:
        assert session.scalars(select(Interaction.customer_email)).all() == ["jo@example.org"]


def test_who_was_asked_within_the_quiet_time_is_left_out_unless_it_is_shorter(
    owner: Browser, business: Business, asker: Asker, database: Database
) -> None:
    asker.record("Mo@example.org", about="the roof")
    asker.send_all(None)
    ago = utc_now() - timedelta(days=10)
    with database.writing() as session:
        session.execute(update(Invitation).values(asked_on=ago.date(), sent_at=ago))
        session.execute(update(Interaction).values(created_at=ago))
    page = _look(owner, business, LIST)
    assert "<h1>1 person to ask</h1>" in page
    assert "less than 14 days ago." in page
    fields = _shown(owner, business, LIST) | {"quiet_days": "7"}
    page = _words(_press(owner, business, fields, "look").get_data(as_text=True))
    assert "<h1>2 people to ask</h1>" in page


def test_whose_question_still_waits_is_not_asked_another(
    owner: Browser, business: Business, asker: Asker
) -> None:
    asker.record("mo@example.org")
    page = _look(owner, business, LIST)
    assert "A question to them waits to go out already." in page


def test_nobody_is_asked_twice_about_the_same_visit_even_without_a_quiet_time(
    owner: Browser, business: Business, asker: Asker
) -> None:
    asker.record("mo@example.org", about="Your boiler", occurred_at="2026-11-17T14:00")
    asker.record("jo@example.org", about="your roof", occurred_at="2026-11-18T14:00")
    asker.send_all(None)
    fields = _shown(owner, business, LIST) | {"quiet_days": "0"}
    page = _words(_press(owner, business, fields, "look").get_data(as_text=True))
    assert "<h1>1 person to ask</h1>" in page  # about the tap, not the roof
    assert page.count("They were asked about this visit already.") == 1


def test_a_number_of_ones_own_is_asked_about_once(
    owner: Browser, business: Business, asker: Asker
) -> None:
    asker.record("mo@example.org", reference="visit-1")
    page = _look(owner, business, "email,visit id\nx@example.org,visit-1\ny@example.org,visit-2")
    assert "<h1>1 person to ask</h1>" in page
    assert "They were asked about “visit-1” already." in page


def test_pressing_twice_asks_nobody_twice(
    owner: Browser, business: Business, database: Database
) -> None:
    fields = _shown(owner, business, LIST) | {"quiet_days": "0"}
    fields = _as_shown(_press(owner, business, fields, "look").get_data(as_text=True))
    first, second = (_press(owner, business, fields, "ask").get_data(as_text=True) for _ in "12")
    assert "<h1>2 people are asked</h1>" in first
    assert "<h1>2 people are asked</h1>" in second
    assert "This list was sent before. Nobody is asked twice." in second
    assert (_count(database, Interaction), _count(database, Invitation)) == (2, 2)


def test_the_same_list_in_another_tab_asks_nobody_again(
    owner: Browser, business: Business, database: Database
) -> None:
    tabs = [_shown(owner, business, LIST) for _ in "12"]
    assert tabs[0]["once"] != tabs[1]["once"]
    first, second = (_press(owner, business, tab, "ask").get_data(as_text=True) for tab in tabs)
    assert "<h1>2 people are asked</h1>" in first
    assert "<h1>Nobody was asked</h1>" in second
    assert "They were asked about this visit already." in second
    assert _count(database, Interaction) == 2


def test_a_mended_row_is_asked_by_the_same_list_and_the_others_are_not_again(
    owner: Browser, business: Business, database: Database
) -> None:
    fields = _shown(owner, business, "email,name\nmo@example.org,Mo\njo(at)example.org,Jo")
    _press(owner, business, fields, "ask")
    fields["people"] = fields["people"].replace("(at)", "@")
    looked = _press(owner, business, fields, "look").get_data(as_text=True)
    assert "This list has asked 1 person already" in looked
    done = _words(_press(owner, business, _as_shown(looked), "ask").get_data(as_text=True))
    assert "<h1>2 people are asked</h1> <p>1 of them was asked by this list before" in done
    assert _count(database, Interaction) == 2


def test_what_was_changed_before_pressing_is_looked_at_first(
    owner: Browser, business: Business, database: Database
) -> None:
    fields = _shown(owner, business, LIST)
    for change in ({"column-name": ""}, {"people": fields["people"] + "\nk@example.org"}):
        page = _words(_press(owner, business, fields | change, "ask").get_data(as_text=True))
        assert "Nobody was asked yet." in page
    assert _count(database, Interaction) == 0


def test_the_rows_left_out_come_as_a_file_that_can_be_mended_and_put_in_again(
    owner: Browser, business: Business, database: Database
) -> None:
    text = (
        'email,name,about\nmo(at)example.org,=HYPERLINK("x"),"the ""old"" roof, and a tap"\n'
        'jo@example.org,Jo,your tap\nk@example.org,+49 30 1,y,z\nl@example.org,"L"x,\n'
    )
    sent = _press(owner, business, _shown(owner, business, text), "left-out")
    assert sent.headers["Content-Disposition"] == 'attachment; filename="rows-to-mend.csv"'
    raw = sent.get_data()
    rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"))))
    assert rows[0] == [WHY, "email", "name", "about"]
    assert rows[1][1:] == ["mo(at)example.org", '\'=HYPERLINK("x")', 'the "old" roof, and a tap']
    assert rows[2][1:] == ["k@example.org", "'+49 30 1", "y", "z"]
    assert rows[3][1:] == ['l@example.org,"L"x,']  # as it stood there
    mended = raw.replace(b"(at)", b"@")
    sent = owner.send(business.at("ask/list"), file=(io.BytesIO(mended), "rows-to-mend.csv"))
    page = _words(sent.get_data(as_text=True))
    assert "<h1>1 person to ask</h1>" in page
    assert "<bdi>=HYPERLINK(&#34;x&#34;)</bdi>" in page  # as it was typed, and only words
    again = _press(owner, business, _as_shown(sent.get_data(as_text=True)), "left-out")
    header = next(csv.reader(io.StringIO(again.get_data().decode("utf-8-sig"))))
    assert header == [WHY, "email", "name", "about"]


REFUSED: list[tuple[bytes, str]] = [
    (b"", "There are no rows yet. Paste some, or choose a file."),
    (b"\n \n,,\n", "There are no rows yet"),
    (b"PK\x03\x04xlsx", "is a spreadsheet, not a CSV"),
    ("email,name\nmo@example.org,Zoë\n".encode("cp1252"), "people.csv is not written in utf-8"),
    (b"\n".join(b"c%d@e.org" % n for n in range(MOST_ROWS + 1)), "1,000 rows"),
    (b"x" * (MOST_BYTES + 1), "240 kB"),
]


@pytest.mark.parametrize(("raw", "told"), REFUSED)
def test_a_file_that_cannot_be_asked_is_refused_with_a_sentence(
    owner: Browser, business: Business, database: Database, raw: bytes, told: str
) -> None:
    sent = owner.send(business.at("ask/list"), file=(io.BytesIO(raw), "people.csv"))
    if sent.status_code == 303:  # too large to be read at all
        sent = owner.get(str(sent.location))
    else:
        assert sent.status_code == 422
    assert told in _words(sent.get_data(as_text=True))
    assert _count(database, Interaction) == 0


def test_a_hundred_thousand_rows_are_refused_with_a_sentence_before_they_are_read(
    owner: Browser, business: Business, database: Database, app: Flask
) -> None:
    view: Any = app.view_functions["ask_list.post_list"]
    assert view.takes_up_to == (LARGEST, TOO_MUCH)
    pasted = "email\n" + "mo@example.org\n" * 100_000
    sent = owner.send(business.at("ask/list"), people=pasted)
    assert sent.status_code == 413  # as a form that no browser sends for this page
    fields = _shown(owner, business, LIST) | {"people": pasted}
    body = "".join(
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    )
    form = "multipart/form-data; boundary=b"
    sent = owner.post(business.at("ask/list"), data=f"{body}--b--\r\n", content_type=form)
    assert sent.location == business.at("ask/list")
    page = owner.get(sent.location).get_data(as_text=True)
    assert "This is more than can be asked at once" in page
    assert _count(database, Interaction) == 0


def test_a_file_in_another_encoding_is_read_when_it_is_named(
    owner: Browser, business: Business
) -> None:
    raw = "email,name\nmo@example.org,Zoë\n".encode("cp1252")
    file = (io.BytesIO(raw), "people.csv")
    sent = owner.send(business.at("ask/list"), file=file, encoding="cp1252")
    assert "<bdi>Zoë</bdi>" in sent.get_data(as_text=True)


def test_markup_and_nul_in_a_list_stay_words(owner: Browser, business: Business) -> None:
    page = _look(owner, business, "email,name\nmo@example.org,<script>alert(1)</script>\x00")
    assert "<script>alert" not in page
    page = _look(owner, business, 'email,<b>x</b>\nmo@example.org,"</textarea><img src=x>"')
    assert "<img" not in page
    assert "<b>x" not in page


def test_a_list_whose_addresses_nobody_can_guess_asks_which_column_they_are_in(
    owner: Browser, business: Business
) -> None:
    text = "who,where\nMo,nowhere\nJo,jo@example.org\nKo,nowhere\n"
    page = _look(owner, business, text)
    assert "Which column holds the e-mail addresses?" in page
    assert 'name="do" value="ask"' not in page
    fields = _as_shown(page.replace("> ", ">\n")) | {"people": text, "column-email": "where"}
    page = _words(_press(owner, business, fields, "look").get_data(as_text=True))
    assert "<h1>1 person to ask</h1>" in page


def test_a_list_says_in_which_languages_the_question_is_not_worded(
    owner: Browser, business: Business
) -> None:
    page = _look(owner, business, "email,language\nmo@example.org,da\njo@example.org,Deutsch")
    assert (
        "The question is in English for those who read Deutsch, da: it has no wording yet." in page
    )


def test_a_delay_is_told_before_and_after(
    owner: Browser, business: Business, database: Database
) -> None:
    with database.writing() as session:
        session.execute(update(Workspace).values(delay_minutes=3 * 24 * 60))
    page = _look(owner, business, "mo@example.org")
    assert re.search(r"The last of the mails is written on \w+day \d+ \w+ at", page)
    assert "The last of the mails is written on" in _ask(owner, business, "mo@example.org")


@pytest.mark.parametrize("who", ["outsider", "teammate", "nobody"])
def test_only_owners_of_the_workspace_may_ask_a_list(
    who: str, app: Flask, database: Database, business: Business, owner: Browser, request: Any
) -> None:
    fields = _shown(owner, business, LIST)
    if who == "nobody":
        browser: Browser = request.getfixturevalue("client")
    elif who == "teammate":
        browser = signed_in(app, make_member(database, business, "mate@example.org", "teammate"))
    else:
        browser = request.getfixturevalue("outsider")
    page = browser.get(business.at("ask/list"))
    assert page.status_code == {"outsider": 404, "teammate": 403, "nobody": 302}[who]
    if who != "nobody":
        account = browser.get("/account").get_data(as_text=True)
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', account)
        assert found
        fields["csrf_token"] = found[1]
    sent = _press(browser, business, fields, "ask")
    assert sent.status_code == {"outsider": 404, "teammate": 403, "nobody": 401}[who]
    assert _count(database, Interaction) == 0


def test_a_post_without_its_forms_secret_asks_nobody(
    owner: Browser, business: Business, database: Database
) -> None:
    fields = _shown(owner, business, LIST) | {"csrf_token": "forged"}
    assert _press(owner, business, fields, "ask").status_code == 400
    assert _count(database, Interaction) == 0


def test_who_may_be_asked_only_the_day_after_the_look_is_looked_at_first(
    owner: Browser, business: Business, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    _ask(owner, business, "email\nmo@example.org\n")
    with database.writing() as session:
        thirteen_days_ago = utc_now().date() - timedelta(days=13)
        session.execute(
            update(Invitation).values(state="sent", sent_at=utc_now(), asked_on=thirteen_days_ago)
        )
    fields = _shown(owner, business, "email\nmo@example.org\njo@example.org\n")
    tomorrow = utc_now() + timedelta(days=1)
    monkeypatch.setattr("survey.ask.list_pages.utc_now", lambda: tomorrow)
    pressed = _press(owner, business, fields, "ask").get_data(as_text=True)
    assert "a new day has begun" in _words(pressed)
    assert "2 people to ask" in pressed
    assert _count(database, Interaction) == 1
    asked = _press(owner, business, _as_shown(pressed), "ask").get_data(as_text=True)
    assert "2 people are asked" in asked
    assert _count(database, Interaction) == 3
