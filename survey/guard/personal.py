"""Personal data that people type although nobody asked: found by form and checksum, then masked."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal

Kind = Literal["e-mail address", "phone number", "card number", "account number"]
KINDS: tuple[Kind, ...] = ("e-mail address", "phone number", "card number", "account number")

_DIGIT = re.compile(r"\d")
_DIGITS = re.compile(r"(?:\d[^\d\n]{0,6}+){6}\d")  # seven, with little between them
_AT_SIGNS = "@＠﹫"
_MASK = re.compile(r"\[(?:e-mail address|phone number|card number|account number)\]")
# All below look at a text as `_plain` writes it. Letters beside a number mean that it names
# something, save in scripts that put no blank between words: so only Latin ones count.
_MAIL = re.compile(
    r"(?<![\w.+%'-])[\w.+%'-]{1,64}@(?=[\w.-]{3,255}(?![\w-]))(?:[\w-]{1,63}\.){1,8}[\w-]{2,63}"
)
_CARD = re.compile(
    r"(?<![A-Za-z0-9_-])[2-6]\d{3}(?:(?:[ -]?\d){8,15}|(?:[ .·/-]{1,3}\d{4}){3})(?![A-Za-z0-9_-])"
)
_IBAN = re.compile(r"(?<![A-Za-z0-9_])([A-Za-z]{2}\d\d)((?:[ .-]?[A-Za-z0-9]){11,30})")
_SORT_CODE = re.compile(r"(?<![A-Za-z0-9_-])\d\d-\d\d-\d\d[ ,]{1,3}\d{8}(?![A-Za-z0-9_])")
# People group the figures of a number by two or more; one by one they count or score. A group is
# taken whole or not at all: to try where it could end takes minutes over a hostile line.
_ABROAD = re.compile(
    r"(?<![A-Za-z0-9_.:/-])(?:\+|00)[1-9]\d{0,16}+(?:[ ()./-]{1,3}+\d++){0,6}(?![A-Za-z0-9_/:-])"
)
_AT_HOME = re.compile(
    r"(?<![A-Za-z0-9_.:/-])\(?0\d++(?:[ ()/-]{1,2}+\d{2,}+){0,5}(?![A-Za-z0-9_/:-])"
)
_DATE = re.compile(r"\d{1,4}([./-])\d{1,2}\1\d{1,4}")
# Signs that take no room: a number copied from a telephone's address book stands between some.
_INVISIBLE = re.compile(
    "[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]"
)
# How long an account number of each country is (SWIFT's registry of IBANs).
_IBAN_LENGTHS = {
    15: "NO", 16: "BE", 18: "DK FI FO GL NL SD", 19: "MK SI", 20: "AT BA EE KZ LT LU MN XK",
    21: "CH HR LI LV", 22: "BG BH CR DE GB GE IE ME RS VA", 23: "AE GI IL IQ OM SO TL",
    24: "AD CZ ES MD PK RO SA SE SK TN VG", 25: "LY PT ST", 26: "IS TR",
    27: "BI DJ FR GR IT MC MR SM", 28: "AL AZ BY CY DO GT HU LB NI PL SV", 29: "BR EG PS QA UA",
    30: "JO KW MU", 31: "MT SC", 32: "LC", 33: "RU",
}  # fmt: skip
_LENGTH_OF = {land: length for length, lands in _IBAN_LENGTHS.items() for land in lands.split()}


@dataclass(frozen=True)
class Found:
    """A stretch of a text, in code points, and what it is."""

    start: int
    end: int
    kind: Kind


def may_hold_personal_data(text: str) -> bool:
    """Whether looking closer is worth while: cheap, and never false where `personal_data` finds."""
    if any(sign in text for sign in _AT_SIGNS):
        return True
    return len(_DIGIT.findall(text)) >= 7 and _DIGITS.search(text) is not None


def personal_data(text: str, countries: Iterable[str] = ()) -> tuple[Found, ...]:
    """Find e-mail addresses, phone, card and account numbers.

    Parameters
    ----------
    text : str
        What somebody wrote.
    countries : iterable of str
        Two capital letters each: whose phone numbers count when written without ``+``.

    Returns
    -------
    tuple of Found
        In the order of the text, none overlapping another. Card numbers pass Luhn's check
        (ISO/IEC 7812-1), account numbers the one of ISO 13616 (mod 97).
    """
    if not may_hold_personal_data(text):
        return ()
    plain, places = _plain(text)
    kept: list[Found] = []
    for found in (*_mails(plain), *_accounts(plain), *_cards(plain), *_phones(plain, countries)):
        if all(found.end <= other.start or found.start >= other.end for other in kept):
            kept.append(found)
    kept.sort(key=lambda found: found.start)
    if places is None:
        return tuple(kept)
    return tuple(Found(places[one.start], places[one.end - 1] + 1, one.kind) for one in kept)


def _plain(text: str) -> tuple[str, list[int] | None]:
    """Return a text in plain figures, blanks and dashes, whatever keyboard they came from.

    With it, where each of its signs stands in the text; None where all stand in their places.
    """
    if text.isascii():
        return text.replace("\t", " "), None
    if _INVISIBLE.search(text) is None:
        return text.translate(_plain_signs()), None
    places = [place for place, sign in enumerate(text) if not _INVISIBLE.match(sign)]
    return _INVISIBLE.sub("", text).translate(_plain_signs()), places


@cache
def _plain_signs() -> dict[int, str]:
    """Return figures of all scripts, blanks of all widths, dashes and full-width signs as ASCII."""
    plain = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
    for code in range(0x80, 0x20000):
        kind = unicodedata.category(chr(code))
        if kind == "Nd":
            plain[code] = str(unicodedata.decimal(chr(code)))
        elif kind in ("Zs", "Pd"):
            plain[code] = " " if kind == "Zs" else "-"
    return plain | {0x09: " ", 0x2212: "-", 0xFE6B: "@", 0x3002: ".", 0xFF61: "."}


def masked(text: str, found: Iterable[Found]) -> str:
    """Return the text with a word in brackets for each find, like ``[phone number]``.

    Parameters
    ----------
    text : str
        What somebody wrote.
    found : iterable of Found
        As `personal_data` returns it.
    """
    pieces, at = [], 0
    for one in found:
        pieces += [text[at : one.start], f"[{one.kind}]"]
        at = one.end
    return "".join([*pieces, text[at:]])


def is_masked(text: str) -> bool:
    """Whether something may have been masked in it."""
    return "[" in text and _MASK.search(text) is not None


def without_masks(text: str) -> str:
    """Return the text with a blank for each word in brackets that may stand for a find."""
    return _MASK.sub(" ", text)


def _mails(text: str) -> Iterator[Found]:
    if "@" in text:
        for found in _MAIL.finditer(text):
            yield Found(found.start(), found.end(), "e-mail address")


def _cards(text: str) -> Iterator[Found]:
    for found in _CARD.finditer(text):
        if passes_luhn(found[0]):
            yield Found(found.start(), found.end(), "card number")


def passes_luhn(number: str) -> bool:
    """Whether the last digit fits the others (ISO/IEC 7812-1, annex B); other signs are ignored."""
    digits = [int(sign) for sign in number if sign.isdecimal()]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[-2::-2])
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _accounts(text: str) -> Iterator[Found]:
    for found in _IBAN.finditer(text):
        end = _end_of_iban(text, found.start(), found.end())
        if end is not None:
            yield Found(found.start(), end, "account number")
    for found in _SORT_CODE.finditer(text):
        yield Found(found.start(), found.end(), "account number")


def _end_of_iban(text: str, start: int, most: int) -> int | None:
    """Return where an IBAN ends; the words after it may look like more of it."""
    length = _LENGTH_OF.get(text[start : start + 2].upper(), 0)
    plain = ""
    for place in range(start, most):
        plain += text[place] if text[place].isalnum() else ""
        if len(plain) == length:
            after = text[place + 1 : place + 2]
            ends_there = not (after.isascii() and after.isalnum())
            return place + 1 if ends_there and passes_mod_97(plain) else None
    return None


def passes_mod_97(iban: str) -> bool:
    """Whether the two check digits of an IBAN without blanks fit (ISO 13616-1)."""
    if not (iban.isascii() and iban.isalnum()):
        return False
    return int("".join(str(int(sign, 36)) for sign in iban[4:] + iban[:4])) % 97 == 1


def _phones(text: str, countries: Iterable[str]) -> Iterator[Found]:
    if _DIGITS.search(text) is None:
        return
    for pattern, fewest, most in ((_ABROAD, 8, 17), (_AT_HOME, 9, 11)):
        for found in pattern.finditer(text):
            figures = len(_DIGIT.findall(found[0]))
            if fewest <= figures <= most and not _DATE.search(found[0]):
                yield Found(found.start(), found.end(), "phone number")
    from phonenumbers import PhoneNumberMatcher

    for country in dict.fromkeys(countries):
        for match in PhoneNumberMatcher(text, country):
            yield Found(match.start, match.end, "phone number")
