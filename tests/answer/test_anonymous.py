"""What is said anonymously cannot be joined to who said it: not by rows, filters or subtraction."""

import random
import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from survey.app import create_app
from survey.clock import utc_now
from survey.records import Answer, AnswerText, HeldAnswer, Invitation, Question, Record
from survey.records.anonymity import let_in, ready_to_be_let_in
from survey.records.counts import counts_now, rebuild
from survey.records.database import Database
from survey.records.sortings import Placing, SortedAnswer, write_sortings
from survey.records.talks import write_letter
from survey.settings import read_settings
from tests.support.browser import Browser
from tests.support.given import theme_of
from tests.support.invitations import Invited, invite
from tests.support.people import Business, make_business, make_member, signed_in

RECEIPT = re.compile(r"http://localhost(/r/[\w-]{22})")


def _database(app: Flask) -> Database:
    found: Database = app.extensions["afterword"].database
    return found


def _make_anonymous(database: Database, *, anonymous: bool = True) -> None:
    with database.writing() as session:
        session.execute(update(Question).values(anonymous=anonymous))


def _fields(page: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))


def _page(client: Browser, link: str) -> dict[str, str]:
    return _fields(client.get(link).get_data(as_text=True))


def _answer(client: Browser, link: str, words: str, **more: str) -> str:
    """Answer; the receipt's path."""
    sent = client.post(link, data={**_page(client, link), "answer": words, **more})
    found = RECEIPT.search(sent.get_data(as_text=True))
    assert found, sent.get_data(as_text=True)
    return found.group(1)


def _change(client: Browser, receipt: str, words: str, seen: dict[str, str] | None = None) -> int:
    """Change an answer from a window that was opened before, else from a fresh one; the status."""
    fields = seen or _page(client, f"{receipt}?change")
    return client.post(receipt, data={**fields, "answer": words}).status_code


def _let_in(database: Database) -> None:
    with database.writing() as session:
        ready = ready_to_be_let_in(session)
        assert ready is not None
        let_in(session, *ready, utc_now())


@pytest.fixture
def invited(app: Flask, business: Business) -> Invited:
    made = invite(_database(app), business, served_by="Sam", segments={"branch": "North"})
    _make_anonymous(_database(app))
    return made


def test_the_page_says_what_can_and_cannot_be_known(client: Browser, invited: Invited) -> None:
    page = " ".join(client.get(invited.link).get_data(as_text=True).split())
    for told in (
        "is not told from whom it is",
        "once 5 answers have come",
        "No record joins your answer and you",
        "can know that this link was used",
        "The mail that asked you names you",
        "writes no log of who opens its pages",
        "What you write may show who you are",
        "anonymous ones are left out altogether",
    ):
        assert told in page
    assert "can see that it is from you" not in page
    assert "come back to me" not in page


def test_an_answer_changes_nothing_of_its_invitation_but_the_state(
    app: Flask, client: Browser, business: Business, invited: Invited
) -> None:
    database = _database(app)
    before = _everything(database)
    _answer(client, invited.link, "Too loud.")
    after = _everything(database)
    changed = {name for name in after if before[name] != after[name]}
    assert changed == {"invitation", "held_answer", "link", "count_delta"}
    with database.writing() as session:
        assert session.scalars(select(Invitation.state)).all() == ["answered"]
        held = session.scalars(select(HeldAnswer)).one()
        row = {column.name: getattr(held, column.name) for column in HeldAnswer.__table__.columns}
        assert str(invited.invitation_id) not in repr(row)
        assert held.since is not None
        assert held.since.weekday() == 0
        assert set(row) == {
            "workspace_id", "id", "question_id", "said_nothing", "withdrawn", "body", "since"
        }  # fmt: skip
        folded = counts_now(session, business.workspace_id)
        rebuild(session, business.workspace_id)
        assert folded == _without_asked(counts_now(session, business.workspace_id))
        assert {"replied"} == {cell[2] for cell in folded}


def _everything(database: Database) -> dict[str, list[str]]:
    with database.reading() as session:
        return {
            name: sorted(repr(tuple(row)) for row in session.execute(select(table)))
            for name, table in Record.metadata.tables.items()
        }


def test_a_second_answer_too_long_to_be_kept_costs_no_more_than_a_moment(
    client: Browser, invited: Invited
) -> None:
    fields = _page(client, invited.link)
    _answer(client, invited.link, "Too loud.")
    long = "0171 2345678 " * 60_000
    began = time.process_time()
    page = client.post(invited.link, data={**fields, "answer": long})
    assert time.process_time() - began < 3
    assert long in page.get_data(as_text=True)


def test_the_receipt_alone_opens_it_to_be_changed_and_taken_back(
    app: Flask, client: Browser, invited: Invited
) -> None:
    receipt = _answer(client, invited.link, "Too loud.")
    assert "Too loud." not in client.get(invited.link).get_data(as_text=True)
    assert "Too loud." in client.get(receipt).get_data(as_text=True)
    _change(client, receipt, "Far too loud.")
    assert "Far too loud." in client.get(receipt).get_data(as_text=True)
    client.post(receipt, data={"do": "withdraw"})
    assert "You took your answer back" in client.get(receipt).get_data(as_text=True)
    with _database(app).reading() as session:
        assert session.scalars(select(HeldAnswer.body)).all() == [""]


def test_a_receipt_in_two_windows_takes_nothing_over_unseen(
    app: Flask, client: Browser, business: Business, invited: Invited
) -> None:
    receipt = _answer(client, invited.link, "Too loud.")
    first, second, third = (_page(client, f"{receipt}?change") for _ in range(3))
    assert _change(client, receipt, "Far too loud.", first) == 303
    assert _change(client, receipt, "Far too loud.", first) == 303  # pressed twice
    late = client.post(receipt, data={**second, "answer": "And cold."})
    assert late.status_code == 409
    shown = late.get_data(as_text=True)
    assert "Far too loud." in shown
    assert "And cold." in shown
    with _database(app).reading() as session:
        assert session.scalars(select(HeldAnswer.body)).all() == ["Far too loud."]
    assert _change(client, receipt, "And cold.", _fields(shown)) == 303  # having read both
    waiting = _page(client, f"{receipt}?change")
    for n in range(1, 5):
        _answer(client, invite(_database(app), business).link, f"Number {n}.")
    _let_in(_database(app))
    assert _change(client, receipt, "Not so cold.", third) == 409  # older than what it says now
    assert _change(client, receipt, "Warm.", waiting) == 303  # the same words, let in meanwhile
    assert "Warm." in client.get(receipt).get_data(as_text=True)


def test_no_address_names_another_that_would_join_them(client: Browser, invited: Invited) -> None:
    page = {**_page(client, invited.link), "answer": "Too loud."}
    sent = client.post(invited.link, data=page)
    assert sent.status_code == 200  # no second request at once, which a log would show
    receipt = re.search(r'<a href="[^"]*/r/[^>]*>', sent.get_data(as_text=True))
    assert receipt
    assert 'rel="noreferrer"' in receipt.group()


def test_a_team_writes_to_a_receipt_and_its_holder_back(
    app: Flask, client: Browser, owner: Browser, business: Business, invited: Invited
) -> None:
    database = _database(app)
    receipts = [_answer(client, invited.link, "Number 0.")]
    for n in range(1, 5):
        receipts.append(_answer(client, invite(database, business).link, f"Number {n}."))
    _let_in(database)
    listed = owner.get(business.at("answers")).get_data(as_text=True)
    assert "Anonymous, in the week from" in listed
    with database.reading() as session:
        answer_id = session.scalar(
            select(AnswerText.answer_id).where(AnswerText.body == "Number 3.")
        )
    talk = business.at(f"replies/{answer_id}")
    page = owner.get(talk).get_data(as_text=True)
    assert "Nobody is told from whom this is" in page
    assert "mo@example.org" not in page
    sent = owner.send(talk, body="We hear you.", signed="Sam", seen="0")
    assert sent.status_code in (302, 303)
    assert "We hear you." in client.get(receipts[3]).get_data(as_text=True)
    assert "We hear you." not in client.get(receipts[2]).get_data(as_text=True)
    client.post(receipts[3], data={"do": "write", "answer": "Good to know.", "seen": "1"})
    assert "Good to know." in owner.get(talk).get_data(as_text=True)
    assert "Number 3." in owner.get(business.at("replies")).get_data(as_text=True)


def test_a_receipt_goes_on_working_once_the_answer_was_let_in(
    app: Flask, client: Browser, business: Business, invited: Invited
) -> None:
    database = _database(app)
    receipts = [_answer(client, invited.link, "Number 0.")]
    for n in range(1, 5):
        receipts.append(_answer(client, invite(database, business).link, f"Number {n}."))
    _let_in(database)
    assert "Number 3." in client.get(receipts[3]).get_data(as_text=True)
    _change(client, receipts[3], "Other.")
    client.post(receipts[2], data={"do": "withdraw"})
    with database.writing() as session:
        answer_id = session.scalar(select(AnswerText.answer_id).where(AnswerText.body == "Other."))
        assert answer_id is not None
        texts = session.scalars(select(AnswerText).where(AnswerText.body == "Other.")).all()
        assert [text.written_at for text in texts] == [None]
        write_letter(
            session, business.workspace_id, answer_id, "We hear you.", utc_now(), signed="Sam"
        )
    page = client.get(receipts[3]).get_data(as_text=True)
    assert "We hear you." in page
    client.post(receipts[3], data={"do": "write", "answer": "Good.", "seen": "1"})
    assert "Good." in client.get(receipts[3]).get_data(as_text=True)
    with database.writing() as session:
        now = counts_now(session, business.workspace_id)
        rebuild(session, business.workspace_id)
        assert now == _without_asked(counts_now(session, business.workspace_id))


def _without_asked(counts: dict[tuple[object, ...], int]) -> dict[tuple[object, ...], int]:
    """Invitations of tests are not counted as asked when they are made."""
    return {cell: n for cell, n in counts.items() if "asked" not in cell}


def test_the_same_page_again_gets_the_same_receipt(
    app: Flask, client: Browser, invited: Invited
) -> None:
    page = {**_page(client, invited.link), "answer": "Too loud."}
    sent = [client.post(invited.link, data=page).get_data(as_text=True) for _ in range(3)]
    assert len({_receipt(one) for one in sent}) == 1
    with _database(app).reading() as session:
        assert session.scalar(select(func.count()).select_from(HeldAnswer)) == 1


def _receipt(page: str) -> str:
    found = RECEIPT.search(page)
    assert found
    return found.group(1)


def test_a_used_link_takes_no_second_answer_and_gives_the_words_back(
    app: Flask, client: Browser, invited: Invited
) -> None:
    late = _page(client, invited.link)
    _answer(client, invited.link, "Too loud.")
    refused = client.post(invited.link, data={**late, "answer": "And cold."})
    assert refused.status_code == 409
    assert "And cold." in refused.get_data(as_text=True)
    with _database(app).reading() as session:
        assert session.scalars(select(HeldAnswer.body)).all() == ["Too loud."]


def test_a_page_that_promised_something_else_is_shown_again(
    app: Flask, client: Browser, business: Business
) -> None:
    database = _database(app)
    invited = invite(database, business)
    _make_anonymous(database)
    first = client.post(invited.link, data={"answer": "Typed under names."})  # before the switch
    assert first.status_code == 422
    assert "Typed under names." in first.get_data(as_text=True)
    page = _fields(first.get_data(as_text=True))
    _make_anonymous(database, anonymous=False)
    second = client.post(invited.link, data={**page, "answer": "Typed as nobody."})
    assert second.status_code == 422
    assert "Typed as nobody." in second.get_data(as_text=True)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Answer)) == 0
        assert session.scalar(select(func.count()).select_from(HeldAnswer)) == 0


def test_what_was_said_anonymously_stays_so_when_names_return(
    app: Flask, client: Browser, invited: Invited
) -> None:
    receipt = _answer(client, invited.link, "Too loud.")
    _make_anonymous(_database(app), anonymous=False)
    assert "Too loud." not in client.get(invited.link).get_data(as_text=True)
    late = client.post(invited.link, data={"answer": "Again."})
    assert (late.status_code, "Again." in late.get_data(as_text=True)) == (409, True)
    assert "Too loud." in client.get(receipt).get_data(as_text=True)


def test_no_door_opens_with_anothers_token(
    app: Flask, client: Browser, business: Business, elsewhere: Business, invited: Invited
) -> None:
    receipt = _answer(client, invited.link, "Too loud.")
    token = receipt.removeprefix("/r/")
    theirs = invite(_database(app), elsewhere)
    for address in (f"/a/{token}", f"/o/{token}", f"/r/{invited.token}", f"/r/{theirs.token}"):
        opened = client.get(address)
        assert (opened.status_code, "Too loud." in opened.get_data(as_text=True)) == (404, False)
        posted = client.post(address, data={"answer": "Mine.", "do": "change"})
        assert posted.status_code == 404
    with _database(app).reading() as session:
        assert session.scalars(select(HeldAnswer.body)).all() == ["Too loud."]


def test_a_receipt_that_is_another_link_takes_nothing_over(
    app: Flask, client: Browser, business: Business, invited: Invited
) -> None:
    other = invite(_database(app), business)
    page = {**_page(client, invited.link), "own": other.token, "answer": "Mine."}
    sent = client.post(invited.link, data=page)
    assert sent.status_code == 422
    assert "Mine." in sent.get_data(as_text=True)
    with _database(app).reading() as session:
        assert session.scalar(select(func.count()).select_from(HeldAnswer)) == 0
        states = session.scalars(select(Invitation.state)).all()
        assert states == ["sent", "sent"]


# The differencing attack: two worlds in which the same things were said by different people.

BRANCHES = ("North", "South")
WORDS = tuple(f"Anonymous words number {n}." for n in range(6))


@dataclass(frozen=True)
class World:
    """An application after everybody has answered, and its owner's browser and key."""

    app: Flask
    owner: Browser
    key: str
    business: Business

    def see(self, page: str, filters: dict[str, str]) -> bytes:
        """Return what an owner or a program gets to see."""
        address = page if page.startswith("/") else self.business.at(page)
        headers = {"Authorization": f"Bearer {self.key}"} if page.startswith("/") else {}
        with self.owner.get(address, query_string=filters, headers=headers) as answer:
            return re.sub(rb'name="csrf_token"[^>]*>', b"", answer.get_data())


@pytest.fixture(scope="module")
def worlds(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[World, World, int]]:
    """Return two worlds that differ in nothing but who said what, and the id of a theme."""
    from survey.account.actions import create_key

    folder = tmp_path_factory.mktemp("worlds")
    first = folder / "first.db"
    shutil.copy(sqlite_template, first)
    database = Database(f"sqlite:///{first}")
    business = make_business(database, "Hill Street Dental")
    owner_id = make_member(database, business, "owner@example.org", "owner")
    with database.writing() as session:
        key = create_key(session, business.workspace_id, "till", utc_now())
    theme_id = theme_of(database, business, "Noise")
    _add_named_answers(database, business)
    people = [
        invite(database, business, served_by=f"Sam {n}", segments={"branch": BRANCHES[n % 5 == 0]})
        for n in range(len(WORDS))
    ]
    _make_anonymous(database)
    database.close()
    second = folder / "second.db"
    shutil.copy(first, second)
    worlds = [
        _answered_world(path, people, number, (business, owner_id, key, theme_id))
        for number, path in enumerate((first, second))
    ]
    yield worlds[0], worlds[1], theme_id
    for world in worlds:
        _database(world.app).close()


def _add_named_answers(database: Database, business: Business) -> None:
    from tests.support.given import give

    for n in range(8):
        give(database, business, f"Named words {n}.", segments={"branch": BRANCHES[n % 2]})


def _answered_world(
    path: Path, people: list[Invited], seed: int, about: tuple[Business, int, str, int]
) -> World:
    business, owner_id, key, theme_id = about
    app = create_app(
        read_settings(
            {
                "SURVEY_DATA_DIR": str(path.parent / f"data{seed}"),
                "SURVEY_DATABASE_URL": f"sqlite:///{path}",
                "SURVEY_SECRET_KEY": "k" * 40,
                "SURVEY_BASE_URL": "http://localhost",
            }
        )
    )
    app.test_client_class = Browser
    client = app.test_client()
    assert isinstance(client, Browser)
    who = list(people)
    random.Random(seed).shuffle(who)
    for number, (person, words) in enumerate(zip(who, WORDS, strict=True)):
        own = f"receipt-of-number-{number:04d}"
        client.post(person.link, data={"own": own, "anonymous": "1", "answer": words})
    database = _database(app)
    _name_by_words(database)
    _let_in(database)
    with database.writing() as session:
        _sort(session, business, theme_id)
    return World(app, signed_in(app, owner_id), key, business)


def _name_by_words(database: Database) -> None:
    """Random ids differ from world to world and tell nothing; here the words give them."""
    with database.writing() as session:
        for held in session.scalars(select(HeldAnswer)).all():
            session.execute(
                update(HeldAnswer)
                .where(HeldAnswer.id == held.id)
                .values(id=10**15 + WORDS.index(held.body))
            )


def _sort(session: Any, business: Business, theme_id: int) -> None:
    from survey.records import Workspace

    run_id = session.scalars(select(Workspace.current_run_id)).one()
    rows = session.execute(
        select(Answer.id, AnswerText.body)
        .join(AnswerText, AnswerText.answer_id == Answer.id)
        .order_by(Answer.id)
    ).all()
    placing = Placing(theme_id, 0, 5, "wish", 0.9)
    write_sortings(
        session,
        business.workspace_id,
        run_id,
        [
            SortedAnswer(row.id, 1, "themes", (placing,))
            if row.body[-2] in "02468"
            else SortedAnswer(row.id, 1, "nothing")
            for row in rows
        ],
    )
    rebuild(session, business.workspace_id)


def test_no_table_tells_who_said_what(worlds: tuple[World, World, int]) -> None:
    first, second = (_told(_database(world.app)) for world in worlds[:2])
    assert first == second


def _told(database: Database) -> dict[str, list[str]]:
    """Every row of every table, in the order in which it stands, but for ids made at random."""
    told = {}
    with database.reading() as session:
        for name, table in Record.metadata.tables.items():
            if name in ("count_delta", "session", "worker_beat", "link"):
                continue
            columns = [one for one in table.columns if one.name != "answers_changed_at"]
            told[name] = [repr(tuple(row)) for row in session.execute(select(*columns))]
    return told


PAGES = (
    "",
    "answers",
    "search",
    "export.csv",
    "/export.csv",
    "/api/v1/answers",
    "/api/v1/themes",
    "theme",
)
FILTERS = st.fixed_dictionaries(
    {},
    optional={
        "segment.branch": st.sampled_from((*BRANCHES, "West")),
        "theme": st.sampled_from(("theme", "nothing", "sorted", "waiting", "unsorted")),
        "tone": st.sampled_from(("wish", "praise", "unclear")),
        "days": st.sampled_from(("1", "7", "30")),
        "served_by": st.sampled_from(("Sam 0", "Sam 1", "Sam")),
        "channel": st.sampled_from(("phone", "mail")),
        "language": st.sampled_from(("en", "de")),
        "q": st.sampled_from(("words", "number", "anonymous", "noise")),
    },
)


@hypothesis_settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(filters=FILTERS, page=st.sampled_from(PAGES))
def test_no_filter_and_no_difference_of_filters_tells_who_said_what(
    worlds: tuple[World, World, int], filters: dict[str, str], page: str
) -> None:
    first, second, theme_id = worlds
    page = f"themes/{theme_id}" if page == "theme" else page
    if filters.get("theme") == "theme":
        filters = {**filters, "theme": str(theme_id)}
    seen = first.see(page, filters)
    assert seen == second.see(page, filters)
    is_cut = {"segment.branch", "served_by", "channel", "language"} & set(filters)
    if is_cut and ("csv" in page or "api" in page):  # an odd filter leaves a page as it was
        assert b"Anonymous words" not in seen


def test_the_attack_would_notice_named_answers(worlds: tuple[World, World, int]) -> None:
    north = worlds[0].see("/export.csv", {"segment.branch": "North"})
    assert b"Named words 0." in north
    assert b"Named words 1." not in north
    assert b"Anonymous words" in worlds[0].see("/export.csv", {})
