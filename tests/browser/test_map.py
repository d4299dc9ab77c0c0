"""The map of answers in a real browser: drawn, drawn around, walked by key, and left by both."""

import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server

from survey.app import create_app
from survey.clock import utc_now
from survey.records.database import Database
from survey.settings import read_settings
from tests.show.test_map import lay_out
from tests.support.answers import fill
from tests.support.people import PASSWORD, make_business, make_member
from tests.support.postgres import free_port

STATIC = Path(__file__).parents[2] / "survey" / "static"
pytestmark = pytest.mark.browser


@pytest.fixture
def at_the_map(browser: Browser, sqlite_url: str, tmp_path: Path) -> Iterator[Page]:
    """A page that shows the map of 400 answers."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    settings = read_settings(
        {
            "SURVEY_DATA_DIR": str(tmp_path / "data"),
            "SURVEY_DATABASE_URL": sqlite_url,
            "SURVEY_SECRET_KEY": "k" * 40,
            "SURVEY_BASE_URL": url,
        }
    )
    database = Database(sqlite_url)
    business = make_business(database, "Hill Street")
    make_member(database, business, "owner@example.org", "owner")
    with database.writing() as session:
        run_id, themes = fill(session, business.workspace_id, 400, utc_now().date())
    lay_out(database, business, run_id, themes)
    app = create_app(settings)
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(f"{url}/sign-in")
    page.fill("[name=email]", "owner@example.org")
    page.fill("[name=password]", PASSWORD)
    page.click("main button")
    page.wait_for_url("**/w/**")
    page.goto(url + business.at("map"))
    yield page
    page.close()
    server.shutdown()
    thread.join()
    server.server_close()
    app.extensions["afterword"].database.close()
    database.close()


def test_answers_are_read_by_drawing_around_them_by_key_and_by_theme(at_the_map: Page) -> None:
    page = at_the_map
    expect(page.locator("#map")).to_have_attribute("data-drawn", "400")
    reading = page.locator("#map-reading")
    box = page.locator("#map-canvas").bounding_box()
    assert box
    left, top = box["x"] + 5, box["y"] + 5
    wide, high = box["width"] - 10, box["height"] - 10
    page.mouse.move(left, top)
    page.mouse.down()
    for x, y in ((wide, 0), (wide, high), (0, high), (0, 0)):
        page.mouse.move(left + x, top + y, steps=4)
    page.mouse.up()
    expect(reading).to_contain_text(re.compile(r"3[6-9]\d answers: Waiting \d+"))
    expect(reading).to_contain_text("more; draw around fewer to read them.")
    assert reading.locator("li.answer").count() == 25

    page.focus("#map-canvas")
    for key in ("ArrowRight", "ArrowUp", "+", "+", "+", "Enter"):
        page.keyboard.press(key)
    expect(reading).to_contain_text(re.compile(r"^\d\d? answers?[:.]"))
    before = page.locator("#map-canvas").screenshot()
    button = page.locator("button.on-map").first
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    assert page.locator("#map-canvas").screenshot() != before
    page.focus("#map-canvas")
    page.keyboard.press("Escape")
    expect(button).to_have_attribute("aria-pressed", "false")


# 24 themes of 15 dots each, strewn by a fixed rule over a sheet as wide as a phone.
_PLACE = """() => {
  const ratio = 2, sheet = { width: 358 * ratio, height: 376 * ratio };
  const dots = { x: [], y: [] }, themes = [];
  for (let theme = 0; theme < 24; theme++) {
    const x = 80 + ((theme * 223) % 540), y = 90 + ((theme * 137) % 560);
    themes.push({ theme, name: `A theme with a name, number ${theme}`, x, y });
    for (let dot = 0; dot < 15; dot++) {
      dots.x.push(x + ((dot * 37) % 70) - 35);
      dots.y.push(y + ((dot * 53) % 70) - 35);
    }
  }
  const names = window.mapNames.place(themes, dots, sheet, ratio, (words) => 14 * words.length);
  return names.map((one) => [one.x, one.y, one.wide, one.high, dots.x.filter((x, i) =>
    Math.abs(x - one.x) < one.wide - 10 && Math.abs(dots.y[i] - one.y) < one.high - 10).length]);
}"""


def test_on_a_phone_few_themes_are_named_and_hardly_a_dot_lies_under_a_name(
    browser: Browser,
) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.add_script_tag(path=STATIC / "map_names.js")
    names = page.evaluate(_PLACE)
    page.close()
    assert 1 <= len(names) <= 7
    for place, (x, y, wide, high, under) in enumerate(names):
        assert under <= 2 or place == 0  # the first is named in any case
        assert wide <= x <= 716 - wide
        for other_x, other_y, other_wide, other_high, _ in names[:place]:
            assert abs(x - other_x) > wide + other_wide or abs(y - other_y) > high + other_high


def test_a_map_that_does_not_come_through_says_so_and_what_to_do(at_the_map: Page) -> None:
    page = at_the_map
    expect(page.locator("#map")).to_be_visible()
    expect(page.locator("#map-status")).to_be_hidden()
    page.route("**/map/points*", lambda route: route.abort())
    page.reload()
    expect(page.locator("#map-status")).to_contain_text("Reload the page to try again")
    expect(page.locator("#map")).to_be_hidden()


def test_a_chart_is_kept_as_a_png(at_the_map: Page, tmp_path: Path) -> None:
    with at_the_map.expect_download() as waiting:
        at_the_map.click("button.png")
    waiting.value.save_as(tmp_path / "map.png")
    kept = (tmp_path / "map.png").read_bytes()
    assert waiting.value.suggested_filename == "map.png"
    assert kept.startswith(b"\x89PNG\r\n")
    assert int.from_bytes(kept[16:20], "big") == 1920
