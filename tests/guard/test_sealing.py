"""Sealed words open under the same key, at the same place, and nowhere else."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from survey.guard.sealing import MARK, Place, seal, unseal

KEY = b"k" * 40
HERE = Place("answer", 7, 11, 1)


@given(st.text().filter(lambda text: text.isprintable()))
def test_what_was_sealed_comes_back(original: str) -> None:
    assert unseal(KEY, HERE, seal(KEY, HERE, original)) == original


def test_another_key_place_or_byte_opens_nothing() -> None:
    sealed = seal(KEY, HERE, "call 07700 900123")
    assert b"07700" not in sealed
    assert unseal(b"x" * 40, HERE, sealed) is None
    for elsewhere in (
        replace(HERE, workspace_id=8),
        replace(HERE, row_id=12),
        replace(HERE, version=2),
        replace(HERE, kind="letter"),
    ):
        assert unseal(KEY, elsewhere, sealed) is None
    assert unseal(KEY, HERE, sealed[:-1] + bytes([sealed[-1] ^ 1])) is None
    assert unseal(KEY, HERE, b"") is None
    assert unseal(KEY, HERE, MARK) is None


def test_the_same_words_are_sealed_differently_each_time() -> None:
    assert seal(KEY, HERE, "hello") != seal(KEY, HERE, "hello")
