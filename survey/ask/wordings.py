"""The question in several languages: what we can offer, and which lines an edit left behind."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from survey.languages import ENGLISH, LANGUAGES, language_name, nearest
from survey.records.workspaces import DEFAULT_QUESTION, usual_wordings


def offered_wordings(wordings: Mapping[str, str]) -> dict[str, str]:
    """Return our translations of the usual question, for languages that have no wording yet.

    Parameters
    ----------
    wordings : Mapping
        The question by language tag, as it stands.

    Returns
    -------
    dict
        Empty where the English question is the owner's own: only they know what it asks.
    """
    if wordings.get(ENGLISH) != DEFAULT_QUESTION:
        return {}
    return {tag: words for tag, words in usual_wordings().items() if tag not in wordings}


def languages_to_choose(wordings: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return what a customer may be said to read, by tag and name, with what is asked in English.

    Parameters
    ----------
    wordings : Mapping
        The question by language tag, as it stands.
    """
    own = [tag for tag in wordings if nearest(tag, LANGUAGES) is None]
    return [(tag, _with_what_is_asked(tag, wordings)) for tag in (*LANGUAGES, *own)]


def _with_what_is_asked(tag: str, wordings: Mapping[str, str]) -> str:
    worded = nearest(tag, wordings) is not None
    return language_name(tag) if worded else f"{language_name(tag)}: the question in English"


def without_wording(wished: Iterable[tuple[str, int]], worded: Iterable[str]) -> dict[str, int]:
    """Return the languages that customers read and the question does not speak, most asked first.

    Parameters
    ----------
    wished : iterable of (str, int)
        Language tags as customers were said to read them, with how often they were asked.
    worded : iterable of str
        The tags of the question's wordings.

    Returns
    -------
    dict
        How often it was asked by the language's name; ``de-AT`` and ``de-CH`` are one.
    """
    offered, found = list(worded), dict[str, int]()
    for tag, times in wished:
        if nearest(tag, offered) is None:
            name = language_name(tag)
            found[name] = found.get(name, 0) + times
    return dict(sorted(found.items(), key=lambda one: (-one[1], one[0])))


def left_behind(
    before: Mapping[str, str], after: Mapping[str, str], known: Iterable[Mapping[str, str]] = ()
) -> list[str]:
    """Return the languages that still say the earlier question while English has a new one.

    Parameters
    ----------
    before, after : Mapping
        The question by language tag.
    known : iterable of Mapping
        Wordings that belong together, such as earlier versions: a line that once stood beside the
        new English question says that one.
    """
    if _same(before.get(ENGLISH), after.get(ENGLISH)):
        return []
    belonging = [one for one in known if _same(one.get(ENGLISH), after.get(ENGLISH))]
    return [
        tag
        for tag, words in after.items()
        if tag != ENGLISH
        and before.get(tag) == words
        and all(one.get(tag) != words for one in belonging)
    ]


def _same(one: str | None, other: str | None) -> bool:
    return (one or "").split() == (other or "").split()


def without(left: Collection[str], wordings: Mapping[str, str]) -> dict[str, str]:
    """Return the question by language tag, some languages left out."""
    return {tag: words for tag, words in wordings.items() if tag not in left}


def listed(names: Sequence[str], most: int = 3) -> str:
    """Return some names as one reads them out, long lists cut: ``a, b, c and 10 more``."""
    if len(names) > most + 1:
        names = (*names[:most], f"{len(names) - most} more")
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)
