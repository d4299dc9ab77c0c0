"""Two hundred customers at once for a minute: not one answer is lost, and none is doubled."""

import http.client
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from string import ascii_lowercase
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from survey.records import Answer, AnswerText, Link, Message
from survey.records.counts import counts_now, rebuild
from survey.records.database import Database
from survey.records.migrate import migrate
from survey.tokens import token_sha256
from tests.support.many_links import ask_many
from tests.support.people import Business, make_business
from tests.support.postgres import free_port

CUSTOMERS = 200
SECONDS = 60
SECRET = "k" * 40
pytestmark = [pytest.mark.soak, pytest.mark.timeout(1200)]


@dataclass
class Story:
    """What one customer was told was done with their link."""

    link: str
    words: str | None = None  # None once it is taken back
    sure: bool = True  # whether the last press was answered at all


@dataclass
class House:
    """A served installation with customers who wait to be asked."""

    port: int
    database: Database
    business: Business
    links: list[str]
    process: subprocess.Popen[bytes]

    def stop(self) -> None:
        """Stop web and worker cleanly, so that nothing changes any more."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(timeout=60)


@pytest.fixture
def house(database_url: str, tmp_path: Path) -> Iterator[House]:
    """`survey serve`, web and worker, as it is run."""
    database = Database(database_url)
    migrate(database.engine)
    business = make_business(database, "Hill Street Dental")
    with database.writing() as session:
        links = ask_many(session, business.workspace_id, 40_000, SECRET.encode())
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "survey", "serve", "--port", str(port)],
        env={
            **os.environ,
            "SURVEY_DATA_DIR": str(tmp_path / "data"),
            "SURVEY_DATABASE_URL": database_url,
            "SURVEY_SECRET_KEY": SECRET,
            "SURVEY_BASE_URL": f"http://127.0.0.1:{port}",
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    house = House(port, database, business, links, process)
    try:
        _wait_until_healthy(port)
        yield house
    finally:
        house.stop()
        database.close()


def _wait_until_healthy(port: int) -> None:
    for _ in range(600):
        with suppress(OSError), urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as told:
            if told.status == 200:
                return
        time.sleep(0.1)
    raise AssertionError("not healthy within a minute")


def test_two_hundred_customers_for_a_minute_lose_nothing_and_double_nothing(house: House) -> None:
    stories: list[Story] = []
    statuses: Counter[int] = Counter()
    lock, until = threading.Lock(), time.monotonic() + SECONDS

    def live(number: int) -> None:
        dice, mine, seen = random.Random(number), [], Counter[int]()
        while time.monotonic() < until:
            with lock:
                story = Story(house.links.pop())
            mine.append(story)
            _live(house.port, story, dice, seen)
        with lock:
            stories.extend(mine)
            statuses.update(seen)

    threads = [threading.Thread(target=live, args=(number,)) for number in range(CUSTOMERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not [status for status in statuses if status >= 500 or status == 429], statuses
    house.stop()
    _compare(house, [story for story in stories if story.sure])
    sys.stderr.write(f"\n{len(stories)} stories, {sum(statuses.values())} presses: {statuses}\n")


def _live(port: int, story: Story, dice: random.Random, seen: Counter[int]) -> None:
    """Answer; press twice, change, take back now and then; press again what got no answer."""
    words = f"Words {''.join(dice.choices(ascii_lowercase, k=12))}"
    presses: list[tuple[dict[str, str], str | None]] = [({"answer": words}, words)]
    if dice.random() < 0.2:
        presses.append(({"answer": words}, words))
    if dice.random() < 0.3:
        other = f"Other {words}"
        presses.append(({"do": "change", "seen": "1", "answer": other}, other))
        presses.append(({"do": "change", "seen": "1", "answer": other}, other))
    if dice.random() < 0.1:
        presses += [({"do": "withdraw"}, None)] * 2
    for fields, outcome in presses:
        status = _pressed(port, story.link, fields)
        seen[status] += 1
        story.sure = status == 303
        if not story.sure:
            return
        story.words = outcome


def _pressed(port: int, link: str, fields: dict[str, str]) -> int:
    """Press a button; where the line broke, nobody knows, so it is pressed again."""
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    for _ in range(20):
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            line.request("POST", link, urlencode(fields), kind)
            with line.getresponse() as told:
                told.read()
                return told.status
        except OSError:
            time.sleep(0.05)
        finally:
            line.close()
    return 0


def _compare(house: House, stories: list[Story]) -> None:
    assert len(stories) > CUSTOMERS
    with house.database.writing() as session:
        kept = {
            row.token_sha256: (row.state, row.body)
            for row in session.execute(
                select(Link.token_sha256, Answer.state, AnswerText.body)
                .join(Answer, Answer.invitation_id == Link.target_id)
                .join(
                    AnswerText,
                    (AnswerText.answer_id == Answer.id) & (AnswerText.version == Answer.version),
                )
            )
        }
        twice = session.execute(
            select(Answer.invitation_id).group_by(Answer.invitation_id).having(func.count() > 1)
        ).all()
        told = {
            token_sha256(story.link.removeprefix("/a/")): (
                ("withdrawn", "") if story.words is None else ("given", story.words)
            )
            for story in stories
        }
        assert twice == []
        assert {key: kept.get(key) for key in told} == told
        assert session.scalar(select(func.count()).select_from(Message)) == 0
        before = _answers(session, house)
        rebuild(session, house.business.workspace_id)
        assert before == _answers(session, house)


def _answers(session: Session, house: House) -> dict[tuple[object, ...], int]:
    counts = counts_now(session, house.business.workspace_id)
    return {cell: count for cell, count in counts.items() if "asked" not in cell}
