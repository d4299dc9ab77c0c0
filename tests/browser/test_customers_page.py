"""The customer's and the account's pages in a real browser: accessible, and they lose no words."""

import threading
from collections.abc import Iterator
from importlib.resources import files

import pytest
from flask import Flask
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import BrowserContext, Page
from sqlalchemy import select
from werkzeug.serving import make_server

from survey.account.actions import ask_to_join, first_owner_link
from survey.app import create_app
from survey.clock import utc_now
from survey.records import AnswerText
from survey.records.database import Database
from survey.settings import read_settings
from tests.support.invitations import invite
from tests.support.people import PASSWORD, Business, make_business, make_member
from tests.support.postgres import free_port

pytestmark = pytest.mark.browser
AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture
def app(sqlite_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The application behind a port of its own, with the addresses browsers know it by."""
    port = free_port()
    settings = read_settings(
        {
            "SURVEY_DATA_DIR": str(tmp_path_factory.mktemp("data")),
            "SURVEY_DATABASE_URL": sqlite_url,
            "SURVEY_SECRET_KEY": "k" * 40,
            "PORT": str(port),
        }
    )
    built = create_app(settings)
    server = make_server("127.0.0.1", port, built, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield built
    server.shutdown()
    thread.join()
    server.server_close()
    built.extensions["afterword"].database.close()


@pytest.fixture
def url(app: Flask) -> str:
    address: str = app.extensions["afterword"].settings.base_url
    return address


@pytest.fixture
def database(app: Flask) -> Database:
    opened: Database = app.extensions["afterword"].database
    return opened


def _faults(page: Page) -> list[str]:
    """What axe finds, and whether the page is wider than its window."""
    page.evaluate(AXE)
    found = page.evaluate("axe.run(document)")
    wide = page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    named = [f"{one['id']} {one['nodes'][0]['html']}" for one in found["violations"]]
    return [f"{page.title()}: {one}" for one in named + ["wider than its window"] * wide]


def _press(page: Page, name: str) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name=name, exact=True).click()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1440])
def test_axe_finds_nothing_on_any_page_of_the_customer(
    browser: Chromium, url: str, database: Database, width: int, scheme: str
) -> None:
    business = make_business(database, "Hill Street Dental")
    links = [url + invite(database, business, served_by="Sam").link for _ in range(3)]
    context = _context(browser, width, scheme)
    page = context.new_page()
    faults = []
    page.goto(links[0])
    faults += _faults(page)
    _press(page, "Send")
    faults += _faults(page)
    page.fill("textarea", "Too slow.")
    _press(page, "Nothing, it was fine")
    faults += _faults(page)
    _press(page, "Send my words")
    faults += _faults(page)
    page.goto(links[1])
    _press(page, "Nothing, it was fine")
    faults += _faults(page)
    page.goto(f"{url}/a/unknown")
    faults += _faults(page)
    context.close()
    assert faults == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1440])
def test_axe_finds_nothing_on_any_account_page(
    browser: Chromium, url: str, database: Database, width: int, scheme: str
) -> None:
    with database.writing() as session:
        start = first_owner_link(session, utc_now())
    business = make_business(database, "Hill Street Dental")
    make_member(database, business, "owner@example.org", "owner")
    with database.writing() as session:
        join = ask_to_join(session, business.workspace_id, "ada@example.org", "teammate", utc_now())
    context = _context(browser, width, scheme)
    page = context.new_page()
    faults = []
    for address in (f"/start/{start}", f"/join/{join}", "/nowhere", "/sign-in"):
        page.goto(url + address)
        faults += _faults(page)
    for password in ("wrong", PASSWORD):
        page.fill("[name=email]", "owner@example.org")
        page.fill("[name=password]", password)
        _press(page, "Sign in")
        faults += _faults(page)
    for address in ("/account", f"/join/{join}", business.at("people"), business.at("begin")):
        page.goto(url + address)
        faults += _faults(page)
    context.close()
    assert faults == []


def _context(browser: Chromium, width: int, scheme: str) -> BrowserContext:
    context = browser.new_context(
        viewport={"width": width, "height": 800},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    context.set_default_timeout(15_000)
    return context


def test_an_answer_needs_only_the_keyboard(
    browser: Chromium, url: str, database: Database, business: Business
) -> None:
    link = url + invite(database, business).link
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(link)
    page.keyboard.press("Tab")
    page.keyboard.type("Less waiting.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Thank you, Mo.")
    context.close()
    with database.reading() as session:
        assert session.scalars(select(AnswerText.body)).all() == ["Less waiting."]


def test_the_box_is_called_by_its_question(
    browser: Chromium, url: str, database: Database, business: Business
) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(url + invite(database, business).link)
    box = page.get_by_role("textbox", name="What would have been more helpful?")
    assert box.count() == 1
    assert page.get_by_role("heading", level=1).inner_text() == "What would have been more helpful?"
    assert page.get_by_role("button", name="Nothing, it was fine").count() == 1
    context.close()


def test_typed_words_are_still_there_after_going_back(
    browser: Chromium, url: str, database: Database, business: Business
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(url + invite(database, business).link)
    page.fill("textarea", "Half a thought")
    page.goto(f"{url}/sign-in")
    page.go_back()
    assert page.input_value("textarea") == "Half a thought"
    context.close()


def test_typed_words_survive_a_connection_that_is_lost(
    browser: Chromium, url: str, database: Database, business: Business
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(url + invite(database, business).link)
    page.fill("textarea", "Half a thought")
    context.set_offline(True)
    page.get_by_role("button", name="Send", exact=True).click()
    page.wait_for_url("chrome-error://**", wait_until="commit")
    context.set_offline(False)
    page.go_back()
    assert page.input_value("textarea") == "Half a thought"
    context.close()
