"""Set aside what says that nothing more was needed, before it swallows themes.

This is the one place where words are listed. A clause is 'nothing' when it holds no content
word outside function, praise and 'nothing' words, or when it is short and opens with a
nothing-phrase. A guard word (more, should, too, need …) says that there is a wish after all.
"""

import functools
import re
from collections.abc import Sequence
from pathlib import Path

from survey.understand.split import Clause, plain

OPENING_WORDS = 9
"""A clause that opens with a nothing-phrase is 'nothing' up to this many words."""

_WORDS = Path(__file__).parent / "shipped" / "nothing_words.txt"


@functools.cache
def _known_words() -> frozenset[str]:
    lines = _WORDS.read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if line[:1] != "#" for word in line.split())


_GUARD = re.compile(
    r"\b(?:but|until|till|although|though|however|more|less|should|too|need|needs|help|better|"
    r"instead|if only|rather|sooner|earlier|"
    r"quicker|faster|cheaper|longer|shorter|except|apart from|never|hardly|barely|nobody|no one|"
    r"worse|worst|awful|terrible|rubbish|useless|poor|nothing (?:was |ever )?(?:done|happened|"
    r"changed|changes|fixed|works|worked|said|came)|did nothing|does nothing|do nothing|"
    r"not (?:very |really |so |that |particularly |exactly )?(?:good|great|helpful|happy|kind|nice|"
    r"pleased|satisfied|impressed|professional|fine|ok|okay|right|well|sorted|best)|"
    r"(?:isn't|wasn't|weren't|aren't|didn't|doesn't) \w+|unhappy|"
    r"wish (?:they|you|he|she|someone|i))\b",
    re.IGNORECASE,
)
"""Words that say that something was wished for or went wrong after all."""

_UNGUARDED = re.compile(
    r"\b(?:no(?:thing)?|not(?:hing)? (?:any)?|any|don't need any|didn't need any|wasn't any|"
    r"couldn't (?:have )?(?:been|be|ask(?:ed)? for|want(?:ed)?|wish(?:ed)? for|get)(?: for)?"
    r"(?: any| much)?|could not (?:have )?(?:been|be|ask(?:ed)? for|want(?:ed)?)(?: for)?"
    r"(?: any| much)?|can'?t (?:think of|get|ask for)(?: any| much)?(?:thing)?)"
    r" (?:thing |one )?(?:could have been |could be |would have been |was |is |i )?"
    r"(?:more|better|needs?|needed|help|less|should)\b"
    r"|\bno (?:need|more|help)\b|\bnever (?:better|had (?:a|any) (?:problem|issue|complaint)s?)\b"
    r"|\b(?:was|is|were|are)n'?t (?:anything|any|a problem|a thing)\b"
    r"|\bthere (?:was|is) nothing\b|\bdidn'?t need (?:anything|owt|a thing)\b"
    r"|\b(?:didn|don|doesn)'?t (?:think|want|have|change|know|see)\b"
    r"|\bmore than (?:happy|pleased|satisfied|helpful|good|enough)\b"
    r"|\bvery helpful\b|\bmost helpful\b|\bso helpful\b",
    re.IGNORECASE,
)
"""Guard words inside these phrases guard nothing: 'couldn't have been better'."""

_OPENING = re.compile(
    r"^\W*(?:(?:no|well|um+|er+m?|honestly|really|actually|literally|absolutely|to be honest|tbh|"
    r"i'?d say|all good|fine|oh|sorry|hi|hello|ha)[\s,.!-]+){0,2}"
    r"(?:n\s?/\s?a|nil|none|nope|nowt|zilch|nada|"
    r"nothing(?! (?:was|is|has|had|ever|got|they|he|she|works?|worked|like|but|about|on|in|from|"
    r"for))|nothing (?:at all|really|more|else|else to|comes|springs|to|i can|that i can|"
    r"was needed|needed|for me|from me|on my|from my|in particular|it was|was wrong|to complain)|"
    r"no(?:t a)? (?:single )?(?:comments?|complaints?|suggestions?|problems?|issues?|concerns?|"
    r"changes?|improvements?|idea|gripes?|further|more|faults?|moans?)|"
    r"not (?:applicable|much|a thing|anything|sure|really)|"
    r"(?:i )?(?:can'?t|cannot|couldn'?t|could not|wouldn'?t|would not) "
    r"(?:really |honestly )?(?:fault|think of|complain|have (?:asked|been|gone|wished|wanted)|"
    r"ask for|be (?:happier|better)|praise|change|say|get (?:any )?better|add)|"
    r"(?:all|everything|it all|it|that|they|you|we|i|service|staff)"
    r"(?:'s| was| is| were| are|'re| am)?(?: all| just| very| really| absolutely)? "
    r"(?:good|fine|great|grand|perfect|ok|okay|spot[ -]on|sound|well|lovely|excellent|sorted|"
    r"happy)|keep (?:up|it up|doing)|(?:many |huge |big )?thanks?(?: you|you)?|cheers|ta\b|"
    r"(?:very |really |all |quite |perfectly |completely )?(?:happy|satisfied|pleased|good|fine))",
    re.IGNORECASE,
)

_DECLINES = re.compile(
    r"\W*|\W*(?:n\s?/?\s?a|not applicable|no comments?|nil|i? ?(?:don'?t|do not) know|unsure|"
    r"not sure|no idea|no answer|blank)\W*",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"[\w'’/%-]*\w[\w'’/%-]*")


def says_nothing(clause: str) -> bool:
    """Tell whether a clause says that nothing more was needed.

    Parameters
    ----------
    clause : str
        A clause as `split` cut it; blank and emoji-only text says nothing.

    Returns
    -------
    bool
        True where the clause names no point of its own.
    """
    text = plain(clause).replace("’", "'")
    words = _TOKEN.findall(text.lower())
    if not words:
        return not any(char.isalnum() for char in text)
    if _guarded(text):
        return False
    known = _known_words()
    if all(word.strip("-'") in known or not word.strip("-'") for word in words):
        return True
    return len(words) <= OPENING_WORDS and _OPENING.match(text) is not None


def answer_says_nothing(clauses: Sequence[Clause] | Sequence[str]) -> bool:
    """Tell whether a whole answer says nothing: each of its clauses does.

    Parameters
    ----------
    clauses : sequence of Clause or of str
        The clauses of one answer; none for a blank answer.

    Returns
    -------
    bool
        True for a blank answer, too.
    """
    return all(says_nothing(part if isinstance(part, str) else part.text) for part in clauses)


def declines(clause: str) -> bool:
    """Tell whether a clause that says nothing does not even say that all was well.

    Parameters
    ----------
    clause : str
        A clause for which `says_nothing` is true.

    Returns
    -------
    bool
        True for 'n/a' and 'no comment', False for 'nothing', 'no' and 'excellent, thanks'.
    """
    return _DECLINES.fullmatch(plain(clause)) is not None


def _guarded(text: str) -> bool:
    return _GUARD.search(_UNGUARDED.sub(" ", text)) is not None
