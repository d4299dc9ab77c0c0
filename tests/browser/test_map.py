"""The map of answers in a real browser: drawn, drawn around, walked by key, and left by both."""

import re
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

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


# What the map is drawn with: the sheet of dots alone, and where each name was written.
_WATCH = """(() => {
  const pen = CanvasRenderingContext2D.prototype;
  const { drawImage, fillText, clearRect } = pen;
  window.written = [];
  pen.clearRect = function (...all) { window.written = []; return clearRect.apply(this, all); };
  pen.drawImage = function (...all) { window.dots = all[0]; return drawImage.apply(this, all); };
  pen.fillText = function (words, x, y) {
    window.written.push([x, y, this.measureText(words).width / 2 + 5, this.fillStyle]);
    return fillText.call(this, words, x, y);
  };
})()"""
# How many of the dots' pixels lie under names, and how many of them stay as they are.
_SEEN = """() => {
  const canvas = document.getElementById("map-canvas");
  const of = (one) => one.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  const shown = of(canvas), dots = of(window.dots);
  let under = 0, seen = 0;
  for (const [x, y, wide] of window.written) {
    for (let py = Math.round(y - 10); py < y + 10; py++) {
      for (let px = Math.round(x - wide); px < x + wide; px++) {
        const at = 4 * (py * canvas.width + px);
        if (!dots[at + 3]) continue;
        under++;
        seen += [0, 1, 2, 3].every((part) => Math.abs(dots[at + part] - shown[at + part]) < 3);
      }
    }
  }
  return [window.written.length, under, seen];
}"""


def test_dots_are_seen_through_the_names_over_them(at_the_map: Page) -> None:
    page = at_the_map
    page.add_init_script(_WATCH)
    page.reload()
    expect(page.locator("#map")).to_have_attribute("data-drawn", "400")
    names, under, seen = page.evaluate(_SEEN)
    assert names > 3
    assert under > 300, "names lie over dots, or this test sees nothing"
    assert seen > 0.4 * under, (seen, under)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_name_is_legible_over_dots(at_the_map: Page, scheme: Literal["light", "dark"]) -> None:
    page = at_the_map
    page.emulate_media(color_scheme=scheme)
    colours = page.evaluate(
        """names => names.map(name =>
             getComputedStyle(document.documentElement).getPropertyValue(name).trim())""",
        ["--ink", "--ink-soft", "--paper-raised", "--wish", "--praise", "--quiet"],
    )
    ink, soft, paper, *dots = ([int(one[at : at + 2], 16) for at in (1, 3, 5)] for one in colours)
    script = (STATIC / "map.js").read_text(encoding="utf-8")
    edge = float(re.findall(r"globalAlpha = framed \? 1 : ([0-9.]+);", script)[0])
    for dot in dots:
        behind = [edge * a + (1 - edge) * b for a, b in zip(paper, dot, strict=True)]
        assert _contrast(ink, behind) >= 4.5
        assert _contrast(soft, behind) >= 4.5  # the other names while one theme is chosen


def _contrast(one: Sequence[float], other: Sequence[float]) -> float:
    """Return the contrast of two colours as WCAG 2.2 defines it, 1 to 21."""
    darker, lighter = sorted(_luminance(colour) for colour in (one, other))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: Sequence[float]) -> float:
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (one / 255 for one in colour)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


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
