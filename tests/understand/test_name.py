"""Names are phrases that were typed, unique, and say something."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from survey.understand.blocks import Floats, means, unit
from survey.understand.common_names import common_names, one_matter, shares
from survey.understand.name import find_names
from survey.understand.phrases import count_phrases, names_of_people, stem

PARKING = [
    "the car park was full again", "nowhere in the car park", "your car park is tiny",
    "a bigger car park", "car park charges", "we circled the car park for ages",
]  # fmt: skip
PHONE = [
    "answer the phone", "nobody picks up the phone", "answer the phone faster",
    "I rang and nobody would answer the phone", "please answer the phone", "phone rang out",
]  # fmt: skip
KILN = [
    "the pottery kiln was cold again", "nobody lit the pottery kiln", "your pottery kiln is tiny",
    "a bigger pottery kiln", "pottery kiln rota", "we circled the pottery kiln for ages",
]  # fmt: skip
CANOE = [
    "fix the canoe trailer", "nobody locks the canoe trailer", "a better canoe trailer",
    "I fell and nobody moved the canoe trailer", "the canoe trailer please", "canoe trailer rusted",
]  # fmt: skip
PARKED = ["we parked miles off", "no parking", "parking again", "where can I park", "parked twice"]
SAID = (*PARKING, *PHONE, *KILN, *CANOE, *PARKED)
WORDS = sorted({word for text in SAID for word in text.lower().split()})


def encode(texts: Sequence[str]) -> Floats:
    return unit(np.array([[text.lower().split().count(w) for w in WORDS] for text in texts]))


def named(
    one: Sequence[str] = PARKING,
    other: Sequence[str] = PHONE,
    *,
    curated: Sequence[tuple[str, NDArray[np.floating]]] = (),
    beside_book: bool = False,
) -> tuple[str, ...]:
    clauses = [*one, *other]
    labels = np.array([0] * len(one) + [1] * len(other))
    centres = unit(means(encode(clauses), labels, 2))
    found = find_names(clauses, labels, centres, encode, curated=curated, beside_book=beside_book)
    return tuple(one.text for one in found)


def test_a_theme_is_named_by_what_its_answers_share() -> None:
    parking, phone = named()
    assert "car park" in parking.lower()
    assert "phone" in phone.lower()


def test_what_is_on_no_list_is_called_by_words_that_somebody_typed() -> None:
    kiln, canoe = named(KILN, CANOE)
    assert "kiln" in kiln.lower()
    assert "canoe trailer" in canoe.lower()
    for name in (kiln, canoe):
        assert any(name.lower() in clause.lower() for clause in (*KILN, *CANOE))


def test_a_theme_is_not_narrowed_by_a_word_that_few_of_its_clauses_hold() -> None:
    seldom = ["the emergency kiln was cold", "send an emergency kiln"]
    how = ("cold", "full", "off", "dirty", "tiny", "broken", "old", "slow", "loud", "new", "far")
    kiln, _ = named([*seldom, *(f"the kiln was {one}" for one in how)], CANOE)
    assert kiln == "Kiln"


def test_a_common_name_is_taken_where_clauses_show_it_and_nowhere_else() -> None:
    assert named(PARKED, KILN)[0] == "Parking"
    assert "Parking" not in named(KILN, CANOE)


def test_how_a_thing_is_said_to_be_makes_a_name() -> None:
    told = ["the ferryman was rude", "a rude ferryman", "The ferryman was very rude", "rude again"]
    assert count_phrases(told)["rude", "ferryman"].clauses == 3
    assert ("delayed", "ferryman") not in count_phrases(["the ferryman was delayed"])


def test_a_sentences_first_capital_does_not_stand_within_a_name() -> None:
    typed = {phrase.typed for phrase in count_phrases(["Journey home was very poor."]).values()}
    assert "poor journey home" in typed
    typed = {phrase.typed for phrase in count_phrases(["NHS transport was very poor."]).values()}
    assert "poor NHS transport" in typed


def test_a_note_of_whoever_wrote_answers_down_names_nothing() -> None:
    assert not count_phrases(["[illegible]", "[not legible]"])
    assert ("kind", "drivers") in count_phrases(["[illegible] kind drivers"])


def test_a_piece_of_a_sentence_is_no_name() -> None:
    told = count_phrases(["they took me right there", "we had to call the harbour office"])
    assert not {("took", "me", "right"), ("call", "the", "harbour", "office")} & told.keys()
    assert ("harbour", "office") in told


def test_leftovers_are_told_from_what_has_a_name() -> None:
    clauses = [*KILN, "as it was", "so it is", "that was it", "it is as it is", "so it was"]
    labels = np.array([0] * len(KILN) + [1] * 5)
    centres = unit(means(encode(clauses), labels, 2))
    kiln, rest = find_names(clauses, labels, centres, encode)
    assert kiln.fits
    assert not rest.fits


def test_every_common_name_is_listed_once_and_can_be_shown() -> None:
    listed = common_names(stem)
    assert len({one.name for one in listed}) == len(listed) > 200
    for one in listed:
        said = [word for stretch in sorted(one.signs[0]) for word in stretch]
        assert shares([said], [one], 1) == {one.name: 1.0}


def test_a_theme_next_to_the_book_takes_its_name() -> None:
    assert named(curated=[("Hard to reach", encode(PHONE)[:1])])[1] == "Hard to reach"


def test_a_lent_name_yields_to_one_that_fits_better_and_the_books_own_does_not() -> None:
    curated = [("Cars", encode(PARKING)[:1])]
    assert named(curated=curated)[0] == "Car park"
    assert named(curated=curated, beside_book=True)[0] == "Cars"


def test_two_themes_never_share_a_name() -> None:
    clauses = [*PARKING, *PARKING]
    labels = np.array([0] * len(PARKING) + [1] * len(PARKING))
    centres = unit(means(encode(clauses), labels, 2))
    assert len({one.text for one in find_names(clauses, labels, centres, encode)}) == 2


def test_trouble_that_somebody_denies_is_no_name() -> None:
    said = count_phrases(
        [
            "I find no fault with the system",
            "cannot find any fault with the system",
            "no complaints",
        ]
    )
    assert ("fault", "with", "the", "system") not in said
    had = count_phrases(
        ["there was a fault with the system", "the fault with the system came back"]
    )
    assert ("fault", "with", "the", "system") in had


def test_clauses_without_a_word_still_get_a_name() -> None:
    rows = np.ones((3, 2), np.float32)
    names = find_names(
        ["🙂", "🙂🙂", "!!"], np.zeros(3, int), unit(rows[:1]), lambda t: rows[: len(t)]
    )
    assert names[0].text


def test_nobody_gives_a_theme_their_name() -> None:
    dentist = [
        "I saw Dr Patel",
        "Patel was wonderful",
        "the wonderful Patel",
        "Patel was wonderful",
    ]
    assert "patel" in names_of_people(dentist)
    assert not any("patel" in name.lower() for name in named(dentist, KILN))


def test_what_is_written_small_anywhere_or_in_capitals_alone_is_nobody() -> None:
    told = [
        "the Kiln was cold",
        "a kiln",
        "the NHS and A&E",
        "open on Saturday",
        "Parking was full",
    ]
    assert names_of_people(told) == frozenset()


def test_names_that_tell_a_reader_the_same_are_names_of_the_list() -> None:
    listed = {one.name for one in common_names(stem)}
    assert one_matter().keys() <= listed
    assert set(one_matter().values()) <= one_matter().keys()


def test_in_few_clauses_a_common_name_needs_a_larger_share_of_them() -> None:
    """A third is enough of many, and may be chance among a dozen."""
    odd = [f"{word}ish" for word in WORDS]
    few = [*PARKED[:4], *odd[:8]]
    many = [*PARKED, *PARKED, *odd[:20]]
    assert named(few, CANOE)[0] != "Parking"
    assert named(many, CANOE)[0] == "Parking"


def test_who_speaks_of_the_waiting_room_need_not_have_waited() -> None:
    def shown(*clauses: str) -> set[str]:
        told = [[stem(word) for word in clause.split()] for clause in clauses]
        return set(shares(told, common_names(stem), len(told)))

    assert "The waiting room" in shown("the waiting room was cold")
    assert "Waiting times" not in shown("the waiting room was cold")
    assert "Waiting times" in shown("waiting for an hour in the waiting room")
    assert "Vehicles" not in shown("the car park was full")
