"""The customer's side in 14 languages: whole catalogues, days in words, the nearest language."""

import re
from datetime import date
from io import BytesIO

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import read_mo

from survey.languages import (
    _IN_ENGLISH,
    LANGUAGES,
    day_in_words,
    is_rtl,
    nearest,
    spoken,
    tag_said,
    translations,
)
from tests.support.catalogues import TRANSLATED, catalogue, compiled, path_of, said_in_code

TODAY = date(2026, 11, 22)
_HOLE = re.compile(r"%\(\w+\)[sd]")
_PLACES = {
    "%(num)s",  # one of a thing may be said without its number
}
# What the product never says, whatever the language: blame, and regret by the dozen.
_STIFF = ("inconvenience", "unannehmlichkeit", "désagrément", "molestias", "disagio", "Oops")


@pytest.fixture(scope="module")
def said() -> Catalog:
    """Every sentence of the customer's side."""
    return said_in_code()


def _sentences(catalog: Catalog) -> dict[tuple[str | None, str], Message]:
    return {(one.context, _first(one.id)): one for one in catalog if one.id}


def _first(words: object) -> str:
    return str(words[0] if isinstance(words, (tuple, list)) else words)


def _strings(catalog: Catalog) -> dict[str, object]:
    return {str((one.context, one.id)): one.string for one in catalog if one.id}


def _forms(message: Message) -> list[str]:
    words = message.string
    return [str(one) for one in (words if isinstance(words, (tuple, list)) else [words])]


def test_there_are_fourteen_languages_one_of_them_from_right_to_left() -> None:
    assert len(LANGUAGES) == 14
    assert [tag for tag in LANGUAGES if is_rtl(tag)] == ["ar"]


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_sentence_is_translated_and_none_is_left_over(language: str, said: Catalog) -> None:
    wanted, there = _sentences(said), _sentences(catalogue(language))
    assert sorted(map(str, wanted.keys() - there.keys())) == []
    assert sorted(map(str, there.keys() - wanted.keys())) == []
    untranslated = [words for (_, words), one in there.items() if not all(_forms(one))]
    assert untranslated == []
    assert [one.id for one in catalogue(language) if one.id and one.fuzzy] == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_translations_have_the_same_places_to_fill(language: str) -> None:
    written = catalogue(language)
    for (_, words), one in _sentences(written).items():
        several = isinstance(one.id, (tuple, list))
        wanted = set(_HOLE.findall(str(one.id[1] if several else words)))
        for form in _forms(one):
            there = set(_HOLE.findall(form))
            assert there == wanted or (several and there == wanted - _PLACES), form
            assert form.count("%") == len(_HOLE.findall(form)), form
        if several:
            assert len(_forms(one)) == written.num_plurals


@pytest.mark.parametrize("language", TRANSLATED)
def test_what_is_written_is_what_is_read(language: str) -> None:
    with path_of(language, "mo").open("rb") as file:
        read = _strings(read_mo(file))
    written = _strings(read_mo(BytesIO(compiled(catalogue(language)))))
    assert read == written, "run `make catalogues`"


@pytest.mark.parametrize("language", TRANSLATED)
def test_nobody_is_told_of_inconveniences(language: str) -> None:
    text = path_of(language).read_text(encoding="utf-8").lower()
    assert not any(word.lower() in text for word in _STIFF)


@pytest.mark.parametrize("language", TRANSLATED)
def test_numbers_of_things_are_said_as_the_language_counts(language: str) -> None:
    one = "It is kept for one month; then your words and your name are erased."
    many = "It is kept for %(num)s months; then your words and your name are erased."
    found = {translations(language).ngettext(one, many, number) for number in range(1, 30)}
    assert one not in found
    assert many not in found


DAYS = {
    "en": "Tuesday 17 November",
    "ar": "الثلاثاء 17 نوفمبر",
    "de": "Dienstag, 17. November",
    "es": "martes 17 de noviembre",
    "fr": "mardi 17 novembre",
    "hi": "मंगलवार, 17 नवंबर",
    "it": "martedì 17 novembre",
    "nl": "dinsdag 17 november",
    "pl": "17 listopada",
    "pt": "17 de novembro",
    "ro": "17 noiembrie",
    "tr": "17 Kasım Salı",
    "uk": "17 листопада",
    "zh": "11月17日星期二",
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_day_is_said_in_its_language(language: str) -> None:
    assert day_in_words(date(2026, 11, 17), TODAY, language) == DAYS[language]
    assert "2024" in day_in_words(date(2024, 11, 17), TODAY, language)


@pytest.mark.parametrize(
    ("wished", "found"),
    [
        ("de", "de"),
        ("de-AT", "de"),
        ("pt_BR", "pt"),
        ("ZH-Hans-CN", "zh"),
        ("cs", None),
        ("", None),
        (None, None),
    ],
)
def test_the_nearest_language_is_spoken(wished: str | None, found: str | None) -> None:
    assert spoken(wished) == found


def test_a_wish_for_a_country_prefers_that_country() -> None:
    assert nearest("pt-BR", ["pt", "pt-BR"]) == "pt-BR"
    assert nearest("pt-PT", ["pt", "pt-BR"]) == "pt"


@pytest.mark.parametrize(
    ("said", "tag"),
    [
        ("German", "de"),
        (" deutsch ", "de"),
        ("FRANÇAIS", "fr"),
        ("中文", "zh"),
        ("pt_BR", "pt-BR"),
        ("da", "da"),
        ("", ""),
    ],
)
def test_a_language_is_known_by_its_name_in_english_its_own_or_its_tag(said: str, tag: str) -> None:
    assert tag_said(said) == tag


def test_each_of_our_languages_has_an_english_name() -> None:
    assert sorted(_IN_ENGLISH.values()) == sorted(LANGUAGES)
