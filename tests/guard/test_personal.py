"""Personal data is masked; what only looks like it stays."""

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from survey.guard.personal import (
    KINDS,
    is_masked,
    masked,
    may_hold_personal_data,
    passes_luhn,
    passes_mod_97,
    personal_data,
)

MASKED = {
    "Write to mo.smith+x@example.co.uk please": "Write to [e-mail address] please",
    "(mo@example.org)": "([e-mail address])",
    "Ask ‘sam@firma.example’.": "Ask ‘[e-mail address]’.",
    "Call me on 020 7946 0958.": "Call me on [phone number].",
    "ring 07700 900123 after six": "ring [phone number] after six",
    "+49 (0)30 901820 bitte": "[phone number] bitte",
    "tel 0049 30 901820": "tel [phone number]",
    "Rufen Sie 030/901820 an": "Rufen Sie [phone number] an",
    "01.23.45.67.89 le soir": "01.23.45.67.89 le soir",
    "اتصلوا على ٠٢٠٧٩٤٦٠٩٥٨": "اتصلوا على [phone number]",
    "my card is 4111 1111 1111 1111 thanks": "my card is [card number] thanks",
    "5500-0000-0000-0004": "[card number]",
    "IBAN DE89 3704 0044 0532 0130 00 is mine": "IBAN [account number] is mine",
    "gb82west12345698765432": "[account number]",
    "NL91ABNA0417164300.": "[account number].",
    "12-34-56 12345678": "[account number]",
    "me@x.example or 07700 900123": "[e-mail address] or [phone number]",
    "４１１１ １１１１ １１１１ １１１１": "[card number]",
    "٤١١١ ١١١١ ١١١١ ١١١١": "[card number]",
    "4111\u00a01111\u202f1111\u20091111": "[card number]",
    "4111\u20111111\u20111111\u20131111": "[card number]",
    "4111 - 1111 - 1111 - 1111": "[card number]",
    "4111.1111.1111.1111": "[card number]",
    "41\u200b11 1111\u2060 1111 1111": "[card number]",
    "我的卡号是4111111111111111谢谢": "我的卡号是[card number]谢谢",
    "DE89\u00a03704\u00a00044\u00a00532\u00a00130\u00a000": "[account number]",
    "ＧＢ８２ＷＥＳＴ１２３４５６９８７６５４３２": "[account number]",
    "我的账号GB82WEST12345698765432。": "我的账号[account number]。",
    "ring \u202a+44 20 7946 0958\u202c": "ring \u202a[phone number]\u202c",
    "＋４４ ２０ ７９４６ ０９５８": "[phone number]",
    "电话+442079460958谢谢": "电话[phone number]谢谢",
    "mo＠example．org": "[e-mail address]",
    "mo﹫example.org": "[e-mail address]",
    "mo@exam\u200bple.org\u200b!": "[e-mail address]\u200b!",
}
LEFT = [
    "on 17/11/2026 at 09:30",
    "2026-11-17 to 2026-11-20",
    "order 12345678, invoice V-2026-000123",
    "£1,234,567.00 and 120.50",
    "from 08:00 to 17:00, again at 12:30",
    "It took 45 minutes, then 30, then 20, then 10",
    "4111 1111 1111 1112 fails the check",
    "GB82 WEST 1234 5698 7654 33 fails it too",
    "10.10.2025-12.10.2025",
    "see you @ 5, follow @hillstreet",
    "1 2 3 4 5 6 7 8 9",
    "0 1 2 3 4 5 6 7 8 9 10 11 12",
]


@pytest.mark.parametrize("typed", MASKED)
def test_personal_data_is_masked(typed: str) -> None:
    assert masked(typed, personal_data(typed, ["GB"])) == MASKED[typed]


@pytest.mark.parametrize("typed", LEFT)
def test_what_only_looks_like_it_stays(typed: str) -> None:
    assert personal_data(typed, ["GB"]) == ()


def test_a_country_knows_its_own_numbers() -> None:
    typed = "ring (415) 555-2671 or 01.23.45.67.89"
    assert masked(typed, personal_data(typed, ["US"])) == "ring [phone number] or 01.23.45.67.89"
    assert masked(typed, personal_data(typed, ["FR"])) == "ring (415) 555-2671 or [phone number]"


def test_a_masked_text_says_so_and_holds_nothing_more() -> None:
    for typed, shown in MASKED.items():
        if shown != typed:
            assert is_masked(shown)
            assert not may_hold_personal_data(shown)
            assert not any(found in shown for found in ("4111", "900123", "example"))
    assert not is_masked("I ticked [yes] and [phone]")


digits = st.text("0123456789 +-()./@[]abAB", max_size=60)


@given(digits)
def test_finds_never_overlap_and_the_cheap_look_misses_none(typed: str) -> None:
    found = personal_data(typed, ["GB", "DE"])
    assert all(one.end <= other.start for one, other in pairwise(found))
    assert all(0 <= one.start < one.end <= len(typed) and one.kind in KINDS for one in found)
    assert not found or may_hold_personal_data(typed)


@given(st.integers(0, 10**15 - 1))
def test_luhn_catches_every_single_wrong_digit(number: int) -> None:
    whole = next(f"{number:015}{last}" for last in range(10) if passes_luhn(f"{number:015}{last}"))
    for place, digit in enumerate(whole):
        wrong = whole[:place] + str((int(digit) + 1) % 10) + whole[place + 1 :]
        assert not passes_luhn(wrong)


def test_published_examples_pass_their_checks() -> None:
    assert passes_luhn("4539 1488 0343 6467")
    assert passes_mod_97("GB82WEST12345698765432")
    assert passes_mod_97("FR1420041010050500013M02606")
    assert not passes_mod_97("GB82WEST12345698765433")


@pytest.mark.parametrize(
    "typed",
    [
        "@" + "a." * 10_000, "1 " * 10_000, "0" * 20_000, "+1" * 10_000, "a-" * 9_999 + "@a",
        f"+1{'1' * 30}x " * 600, f"0{'1' * 45}x " * 420, f"(0{'1 ' * 22}" * 430,
        "(00(" * 5_000, "00 11 " * 3_333, "4111 " * 4_000, "GB82" * 5_000,
    ],
)  # fmt: skip
def test_hostile_text_takes_no_more_than_a_moment(typed: str) -> None:
    began = time.process_time()
    personal_data(typed[:20_000], ["GB"])
    assert time.process_time() - began < 3
