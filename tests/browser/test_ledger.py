"""Two people and a theme, in real browsers: a check by keys, and nobody overwrites anybody."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.test_no_barriers import Desk, _sign_in, desk

__all__ = ["desk"]
pytestmark = pytest.mark.browser


def test_twenty_answers_are_checked_by_key_and_two_people_do_not_collide(
    browser: Browser, desk: Desk
) -> None:
    theme = next(path for path in desk.paths if re.search(r"/themes/\d+$", path))
    first, second = (_signed_in(browser, desk) for _ in range(2))
    first.goto(f"{desk.url}{theme}")
    first.get_by_role("link", name="Check 20").click()
    first.get_by_role("button", name="Draw 20 answers").click()
    for number in range(1, 21):
        expect(first.get_by_text(f"{number} of 20", exact=True)).to_be_visible()
        first.keyboard.press("n" if number == 7 else "y")
    expect(first.get_by_role("heading", level=1)).to_contain_text("19 of 20 right")
    first.get_by_role("button", name="Keep this check").click()
    expect(first.get_by_text(re.compile(r"19 of 20 right \(\d+–\d+ %\), checked"))).to_be_visible()

    for page in (first, second):
        page.goto(f"{desk.url}{theme}/rename")
    _rename(first, "Late again")
    _rename(second, "Queues")
    expect(second.get_by_text("Nothing was changed yet.")).to_be_visible()
    expect(second.get_by_role("alert")).to_contain_text("to “Late again”")
    expect(second.get_by_label("Its new name")).to_have_value("Queues")
    second.get_by_role("button", name="Rename").click()
    expect(second.get_by_role("heading", level=1)).to_have_text("Queues")
    second.goto(f"{desk.url}{theme.rpartition('/themes/')[0]}/ledger")
    second.get_by_role("link", name="Undo").first.click()
    second.get_by_role("button", name="Undo").click()
    expect(second.get_by_text("Undone.")).to_be_visible()
    second.goto(f"{desk.url}{theme}")
    expect(second.get_by_role("heading", level=1)).to_have_text("Late again")
    for page in (first, second):
        page.context.close()


def _signed_in(browser: Browser, desk: Desk, size: dict[str, int] = DESKTOP) -> Page:
    context = browser.new_context(viewport={"width": size["width"], "height": size["height"]})
    page = context.new_page()
    _sign_in(page, desk, "owner@example.org")
    return page


def _rename(page: Page, name: str) -> None:
    page.get_by_label("Its new name").fill(name)
    page.get_by_role("button", name="Rename").click()


def test_sorting_by_hand_does_what_the_keys_and_the_list_say(browser: Browser, desk: Desk) -> None:
    theme = next(path for path in desk.paths if re.search(r"/themes/\d+$", path))
    page = _signed_in(browser, desk)
    page.goto(f"{desk.url}{theme.rpartition('/themes/')[0]}/pick")
    page.get_by_role("checkbox").first.check()
    page.get_by_label("A new theme, called").fill("Late again and again")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("A new theme")

    page.go_back()
    page.reload()
    expect(page.get_by_role("checkbox").first).to_be_visible()
    expect(page.get_by_role("checkbox", checked=True)).to_have_count(0)
    page.context.close()


def test_on_a_phone_what_can_be_done_with_ticked_answers_is_in_view(
    browser: Browser, desk: Desk
) -> None:
    theme = next(path for path in desk.paths if re.search(r"/themes/\d+$", path))
    page = _signed_in(browser, desk, PHONE)
    inside, _, theme_id = theme.rpartition("/themes/")
    for view, pressed in (("", "Make a theme of them"), (f"?theme={theme_id}", "Split them off")):
        page.goto(f"{desk.url}{inside}/pick{view}")
        button = page.get_by_role("button", name=pressed)
        expect(button).not_to_be_in_viewport()
        for number in (0, 1):
            page.get_by_role("checkbox").nth(number).check()
        expect(button).to_be_in_viewport(ratio=1)
        expect(page.get_by_role("button", name="in there")).to_be_in_viewport(ratio=1)
        expect(page.locator(".ticked")).to_be_visible()
        page.get_by_label("A new theme, called").fill("Late")
        for number in range(3, 12):  # by key, no tick goes under what stands at the bottom
            tick = page.get_by_role("checkbox").nth(number)
            tick.focus()
            below = page.locator(".deeds").evaluate("e => e.getBoundingClientRect().top")
            bottom = tick.evaluate("e => e.getBoundingClientRect().bottom")
            assert bottom <= below + 1, "but for a fraction of a pixel"
    page.context.close()
