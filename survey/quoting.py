"""Words that are shown in quotation marks, and the marks that stand in them already."""

import re

_SINGLE = str.maketrans("“”„«»", "‘’‚‹›")
_DOUBLE = '"“”„«»'
_WHOLE = re.compile(f"\\s*[{_DOUBLE}](?P<words>[^{_DOUBLE}]*)[{_DOUBLE}](?P<end>[.!?…]?)\\s*", re.S)
_OPENING = re.compile(r"""(?:^|(?<=[\s(\[{–—-]))"(?=\S)""")


_DEFINED = re.compile(r"(?P<like>Answers like )“(?P<words>.*)”", re.S)


def nested(text: str) -> str:
    """Return words as they stand between double quotation marks.

    Parameters
    ----------
    text : str
        Somebody's words, which may hold quotation marks of their own.

    Returns
    -------
    str
        Without marks that enclose all of it, and with single ones for others; where a straight
        mark has no partner, one may stand for inches: they are left, but for one at the start.
    """
    whole = _WHOLE.fullmatch(text)
    if whole:
        return whole["words"].strip() + whole["end"]
    if text.count('"') % 2:
        text = text.removeprefix('"')
    else:
        text = _OPENING.sub("‘", text).replace('"', "’")
    return text.translate(_SINGLE)


def nested_within(definition: str) -> str:
    """Return a found theme's definition, which cites an answer as it was typed, to be shown."""
    cited = _DEFINED.fullmatch(definition)
    return f"{cited['like']}“{nested(cited['words'])}”" if cited else definition
