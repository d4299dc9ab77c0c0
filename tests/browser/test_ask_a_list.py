"""Several customers are asked on a phone without scripts, and the rows left out are taken along."""

import csv
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import PHONE
from tests.browser.test_no_barriers import Desk, _barriers, _sign_in, desk

__all__ = ["desk"]
pytestmark = pytest.mark.browser
ROWS = (
    "Email\tName\tWhat was done\tDate\n"
    "mo@example.org\tMo\tyour boiler\t17/11/2026\n"
    "ann.of.the.very.long.address@a-business-with-a-long-name.example.org\tAnn\tyour tap\t\n"
    "jo(at)example.org\tJo\tyour “tap”\t17/11/2026\n"
)


def _fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"])


def test_a_list_is_pasted_looked_at_asked_and_mended(
    browser: Browser, desk: Desk, tmp_path: Path
) -> None:
    context = browser.new_context(
        viewport={"width": PHONE["width"], "height": PHONE["height"]}, java_script_enabled=False
    )
    page = context.new_page()
    _sign_in(page, desk, "owner@example.org")
    inside = next(path for path in desk.paths if path.endswith("/ask"))
    page.goto(f"{desk.url}{inside}")
    page.get_by_role("link", name="Ask several at once").click()
    page.get_by_label("Rows from a spreadsheet").fill(ROWS)
    page.get_by_role("button", name="Look at it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("2 people to ask")
    expect(page.get_by_text("“jo(at)example.org” is no e-mail address")).to_be_visible()
    assert _fits(page)
    page.get_by_text("Change the list, or how it is read").click()
    assert _fits(page)
    page.get_by_label("What it was about").select_option("none")
    page.get_by_role("button", name="Ask 2 people").click()  # not as it was looked at
    expect(page.get_by_text("Nobody was asked yet.")).to_be_visible()
    page.get_by_label("What it was about").select_option("What was done")
    page.get_by_role("button", name="Look again").click()
    page.get_by_role("button", name="Ask 2 people").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("2 people are asked")
    assert _fits(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Save the rows left out as CSV").click()
    download.value.save_as(tmp_path / "mend.csv")
    rows = list(csv.reader((tmp_path / "mend.csv").read_text("utf-8-sig").splitlines()))
    assert [row[1] for row in rows] == ["Email", "jo(at)example.org"]
    page.reload()  # which sends the form again
    expect(page.get_by_text("Nobody is asked twice.")).to_be_visible()
    page.get_by_role("link", name="Ask others").click()
    mended = (tmp_path / "mend.csv").read_bytes().replace(b"(at)", b"@")
    page.get_by_label("Or a CSV file").set_input_files(
        {"name": "mend.csv", "mimeType": "text/csv", "buffer": mended}
    )
    page.get_by_role("button", name="Look at it").click()
    expect(page.get_by_role("button", name=re.compile("Ask 1 person"))).to_be_visible()
    context.close()


@pytest.mark.parametrize("rows", [ROWS, "where\nnowhere\n", "who,where\nMo,nowhere\n"])
def test_looking_at_a_list_puts_up_no_barrier(browser: Browser, desk: Desk, rows: str) -> None:
    page = browser.new_page(viewport={"width": PHONE["width"], "height": PHONE["height"]})
    _sign_in(page, desk, "owner@example.org")
    inside = next(path for path in desk.paths if path.endswith("/ask/list"))
    page.goto(f"{desk.url}{inside}")
    page.get_by_label("Rows from a spreadsheet").fill(rows.replace("mo@", "k@"))
    page.get_by_role("button", name="Look at it").click()
    assert _barriers(page) == []
    if page.get_by_text("Change the list").get_attribute("open") is None:
        page.get_by_text("Change the list").click()
    assert _barriers(page) == []
    page.context.close()
