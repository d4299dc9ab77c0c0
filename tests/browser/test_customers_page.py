"""The customer's and the account's pages in a real browser: accessible, and they lose no words."""

import threading
from collections.abc import Iterator
from importlib.resources import files

import pytest
from flask import Flask
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import BrowserContext, Locator, Page
from sqlalchemy import select
from werkzeug.serving import make_server

from survey.account.actions import first_owner_link
from survey.account.member_actions import ask_to_join
from survey.app import create_app
from survey.clock import utc_now
from survey.languages import LANGUAGES
from survey.records import Answer, AnswerText
from survey.records.database import Database
from survey.records.talks import write_letter
from survey.settings import read_settings
from tests.support.given import Given, give
from tests.support.invitations import Invited, invite
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
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    wide = page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    named = [f"{one['id']} {one['nodes'][0]['html']}" for one in found["violations"]]
    return [f"{page.title()}: {one}" for one in named + ["wider than its window"] * wide]


def _press(page: Page, name: str) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name=name, exact=True).click()


@pytest.mark.parametrize(
    ("width", "scheme"),
    [(320, "dark"), (1440, "light"), pytest.param(390, "light", marks=pytest.mark.soak)],
)
def test_axe_finds_nothing_on_any_page_of_the_customer(
    browser: Chromium, url: str, database: Database, width: int, scheme: str
) -> None:
    business = make_business(database, "Hill Street Dental")
    context = _context(browser, width, scheme)
    page = context.new_page()
    faults: list[str] = []
    for _ in _every_screen(page, url, database, business):
        faults += _faults(page)
        # Text twice as large, as a browser's own setting makes it.
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            faults.append(f"{page.title()}: too wide with large text")
    context.close()
    assert faults == []


def _every_screen(page: Page, url: str, database: Database, business: Business) -> Iterator[None]:
    """Lead a page through every screen a customer may see, in English and from right to left."""
    arabic = invite(database, business, served_by="Sam", customer_language="ar").link
    for link in (invite(database, business, served_by="Sam", about="a crown").link, arabic):
        page.goto(url + link)
        yield
        page.locator("details > summary").click()
        page.locator("form button").first.click()  # nothing typed yet
        page.wait_for_selector("[role=alert]")
        yield
        page.fill("textarea", "Too slow.")
        page.locator("button[name=nothing]").click()  # both
        page.wait_for_selector("button[value=only]")
        yield
        page.locator("form button").first.click()
        page.wait_for_selector("blockquote")
        yield
        page.goto(f"{url}{link}?change")
        yield
        page.goto(f"{url}{link}?take-back")
        yield
    given = give(database, business, "Too slow.")
    _reply(database, business, given, "Sorry. We ring now when we are late.")
    page.goto(url + given.link)
    yield
    page.locator(".come-back summary").click()
    page.check("[name=may]")
    page.check("[value=phone]")
    _press(page, "Keep this")
    yield
    page.fill("[name=detail]", "020 7946 0018")
    _press(page, "Keep this")
    yield
    page.goto(f"{url}{given.link}?take-back")
    _press(page, "Take it back")
    yield
    for closed in (invite(database, business, expires_at=utc_now()).link, "/a/unknown"):
        page.goto(url + closed)
        yield


def _reply(database: Database, business: Business, given: Given, words: str) -> None:
    with database.writing() as session:
        write_letter(session, business.workspace_id, given.id, words, utc_now(), signed="Sam")


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_one_link_leads_through_a_whole_life(
    browser: Chromium, url: str, database: Database, business: Business, scripts: bool
) -> None:
    link = url + invite(database, business, served_by="Sam", about="a crown").link
    context = browser.new_context(
        java_script_enabled=scripts, viewport={"width": 390, "height": 844}
    )
    context.set_default_timeout(15_000)
    page, other_window = context.new_page(), context.new_page()
    page.goto(link)
    other_window.goto(link)
    _button(page, "Nothing, it was fine").click()
    page.wait_for_selector("text=You said that nothing more was needed.")
    # The way back: change it, and allow to be come back to.
    page.get_by_role("link", name="Change it").click()
    page.get_by_role("textbox", name="What would have been more helpful?").fill("The price.")
    _button(page, "Send").click()
    _heading(page, "Changed, thank you.")
    page.get_by_text("May Hill Street Dental come back to you about this?").click()
    page.get_by_role("checkbox", name="You may come back to me about this").check()
    page.get_by_role("radio", name="by mail").check()
    _button(page, "Keep this").click()
    page.wait_for_selector(
        "text=You allowed Hill Street Dental to come back to you about this by mail."
    )
    # The other window still shows the question: what is typed there is not lost.
    other_window.get_by_role("textbox").fill("The price, and the waiting.")
    _button(other_window, "Send").click()
    other_window.wait_for_selector("text=You answered before")
    assert other_window.input_value("textarea") == "The price, and the waiting."
    _button(other_window, "Send").click()
    _heading(other_window, "Changed, thank you.")
    # The business comes back; letters go both ways.
    given = _given(database, business)
    _reply(database, business, given, "It stands on the card now.")
    page.goto(link)
    _heading(page, "Sam wrote back")
    page.get_by_role("textbox", name="Write back").fill("Thank you, Sam.")
    _button(page, "Send").click()
    _heading(page, "Your letter is on its way to Hill Street Dental.")
    # And what one said stays one's own.
    page.get_by_role("link", name="Take it back").click()
    _heading(page, "Take your answer back?")
    page.get_by_role("link", name="Keep it").click()
    page.get_by_role("link", name="Take it back").click()
    _button(page, "Take it back").click()
    _heading(page, "You took your answer back")
    assert "Thank you, Sam." not in page.inner_text("main")
    # Too late in the other window, which gives back what was typed.
    other_window.get_by_role("link", name="Take it back").click()
    _heading(other_window, "You took your answer back")
    context.close()
    with database.reading() as session:
        assert set(session.scalars(select(AnswerText.body))) == {""}


def _button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def _heading(page: Page, words: str) -> None:
    page.get_by_role("heading", level=1, name=words).wait_for()


def _given(database: Database, business: Business) -> Given:
    with database.reading() as session:
        answer = session.scalars(select(Answer)).one()
        return Given(answer.id, Invited(answer.invitation_id or 0, ""))


@pytest.mark.parametrize(
    ("width", "scheme"),
    [
        (320, "dark"),
        (1440, "light"),
        pytest.param(320, "light", marks=pytest.mark.soak),
        pytest.param(1440, "dark", marks=pytest.mark.soak),
    ],
)
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
    page.keyboard.press("Space")  # they may come back
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Thank you, Mo.")
    page.wait_for_selector("text=You allowed Hill Street Dental to come back")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # change it
    page.wait_for_selector("textarea")
    page.keyboard.press("Tab")
    page.keyboard.press("Control+End")
    page.keyboard.type(" Please.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Changed, thank you.")
    for key in ("Tab", "Tab", "Enter"):  # take it back
        page.keyboard.press(key)
    page.wait_for_selector("text=Take your answer back?")
    for key in ("Tab", "Enter"):
        page.keyboard.press(key)
    page.wait_for_selector("text=You took your answer back")
    context.close()


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


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_language_puts_up_a_barrier(
    browser: Chromium, url: str, database: Database, scheme: str
) -> None:
    business = make_business(database, "Hill Street Dental")
    context = _context(browser, 320, scheme)
    page = context.new_page()
    faults = []
    languages = sorted(LANGUAGES) if scheme == "light" else ["ar", "hi"]
    for language in languages:
        invited = invite(
            database, business, customer_language=language, served_by="Sam", occurred_at=utc_now()
        )
        page.goto(url + invited.link)
        assert not page.evaluate("document.documentElement.scrollWidth > window.innerWidth"), (
            language
        )
        if language not in ("ar", "de", "hi"):
            continue
        faults += _faults(page)
        page.fill("textarea", "I don't want to live any more. Call +44 20 7946 0958.")
        with page.expect_navigation():
            page.locator("form button").first.click()
        assert page.locator("#turn").count() == 1
        faults += _faults(page)
    context.close()
    assert faults == []


def test_a_german_invitation_is_german_in_a_french_browser_and_arabic_runs_to_the_left(
    browser: Chromium, url: str, database: Database, business: Business
) -> None:
    context = browser.new_context(java_script_enabled=False, locale="fr-FR")
    page = context.new_page()
    page.goto(url + invite(database, business, customer_language="de").link)
    assert page.get_by_role("button", name="Senden", exact=True).count() == 1
    page.goto(url + invite(database, business).link)
    assert page.get_by_role("button", name="Envoyer", exact=True).count() == 1
    page.goto(url + invite(database, business, customer_language="ar").link)
    send = page.get_by_role("button", name="إرسال", exact=True).bounding_box()
    nothing = page.get_by_role("button", name="لا شيء، كان كل شيء جيدا").bounding_box()
    assert send
    assert nothing
    assert send["x"] > nothing["x"]
    context.close()
