"""News is told once to whoever asked for it, in figures, and only when there is some."""

import json
import random
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest
from flask import Flask
from sqlalchemy import select, update

from survey.errors import WebhookError
from survey.mail import SmtpRelay
from survey.records import Bulletin, Delivery, Member, Reader, Telling, Theme, Workspace
from survey.records.database import Database
from survey.records.telling import RISING, WEEK
from survey.settings import Settings
from survey.show.exact import LEVEL
from survey.show.figures import Figures, Series
from survey.show.span import span_of
from survey.show.tell.mornings import next_morning
from survey.show.tell.posting import PostRound
from survey.show.tell.rising import changes_of, next_steps
from survey.show.tell.work import TellRound
from survey.webhook import Signed
from tests.support.answers import Said, add_answers, make_run
from tests.support.browser import Browser
from tests.support.people import Business, make_business, make_member, signed_in
from tests.support.relay import Relay, running_relay

MONDAY = datetime(2026, 11, 16, 8, tzinfo=UTC)
LATE = "Nobody told us <b>why</b> & we sat there for an hour."
WARM = "She rang me the day after just to ask."
ATOM = "{http://www.w3.org/2005/Atom}"


@dataclass
class Hook:
    """A webhook's server that only keeps what it is given, or refuses."""

    taken: list[tuple[str, Signed]] = field(default_factory=list)
    refuse: WebhookError | None = None

    def __call__(self, url: str, message: Signed, *, inside: bool) -> None:
        if self.refuse is not None:
            raise self.refuse
        self.taken.append((url, message))


@dataclass
class News:
    """A business whose customers wait more of late, and a worker that tells."""

    database: Database
    settings: Settings
    business: Business
    relay: Relay
    themes: dict[str, int]
    hook: Hook = field(default_factory=Hook)
    now: datetime = MONDAY

    def worker(self) -> TellRound:
        relay = SmtpRelay(self.relay.settings, self.settings.mail_from)
        return TellRound(self.database, self.settings, relay, clock=lambda _: self.now)

    def posting(self) -> PostRound:
        return PostRound(self.database, self.settings, poster=self.hook, clock=lambda _: self.now)

    def work(self) -> None:
        for work in (self.worker(), self.posting()):
            while work():
                pass

    def look_again(self, days: int = 1) -> None:
        self.now += timedelta(days=days)
        self.work()

    def rises(self) -> list[Bulletin]:
        with self.database.reading() as session:
            found = select(Bulletin).where(Bulletin.kind == RISING).order_by(Bulletin.made_at)
            rises = list(session.scalars(found))
            session.expunge_all()
            return rises

    def name(self, theme: str, name: str) -> None:
        with self.database.writing() as session:
            where = update(Theme).where(Theme.id == self.themes[theme])
            session.execute(where.values(name=name))


@pytest.fixture
def relay() -> Iterator[Relay]:
    with running_relay() as running:
        yield running


@pytest.fixture
def news(app: Flask, settings: Settings, business: Business, relay: Relay) -> News:
    database: Database = app.extensions["afterword"].database
    today = MONDAY.date()
    said = [
        (today - timedelta(days=back), _said(back, number))
        for back in range(1, 160)
        for number in range(2 if back <= 28 else 1)
    ]
    with database.writing() as session:
        run = make_run(session, business.workspace_id, MONDAY)
        add_answers(session, business.workspace_id, said, run, random.Random(1))
    return News(database, settings, business, relay, run[1])


def _said(back: int, number: int) -> Said:
    is_late = number == 0 if back <= 28 else back % 20 == 0
    theme, tone, words = ("waiting", "wish", LATE) if is_late else ("warmth", "praise", WARM)
    return Said(((theme, tone, words),))


def _wants(owner: Browser, news: News, **wish: str) -> None:
    assert owner.send(news.business.at("news"), **wish).status_code == 303
    with news.database.writing() as session:
        # The page dates by the real clock; here it is Monday morning.
        due = update(Reader).where(Reader.weekday.is_not(None)).values(due_at=news.now)
        session.execute(due)


def test_a_member_gets_the_week_once_and_again_a_week_later(owner: Browser, news: News) -> None:
    _wants(owner, news, weekday="Monday")
    news.work()
    news.work()
    (mail,) = news.relay.taken
    assert mail["To"] == "owner@example.org"
    assert mail["Subject"] == "Hill Street Dental: your week to 15 November 2026"
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "14 answers came in, 14 in the seven days before." in text
    assert "All 14 that say something are in a theme." in text
    assert "- Waiting: 7 of 14" in text
    assert "- Waiting (wishes): 28 of 56 since 19 October 2026, 6 of 131 in the weeks" in text
    news.look_again(days=6)
    assert len(news.relay.taken) == 1
    news.look_again(days=1)
    assert len(news.relay.taken) == 2
    assert news.relay.taken[0]["Message-ID"] != news.relay.taken[1]["Message-ID"]


def test_nobodys_words_stand_in_mails_and_posts_unless_an_owner_says_so(
    owner: Browser, news: News
) -> None:
    _hooked(owner, news, "https://hooks.example.org/n")
    _wants(owner, news, weekday="Monday", alerts="y")
    news.work()
    assert len(news.relay.taken) == 2
    assert not any("Nobody told us" in mail.as_string() for mail in news.relay.taken)
    assert not any(b"Nobody told us" in message.body for _, message in news.hook.taken)
    _hooked(owner, news, "https://hooks.example.org/n", with_words="y")
    _wants(owner, news, weekday="Monday")
    _send_again(news)
    body = news.relay.taken[-1].get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert "Nobody told us &lt;b&gt;why&lt;/b&gt; &amp;" in body
    assert b"Nobody told us <b>why</b>" in news.hook.taken[-1][1].body


def test_a_rising_theme_is_told_once_and_then_kept_up_to_date(owner: Browser, news: News) -> None:
    _hooked(owner, news, "https://hooks.example.org/n")
    _wants(owner, news, alerts="y")
    news.work()
    (mail,) = news.relay.taken
    assert mail["Subject"] == "Hill Street Dental: more wishes about Waiting"
    assert [b'"kind":"rising"' in message.body for _, message in news.hook.taken].count(True) == 1
    (before,) = news.rises()
    for _ in range(5):
        news.look_again()
    (after,) = news.rises()
    assert len(news.relay.taken) == 1
    assert after.id == before.id
    assert after.changed_at > before.changed_at
    assert after.figures != before.figures
    assert "Waiting" in owner.get(news.business.at("news")).get_data(as_text=True)


def test_a_rise_that_is_over_ends_and_does_not_ring_again_at_once(
    owner: Browser, news: News
) -> None:
    _wants(owner, news, alerts="y")
    news.work()
    news.look_again(days=150)  # nobody answered since: there is nothing to compare
    assert [one.ended_on is not None for one in news.rises()] == [True]
    news.look_again(days=-140)  # as if it had come back ten days later
    assert len(news.rises()) == 1
    assert len(news.relay.taken) == 1


def test_two_workers_send_one_letter_one_alert_and_one_post(owner: Browser, news: News) -> None:
    _hooked(owner, news, "https://hooks.example.org/n")
    _wants(owner, news, weekday="Monday", alerts="y")
    start = threading.Barrier(2)

    def work() -> None:
        rounds = news.worker(), news.posting()
        start.wait()
        for one in rounds:
            while one():
                pass

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    news.work()
    subjects = sorted(mail["Subject"].partition(": ")[2] for mail in news.relay.taken)
    assert subjects == ["more wishes about Waiting", "your week to 15 November 2026"]
    kinds = sorted(b"rising" in message.body for _, message in news.hook.taken)
    assert kinds == [False, True]


def test_a_letter_waits_for_a_relay_that_is_away_and_is_not_lost(
    owner: Browser, news: News
) -> None:
    _wants(owner, news, weekday="Monday")
    news.relay.to_sender = "421 not now"
    news.work()
    assert news.relay.taken == []
    news.relay.to_sender = "250 OK"
    news.now += timedelta(minutes=10)
    news.work()
    assert len(news.relay.taken) == 1


def test_a_letter_that_is_tried_again_after_midnight_is_the_same_letter(
    owner: Browser, news: News
) -> None:
    _wants(owner, news, weekday="Monday")
    news.now += timedelta(hours=15)
    news.worker()()
    with news.database.writing() as session:  # it went out, and we were killed before noting that
        session.execute(update(Reader).values(due_at=MONDAY))
    news.look_again()
    first, again = (mail["Message-ID"] for mail in news.relay.taken)
    assert first == again


def test_a_letter_that_was_a_week_late_is_not_sent_twice_the_same_day(
    owner: Browser, news: News
) -> None:
    _wants(owner, news, weekday="Monday")
    news.now += timedelta(days=7, hours=-2)  # the relay comes back an hour before the next is due
    news.work()
    assert len(news.relay.taken) == 1
    news.now += timedelta(hours=2)
    news.work()
    assert len(news.relay.taken) == 1
    news.look_again(days=7)
    assert len(news.relay.taken) == 2


def test_a_new_time_zone_brings_neither_two_letters_in_a_week_nor_none(
    owner: Browser, news: News
) -> None:
    _wants(owner, news, weekday="Monday")
    _lives_in(news, "Pacific/Auckland")
    news.work()
    _lives_in(news, "America/Los_Angeles")
    sent = []
    for _part in range(15 * 8):
        news.now += timedelta(hours=3)
        before = len(news.relay.taken)
        news.worker()()
        sent += [news.now] * (len(news.relay.taken) - before)
    assert [later - earlier > timedelta(days=6) for earlier, later in pairwise(sent)] == [True]
    assert sent[-1] - MONDAY < timedelta(days=15)


def _lives_in(news: News, zone: str) -> None:
    with news.database.writing() as session:
        session.execute(update(Workspace).values(time_zone=zone))


def test_the_link_in_a_letter_ends_it_by_one_click_and_by_hand(
    owner: Browser, client: Browser, news: News
) -> None:
    _wants(owner, news, weekday="Monday", alerts="y")
    news.work()
    mail = news.relay.taken[0]
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = mail["List-Unsubscribe"].strip("<>").removeprefix("http://localhost")
    assert "No more letters about" in client.get(link).get_data(as_text=True)
    news.look_again(days=7)
    count = len(news.relay.taken)
    assert count == 3  # opening the link changed nothing
    clicked = client.post(link, data={"List-Unsubscribe": "One-Click"})
    assert clicked.status_code == 200
    assert client.post(link).status_code == 200
    news.look_again(days=7)
    assert len(news.relay.taken) == count
    assert client.get("/d/nothing").status_code == 404


def test_whoever_leaves_is_told_nothing_more_and_their_feed_closes(
    app: Flask, owner: Browser, client: Browser, news: News
) -> None:
    person = make_member(news.database, news.business, "mo@example.org", "teammate")
    mate = signed_in(app, person)
    _wants(mate, news, weekday="Monday", alerts="y")
    feed = _feed(mate, news)
    assert client.get(feed).status_code == 200
    with news.database.writing() as session:
        session.delete(session.get_one(Member, (news.business.workspace_id, person)))
    news.work()
    assert news.relay.taken == []
    assert client.get(feed).status_code == 404
    assert owner.get(news.business.at("news")).status_code == 200


def test_a_feed_is_well_formed_private_and_without_words(
    owner: Browser, client: Browser, news: News
) -> None:
    news.name("waiting", "Waiting <script>alert(1)</script> & \x0b ]]>")
    news.work()
    first = _feed(owner, news)
    body = client.get(first).get_data()
    titles = [one.text for one in ET.fromstring(body).iter(f"{ATOM}title")]
    assert "Waiting <script>alert(1)</script> & \ufffd ]]> (wishes) is rising" in titles
    assert any(title and title.startswith("The week to 15 November") for title in titles)
    assert b"Nobody told us" not in body
    second = _feed(owner, news)
    assert client.get(first).status_code == 404
    assert client.get(second).status_code == 200
    owner.send(news.business.at("news"), to=news.business.at("news/feed"), do="end")
    assert client.get(second).status_code == 404


def test_feed_and_posts_say_so_while_the_sample_is_loaded(
    owner: Browser, client: Browser, news: News
) -> None:
    _hooked(owner, news, "https://hooks.example.org/n")
    told = []
    for has_sample in (False, True):
        with news.database.writing() as session:
            session.get_one(Workspace, news.business.workspace_id).is_sample = has_sample
        news.work()
        body = client.get(_feed(owner, news)).get_data()
        titles = [
            entry.findtext(f"{ATOM}title") for entry in ET.fromstring(body).iter(f"{ATOM}entry")
        ]
        told.append({str(title).startswith("Sample of a made-up practice: ") for title in titles})
        _send_again(news)
        told.append({json.loads(news.hook.taken[-1][1].body).get("sample")})
    assert told == [{False}, {None}, {True}, {True}]


def _feed(browser: Browser, news: News) -> str:
    browser.send(news.business.at("news"), to=news.business.at("news/feed"))
    page = browser.get(news.business.at("news")).get_data(as_text=True)
    return page.partition("<code>http://localhost")[2].partition("</code>")[0]


def test_markup_and_line_ends_in_a_themes_name_stay_words_in_a_mail(
    owner: Browser, news: News
) -> None:
    news.name("waiting", "Waiting</title><img src=x>\r\nBcc: all@example.org\x1a" + "x" * 9000)
    _wants(owner, news, weekday="Monday", alerts="y")
    news.work()
    assert len(news.relay.taken) == 2
    for mail in news.relay.taken:
        assert mail["Bcc"] is None
        page = mail.get_body(("html",)).get_content()  # type: ignore[union-attr]
        assert "<img" not in page
        assert "&lt;img src=x&gt;" in page
    assert set(news.relay.recipients) == {"owner@example.org"}


def _hooked(owner: Browser, news: News, url: str, **more: str) -> int:
    page = news.business.at("news")
    status = owner.send(page, to=page + "/webhook", webhook_url=url, **more).status_code
    with news.database.writing() as session:
        session.execute(update(Telling).values(look_at=news.now))
    return status


def test_an_address_inside_is_refused_and_nothing_is_kept(owner: Browser, news: News) -> None:
    for url in ("file:///etc/passwd", "https://127.0.0.1/", "http://example.org", "nonsense"):
        assert _hooked(owner, news, url) == 422, url
    with news.database.reading() as session:
        telling = session.get(Telling, news.business.workspace_id)
        assert telling is None or telling.webhook_url is None


def test_only_owners_say_where_news_is_posted(
    owner: Browser, teammate: Browser, news: News
) -> None:
    assert _hooked(teammate, news, "https://hooks.example.org/") == 403
    assert "To another program" not in teammate.get(news.business.at("news")).get_data(as_text=True)
    assert _hooked(owner, news, "https://hooks.example.org/") == 303
    assert "To another program" in owner.get(news.business.at("news")).get_data(as_text=True)


def test_a_post_that_fails_is_tried_again_later_and_at_last_given_up_in_words(
    owner: Browser, news: News
) -> None:
    _hooked(owner, news, "https://hooks.example.org/")
    news.hook.refuse = WebhookError("hooks.example.org answered with 500.")
    news.work()
    waits = _deliveries(news)
    assert {(one.state, one.attempts) for one in waits} == {("queued", 1)}
    news.now += timedelta(hours=7)
    news.work()
    assert {one.attempts for one in _deliveries(news)} == {2}
    assert "answered with 500" in owner.get(news.business.at("news")).get_data(as_text=True)
    news.hook.refuse = None
    news.now += timedelta(hours=7)
    news.work()
    assert {one.state for one in _deliveries(news)} == {"sent"}
    assert len({message.headers["Afterword-Delivery"] for _, message in news.hook.taken}) == 2


def test_a_receiver_that_takes_its_time_holds_up_neither_letters_nor_other_receivers(
    owner: Browser, news: News
) -> None:
    _hooked(owner, news, "https://slow.example.org/")
    _wants(owner, news, weekday="Monday")
    other = make_business(news.database, "Other")
    with news.database.writing() as session:
        telling = Telling(
            workspace_id=other.workspace_id, nonce=b"n" * 16, look_at=news.now + timedelta(days=9),
            webhook_url="https://quick.example.org/",
        )  # fmt: skip
        session.add(telling)
    worker = news.worker()
    while worker():
        pass
    _copy_news(news, other)
    let_go, taken, tried = threading.Event(), threading.Event(), []

    def poster(url: str, message: Signed, *, inside: bool) -> None:
        tried.append(url)
        if "slow" in url:
            assert let_go.wait(20)
            raise WebhookError("slow.example.org could not be reached: it did not answer in time")
        taken.set()

    posting = PostRound(news.database, news.settings, poster=poster, clock=lambda _: news.now)
    thread = threading.Thread(target=posting)
    thread.start()
    assert taken.wait(20)  # while the slow one still holds its line
    assert len(news.relay.taken) == 1
    let_go.set()
    thread.join()
    assert sorted(tried) == ["https://quick.example.org/", "https://slow.example.org/"]
    waits = [one for one in _deliveries(news) if one.workspace_id == news.business.workspace_id]
    assert len(waits) == 2
    assert {(one.state, one.attempts) for one in waits} == {("queued", 1)}


def _copy_news(news: News, other: Business) -> None:
    with news.database.writing() as session:
        week = session.scalars(select(Bulletin).where(Bulletin.kind == "week")).one()
        columns = {one.key: getattr(week, one.key) for one in Bulletin.__table__.columns}
        session.add(Bulletin(**columns | {"workspace_id": other.workspace_id}))
        session.flush()
        session.add(
            Delivery(
                workspace_id=other.workspace_id, bulletin_id=week.id, way="webhook",
                made_at=news.now,
            )
        )  # fmt: skip


def test_a_post_is_given_up_after_three_days_or_at_once_where_it_is_hopeless(
    owner: Browser, news: News
) -> None:
    _hooked(owner, news, "https://hooks.example.org/")
    news.hook.refuse = WebhookError("hooks.example.org answered with 500.")
    news.work()
    news.look_again(days=4)
    assert {one.state for one in _deliveries(news)} == {"failed"}
    news.hook.refuse = WebhookError("It answered with a redirect (302).", for_good=True)
    _send_again(news)
    assert "redirect" in owner.get(news.business.at("news")).get_data(as_text=True)
    assert {one.state for one in _deliveries(news)} == {"failed"}


def _send_again(news: News) -> None:
    with news.database.writing() as session:
        session.execute(update(Delivery).values(state="queued", made_at=news.now))
    news.work()


def _deliveries(news: News) -> list[Delivery]:
    with news.database.reading() as session:
        found = list(session.scalars(select(Delivery).where(Delivery.way == "webhook")))
        session.expunge_all()
        return found


def test_looking_twice_the_same_day_changes_nothing(news: News) -> None:
    news.work()
    with news.database.writing() as session:
        session.execute(update(Telling).values(look_at=news.now, week_told=None))
    news.work()
    with news.database.reading() as session:
        kinds = sorted(session.scalars(select(Bulletin.kind)))
    assert kinds == [RISING, WEEK]


def test_few_answers_are_not_enough_to_say(owner: Browser, elsewhere: Business, news: News) -> None:
    with news.database.writing() as session:
        run = make_run(session, elsewhere.workspace_id, MONDAY)
        said = [(date(2026, 11, 12), _said(1, 0)), (date(2026, 11, 13), _said(1, 1))]
        add_answers(session, elsewhere.workspace_id, said, run, random.Random(1))
        person = session.scalars(select(Member.person_id)).first()
        session.add(
            Member(workspace_id=elsewhere.workspace_id, person_id=person, role="owner",
                   joined_at=MONDAY)
        )  # fmt: skip
        session.flush()
        session.add(
            Reader(workspace_id=elsewhere.workspace_id, person_id=person, weekday=0,
                   nonce=b"n" * 16, due_at=MONDAY)
        )  # fmt: skip
    news.work()
    (mail,) = news.relay.taken
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "2 answers came in" in text
    assert "not enough to say" in text
    assert "Waiting" not in text


def test_without_a_mail_server_the_page_has_the_news_and_nothing_piles_up(
    owner: Browser, news: News
) -> None:
    _wants(owner, news, weekday="Monday", alerts="y")
    worker = TellRound(news.database, news.settings, None, clock=lambda _: news.now)
    while worker():
        pass
    with news.database.reading() as session:
        assert set(session.scalars(select(Delivery.state))) == {"dropped"}
        due_at = session.scalars(select(Reader.due_at)).one()
    assert due_at == datetime(2026, 11, 23, 7, tzinfo=UTC)


def test_a_morning_is_the_workspaces_own_also_when_clocks_change() -> None:
    saturday = datetime(2026, 10, 24, 20, tzinfo=UTC)
    assert next_morning(saturday, "Europe/Berlin", time(7)) == datetime(2026, 10, 25, 6, tzinfo=UTC)
    assert next_morning(saturday, "Nowhere/Else", time(7), 0) == datetime(
        2026, 10, 26, 7, tzinfo=UTC
    )
    auckland = next_morning(saturday, "Pacific/Auckland", time(7), 0)
    assert auckland == datetime(2026, 10, 25, 18, tzinfo=UTC)


def test_quiet_weeks_seldom_raise_an_alarm() -> None:
    dice = random.Random(7)
    weeks, themes, alarms = 60, range(1, 16), 0
    span = span_of(date(2026, 5, 4), date(2026, 11, 15))
    for _ in range(weeks):
        alarmed = False
        steps = [dice.randrange(20, 60) for _ in span.steps]
        for _day in range(7):
            counts = {(t, "wish"): _series(dice, steps, 0.3 / t) for t in themes}
            zero = Series((0,) * len(steps))
            figures = Figures(
                span=span, by_theme=counts, answered=Series(tuple(steps)),
                **dict.fromkeys(
                    ("asked", "replied", "withdrawn", "themes", "nothing", "unsorted",
                     "other_language"), zero,
                ),
            )  # fmt: skip
            alarmed |= bool(next_steps(changes_of(figures, list(themes)), ()).begun)
        alarms += alarmed
    assert alarms <= (1 - LEVEL) * weeks + 3 * (LEVEL * (1 - LEVEL) * weeks) ** 0.5


def _series(dice: random.Random, steps: list[int], share: float) -> Series:
    return Series(tuple(sum(dice.random() < share for _ in range(of)) for of in steps))
