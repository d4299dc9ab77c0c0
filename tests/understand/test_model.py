"""The engine takes anything: little, much, odd, and all of it the same."""

import csv
import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from survey.errors import EngineError
from survey.understand.book import Book, BookTheme
from survey.understand.embed import Embedder
from survey.understand.found import FoundTheme
from survey.understand.model import ThemeModel
from survey.understand.naming import Naming
from tests.understand.conftest import WordEmbedder
from tests.understand.listeners import RuleListener

DETAILS = ("today", "again", "twice", "ever", "still", "monday", "sadly", "noon", "really", "once")
SAMPLE = Path(__file__).parents[2] / "survey" / "records" / "sample.tsv"
PHONE = [f"Nobody answered the telephone {word}" for word in DETAILS]
PARKING = [f"The car park was full {word}" for word in DETAILS]
ABSURD = {
    "no answers": [],
    "one answer": ["Nobody answered the telephone"],
    "all identical": ["Nobody answered the telephone"] * 200,
    "all empty": ["", "   ", "\n\n"],
    "a hundred thousand words": ["telephone " * 100_000],
    "emoji only": ["🙂", "🙂🙂🙂", "👍🏽", "❤️" * 500],
    "HTML": ["<p>Nobody <b>answered</b> the telephone</p><script>alert(1)</script>"] * 6,
    "other scripts": [
        "電話に誰も出ませんでした。",
        "Никто не ответил на звонок",
        "لم يرد أحد على الهاتف",
    ],
    "odd characters": ["\x00\x00", "a\u202eb telephone rang", "\ufffd" * 40, "e\u0301" * 300],
}


def a_model(themes: int | None = None) -> ThemeModel:
    return ThemeModel(WordEmbedder(), themes=themes, listener=RuleListener())


@pytest.mark.parametrize("texts", ABSURD.values(), ids=ABSURD.keys())
def test_whatever_comes_every_answer_gets_a_row_with_verbatim_evidence(texts: list[str]) -> None:
    made = a_model(24).fit_assign(texts)
    assert {one.row for one in made} == set(range(len(texts)))
    for one in made:
        if one.start is not None and one.end is not None:
            assert texts[one.row][one.start : one.end].strip()


def test_identical_answers_are_one_theme() -> None:
    made = a_model().fit_assign(ABSURD["all identical"])
    assert len({one.theme_id for one in made}) == 1
    assert made[0].origin == "found"


def test_another_script_is_set_apart() -> None:
    made = a_model().fit_assign([*PHONE, *ABSURD["other scripts"]])
    assert [one.origin for one in made[-3:]] == ["other_language"] * 3


def test_a_fit_and_a_second_look_agree() -> None:
    texts = [*PHONE, *PARKING, "Nothing", ""]
    model = a_model(2)
    assert model.fit_assign(texts) == model.assign(texts)


def test_one_thread_and_two_sort_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [f"{answer} {number % 7}" for number in range(30) for answer in (*PHONE, *PARKING)]
    results = []
    for threads in ("1", "2"):
        monkeypatch.setenv("OMP_NUM_THREADS", threads)
        made = repr(a_model(4).fit_assign(texts))
        results.append(hashlib.sha256(made.encode()).hexdigest())
    assert results[0] == results[1]


def test_an_answer_with_two_points_is_in_two_themes() -> None:
    model = a_model(2).fit([*PHONE, *PARKING])
    both = model.assign(["Nobody answered the telephone today\nThe car park was full again"])
    assert len(both) == 2


def test_what_fits_no_theme_stays_unsorted() -> None:
    model = a_model(2).fit([*PHONE, *PARKING])
    assert [one.origin for one in model.assign(["Purple curtains flapped sideways"])] == [
        "unsorted"
    ]


@pytest.mark.parametrize("anchor", [b"", b"FT01", b"XX01" + bytes(80)])
def test_a_theme_that_was_stored_badly_is_refused_in_a_sentence(anchor: bytes) -> None:
    with pytest.raises(EngineError, match="sort again"):
        FoundTheme.from_anchor("1", "Parking", anchor)


def test_the_digest_names_the_book_and_the_model() -> None:
    assert a_model().engine_digest == a_model().engine_digest
    other = ThemeModel(WordEmbedder(digest="other"), listener=RuleListener())
    assert other.engine_digest != a_model().engine_digest


def test_what_lies_by_a_theme_of_the_book_is_offered_as_more_of_it() -> None:
    said = "Nobody answered the telephone"
    book = Book((BookTheme("phone", "The telephone answered by nobody", said, "", (said,) * 3),))
    model = ThemeModel(WordEmbedder(), book, themes=2, listener=RuleListener())
    names = {one.name for one in model.fit([*PHONE, *PARKING]).found_}
    assert "More of “The telephone answered by nobody”" in names
    assert any("car park" in name.lower() or name == "Parking" for name in names)


@pytest.mark.model
@pytest.mark.parametrize("themes", [None, 20, 30])
def test_a_theme_is_called_what_is_in_it_in_the_end(embedder: Embedder, themes: int | None) -> None:
    """Leftovers went to themes that kept the name they had without them."""
    with SAMPLE.open(encoding="utf-8", newline="") as sample:
        said = [row["answer"] for row in csv.DictReader(sample, delimiter="\t")]
    model = ThemeModel(embedder, themes=themes).fit(said)
    nameless = tuple(replace(one, name="") for one in model.found_)
    again = Naming(model._read(said), embedder, None).of_all(nameless, ())
    assert len(model.found_) >= 3
    assert [one.name for one in again] == [one.name for one in model.found_]
