"""No owner page puts up a barrier: axe-core finds nothing, and nothing sticks out of the window."""

import re
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import Any, Literal

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page
from sqlalchemy import select
from werkzeug.serving import make_server

from survey.answer.uploads import keep_upload
from survey.app import create_app
from survey.clock import utc_now
from survey.records import Answer, Flag, Run, Theme, new_id
from survey.records.database import Database
from survey.records.talks import Consent, set_consent, write_letter
from survey.settings import read_settings
from tests.show.test_book_pages import WRITTEN
from tests.show.test_ledger_pages import fields
from tests.support.answers import fill
from tests.support.browser import Browser as NoScripts
from tests.support.people import PASSWORD, Business, make_business, make_member, signed_in
from tests.support.postgres import free_port

pytestmark = pytest.mark.browser
ELSEWHERE = {
    *("places.places", "places.one", "places.anonymous"),  # in test_open_links.py
    *("export.export_csv", "export.export_file", "places.poster"),  # files
    *("paper.themes", "paper.trend", "paper.segments", "paper.answer_map", "map.points"),
    "map.answers",  # a part of the map, in test_map.py
}
AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Desk:
    """A served application with one full and one empty workspace."""

    url: str
    paths: tuple[str, ...]
    left_out: frozenset[str]


@pytest.fixture(scope="module")
def desk(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """The whole application on a port, with 300 answers, a proposal and an empty neighbour; its
    pages are only looked at, so all looks share it.
    """
    folder, port = tmp_path_factory.mktemp("desk"), free_port()
    sqlite_url = f"sqlite:///{shutil.copy(sqlite_template, folder / 'afterword.db')}"
    url = f"http://127.0.0.1:{port}"
    settings = read_settings(
        {
            "SURVEY_DATA_DIR": str(folder / "data"),
            "SURVEY_DATABASE_URL": sqlite_url,
            "SURVEY_SECRET_KEY": "k" * 40,
            "SURVEY_BASE_URL": url,
        }
    )
    database = Database(sqlite_url)
    full, empty = (make_business(database, name) for name in ("Hill Street", "Valley"))
    person_id = make_member(database, full, "owner@example.org", "owner")
    make_member(database, empty, "other@example.org", "owner")
    theme_id = _fill(database, full)
    talked_about = _answer_talked_about(database, full)
    app = create_app(settings)
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    pages = ("", "?served_by=Sam&tone=wish", "search?q=nobody", "answers",
             f"answers?theme={theme_id}", f"themes/{theme_id}", "proposals",
             f"proposals/{_proposal(database, full)}",
             "import", f"import/{_chosen(database, full)}",
             "ask", "ask/list", "outbox", "export", "map", "news", "print",
             "people", "settings", "settings/care", "urgent", "replies",
             f"replies/{talked_about}",
             f"themes/{theme_id}/changes", f"pick?theme={theme_id}", f"themes/{theme_id}/split",
             "ledger", "book", f"themes/{theme_id}/check", f"themes/{theme_id}/rename",
             f"themes/{theme_id}/merge", f"themes/{theme_id}/set/pin", "book/away?theme=shipped",
             f"answers/{talked_about}/tone", f"answers/{talked_about}/as-typed",
             f"pick/plan?answer={talked_about}&do=new", "begin")  # fmt: skip
    app.test_client_class = NoScripts
    steps = _after_a_step(signed_in(app, person_id), full, database)
    paths = (*(full.at(page) for page in pages), *steps)
    yield Desk(url, paths, _not_looked_at(app, paths))
    server.shutdown()
    thread.join()
    server.server_close()
    app.extensions["afterword"].database.close()
    database.close()


def _after_a_step(owner: NoScripts, full: Business, database: Database) -> tuple[str, ...]:
    """Pages that there are only once somebody has done something: a check, a theme of one's own."""
    with database.reading() as session:
        theme_id = session.scalars(select(Theme.id).where(Theme.key == "warmth")).one()
    check = owner.send(full.at(f"themes/{theme_id}/check")).location
    owner.post(full.at("book"), data=fields(owner, full.at("book")) | WRITTEN)
    own = re.search(r'"(/w/[^"]+/book/\d+)"', owner.get(full.at("book")).get_data(as_text=True))
    undo = re.search(r'"(/w/[^"]+/undo)"', owner.get(full.at("ledger")).get_data(as_text=True))
    assert check
    assert own
    assert undo
    return (check, own[1], undo[1])


def _not_looked_at(app: Flask, paths: tuple[str, ...]) -> frozenset[str]:
    """The pages of a workspace that no path leads to."""
    adapter = app.url_map.bind("localhost")
    seen = {adapter.match(path.partition("?")[0])[0] for path in paths}
    pages = (rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/w/<workspace>/"))
    return frozenset(rule.endpoint for rule in pages if "GET" in (rule.methods or ())) - seen


def _fill(database: Database, business: Business) -> int:
    now = utc_now()
    themes = [
        {"fate": "new", "name": name, "before": "", "joined": 31, "left": 0, "theme": str(number)}
        for number, name in enumerate(("Opening hours", "The lift"), 1)
    ]
    with database.writing() as session:
        _, made = fill(session, business.workspace_id, 300, now.date())
        one = session.scalars(select(Answer).limit(1)).one()
        session.add(
            Flag(
                workspace_id=business.workspace_id,
                answer_id=one.id,
                danger="abuse",
                version=1,
                start=0,
                end=4,
                answered_on=one.answered_on,
            )
        )
        session.add(
            Run(
                workspace_id=business.workspace_id,
                id=new_id(),
                kind="emerging",
                state="proposed",
                engine="e" * 64,
                started_at=now,
                finished_at=now,
                summary={"answers": 300, "moved": 31, "themes": themes},
            )
        )
    return made["waiting"]


def _proposal(database: Database, business: Business) -> int:
    with database.reading() as session:
        here = select(Run.id).where(Run.workspace_id == business.workspace_id)
        return session.scalars(here.where(Run.state == "proposed")).one()


def _chosen(database: Database, business: Business) -> int:
    """A file of past answers that somebody chose and has not imported yet."""
    raw = b"id,on,branch,comment\n1,25/01/2026,Hill Street,Ring back\n2,soon,Hill Street,Sit down\n"
    return keep_upload(database, business.workspace_id, "past.csv", BytesIO(raw), utc_now())


def _answer_talked_about(database: Database, business: Business) -> int:
    """An answer whose customer wrote back."""
    now, inside = utc_now(), business.workspace_id
    with database.writing() as session:
        answer_id: int = session.scalars(select(Answer.id).limit(1)).one()
        set_consent(session, inside, answer_id, Consent(True, "phone", "020 7946 0018"), now)
        write_letter(session, inside, answer_id, "Sorry.", now, signed="Sam")
        write_letter(session, inside, answer_id, "Thank you.", now + timedelta(seconds=1))
    return answer_id


def test_every_page_of_a_workspace_is_looked_at(desk: Desk) -> None:
    assert desk.left_out == ELSEWHERE


@pytest.mark.parametrize(
    ("size", "scheme"),
    [
        ("phone", "dark"),
        ("desktop", "light"),
        pytest.param("phone", "light", marks=pytest.mark.soak),
        pytest.param("desktop", "dark", marks=pytest.mark.soak),
    ],
    indirect=["size"],
)
def test_every_owner_page_is_free_of_barriers(
    browser: Browser, desk: Desk, size: dict[str, int], scheme: Literal["light", "dark"]
) -> None:
    context = browser.new_context(
        viewport={"width": size["width"], "height": size["height"]}, color_scheme=scheme
    )
    page = context.new_page()
    _sign_in(page, desk, "owner@example.org")
    for path in desk.paths:
        page.goto(desk.url + path)
        assert _barriers(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], path
    context.clear_cookies()
    _sign_in(page, desk, "other@example.org")
    assert "No answers yet" in page.inner_text("main")
    assert _barriers(page) == []
    context.close()


def test_on_a_phone_the_header_is_two_lines_and_its_menu_opens_by_key_without_scripts(
    browser: Browser, desk: Desk
) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False)
    page = context.new_page()
    _sign_in(page, desk, "owner@example.org")
    for path in desk.paths:
        page.goto(desk.url + path)
        box = page.locator("header.house").bounding_box()
        assert box is not None
        assert box["height"] <= 110, path
    pages, menu = page.locator("header nav").first, page.locator("header summary")
    assert not pages.is_visible()
    assert re.fullmatch(r"Menu \d+\s+waiting for you", menu.inner_text())
    page.keyboard.press("Tab")  # past the way to the page, then the name
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    for name in ("Overview", "Settings", "Your account"):
        assert page.get_by_role("link", name=name, exact=True).first.is_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/w/hill-street/")
    context.close()


def test_the_open_menu_puts_up_no_barrier(browser: Browser, desk: Desk) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844})
    _sign_in(page, desk, "owner@example.org")
    page.locator("header summary").click()
    assert page.get_by_role("button", name="Sign out").is_visible()
    assert _barriers(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.context.close()


def _sign_in(page: Page, desk: Desk, email: str) -> None:
    page.goto(f"{desk.url}/sign-in")
    page.fill("[name=email]", email)
    page.fill("[name=password]", PASSWORD)
    page.click("main button")
    page.wait_for_url("**/w/**")


def _barriers(page: Page) -> list[Any]:
    page.evaluate(AXE)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        (one["id"], one["help"], [node["html"][:160] for node in one["nodes"]][:3])
        for one in found["violations"]
    ]
