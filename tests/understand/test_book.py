"""A book is checked as it is read, and what is wrong is said with its place."""

from pathlib import Path

import pytest

from survey.errors import BookError
from survey.understand.book import parse_book, read_book, shipped_book

GOOD = """themes:
  - key: parking
    name: Parking
    definition: Finding a place for the car.
    examples:
      - No
      - 'the car park: full'
      - 12
"""
KEYS = (
    "honesty waiting follow_through cost_shame cost_clarity belittled blamed not_listened "
    "rigid_rules passed_around treated_as_number canned_replies form_of_address "
    "unclear_information pressure aftercare not_fixed referral reachability warmth"
)


def test_the_shipped_book_has_the_twenty_themes() -> None:
    book = shipped_book()
    assert " ".join(book.keys) == KEYS
    assert all(3 <= len(theme.examples) <= 6 and theme.not_ for theme in book.themes)


def test_examples_are_read_as_text_whatever_yaml_thinks() -> None:
    assert parse_book(GOOD, "b.yaml").themes[0].examples == ("No", "the car park: full", "12")


def test_the_digest_follows_every_word() -> None:
    book, other = parse_book(GOOD, "b"), parse_book(GOOD.replace("12", "13"), "b")
    assert book.digest == parse_book(GOOD, "elsewhere").digest
    assert book.digest != other.digest
    assert book.themes[0].digest != other.themes[0].digest


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the book is empty"),
        ("themes: []", "has no themes"),
        ("- key: a", "has no themes"),
        ("themes: [a]", "line 1: a theme is a block"),
        ("themes: [{name: a}]", "line 1: a theme has no key"),
        (GOOD.replace("key: parking", "key: Car Park"), "line 2: 'Car Park' cannot be a key"),
        (GOOD.replace("key: parking", "key: nothing"), "cannot be a key"),
        (GOOD.replace("      - 12\n", ""), r"line 6: theme 'parking' has 2 examples"),
        (GOOD.replace("      - 12", "      -"), r"line 8: an example of theme 'parking' is empty"),
        (GOOD.replace("'the car park: full'", "the car: full"), r"line 7: .* not plain text"),
        (GOOD.split("    examples", maxsplit=1)[0], "theme 'parking' has no examples"),
        (GOOD.replace("    definition", "    defintion"), r"line 4: .* has a field 'defintion'"),
        (GOOD + GOOD.removeprefix("themes:\n"), r"line 9: two themes have the key 'parking'"),
        (GOOD.replace("name: Parking", "name: ["), "not valid YAML"),
        ("themes:\n\t- key: a", "line 2: this is not valid YAML"),
        ("[" * 5000, "not valid YAML"),
    ],
)
def test_a_wrong_book_is_refused_in_one_sentence(text: str, message: str) -> None:
    with pytest.raises(BookError, match=message) as caught:
        parse_book(text, "mine.yaml")
    assert str(caught.value).startswith("mine.yaml")
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_or_not_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BookError, match="cannot be read"):
        read_book(tmp_path / "none.yaml")
    (tmp_path / "latin.yaml").write_bytes("themes: é".encode("latin-1"))
    with pytest.raises(BookError, match="UTF-8"):
        read_book(tmp_path / "latin.yaml")
