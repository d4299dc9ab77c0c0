"""The book's themes in answers: trained or as their owner wrote them, each with its evidence."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from survey.errors import EngineError
from survey.records.sample import ANSWERS
from survey.understand.book import Book, BookTheme, parse_book, shipped_book
from survey.understand.corrections import Correction
from survey.understand.embed import Embedder, load_embedder
from survey.understand.recognise import Recogniser, Recognition
from survey.understand.tone import tones
from survey.understand.trained import SHIPPED, Reader, load_reader, read_manifest
from survey.understand.training.measure import decisions, untrained_book
from survey.understand.training.targets import figures, label_targets
from survey.understand.training.text import read_file

pytestmark = pytest.mark.model
DEV = Path(__file__).parent / "dev_set.tsv"
PARKING = """themes:
  - key: parking
    name: Parking
    definition: Finding a place to leave the car near the door.
    examples: [nowhere to park, The car park was full when I came, parking is too dear]
  - key: music
    name: Music
    definition: The music that is played in the shop.
    examples: [the radio is too loud, Please turn the music down, same songs every week]
  - key: thanks
    name: Thanks
    definition: Nothing but praise.
    examples: [Everything was great thank you, "Excellent service, thanks", Very happy]
"""


@pytest.fixture(scope="module")
def reader() -> Reader:
    return load_reader()


@pytest.fixture(scope="module")
def ours(embedder: Embedder, reader: Reader) -> Recogniser:
    return Recogniser(shipped_book(), embedder, reader=reader)


@pytest.fixture(scope="module")
def owners(embedder: Embedder, reader: Reader) -> Recogniser:
    return Recogniser(parse_book(PARKING, "own.yaml"), embedder, reader=reader)


def _opening_hours() -> BookTheme:
    return BookTheme(
        key="opening_hours",
        name="Opening hours",
        definition="When you are open, and when one can come.",
        examples=(
            "You were shut on Saturday.",
            "Open earlier please.",
            "I could not come after work.",
            "Closed at lunch.",
        ),
    )


@pytest.mark.parametrize("beside", [True, False])
def test_a_theme_of_ones_own_claims_what_is_said_of_it_and_not_most_of_the_rest(
    embedder: Embedder, reader: Reader, *, beside: bool
) -> None:
    """It had no sister to be told from: 206 of these 312 answers spoke of opening hours."""
    others = shipped_book().themes if beside else ()
    book = Book((*others, _opening_hours()))
    with ANSWERS.open(encoding="utf-8", newline="") as sample:
        said = [row["answer"] for row in csv.DictReader(sample, delimiter="\t")]
    found = Recogniser(book, embedder, reader=reader).recognise(said)
    rows = {one.row for one in found.themes if book.keys[one.theme] == "opening_hours"}
    assert 3 <= len(rows) <= 20
    assert any("Closed Fridays" in said[row] for row in rows)


def _keys(recogniser: Recogniser, answer: str) -> set[str]:
    return {recogniser.book.keys[one.theme] for one in recogniser.recognise([answer]).themes}


@pytest.mark.parametrize(
    ("answer", "key"),
    [
        (
            "He promised to ring on Friday and nobody ever rang, I had to chase them",
            "follow_through",
        ),
        ("I was sat there an hour and a half past my appointment", "waiting"),
        ("The bill was double and nobody had mentioned the extra fee", "cost_clarity"),
        ("Don't call me sweetheart, my name is on the form", "form_of_address"),
        ("You can't get through on the phone, it just rings out", "reachability"),
    ],
)
def test_a_trained_theme_is_recognised_in_a_scene(ours: Recogniser, answer: str, key: str) -> None:
    assert key in _keys(ours, answer)


def test_a_number_that_somebody_leaves_is_not_what_decided(ours: Recogniser) -> None:
    answer = (
        "She was lovely, but I rang four times and nobody picked up. My number is [phone number]"
    )
    found = {ours.book.keys[one.theme]: one for one in ours.recognise([answer]).themes}
    at = found["reachability"]
    assert answer[at.start : at.end] == "but I rang four times and nobody picked up."


def test_the_book_holds_its_figures_on_answers_it_has_not_read(ours: Recogniser) -> None:
    answers = read_file(DEV)
    recognition = ours.recognise([answer.text for answer in answers])
    reached = figures(label_targets(answers), decisions(recognition, len(answers)))
    assert reached.macro_f1 >= 0.70
    assert reached.micro_precision >= 0.70


def test_the_evidence_is_a_verbatim_clause(ours: Recogniser) -> None:
    answer = "Lovely room and good tea. You can't get through on the phone, it just rings out."
    found = [
        answer[one.start : one.end]
        for one in ours.recognise([answer]).themes
        if ours.book.keys[one.theme] == "reachability"
    ]
    assert found == ["You can't get through on the phone, it just rings out."]


@pytest.mark.parametrize("answer", ["", "nothing", "No complaints, thank you", "👍", " \n "])
def test_an_answer_that_wants_nothing_is_nothing(ours: Recogniser, answer: str) -> None:
    recognition = ours.recognise([answer])
    assert recognition.nothing.tolist() == [True]
    assert recognition.themes == ()


def test_what_the_model_cannot_read_gets_no_theme(ours: Recogniser) -> None:
    recognition = ours.recognise(["Ich habe zwei Stunden gewartet und niemand hat mich angerufen"])
    assert recognition.themes == ()
    assert recognition.nothing.tolist() == [False]


def test_under_a_model_of_many_languages_the_english_reader_keeps_to_english(
    embedder: Embedder, reader: Reader
) -> None:
    many = replace(embedder, languages=frozenset({"*"}))  # type: ignore[type-var]
    both = Recogniser(shipped_book(), many, reader=reader)
    german = "Ich habe zwei Stunden gewartet und niemand hat mich angerufen"
    english = "I was sat there an hour and a half past my appointment"
    untrained = Recogniser(untrained_book(), many, reader=reader).recognise([german])
    assert both.recognise([german]).themes == untrained.themes
    assert "waiting" in _keys(both, english)


def test_an_owners_theme_works_at_once(owners: Recogniser) -> None:
    assert _keys(owners, "I drove round for ages looking for a parking space") == {"parking"}
    assert _keys(owners, "the music was deafening") == {"music"}
    assert _keys(owners, "She cut my fringe far too short") == set()


def test_a_theme_of_praise_takes_what_would_be_nothing(owners: Recogniser) -> None:
    assert _keys(owners, "Excellent, thank you very much") == {"thanks"}
    assert owners.recognise(["n/a", "Excellent, thank you"]).nothing.tolist() == [True, False]


def test_a_changed_definition_leaves_the_trained_head(reader: Reader) -> None:
    book = shipped_book()
    first = replace(book.themes[0], definition="Something else entirely.")
    changed = Book((first, *book.themes[1:]))
    assert set(reader.serves(book)) == set(range(20))
    assert set(reader.serves(changed)) == set(range(1, 20))


def test_both_kinds_of_theme_stand_in_one_book(embedder: Embedder, reader: Reader) -> None:
    book = Book((*parse_book(PARKING, "own.yaml").themes, *shipped_book().themes))
    both = Recogniser(book, embedder, reader=reader)
    keys = _keys(both, "There was nowhere to park, and then I waited two hours past my time.")
    assert {"parking", "waiting"} <= keys


def test_no_answer_changes_what_another_one_gets(ours: Recogniser, owners: Recogniser) -> None:
    texts = [answer.text for answer in read_file(DEV)[:15]]
    for recogniser in (ours, owners):
        together = recogniser.recognise(texts)
        alone = [recogniser.recognise([text]).themes for text in texts]
        assert [replace(one, row=0) for one in together.themes] == [
            one for part in alone for one in part
        ]


def test_threads_change_nothing(embedder: Embedder) -> None:
    texts = [answer.text for answer in read_file(DEV)[:60]]
    book = Book((*parse_book(PARKING, "own.yaml").themes, *shipped_book().themes))
    one, two = (
        Recogniser(book, load_embedder(threads=n), reader=load_reader(threads=n)).recognise(texts)
        for n in (1, 2)
    )
    assert one.themes == two.themes
    assert (one.nothing == two.nothing).all()


@pytest.mark.parametrize(
    "answer",
    ["😀" * 300, "<p></p>", "word " * 100_000, "等太久", "\0", "x" * 50_000, "<b>Too</b> dear"],
)
def test_absurd_answers_are_answered(ours: Recogniser, owners: Recogniser, answer: str) -> None:
    for recogniser in (ours,) if len(answer) > 100_000 else (ours, owners):
        recognition = recogniser.recognise([answer])
        for one in recognition.themes:
            assert 0 <= one.confidence <= 1
            assert one.start is None or answer[one.start : one.end].strip()


def test_no_answers_give_nothing(ours: Recogniser) -> None:
    recognition: Recognition = ours.recognise([])
    assert recognition.themes == ()
    assert recognition.nothing.shape == (0,)


def test_checked_answers_move_their_theme(embedder: Embedder, reader: Reader) -> None:
    book = parse_book(PARKING, "own.yaml")
    answer = "the drive was blocked by lorries"
    yes = [Correction(text, "parking", belongs=True) for text in _lorries()]
    no = [Correction(text, "parking", belongs=False) for text in _lorries()]
    unknown = [Correction("anything", "no_such_key", belongs=True)]
    assert _keys(Recogniser(book, embedder, reader=reader, corrections=yes), answer) == {"parking"}
    assert _keys(Recogniser(book, embedder, reader=reader, corrections=no), answer) == set()
    assert Recogniser(book, embedder, reader=reader, corrections=unknown).recognise([answer])


def test_a_correction_counts_in_the_digest(embedder: Embedder, reader: Reader) -> None:
    book = parse_book(PARKING, "own.yaml")
    plain = Recogniser(book, embedder, reader=reader)
    checked = Recogniser(
        book, embedder, reader=reader, corrections=[Correction("a lorry", "parking", belongs=True)]
    )
    assert plain.digest != checked.digest


def test_a_changed_weights_file_is_refused(tmp_path: Path) -> None:
    for name in ("reader.json", "reader.safetensors"):
        (tmp_path / name).write_bytes((SHIPPED / name).read_bytes())
    with (tmp_path / "reader.safetensors").open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"\x7f")
    with pytest.raises(EngineError, match="wrong sha256"):
        load_reader(tmp_path)
    (tmp_path / "reader.json").write_text("{}")
    read_manifest.cache_clear()
    with pytest.raises(EngineError, match="cannot be read"):
        load_reader(tmp_path)


def test_the_tone_is_told_where_it_is_clear_and_praise_only_where_it_is_clearer() -> None:
    assert tones(np.array([3.0, -3.0, 0.1, -0.5]), np.array([-3.0, 3.0, 0.0, 0.5])) == [
        "wish",
        "praise",
        "unclear",
        "unclear",
    ]


def _lorries() -> list[str]:
    return [
        "a lorry blocked the drive",
        "lorries stood across the driveway",
        "there were lorries in the drive again",
        "could not get past the lorry in the drive",
        "the drive was full of delivery lorries",
    ]
