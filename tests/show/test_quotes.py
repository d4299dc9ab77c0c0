"""Quotes are tidied at their ends and nowhere else."""

import json
from datetime import UTC, date, datetime

import pytest

from survey.quoting import nested, nested_within
from survey.show.quotes import Candidate, Quote, Told, chosen_quotes
from survey.show.tell.letter import Envelope, alert_letter, week_letter
from survey.show.tell.news import Heard, News, Risen, Week
from survey.show.tell.payload import Source, webhook_body


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
        ("“Nobody said how long”", "Nobody said how long", "Nobody said how long"),
        ("“Sit down”, and nobody came.", "Sit down", "‘Sit down’, and nobody came."),
    ],
)
def test_a_quote_shows_where_its_sentence_goes_on(body: str, clause: str, shown: str) -> None:
    start = body.index(clause)
    (quote,) = chosen_quotes([Candidate(1, body, start, start + len(clause))])
    assert quote.shown == shown
    assert quote.text in body


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("“Nobody came.”", "Nobody came."),
        ('"No"!', "No!"),
        ("«Personne»", "Personne"),
        ('"Sit down," she said.', "‘Sit down,’ she said."),
        ("“Yes” and “no”", "‘Yes’ and ‘no’"),
        ('I heard ("maybe")', "I heard (‘maybe’)"),
        ("„Ja“, sagte er", "‚Ja‘, sagte er"),
        ('a 6" nail', 'a 6" nail'),
        ('24"x36" frames', '24"x36" frames'),
        ('a 5" screen and a 6" one', 'a 5" screen and a 6" one'),
        ('"A 5" screen," she said', '‘A 5" screen,’ she said'),
        ('"24"x36" or "bigger", he said', '‘24"x36’ or ‘bigger’, he said'),
        ('He said "I paid 20" and left', "He said ‘I paid 20’ and left"),
        ('"No way', "No way"),
        ("I don’t 'know'", "I don’t 'know'"),
        ("", ""),
    ],
)
def test_words_that_hold_quotation_marks_stand_between_others(said: str, shown: str) -> None:
    assert nested(said) == shown


def test_a_definition_that_cites_marks_shows_them_once() -> None:
    assert (
        nested_within("Answers like ““Sit down”, he said”") == "Answers like “‘Sit down’, he said”"
    )
    assert nested_within("Waits “too long”.") == "Waits “too long”."


def test_what_a_page_quotes_already_is_not_quoted_again_unless_there_is_nothing_else() -> None:
    said = [
        Candidate(1, "Nobody told me what it would cost.", None, None),
        Candidate(2, "I had to ask three times.", None, None),
    ]
    told = {"Nobody told me what it would cost."}
    assert [quote.answer_id for quote in chosen_quotes(said, told=Told(told))] == [2]
    assert [quote.answer_id for quote in chosen_quotes(said[:1], told=Told(told))] == [1]


@pytest.mark.parametrize(
    "told",
    [
        "told me what it would cost",
        "Nobody told me what it would cost.",
        "Nobody told me what it would cost, and I had to ask three times.",
    ],
)
def test_what_a_page_quotes_in_part_or_with_more_around_it_is_not_quoted_again(told: str) -> None:
    said = [
        Candidate(1, "Nobody told me what it would cost", None, None),
        Candidate(2, "The bill was twice the estimate.", None, None),
    ]
    assert [quote.answer_id for quote in chosen_quotes(said, told=Told({told}))] == [2]


def test_a_word_that_a_page_quotes_keeps_no_other_quote_with_it_away() -> None:
    said = [Candidate(1, "Nobody told me what it would cost.", None, None)]
    said.append(Candidate(2, "The bill was twice the estimate.", None, None))
    quotes = chosen_quotes(said, told=Told({"No", "What it would"}))
    assert [quote.answer_id for quote in quotes] == [1, 2]


def test_letters_show_where_a_quotes_sentence_goes_on_and_webhooks_have_the_bare_words() -> None:
    words = "nobody said how long"
    quotes = (Quote(1, words, cut_before=True, cut_after=True),)
    first, last = date(2026, 11, 9), date(2026, 11, 15)
    risen = Risen(1, "Waiting", "wish", 6, 9, 1, 9, since=first, quotes=quotes)
    wishes, praise = ((Heard(1, "Waiting", tone, 6, quotes),) for tone in ("wish", "praise"))
    week = Week(first, last, 9, 9, 9, 0, 0, wishes, praise)
    to = Envelope("mo@example.org", "Mo", "Hill", "https://a.example", "https://b.example", "<1@x>")
    for mail, told in ((week_letter(to, week, []), 2), (alert_letter(to, risen), 1)):
        assert mail.text.count(f'"… {words} …"') == told
        assert (mail.html or "").count(f"… {words} …</q>") == told
    made = datetime(2026, 11, 16, tzinfo=UTC)
    news = News(1, "week", first, last, made, made, None, week=week, risen=risen)
    body = json.loads(webhook_body(Source("Hill", "https://a.example"), news))
    for one in (*body["week"]["wishes"], *body["week"]["praise"], body["theme"]):
        assert one["quotes"] == [words]
