"""The names above praise are those of the shipped book's themes, and of no other."""

import pytest

from survey.records.praised import PRAISED, praised_name
from survey.understand.book import shipped_book


def test_every_name_above_praise_belongs_to_a_theme_as_it_is_shipped() -> None:
    shipped = {theme.key: theme.name for theme in shipped_book().themes}
    assert {key: name for key, (name, _praised) in PRAISED.items()}.items() <= shipped.items()
    assert not {praised for _name, praised in PRAISED.values()} & set(shipped.values())


@pytest.mark.parametrize(
    ("key", "name", "own", "praised"),
    [
        ("waiting", "Being kept waiting", False, "Being seen on time"),
        ("waiting", "Our clock", False, "Being seen on time"),
        ("waiting", "The waiting room", True, "The waiting room"),
        ("own_waiting", "Being kept waiting", False, "Being kept waiting"),
        (None, "Parking", False, "Parking"),
    ],
)
def test_a_theme_of_the_book_keeps_its_name_above_praise_whatever_else_it_is_called(
    key: str | None, name: str, praised: str, *, own: bool
) -> None:
    assert praised_name(key, name, own=own) == praised
