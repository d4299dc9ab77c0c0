"""Phrases that could stand as a name: what was typed, cut at natural places and counted."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

LONGEST = 5

_WORD = re.compile(r"[^\W\d_]+(?:['’&-][^\W\d_]+)*|\d+")
_BREAK = re.compile(r"[.,;:!?()\[\]\"“”\n•*/]+")
_NOTE = re.compile(r"\[[^\]]{0,40}\]")
"""A note of whoever wrote answers down, such as "[illegible]": nobody said it."""
_FILLERS = (
    "very really just quite too also much many lot lots bit got get getting gets would could "
    "should may might will shall can cant can't couldn't don't didn't doesn't wasn't isn't won't "
    "im i'm ive i've id i'd it's its that's they're there's i'll we'd you're let make made "
    "please thank thanks ok okay yes maybe perhaps think thought feel felt know said say her him "
    "did does doing one two thing things something anything everything etc sure able actually "
    "definitely always never ever usually later often still because"
)
_CONTENT_WORDS = (
    "bill call fire system detail interest amount serious empty front back full top side bottom "
    "computer cry fill move show describe name part found keep done alone together"
)
_FUNCTION = ENGLISH_STOP_WORDS - frozenset(_CONTENT_WORDS.split())
_STOPS = _FUNCTION | frozenset(_FILLERS.split())
_BLAND_WORDS = (
    "service services staff patient patients customer customers client clients people good great "
    "better best worse bad worst nice excellent experience fine happy improve improved improvement "
    "need needed needs want wanted thing work job place company team looked help helpful business "
    "care treated treatment given went going come came took take taken told asked ask use used "
    "using true trouble case score reason answer question survey comment issue problem lovely "
    "brilliant perfect pleased satisfied amazing wonderful fantastic well been had has have "
    "time times day days way people person something somebody somewhere "
    "long hour hours minute minutes moment difficult poor hard overall general available possible "
    "understand felt especially extremely lady ladies gentleman gentlemen man men woman women guy "
    "guys girl girls lad lads chap mam mum mom dad mother father husband husbands wife son daughter"
)
_BLAND = frozenset(_BLAND_WORDS.split())
"""Words that say nothing alone, in any trade; inside a phrase they are welcome."""
_TELLING_WORDS = (
    "her him i me my we us our you your he she they it its this these those is are was were be am"
)
_TELLING = frozenset(_TELLING_WORDS.split())
"""Words of a story rather than of a name."""
_VERBS = frozenset(("is", "are", "was", "were", "be", "am"))
_OPENING_WORDS = (
    "because and but so also as since that which the a an it its it's was were is are i we they he "
    "she there there's just then when if had has have very really been being me my they're"
)
_OPENINGS = frozenset(_OPENING_WORDS.split())
"""Words that a short clause can lose at its start and still be understood."""
_DANGLING_WORDS = (
    "arrived called said seemed gave going getting having being made like want need needed wanted "
    "received used took became put kept let rang asked told went came given brought"
)
_DANGLING = frozenset(_DANGLING_WORDS.split())
"""Verbs that leave a phrase open when they end it."""
_ARTICLES_WORDS = (
    "the a an my your our their his her this that these those no any some more better of for with "
    "by about"
)
_ARTICLES = frozenset(_ARTICLES_WORDS.split())
"""Words after which a thing is named."""
_SUBJECTS_WORDS = "i we you he she they it who that which please"
_SUBJECTS = frozenset(_SUBJECTS_WORDS.split())
"""Words after which a verb comes."""
_HEDGES_WORDS = (
    "could would should might may will shall must can cannot can't couldn't wouldn't shouldn't "
    "won't have has had having did do does didn't don't doesn't done not never been being to "
    "wasn't weren't isn't aren't hadn't haven't hasn't if when than because although"
)
_HEDGES = frozenset(_HEDGES_WORDS.split())
"""Words that make a sentence, or a piece of one, of a phrase."""
_PASTS_WORDS = (
    "got went came took had told asked kept found made gave rang put felt spoke sent left used "
    "broke said saw knew thought brought wanted needed tried answered liked was were been"
)
_PASTS = frozenset(_PASTS_WORDS.split())
"""Verbs that begin a story."""
_LY_NAMES_WORDS = (
    "friendly lovely elderly family early daily weekly monthly reply supply silly timely lonely "
    "ugly jelly belly italy assembly lively costly orderly july fly"
)
_LY_NAMES = frozenset(_LY_NAMES_WORDS.split())
"""Words in -ly that are no adverbs."""
_QUALITY_WORDS = (
    "good great kind nice rude slow quick fast poor clean dirty cold hot warm cheap late early "
    "short polite prompt fair unfair calm smart safe easy hard clear quiet loud bad lovely dear "
    "fresh stale strong weak sharp blunt gentle patient caring understanding welcoming relaxed "
    "reassuring outstanding amazing willing charming crowded cramped tired organised disorganised "
    "trained skilled broken damaged overpriced punctual superb competent expert wet damp"
)
_QUALITIES = frozenset(_QUALITY_WORDS.split())
_ENDINGS = "ful ous ive able ible ic less ish ent ant ry ly dy my py sy ty"
_QUALITY_ENDINGS = tuple(_ENDINGS.split())
"""Endings of words that say how a thing is."""
_LINKS_WORDS = "was were is are been being seemed felt looked very so really all always"
_LINKS = frozenset(_LINKS_WORDS.split())
_TITLES_WORDS = "dr doctor mr mrs ms miss nurse sister professor prof sir"
_TITLES = frozenset(_TITLES_WORDS.split())
"""Words after which a person's name comes, if it is written large."""
_CALENDAR_WORDS = (
    "monday tuesday wednesday thursday friday saturday sunday january february march april may "
    "june july august september october november december christmas easter covid internet english"
)
_CALENDAR = frozenset(_CALENDAR_WORDS.split())
"""Words that are written large and are nobody's name."""
_TROUBLES = frozenset(
    ("fault", "faults", "complaint", "complaints", "criticism", "problems", "issues")
)
_DENYING = frozenset(("no", "any", "find", "found", "without", "zero"))
"""Words after which trouble is mostly denied: "no fault with the system" is praise."""
_LENGTH_BONUS = {1: -0.32, 2: 0.02, 3: 0.05, 4: 0.04, 5: 0.0}


@dataclass(frozen=True)
class Phrase:
    """A candidate name: its words, how it was typed, how often, and how often after an article."""

    words: tuple[str, ...]
    typed: str
    clauses: int
    things: int


def count_phrases(texts: Sequence[str]) -> dict[tuple[str, ...], Phrase]:
    """Count, once a clause, each word and each phrase that could stand as a name.

    Parameters
    ----------
    texts : sequence of str
        The clauses of a theme.

    Returns
    -------
    dict of tuple to Phrase
        By its words in lower case, in the spelling most often typed. "The driver was very kind"
        counts as "kind driver".
    """
    counts: Counter[tuple[str, ...]] = Counter()
    things: Counter[tuple[str, ...]] = Counter()
    typed: dict[tuple[str, ...], Counter[str]] = {}
    for text in texts:
        seen: dict[tuple[str, ...], str] = {}
        held: set[tuple[str, ...]] = set()
        for part in _BREAK.split(_NOTE.sub(".", text[:600])):
            spelt = [match[0] for match in _WORD.finditer(part)]
            words = [word.lower().replace("’", "'") for word in spelt]
            for start, end in _stretches(words):
                key = tuple(words[start:end])
                seen.setdefault(key, " ".join(spelt[start:end]))
                if start and words[start - 1] in _ARTICLES:
                    held.add(key)
            for quality, start, end in _qualities(words):
                key = (words[quality], *words[start:end])
                thing = [words[0] if _is_capital_of_opening(spelt[0]) else spelt[0], *spelt[1:]]
                seen.setdefault(key, " ".join((words[quality], *thing[start:end])))
                held.add(key)
        counts.update(seen.keys())
        things.update(held)
        for key, spelling in seen.items():
            typed.setdefault(key, Counter())[spelling] += 1
    return {
        key: Phrase(key, typed[key].most_common(1)[0][0], count, things[key])
        for key, count in counts.items()
    }


def names_of_people(texts: Sequence[str]) -> frozenset[str]:
    """Find the words that are written large within a sentence, and never small.

    Places and makes are among them; a theme that is named for none of these loses little. What
    stands in capitals alone (NHS, A&E) is no person.

    Parameters
    ----------
    texts : sequence of str
        All clauses.

    Returns
    -------
    frozenset of str
        In lower case.
    """
    large: set[str] = set()
    small: set[str] = set()
    for text in texts:
        for part in _BREAK.split(text[:600]):
            spelt = [match[0] for match in _WORD.finditer(part)]
            for at, word in enumerate(spelt):
                bare = word.replace("’", "'").removesuffix("'s")
                titled = at > 0 and spelt[at - 1].lower() in _TITLES
                if word[:1].islower():
                    small.add(bare.lower())
                elif at > 0 and (titled or not bare.isupper()):
                    large.add(bare.lower())
    return frozenset(word for word in large - small - _CALENDAR if not is_stop(word))


def stems_of(text: str) -> list[str]:
    """Give the stems of a clause's words, in order."""
    return [stem(match[0].lower().replace("’", "'")) for match in _WORD.finditer(text[:600])]


def _qualities(words: Sequence[str]) -> Iterator[tuple[int, int, int]]:
    """Yield where a clause says how a thing is: the place of the quality, and of the thing."""
    for at in range(2, len(words)):
        if not _is_quality(words[at]) or words[at - 1] not in _LINKS:
            continue
        if at + 1 < len(words) and not _is_function(words[at + 1]):
            continue
        end = at - 1
        while end > 0 and words[end - 1] in _LINKS:
            end -= 1
        start = end
        while start > max(0, end - 2) and not is_stop(words[start - 1]):
            start -= 1
        if start < end and not any(map(_hedges, words[start:end])):
            yield at, start, end


def _is_capital_of_opening(word: str) -> bool:
    """Tell a first word that is written large for its place alone; NHS and A&E always are."""
    return not word.isupper()


def _is_quality(word: str) -> bool:
    if word in _QUALITIES:
        return True
    return word.endswith(_QUALITY_ENDINGS) and not _is_adverb(word) and not is_stop(word)


def _stretches(words: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield every word, every phrase with a natural start and end, and a short whole clause."""
    for start in range(len(words)):
        yield start, start + 1
        if start and not _may_begin(words[start - 1]):
            continue
        if start and words[start] in _TROUBLES and words[start - 1] in _DENYING:
            continue
        for end in range(start + 2, min(start + LONGEST, len(words)) + 1):
            if (end == len(words) or _is_function(words[end])) and could_name(words[start:end]):
                yield start, end
    first = next((at for at, word in enumerate(words) if not _opens(word)), len(words))
    rest = words[first:]
    if any(_is_odd_number(word) or _hedges(word) for word in rest):
        return
    if 2 <= len(rest) <= LONGEST and sum(not is_stop(word) for word in rest) > 1:
        yield first, len(words)


def _may_begin(before: str) -> bool:
    """Tell whether a name may begin after a word: "they took", "to call" begin no name."""
    return _is_function(before) and before not in _SUBJECTS and not _hedges(before)


def _opens(word: str) -> bool:
    return word in _OPENINGS or _is_adverb(word)


def _is_adverb(word: str) -> bool:
    return word.endswith("ly") and len(word) > 4 and word not in _LY_NAMES


def _is_odd_number(word: str) -> bool:
    """Tell a number that names nothing; one of three figures may be a service's own: 111, 999."""
    return word.isdigit() and len(word) != 3


def _hedges(word: str) -> bool:
    return word in _HEDGES or word.endswith("n't")


def _is_function(word: str) -> bool:
    """Tell a word that only holds others together; "he'd" is "he" and "nobody's" is "nobody"."""
    return word in _FUNCTION or word.partition("'")[0] in _FUNCTION


def is_stop(word: str) -> bool:
    """Tell a word that holds others together or fills a gap."""
    return word in _STOPS or _is_function(word)


def tells(word: str) -> bool:
    """Tell a word that says something by itself."""
    return not is_stop(word) and word not in _BLAND


def could_name(words: Sequence[str]) -> bool:
    """Tell whether words, in lower case, could stand as a name."""
    if is_stop(words[0]) or is_stop(words[-1]) or len(words[0]) < 2 or len(words[-1]) < 2:
        return False
    if any(map(_is_odd_number, words)) or len(set(words)) < len(words):
        return False
    if _is_adverb(words[0]) or any(map(_hedges, words)):
        return False
    return any(map(tells, words))


def stem(word: str) -> str:
    """Cut the commonest endings, so that 'waiting' and 'waited' count as one word."""
    for ending in ("ingly", "edly", "ing", "ied", "ies", "ed", "ly", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


def form(words: Sequence[str]) -> float:
    """Prefer two to four words that read as a name, not as a piece of a story."""
    telling = 0.14 * sum(word in _TELLING for word in words)
    telling += 0.15 * any(word in _VERBS for word in words)
    telling += 0.15 * sum(word in _PASTS for word in words[1:] if word not in _TELLING)
    dangling = 0.12 if words[-1] in _DANGLING else 0.0
    bland = 0.0 if any(map(tells, words)) else 0.15
    begun = 0.15 if is_stop(words[0]) else 0.0
    begun += 0.12 if words[0] in ("better", "best", "worse") else 0.0
    dangling += 0.12 if words[-1] in _BLAND and words[-2:-1] in (("a",), ("the",)) else 0.0
    begun += 0.12 if words[0] in _PASTS or words[0].endswith("ed") else 0.0
    dangling += 0.08 if _is_adverb(words[-1]) or words[-1].endswith("ed") else 0.0
    return _LENGTH_BONUS[len(words)] - telling - dangling - bland - begun


def as_title(typed: str) -> str:
    """Write a phrase as a heading."""
    words = typed.split()
    shouting = typed.isupper() and len(typed) > 4
    text = " ".join(words).lower() if shouting else " ".join(words)
    return text[:1].upper() + text[1:]


def essence(name: str) -> str:
    """Reduce a name to what makes it different: its words without endings, in any order."""
    words = [match[0].lower() for match in _WORD.finditer(name)]
    return " ".join(sorted({word.rstrip("s") for word in words if not is_stop(word)} or {name}))
