"""Open links, frames on other sites and anonymous answers, in a real browser."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response
from playwright.sync_api import Browser, Page
from sqlalchemy import select, update
from werkzeug.serving import make_server

from survey.app import create_app
from survey.ask.places import PlaceShown, add_place, link_of_place, place_of, read_place
from survey.clock import utc_now
from survey.records import AnswerText, HeldAnswer, Question
from survey.records.database import Database
from survey.settings import read_settings
from tests.support.invitations import invite
from tests.support.people import PASSWORD, Business, make_business, make_member
from tests.support.postgres import free_port

pytestmark = pytest.mark.browser
AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Street:
    """A served application with a place, and a shop's own site that frames it."""

    url: str
    shop: str
    stranger: str
    link: str
    place: PlaceShown
    business: Business
    database: Database


@pytest.fixture
def street(sqlite_url: str, tmp_path: Path) -> Iterator[Street]:
    ports = [free_port() for _ in range(3)]
    ours, shop, stranger = (f"http://127.0.0.1:{port}" for port in ports)
    settings = read_settings(
        {
            "SURVEY_DATA_DIR": str(tmp_path / "data"),
            "SURVEY_DATABASE_URL": sqlite_url,
            "SURVEY_SECRET_KEY": "k" * 40,
            "SURVEY_BASE_URL": ours,
        }
    )
    database = Database(sqlite_url)
    business = make_business(database, "Hill Street")
    make_member(database, business, "owner@example.org", "owner")
    with database.writing() as session:
        place_id = add_place(
            session,
            business.workspace_id,
            read_place("Counter", "Sam", "your visit", {}, shop),
            secret_key=settings.secret_key,
            now=utc_now(),
        )
        session.flush()
        place = place_of(session, business.workspace_id, place_id)
    link = link_of_place(settings, place)
    app = create_app(settings)
    applications: list[Any] = [app, _site(link, ours), _site(link, ours)]
    servers = [
        make_server("127.0.0.1", port, one, threaded=True)
        for port, one in zip(ports, applications, strict=True)
    ]
    threads = [threading.Thread(target=one.serve_forever) for one in servers]
    for thread in threads:
        thread.start()
    yield Street(ours, shop, stranger, link, place, business, database)
    for server, thread in zip(servers, threads, strict=True):
        server.shutdown()
        thread.join()
        server.server_close()
    app.extensions["afterword"].database.close()
    database.close()


def _site(link: str, ours: str) -> Flask:
    """A shop's own page, with the snippet as its owner copied it."""
    site = Flask("site")
    page = (
        '<!doctype html><html lang="en"><title>Shop</title><h1>Shop</h1>'
        f'<a href="{link}" data-afterword>What would have been more helpful?</a>'
        f'<script src="{ours}/static/embed.js" async></script>'
    )
    site.add_url_rule("/", view_func=lambda: Response(page, mimetype="text/html"))
    return site


def _texts(street: Street) -> list[str]:
    with street.database.reading() as session:
        return list(session.scalars(select(AnswerText.body)))


def _barriers(page: Page) -> list[Any]:
    page.evaluate(AXE)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [(one["id"], one["nodes"][0]["html"][:160]) for one in found["violations"]]


def _is_sound(page: Page, width: int) -> None:
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert _barriers(page) == [], (page.url, scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= width, page.url


def test_a_shops_own_site_shows_the_question_and_no_other_site_can(
    browser: Browser, street: Street
) -> None:
    page = browser.new_page()
    page.goto(street.shop)
    frame = page.frame_locator("iframe[title='What would have been more helpful?']")
    frame.locator("textarea").fill("Less waiting, says the frame.")
    frame.get_by_role("button", name="Send").click()
    frame.get_by_role("heading", name="Your own link").wait_for()
    assert _texts(street) == ["Less waiting, says the frame."]
    page.goto(street.stranger)
    page.locator("iframe").wait_for()
    page.wait_for_timeout(300)
    assert page.frame_locator("iframe").locator("textarea").count() == 0
    page.close()
    plain = browser.new_context(java_script_enabled=False).new_page()
    plain.goto(street.shop)
    plain.get_by_role("link", name="What would have been more helpful?").click()
    plain.get_by_role("textbox").fill("Less waiting, says the link.")
    plain.get_by_role("button", name="Send").click()
    plain.locator(".keep a").wait_for()
    assert len(_texts(street)) == 2
    plain.context.close()


def test_every_screen_of_open_and_anonymous_answers_is_free_of_barriers(
    browser: Browser, street: Street
) -> None:
    context = browser.new_context(viewport={"width": 320, "height": 700})
    page = context.new_page()
    for time in range(6):  # the last is asked to add two numbers
        page.goto(street.link)
        page.get_by_role("textbox").fill("Less waiting.")
        if time == 0:
            _is_sound(page, 320)
        page.get_by_role("button", name="Send").click()
        page.wait_for_load_state()
        if time in (0, 5):
            _is_sound(page, 320)
    numbers = page.get_by_label("make together?")
    told = page.inner_text("label[for=sum]")
    numbers.fill(str(sum(int(word) for word in told.split() if word.isdigit())))
    page.get_by_role("button", name="Send").click()
    page.get_by_role("heading", name="Your own link").wait_for()
    _anonymous_story(page, street)
    context.close()


def _anonymous_story(page: Page, street: Street) -> None:
    invited = invite(street.database, street.business)
    with street.database.writing() as session:
        session.execute(update(Question).values(anonymous=True))
    page.goto(street.url + invited.link)
    page.get_by_text("What can be known, and what cannot").click()
    _is_sound(page, 320)
    page.get_by_role("textbox").fill("Too loud.")
    page.get_by_role("button", name="Send").click()
    receipt = page.locator(".keep a")
    receipt.wait_for()
    _is_sound(page, 320)
    address = receipt.get_attribute("href")
    assert address
    page.goto(street.url + invited.link)
    assert "You answered with this link" in page.inner_text("h1")
    _is_sound(page, 320)
    page.goto(address)
    _is_sound(page, 320)
    page.get_by_role("link", name="Change it").click()
    page.get_by_role("textbox").fill("Far too loud.")
    page.get_by_role("button", name="Send").click()
    page.get_by_text("Far too loud.").wait_for()
    page.get_by_role("link", name="Take it back").click()
    page.get_by_role("button", name="Take it back").click()
    assert "You took your answer back" in page.inner_text("h1")
    with street.database.reading() as session:
        assert session.scalars(select(HeldAnswer.body)).all() == [""]


def test_the_owners_pages_are_free_of_barriers(browser: Browser, street: Street) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{street.url}/sign-in")
    page.fill("[name=email]", "owner@example.org")
    page.fill("[name=password]", PASSWORD)
    page.click("main button")
    page.wait_for_url("**/w/**")
    for path in ("places", f"places/{street.place.id}", "anonymous"):
        page.goto(street.url + street.business.at(path))
        for width in (390, 1440):
            page.set_viewport_size({"width": width, "height": 900})
            _is_sound(page, width)
    context.close()
