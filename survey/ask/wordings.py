"""The question in several languages: what we can offer, and which lines an edit left behind."""

from collections.abc import Mapping

from survey.languages import ENGLISH, LANGUAGES, translations
from survey.records.workspaces import DEFAULT_QUESTION


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
    return {
        tag: translations(tag).gettext(DEFAULT_QUESTION) for tag in LANGUAGES if tag not in wordings
    }


def left_behind(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """Return the languages that still say the earlier question while English has a new one.

    Parameters
    ----------
    before, after : Mapping
        The question by language tag.
    """
    if before.get(ENGLISH) == after.get(ENGLISH):
        return []
    return [tag for tag, words in after.items() if tag != ENGLISH and before.get(tag) == words]
