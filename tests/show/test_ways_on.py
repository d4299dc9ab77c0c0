"""Where an owner stands before answers that fit no theme, there is a way on."""

import re
from html import unescape

import pytest

from tests.show.test_ledger_pages import Scene, plain, scene, text
from tests.support.browser import Browser

__all__ = ["scene"]
UNSORTED = "answers?theme=unsorted"


def links(browser: Browser, address: str) -> dict[str, str]:
    """Return where the words of a page's main part lead."""
    main = browser.get(address).get_data(as_text=True).partition("<main")[2]
    found = re.findall(r'<a [^>]*?href="([^"]+)"[^>]*>(.*?)</a>', main, re.S)
    return {plain(words): unescape(there) for there, words in found}


def test_answers_that_fit_no_theme_lead_on_to_the_book_and_to_sorting_by_hand(
    owner: Browser, scene: Scene
) -> None:
    ways = links(owner, scene.business.at(UNSORTED))
    assert ways["write a theme for it in the book"] == scene.business.at("book#write")
    assert ways["sort them by hand"] == scene.business.at("pick?theme=unsorted")
    assert 'id="write"' in owner.get(scene.business.at("book")).get_data(as_text=True)
    assert "No theme says what these say" not in text(owner, scene.business.at("answers"))


def test_a_narrowed_list_of_them_is_sorted_by_hand_as_narrowed(
    owner: Browser, scene: Scene
) -> None:
    ways = links(owner, scene.business.at(f"{UNSORTED}&q=maze"))
    assert ways["sort them by hand"] == scene.business.at("pick?q=maze&theme=unsorted")


def test_an_empty_list_of_them_offers_nothing_to_do(owner: Browser, scene: Scene) -> None:
    told = text(owner, scene.business.at(f"{UNSORTED}&q=nowhere"))
    assert "0 answers" in told
    assert "No theme says what these say" not in told


def test_a_teammate_is_told_who_can_write_a_theme(teammate: Browser, scene: Scene) -> None:
    address = scene.business.at(UNSORTED)
    assert "an owner can write a theme for it in the book; or sort them by hand" in text(
        teammate, address
    )
    assert scene.business.at("book") not in teammate.get(address).get_data(as_text=True)


def test_the_overviews_count_of_them_leads_to_that_list(owner: Browser, scene: Scene) -> None:
    ways = links(owner, scene.business.at())
    assert ways["1 answer fits no theme yet"] == scene.business.at(UNSORTED)


@pytest.mark.parametrize(
    ("where", "words"), [("", "the book of themes"), ("waiting", "The book of themes")]
)
def test_the_book_is_found_where_themes_are(
    owner: Browser, teammate: Browser, scene: Scene, where: str, words: str
) -> None:
    page = scene.at(where) if where else scene.business.at()
    assert links(owner, page)[words] == scene.business.at("book")
    assert scene.business.at("book") not in teammate.get(page).get_data(as_text=True)


def test_the_page_of_an_owners_own_theme_leads_to_its_words(owner: Browser, scene: Scene) -> None:
    owner.send(
        scene.business.at("book"),
        name="Parking",
        definition="Nowhere to leave the car.",
        examples="No space again.\nThe car park is a maze.\nI parked two streets off.",
    )
    book = links(owner, scene.business.at("book"))
    own = book["Parking"].rpartition("/")[2]
    ways = links(owner, scene.business.at(f"themes/{own}"))
    assert ways["Change its words in the book"] == scene.business.at(f"book/{own}")
    assert "The book of themes" not in ways
