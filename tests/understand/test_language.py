"""What the model cannot read is told apart; what is too short stays unknown."""

import pytest

from survey.understand.language import is_foreign, readable


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Die Wartezeit war viel zu lang und niemand hat zurückgerufen", "de"),
        ("El técnico no vino nunca y nadie me avisó", "es"),
        ("le monsieur était très gentil", "fr"),
        ("Die Rechnung war nach dem Service falsch", "de"),
        ("Слишком долго ждать", "ru"),
        ("مواعيد العمل غير مناسبة", "ar"),
        ("She never rang me back about the boiler", "en"),
        ("he was dead nice like, wouldnae hear of it", "en"),
    ],
)
def test_a_plain_sentence_has_a_language(text: str, language: str) -> None:
    assert readable(text) == language
    assert is_foreign(text) is (language != "en")


@pytest.mark.parametrize("text", ["", "ok", "n/a", "😀😀", "merci", "12345 67", "<p> </p>"])
def test_what_is_too_short_stays_unknown_and_is_sorted(text: str) -> None:
    assert readable(text) == "unknown"
    assert not is_foreign(text)


@pytest.mark.parametrize(
    "text", ["a bench for old folk", "do I get money for it?", "Tout était bien, thank you"]
)
def test_what_is_english_in_part_or_looks_like_pidgin_is_sorted(text: str) -> None:
    assert not is_foreign(text)


def test_another_script_is_foreign_however_short() -> None:
    assert is_foreign("等太久")


def test_a_model_that_reads_german_keeps_german() -> None:
    text = "Die Wartezeit war viel zu lang und niemand hat zurückgerufen"
    assert not is_foreign(text, {"en", "de"})
    assert not is_foreign(text, {"*"})


def test_a_very_long_answer_is_read_at_its_beginning() -> None:
    assert readable("Nobody ever told us what it would cost. " * 10_000) == "en"
