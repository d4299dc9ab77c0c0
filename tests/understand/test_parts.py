"""What is clear within a wide theme stands beside it; nobody's place is lost by it."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from survey.understand.blocks import means, unit
from survey.understand.common_names import common_names, own_matters, own_words, shares
from survey.understand.decisions import Constraint
from survey.understand.discover import Groups
from survey.understand.embed import Embedder
from survey.understand.found import FoundTheme, Places
from survey.understand.model import ThemeModel
from survey.understand.name import FEW
from survey.understand.naming import Naming
from survey.understand.parts import FEWEST_ANSWERS, SHOWN_IN_FEW, with_parts
from survey.understand.phrases import stem, stems_of
from survey.understand.refit import found_again, fresh_themes

SAMPLE = Path(__file__).parents[2] / "survey" / "records" / "sample.tsv"
TEETH = [
    "Still have toothache", "The dentist pulled the wrong tooth", "My tooth hurts again",
    "No dentist could see me", "Bad tooth, told to find a dentist", "Toothache all night",
    "An emergency dentist was what I needed", "They sent me to a dentist miles off",
]  # fmt: skip
LATE = [
    f"We waited {n} hours for somebody to come"
    for n in ["two", "three", "four", "five", "six", "seven"]
]
CALLS = [["call", "answer"], ["phone"], ["late"], ["kind"], ["clean"]]


@pytest.fixture(scope="module")
def said() -> list[str]:
    with SAMPLE.open(encoding="utf-8", newline="") as sample:
        return [row["answer"] for row in csv.DictReader(sample, delimiter="\t")]


def naming(embedder: Embedder, texts: list[str]) -> Naming:
    return Naming(ThemeModel(embedder)._read(texts), embedder, None)


def grouped(one: Naming, labels: list[int], kind: str) -> tuple[FoundTheme, ...]:
    """Make themes of clauses that somebody has grouped."""
    count = max(labels) + 1
    found = np.array(labels, dtype=np.int32)
    points = unit(means(one.reading.vectors.astype(np.float32), found, count))
    groups = Groups(found, points, np.zeros(count, np.float32))
    fresh = fresh_themes(one.reading.vectors, groups, (), ())
    return tuple(replace(theme, id=f"{kind} {n}") for n, (theme, _) in enumerate(fresh))


TOGETHER = [0] * (len(TEETH) + len(LATE))
APART = [0] * len(TEETH) + [1] * len(LATE)


def test_what_a_whole_service_is_about_is_told_from_what_some_speak_of() -> None:
    often, seldom = CALLS * 10, CALLS * 2 + [["kind"]] * 40
    assert {"Phone calls", "Calling 111", "Calls and call handlers"} <= own_matters(often, stem)
    assert own_words(often, stem, 0.05) >= {"call", "phone"}
    assert not own_matters(seldom, stem)
    assert not own_words(seldom, stem, 0.05)


@pytest.mark.model
def test_a_clear_matter_stands_beside_the_wide_theme_it_lay_in(embedder: Embedder) -> None:
    one = naming(embedder, [*TEETH, *LATE])
    wide = tuple(replace(theme, name="Help") for theme in grouped(one, TOGETHER, "wide"))
    both = with_parts(one, wide, grouped(one, APART, "part"), (), wanted=3)
    assert "Dental care" in {theme.name for theme in both}
    theme = Places(both).join(one.reading.vectors).theme
    teeth = next(n for n, theme in enumerate(both) if theme.name == "Dental care")
    assert set(np.flatnonzero(theme == teeth)) <= set(range(len(TEETH)))
    assert (theme == teeth).sum() >= FEWEST_ANSWERS


@pytest.mark.model
def test_no_part_is_added_where_enough_themes_are_or_its_name_is_taken(embedder: Embedder) -> None:
    one = naming(embedder, [*TEETH, *LATE])
    (wide,) = grouped(one, TOGETHER, "wide")
    parts = grouped(one, APART, "part")
    assert with_parts(one, (wide,), parts, (), wanted=1) == (wide,)
    taken = with_parts(one, (replace(wide, name="Dental care"),), parts, {"wide 0"}, wanted=9)
    assert [theme.name for theme in taken].count("Dental care") == 1


@pytest.mark.model
def test_who_asks_for_more_themes_gets_no_fewer_and_never_more_than_asked(
    embedder: Embedder, said: list[str]
) -> None:
    found = [ThemeModel(embedder, themes=number).fit(said).found_ for number in (2, 8, 24)]
    counts = [len(themes) for themes in found]
    assert counts == sorted(counts)
    assert all(count <= number for count, number in zip(counts, (2, 8, 24), strict=True))
    assert counts[-1] > counts[0]
    for themes in found:
        assert len({one.name for one in themes}) == len({one.id for one in themes}) == len(themes)


@pytest.mark.model
def test_few_clauses_are_called_by_a_common_name_only_where_most_show_it(
    embedder: Embedder, said: list[str]
) -> None:
    model = ThemeModel(embedder, themes=24).fit(said)
    reading = model._read(said)
    theme = Places(model.found_).join(reading.vectors).theme
    common = {one.name for one in common_names(stem)}
    checked = 0
    for number, one in enumerate(model.found_):
        members = np.flatnonzero(theme == number)
        if one.name not in common or len(members) >= FEW:
            continue
        stems = [stems_of(reading.clauses[row].text) for row in members]
        shown = shares(stems, common_names(stem), len(members))
        assert shown[one.name] >= SHOWN_IN_FEW - 0.15, one.name
        checked += 1
    assert checked


@pytest.mark.model
def test_the_same_answers_sorted_again_keep_every_id_and_name(
    embedder: Embedder, said: list[str]
) -> None:
    first = ThemeModel(embedder, themes=24).fit(said)
    again = ThemeModel(embedder, themes=24).fit(said, before=first.found_)
    assert [(one.id, one.name) for one in again.found_] == [
        (one.id, one.name) for one in first.found_
    ]
    assert again.assign(said) == first.assign(said)


@pytest.mark.model
def test_an_older_theme_keeps_its_name_and_the_newer_one_finds_another(embedder: Embedder) -> None:
    one = naming(embedder, [*TEETH, *LATE])
    parts = grouped(one, APART, "part")
    before = replace(parts[0], id="found-7", name="Waiting times")
    now = [replace(parts[0], name="Teeth"), replace(parts[1], name="Waiting times")]
    again = found_again(one, now, [before], ())
    assert (again[0].id, again[0].name) == ("found-7", "Waiting times")
    assert again[1].id != "found-7"
    assert again[1].name not in {"Waiting times", ""}


@pytest.mark.model
def test_a_decision_moves_no_theme_but_its_own(embedder: Embedder, said: list[str]) -> None:
    first = ThemeModel(embedder, themes=24).fit(said)
    one, other = first.found_[0], first.found_[-1]
    for constraints in (
        [Constraint("pinned", theme.id) for theme in first.found_],
        [Constraint("pinned", one.id)],
        [Constraint("renamed", other.id, name="Zebras")],
    ):
        again = ThemeModel(embedder, themes=24)
        again.fit(said, before=first.found_, constraints=constraints)
        assert {theme.id for theme in again.found_} == {theme.id for theme in first.found_}
    merged = [Constraint("merged", other.id, other=one.id)]
    again = ThemeModel(embedder, themes=24).fit(said, before=first.found_, constraints=merged)
    assert other.id not in {theme.id for theme in again.found_}
    assert other.name not in {theme.name for theme in again.found_}


@pytest.mark.model
def test_a_pinned_theme_that_nobody_speaks_of_takes_no_other_away(embedder: Embedder) -> None:
    """Nothing here is named well: one theme that somebody keeps must not be all that is left."""
    before = ThemeModel(embedder).fit(["The car park is full"] * 30).found_
    pinned = [Constraint("pinned", before[0].id)]
    plain = ThemeModel(embedder, themes=1).fit([*TEETH, *LATE])
    beside = ThemeModel(embedder, themes=1)
    beside.fit([*TEETH, *LATE], before=before, constraints=pinned)
    assert {one.answers for one in beside.found_} == {0, *(one.answers for one in plain.found_)}


@pytest.mark.model
def test_an_old_name_that_says_what_a_newer_one_says_makes_them_one(embedder: Embedder) -> None:
    one = naming(embedder, [*TEETH, *LATE])
    parts = grouped(one, APART, "part")
    before = replace(parts[0], id="found-7", name="Delays")
    now = [replace(parts[0], name="Teeth"), replace(parts[1], name="Waiting times")]
    again = found_again(one, now, [before], ())
    assert len(again) == 1
