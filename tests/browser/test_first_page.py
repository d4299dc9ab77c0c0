"""The first owner's page guesses the clock from the browser, and nothing without a script."""

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Served

pytestmark = pytest.mark.browser


def test_the_time_zone_is_that_of_the_browser_unless_scripts_are_off(
    browser: Browser, served: Served
) -> None:
    link = served.start_link()
    for clock, scripts, chosen in (
        ("Europe/Vienna", True, "Europe/Vienna"),
        ("Asia/Kolkata", True, "Asia/Kolkata"),  # which browsers still call Calcutta
        ("Europe/Vienna", False, "UTC"),
    ):
        context = browser.new_context(timezone_id=clock, java_script_enabled=scripts)
        page = context.new_page()
        page.goto(link)
        expect(page.get_by_label("Your time zone")).to_have_value(chosen)
        context.close()


def test_a_chosen_time_zone_stays_chosen_when_something_else_is_wrong(
    browser: Browser, served: Served
) -> None:
    context = browser.new_context(timezone_id="Europe/Vienna")
    page = context.new_page()
    page.goto(served.start_link())
    page.get_by_label("Your time zone").select_option("Europe/Lisbon")
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_label("Your time zone")).to_have_value("Europe/Lisbon")
    context.close()
