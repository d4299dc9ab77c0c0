"""The header: a few sections, and the pages of the one the reader is in."""

import re

from tests.support.browser import Browser
from tests.support.people import Business


def _labels(page: str, name: str) -> list[str]:
    found = re.search(rf'aria-label="{name}">(.*?)</nav>', page, re.S)
    return re.findall(r"<a [^>]*>([^<]+)", found[1]) if found else []


def test_a_section_opens_when_one_is_in_it(owner: Browser, business: Business) -> None:
    replies = owner.get(business.at("replies")).get_data(as_text=True)
    assert "Ask" in _labels(replies, "Pages")
    assert "Places" not in replies
    assert _labels(replies, "Pages of this section") == []
    places = owner.get(business.at("places")).get_data(as_text=True)
    assert _labels(places, "Pages of this section") == ["Ask", "Places", "Outbox", "Import"]


def test_what_waits_for_nobody_is_not_in_the_header(owner: Browser, business: Business) -> None:
    labels = _labels(owner.get(business.at()).get_data(as_text=True), "Pages")
    assert not {"Urgent", "Proposals"} & set(labels)


def test_proposals_that_wait_for_nobody_stand_inside_the_ledgers_section(
    owner: Browser, business: Business
) -> None:
    page = owner.get(business.at("proposals")).get_data(as_text=True)
    assert "Proposals" not in _labels(page, "Pages")
    assert _labels(page, "Pages of this section") == ["Ledger", "Proposals", "Book"]


def test_every_page_that_a_teammate_may_open_can_be_reached(
    teammate: Browser, business: Business
) -> None:
    first = _labels(teammate.get(business.at()).get_data(as_text=True), "Pages")
    assert {"Overview", "Answers", "Replies", "Ask", "Ledger"} <= set(first)
    assert "Settings" not in first


def test_who_asks_from_an_address_of_this_computer_alone_is_told(
    owner: Browser, business: Business
) -> None:
    for path in ("ask", "places", "outbox"):
        page = owner.get(business.at(path)).get_data(as_text=True)
        assert "which only this computer can open" in page


def test_a_page_that_is_not_there_leads_on_for_members_only(
    owner: Browser, business: Business
) -> None:
    lost = owner.get(business.at("nosuch"))
    assert lost.status_code == 404
    assert '<a href="/">Go to your own pages</a>' in lost.get_data(as_text=True)
    assert 'href="/"' not in owner.get("/nosuch").get_data(as_text=True)
