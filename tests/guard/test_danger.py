"""Words of danger are noticed in 14 languages, and idioms that look alike are not.

The 200 cases stand in tests/data/danger_cases.tsv: half to develop the rules with, half kept aside
and scored once, before anything was mended after them (docs/dignity.md has the numbers).
"""

import time
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from survey.guard.danger import KINDS, dangers_in, folded
from survey.guard.measure import Case, read_cases, score
from survey.languages import LANGUAGES

CASES = Path(__file__).resolve().parents[1] / "data" / "danger_cases.tsv"
THINGS = CASES.with_name("danger_things.tsv")
RULES = Path(__file__).resolve().parents[2] / "survey" / "guard" / "danger"


@cache
def _cases() -> tuple[Case, ...]:
    return tuple(read_cases(CASES))


def test_there_are_two_hundred_cases_in_every_language_and_of_every_kind() -> None:
    cases = _cases()
    assert len(cases) == len({case.text for case in cases}) == 200
    assert sum(case.half == "kept" for case in cases) == 100
    assert {case.language for case in cases} == set(LANGUAGES)
    assert {case.danger for case in cases} == {*KINDS, "none"}


@pytest.mark.parametrize("half", ["develop", "kept"])
def test_danger_is_noticed_and_idioms_are_let_pass(half: str) -> None:
    found = score([case for case in _cases() if case.half == half])
    assert found.recall >= 0.95
    assert found.precision >= 0.95


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_each_language_has_rules_for_every_kind(language: str) -> None:
    lines = (RULES / f"{language}.txt").read_text(encoding="utf-8").splitlines()
    kinds = {line.partition(" ")[0] for line in lines if line and line[0] not in "#[@"}
    assert kinds == {*KINDS, "none"}


def test_things_have_enough_cases_in_every_language() -> None:
    counted = Counter((case.language, case.is_danger) for case in read_cases(THINGS))
    assert (counted["en", True] >= 25, counted["en", False] >= 40) == (True, True)
    for language in LANGUAGES:
        assert counted[language, True] >= 4
        assert counted[language, False] >= 3


@pytest.mark.parametrize("case", read_cases(THINGS), ids=lambda case: case.text[:40])
def test_a_thing_that_hurts_is_noticed_and_harmless_talk_of_things_is_not(case: Case) -> None:
    assert [one.kind for one in dangers_in(case.text)] == ["emergency"] * case.is_danger


def test_a_hyphen_or_a_blank_in_a_word_makes_no_difference() -> None:
    for typed in ("self-harm", "self harm", "selfharm"):
        assert dangers_in(f"She told you about {typed}.")


@pytest.mark.parametrize(
    "typed",
    ["the toaster is ", "toaster fire smoke ", "fixed hospital ", "burnt my son's ",
     "Stecker Rauch ", "prices brakes fail ", "बैटरी आग ", "修医院", "البطارية دخان "],
)  # fmt: skip
def test_hostile_text_about_things_takes_no_more_than_a_moment(typed: str) -> None:
    dangers_in("The toaster caught fire.")
    began = time.process_time()
    dangers_in((typed * 20_000)[:20_000])
    assert time.process_time() - began < 3


def test_a_find_cites_the_words_that_were_typed() -> None:
    typed = "Wünschte, jemand riefe zurück. Ich WILL NICHT MEHR LEBEN, wirklich."
    found = dangers_in(typed)
    assert [(one.kind, typed[one.start : one.end]) for one in found] == [
        ("self_harm", "WILL NICHT MEHR LEBEN")
    ]


def test_typing_without_accents_or_with_curly_signs_makes_no_difference() -> None:
    assert dangers_in("nie chce juz zyc")
    assert dangers_in("I don’t want to live any more")
    assert dangers_in("(kill myself)")


@given(st.text())
def test_folding_keeps_every_sign_in_its_place(typed: str) -> None:
    assert len(folded(typed)) == len(typed)
    for one in dangers_in(typed):
        assert 0 <= one.start < one.end <= len(typed)


@pytest.mark.parametrize("typed", ["kill ", "he hit my ", "i will ", "gas ", "a", "don't want to "])
def test_hostile_text_takes_no_more_than_a_moment(typed: str) -> None:
    dangers_in("I will kill him")
    text = (typed * 20_000)[:20_000]
    began = time.process_time()
    dangers_in(text)
    assert time.process_time() - began < 3


@pytest.mark.parametrize("begins", ["pretul ", "kill", "my husband hits my ", "suicid", "gas "])
def test_one_endless_word_takes_no_more_than_a_moment(begins: str) -> None:
    began = time.process_time()
    dangers_in(begins + "a" * 19_980)
    assert time.process_time() - began < 3
