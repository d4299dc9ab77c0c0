"""Words of danger in 14 languages: harm to self or others, abuse, emergency. Rules, no model.

The rules stand in ``danger/LANGUAGE.txt``, one a line: what it is, then a pattern over the text in
small letters without accents. ``none`` says which idioms are harmless, although they look alike
("the waiting killed me"). A line like ``[kill murder]`` names how words begin without which none
of the rules below it can match; so an ordinary answer is passed in microseconds. A line like
``@thing toaster|kettle`` names words that rules below it say for short: ``(?:@thing) exploded``.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Literal, get_args

Kind = Literal["self_harm", "harm_to_others", "abuse", "emergency"]
KINDS: tuple[Kind, ...] = get_args(Kind)
HARMLESS = "none"

_RULES = Path(__file__).resolve().parent / "danger"
_STEM = 4  # letters by which words are looked up
_BEGINS = re.compile(r"\b[^\W\d_]{1,4}")
_BEGINS_ASCII = re.compile(r"\b[a-z]{1,4}", re.ASCII)
# Languages in other letters have few rules, which are tried wherever their letters appear.
_SCRIPTS = {
    "uk": re.compile("[\u0400-\u052f]"),
    "ar": re.compile("[\u0600-\u06ff]"),
    "hi": re.compile("[\u0900-\u097f]"),
    "zh": re.compile("[\u4e00-\u9fff]"),
}
_SHORT = re.compile(r"@[a-z]+")
_NO_BLANKS = ("zh", "hi")  # where Python's idea of a word's end does not hold
_FOLDED_RANGES = ((0xC0, 0x250), (0x400, 0x530), (0x1E00, 0x1F00))
_BY_HAND = "ıiİiłlŁlđdĐdøoØo’'‘'ʼ'`'´'أاإاآاٱاىيةه"


@dataclass(frozen=True)
class Danger:
    """A stretch of a text, in code points, and what it speaks of."""

    start: int
    end: int
    kind: Kind


@dataclass(frozen=True)
class _Rule:
    language: str
    kind: str
    words: str

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        # Small letters would make \W, no letter, mean its opposite.
        words = folded(self.words.replace(r"\W", r"[^\w]"))
        words = re.sub(r" (?![?*+{])", r"[\\s,]+", words)
        if self.language in _NO_BLANKS:
            return re.compile(words)
        return re.compile(rf"(?<!\w)(?:{words})(?!\w)")


@dataclass(frozen=True)
class _Rules:
    """All rules: by how words begin, by language for those in other letters, and the harmless."""

    by_stem: dict[str, tuple[_Rule, ...]]
    by_script: dict[str, tuple[_Rule, ...]]
    harmless: tuple[_Rule, ...]

    @cached_property
    def stems(self) -> frozenset[str]:
        return frozenset(self.by_stem)


def dangers_in(text: str) -> tuple[Danger, ...]:
    """Find words of danger, in whatever language of the fourteen.

    Parameters
    ----------
    text : str
        What somebody wrote, at most some ten thousand characters.

    Returns
    -------
    tuple of Danger
        The first of each kind, in the order of the text. Offsets cite the text as given.
    """
    plain = folded(text)
    found: dict[Kind, Danger] = {}
    harmless: list[tuple[int, int]] | None = None
    for rule in _rules_for(plain):
        for match in rule.pattern.finditer(plain):
            if harmless is None:
                harmless = _harmless(plain)
            if any(start < match.end() and match.start() < end for start, end in harmless):
                continue
            one = Danger(match.start(), match.end(), rule.kind)  # type: ignore[arg-type]
            if one.kind not in found or one.start < found[one.kind].start:
                found[one.kind] = one
            break
    return tuple(sorted(found.values(), key=lambda danger: danger.start))


def folded(text: str) -> str:
    """Return a text in small letters without accents, every sign in its place.

    Parameters
    ----------
    text : str
        Anything. What would become longer stays as it is, so that offsets hold.
    """
    if text.isascii():
        return text.lower()
    plain = text.translate(_folding())
    small = plain.lower()
    if len(small) == len(plain):
        return small
    return "".join(low if len(low := sign.lower()) == 1 else sign for sign in plain)


def read_rules() -> None:
    """Compile all rules now, which takes some tenths of a second, rather than one by one."""
    rules = _all_rules()
    for kept in (*rules.by_stem.values(), *rules.by_script.values(), rules.harmless):
        for rule in kept:
            rule.pattern  # noqa: B018  a cached property


@cache
def _folding() -> dict[int, str]:
    table = {}
    for first, last in _FOLDED_RANGES:
        for code in range(first, last):
            base = unicodedata.normalize("NFD", chr(code))
            if len(base) > 1 and chr(code) not in "йЙїЇёЁ":
                table[code] = base[0]
    table.update(
        (ord(sign), plain) for sign, plain in zip(_BY_HAND[::2], _BY_HAND[1::2], strict=True)
    )
    return table


def _rules_for(plain: str) -> Iterator[_Rule]:
    rules = _all_rules()
    is_ascii = plain.isascii()
    begins = (_BEGINS_ASCII if is_ascii else _BEGINS).findall(plain)
    for stem in sorted(rules.stems.intersection(begins)):
        yield from rules.by_stem[stem]
    if is_ascii:
        return
    for language, letters in _SCRIPTS.items():
        if letters.search(plain):
            yield from rules.by_script[language]


def _harmless(plain: str) -> list[tuple[int, int]]:
    """In any language: words are spelled alike in several, and idioms excuse them all."""
    return [
        match.span() for rule in _all_rules().harmless for match in rule.pattern.finditer(plain)
    ]


@cache
def _all_rules() -> _Rules:
    by_stem: dict[str, list[_Rule]] = {}
    by_script: dict[str, list[_Rule]] = {language: [] for language in _SCRIPTS}
    harmless: list[_Rule] = []
    for path in sorted(_RULES.glob("*.txt")):
        for stems, rule in _read(path):
            if rule.kind == HARMLESS:
                harmless.append(rule)
            elif rule.language in _SCRIPTS:
                by_script[rule.language].append(rule)
            else:
                for stem in stems:
                    by_stem.setdefault(stem, []).append(rule)
    return _Rules(_frozen(by_stem), _frozen(by_script), tuple(harmless))


def _frozen(rules: dict[str, list[_Rule]]) -> dict[str, tuple[_Rule, ...]]:
    return {key: tuple(found) for key, found in rules.items()}


def _read(path: Path) -> Iterator[tuple[tuple[str, ...], _Rule]]:
    stems: tuple[str, ...] = ()
    short: dict[str, str] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            stems = tuple(dict.fromkeys(folded(stem)[:_STEM] for stem in line.strip("[]").split()))
        elif line.startswith("@"):
            name, _, words = line.partition(" ")
            short[name] = words
        elif line and not line.startswith("#"):
            kind, _, words = line.partition(" ")
            yield stems, _Rule(path.stem, kind, _in_full(words.strip(), short))


def _in_full(words: str, short: dict[str, str]) -> str:
    return _SHORT.sub(lambda named: short[named.group()], words)
