"""Sealed words open under the same key, for the same workspace, and nowhere else."""

from hypothesis import given
from hypothesis import strategies as st

from survey.guard.sealing import seal, unseal

KEY = b"k" * 40


@given(st.text().filter(lambda text: text.isprintable()))
def test_what_was_sealed_comes_back(original: str) -> None:
    assert unseal(KEY, 7, seal(KEY, 7, original)) == original


def test_another_key_workspace_or_byte_opens_nothing() -> None:
    sealed = seal(KEY, 7, "call 07700 900123")
    assert b"07700" not in sealed
    assert unseal(b"x" * 40, 7, sealed) is None
    assert unseal(KEY, 8, sealed) is None
    assert unseal(KEY, 7, sealed[:-1] + bytes([sealed[-1] ^ 1])) is None
    assert unseal(KEY, 7, b"") is None


def test_the_same_words_are_sealed_differently_each_time() -> None:
    assert seal(KEY, 7, "hello") != seal(KEY, 7, "hello")
