"""A book of themes: the YAML file that names, defines and shows each theme.

A person can read it, copy it and change it. What is wrong with one is said in one sentence
that names the theme and the line.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from survey.errors import BookError

FEWEST_EXAMPLES = 3
MOST_EXAMPLES = 60
MOST_THEMES = 300
LARGEST_BYTES = 2_000_000
LONGEST_EXAMPLE = 2_000
RESERVED = frozenset({"nothing", "other_language", "unsorted"})

_KEY = re.compile(r"[a-z0-9_]{1,64}")
_FIELDS = frozenset({"key", "name", "definition", "not", "examples"})


@dataclass(frozen=True)
class BookTheme:
    """One theme of a book, as its owner wrote it."""

    key: str
    name: str
    definition: str
    not_: str = ""
    examples: tuple[str, ...] = ()

    @property
    def definition_digest(self) -> str:
        """Sixteen hexadecimal digits of the definition, by which a trained head knows it."""
        return _digest([self.key, self.definition])

    @property
    def digest(self) -> str:
        """Sixteen hexadecimal digits that change with any word of the theme but its name."""
        parts = [self.key, self.definition, self.not_, *self.examples]
        return _digest(parts)


@dataclass(frozen=True)
class Book:
    """Themes in the order of the file, with unique keys and names."""

    themes: tuple[BookTheme, ...]
    digest: str = field(default="")

    def __post_init__(self) -> None:
        """Derive the digest from the themes, whatever file they came from."""
        parts = [part for theme in self.themes for part in (theme.name, theme.digest)]
        object.__setattr__(self, "digest", _digest(parts))

    @property
    def keys(self) -> tuple[str, ...]:
        """Every theme's key, in the order of the book."""
        return tuple(theme.key for theme in self.themes)


def read_book(path: Path) -> Book:
    """Read a book from a YAML file.

    Parameters
    ----------
    path : Path
        A UTF-8 file, at most 2 MB.

    Returns
    -------
    Book
        Its themes, checked.

    Raises
    ------
    BookError
        If the file cannot be read or a theme in it is not complete.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise BookError(
            f"The book {path} cannot be read: {error.strerror or error}; check the path."
        ) from error
    if len(raw) > LARGEST_BYTES:
        raise BookError(f"The book {path} is larger than 2 MB: keep to three to six examples.")
    try:
        return parse_book(raw.decode("utf-8-sig"), path.name)
    except UnicodeDecodeError as error:
        raise BookError(f"The book {path} is not UTF-8 text: save it as UTF-8.") from error


def parse_book(text: str, source: str) -> Book:
    """Read a book from YAML text.

    Parameters
    ----------
    text : str
        YAML with a list under `themes`.
    source : str
        What to call the text in an error, such as its file name.

    Returns
    -------
    Book
        Its themes, checked: keys unique, every field there, three examples or more.

    Raises
    ------
    BookError
        With one sentence that names source, line and theme.
    """
    root = _compose(text, source)
    themes: list[BookTheme] = []
    for node in _theme_nodes(root, source):
        theme = _read_theme(node, source)
        _refuse_repeats(theme, themes, _place(source, node))
        themes.append(theme)
    return Book(tuple(themes))


def _compose(text: str, source: str) -> yaml.Node:
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{source}, line {mark.line + 1}" if mark else source
        problem = getattr(error, "problem", None) or "the text is nested too deeply"
        raise BookError(
            f"{place}: this is not valid YAML ({problem}); put a text with a colon or a dash "
            "in quotes."
        ) from error
    if root is None:
        raise BookError(f"{source}: the book is empty; write its themes under `themes:`.")
    return root


def _theme_nodes(root: yaml.Node, source: str) -> Iterator[yaml.Node]:
    listed = _fields(root).get("themes") if isinstance(root, yaml.MappingNode) else None
    if not isinstance(listed, yaml.SequenceNode) or not listed.value:
        raise BookError(f"{source}: the book has no themes; list them under `themes:`.")
    if len(listed.value) > MOST_THEMES:
        raise BookError(f"{source}: the book has over {MOST_THEMES} themes; keep the main ones.")
    yield from listed.value


def _read_theme(node: yaml.Node, source: str) -> BookTheme:
    if not isinstance(node, yaml.MappingNode):
        raise BookError(
            f"{_place(source, node)}: a theme is a block of fields that starts with `- key:`."
        )
    fields = _fields(node)
    key = _text(fields, "key", _place(source, node), "a theme")
    place, called = _place(source, fields["key"]), f"theme {key!r}"
    if not _KEY.fullmatch(key) or key in RESERVED:
        raise BookError(
            f"{place}: {key!r} cannot be a key; use lower-case letters, digits and underscores, "
            f"and none of {', '.join(sorted(RESERVED))}."
        )
    for name in fields.keys() - _FIELDS:
        raise BookError(
            f"{_place(source, fields[name])}: {called} has a field {name!r} that a book does not "
            "know; it takes key, name, definition, not and examples."
        )
    return BookTheme(
        key=key,
        name=_text(fields, "name", place, called),
        definition=_text(fields, "definition", place, called),
        not_=_text(fields, "not", place, called) if "not" in fields else "",
        examples=_examples(fields, source, place, called),
    )


def _examples(
    fields: dict[str, yaml.Node], source: str, place: str, called: str
) -> tuple[str, ...]:
    node = fields.get("examples")
    if not isinstance(node, yaml.SequenceNode):
        raise BookError(f"{place}: {called} has no examples; list three to six of them.")
    texts = tuple(_example(item, _place(source, item), called) for item in node.value)
    if not FEWEST_EXAMPLES <= len(texts) <= MOST_EXAMPLES:
        raise BookError(
            f"{_place(source, node)}: {called} has {len(texts)} "
            f"example{'' if len(texts) == 1 else 's'}; write three to six."
        )
    return texts


def _example(node: yaml.Node, place: str, called: str) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise BookError(
            f"{place}: an example of {called} is not plain text; put it in double quotes."
        )
    text = _clean(node.value)
    if not any(char.isalnum() for char in text):
        raise BookError(f"{place}: an example of {called} is empty; write it or take it out.")
    return text


def _text(fields: dict[str, yaml.Node], name: str, place: str, called: str) -> str:
    node = fields.get(name)
    if node is None:
        raise BookError(f"{place}: {called} has no {name}; add one.")
    text = _clean(node.value) if isinstance(node, yaml.ScalarNode) else ""
    if not text:
        raise BookError(f"{place}: the {name} of {called} is not plain text; put it in quotes.")
    return text


def _refuse_repeats(theme: BookTheme, before: list[BookTheme], place: str) -> None:
    for other in before:
        if theme.key == other.key:
            raise BookError(f"{place}: two themes have the key {theme.key!r}; change one.")
        if theme.name.casefold() == other.name.casefold():
            raise BookError(f"{place}: two themes are named {theme.name!r}; rename one.")


def _fields(node: yaml.MappingNode) -> dict[str, yaml.Node]:
    return {str(name.value): value for name, value in node.value}


def _clean(value: str) -> str:
    return " ".join(value[:LONGEST_EXAMPLE].replace("\0", " ").split())


def _place(source: str, node: yaml.Node) -> str:
    return f"{source}, line {node.start_mark.line + 1}"


def _digest(parts: list[str]) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]
