"""The first rows of a file can be read on a phone: each row is a list of its columns."""

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.test_no_barriers import Desk, _sign_in, desk

__all__ = ["desk"]
pytestmark = pytest.mark.browser
ROWS = (
    "id,answered_on,comment,branch,service,agent\n"
    "1,2026-11-02,Nobody told me how long it would take until somebody came,Hill Street,Crown,Jo\n"
)


def test_every_column_of_the_first_rows_stands_in_the_window_with_its_name(
    browser: Browser, desk: Desk
) -> None:
    context = browser.new_context(viewport={"width": PHONE["width"], "height": PHONE["height"]})
    page = context.new_page()
    _sign_in(page, desk, "owner@example.org")
    inside = next(path for path in desk.paths if path.endswith("/import"))
    page.goto(f"{desk.url}{inside}")
    page.get_by_label("A CSV file").set_input_files(
        {"name": "past.csv", "mimeType": "text/csv", "buffer": ROWS.encode()}
    )
    page.get_by_role("button", name="Look at it").click()
    cells = page.get_by_role("region", name="The first rows").get_by_role("cell")
    expect(cells).to_have_count(6)
    for cell, column in zip(cells.all(), ROWS.split("\n", maxsplit=1)[0].split(","), strict=True):
        box = cell.bounding_box()
        assert box is not None
        assert 0 <= box["x"] < box["x"] + box["width"] <= PHONE["width"]
        label = cell.evaluate("cell => getComputedStyle(cell, '::before').content")
        assert label == f'"{column}"'
    page.set_viewport_size({"width": DESKTOP["width"], "height": DESKTOP["height"]})
    assert cells.first.evaluate("cell => getComputedStyle(cell, '::before').content") == "none"
    page.get_by_role("button", name="Leave it, and forget the file").click()
    context.close()
