"""One mailbox has many spellings; whoever wants no more mail need not know them."""

import unicodedata

import pytest

from survey.address import address_hmac

KEY = b"k" * 40


@pytest.mark.parametrize(
    "spelling",
    [
        "MO@Bücher.example",
        "mo@xn--bcher-kva.example",
        "mo@XN--BCHER-KVA.example",
        unicodedata.normalize("NFD", "mo@bücher.example"),
        "ｍｏ@bücher.example",
        "mo＠bücher.example",
        " mo@bücher.example\n",
        "mo@bücher。example",
    ],
)
def test_every_spelling_of_an_address_is_remembered_as_one(spelling: str) -> None:
    assert address_hmac(KEY, 1, spelling) == address_hmac(KEY, 1, "mo@bücher.example")


@pytest.mark.parametrize("other", ["mo@bucher.example", "m.o@bücher.example", "mo", "mo@.", ""])
def test_other_addresses_are_others(other: str) -> None:
    assert address_hmac(KEY, 1, other) != address_hmac(KEY, 1, "mo@bücher.example")
    assert address_hmac(KEY, 1, other) != address_hmac(KEY, 2, other)
