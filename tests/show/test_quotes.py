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
