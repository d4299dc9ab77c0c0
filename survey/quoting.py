"""Words that are shown in quotation marks, and the marks that stand in them already."""

import re

_SINGLE = str.maketrans("“”„«»", "‘’‚‹›")
_DOUBLE = '"“”„«»'
_WHOLE = re.compile(f"\\s*[{_DOUBLE}](?P<words>[^{_DOUBLE}]*)[{_DOUBLE}](?P<end>[.!?…]?)\\s*", re.S)
_OPENING = re.compile(r"""(?:^|(?<=[\s(\[{–—-]))"(?=\S)""")
_AFTER_FIGURES = re.compile(r'(?<=\d)"')
_INCH = "\0"  # stands in no text, see `survey.records.text`
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
        Without marks that enclose all of it, and with single ones for others. Straight ones that
        stand for inches are left, and so are all where one has no partner, but for one at the
        start.
    """
    whole = _WHOLE.fullmatch(text)
    if whole:
        return whole["words"].strip() + whole["end"]
    text = _inches_apart(text)
    if text.count('"') % 2:
        text = text.removeprefix('"')
    else:
        text = _OPENING.sub("‘", text).replace('"', "’")
    return text.translate(_SINGLE).replace(_INCH, '"')


def _inches_apart(text: str) -> str:
    before, *quoted = _OPENING.split(text)
    return '"'.join([_AFTER_FIGURES.sub(_INCH, before), *map(_inches_within, quoted)])


def _inches_within(quoted: str) -> str:
    """Part inches from what closes a quotation: the last mark after figures, if nothing else."""
    apart = _AFTER_FIGURES.sub(_INCH, quoted)
    return apart if '"' in apart else '"'.join(apart.rsplit(_INCH, 1))


def nested_within(definition: str) -> str:
    """Return a found theme's definition, which cites an answer as it was typed, to be shown."""
    cited = _DEFINED.fullmatch(definition)
    return f"{cited['like']}“{nested(cited['words'])}”" if cited else definition
