"""Quotes are tidied at their ends and nowhere else."""

import pytest

from survey.show.quotes import Candidate, chosen_quotes


@pytest.mark.parametrize(
    ("said", "quoted"),
    [
        ("so you've been eating toffees then\".", "so you've been eating toffees then."),
        ("“So what am I to do", "So what am I to do"),
        ('"oh" in a way I can still hear', '"oh" in a way I can still hear'),
        ('I got back "we value your feedback".', 'I got back "we value your feedback".'),
        ("and then he said 'bye'", "and then he said 'bye'"),
        ("ask the patients' ", "ask the patients"),
        (", but nobody rang me –", "but nobody rang me"),
    ],
)
def test_a_mark_whose_partner_is_elsewhere_is_left_out(said: str, quoted: str) -> None:
    (quote,) = chosen_quotes([Candidate(1, said, None, None)])
    assert quote.text == quoted


@pytest.mark.parametrize(
    ("body", "clause", "shown"),
    [
        (
            "Hello. I came at nine and sat there, nobody said how long it would be, and at ten "
            "I went home again without a word.",
            "nobody said how long it would be",
            "… nobody said how long it would be …",
        ),
        (
            "Nobody said how long it would be, and so I sat there until ten and then went home.",
            "Nobody said how long it would be",
            "Nobody said how long it would be …",
        ),
        (
            "I came at nine and sat there with the child, and (as ever) nobody rang me back.",
            "nobody rang me back.",
            "… nobody rang me back.",
        ),
        ("Hello. Nobody said how long. Bye.", "Nobody said how long.", "Nobody said how long."),
        ("Hello. Well, nobody said how long. Bye.", "how long", "Well, nobody said how long."),
        ("“Nobody said how long”", "Nobody said how long", "“Nobody said how long”"),
    ],
)
def test_a_quote_shows_where_its_sentence_goes_on(body: str, clause: str, shown: str) -> None:
    start = body.index(clause)
    (quote,) = chosen_quotes([Candidate(1, body, start, start + len(clause))])
    assert quote.shown == shown
    assert quote.text in body


def test_what_a_page_quotes_already_is_not_quoted_again_unless_there_is_nothing_else() -> None:
    said = [
        Candidate(1, "Nobody told me what it would cost.", None, None),
        Candidate(2, "I had to ask three times.", None, None),
    ]
    told = {"Nobody told me what it would cost."}
    assert [quote.answer_id for quote in chosen_quotes(said, told=told)] == [2]
    assert [quote.answer_id for quote in chosen_quotes(said[:1], told=told)] == [1]
