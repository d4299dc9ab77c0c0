"""The customer's sentences as the code says them, and the catalogues that translate them.

``python -m tests.support.catalogues`` (or ``make catalogues``) brings every language's catalogue
up to date: new sentences are added untranslated, gone ones dropped, and all compiled.
"""

import sys
import tomllib
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from survey.languages import CATALOGUES, ENGLISH, LANGUAGES

PROJECT = Path(__file__).resolve().parents[2]
TRANSLATED = sorted(set(LANGUAGES) - {ENGLISH})
_NEVER = datetime(2000, 1, 1, tzinfo=UTC)
_HEADER = """\
msgid ""
msgstr ""
"Language: {language}\\n"
"Plural-Forms: {plural}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""


def said_in_code() -> Catalog:
    """Return every sentence that the customer's side says."""
    table = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    mappings = [(one["pattern"], one["method"]) for one in table["tool"]["babel"]["mappings"]]
    found = Catalog(fuzzy=False)
    for part in ("survey", "templates"):
        for _, _, words, comments, context in extract_from_dir(
            str(PROJECT / part),
            [(pattern.removeprefix(f"{part}/"), how) for pattern, how in mappings],
            keywords=DEFAULT_KEYWORDS | {"translatable": None},
            comment_tags=("For translators:",),
            strip_comment_tags=True,
        ):
            found.add(words, auto_comments=comments, context=context)
    return found


def catalogue(language: str) -> Catalog:
    """Return a language's catalogue as it is written."""
    with path_of(language).open("rb") as file:
        return read_po(file, locale=language)


def path_of(language: str, ending: str = "po") -> Path:
    """Return where a language's catalogue stands; ``mo`` is the compiled one."""
    return CATALOGUES / language / "LC_MESSAGES" / f"messages.{ending}"


def compiled(written: Catalog) -> bytes:
    """Return a catalogue as the program reads it."""
    written.creation_date = written.revision_date = _NEVER  # the same bytes every time
    into = BytesIO()
    write_mo(into, written)
    return into.getvalue()


def bring_up_to_date(language: str, said: Catalog) -> int:
    """Write a language's catalogue anew; how many sentences wait for their translation."""
    before = catalogue(language)
    after = Catalog(locale=language, fuzzy=False)
    waiting = 0
    for message in said:
        if not message.id:
            continue
        known = before.get(message.id, message.context)
        words = known.string if known else ""
        waiting += not (all(words) if isinstance(words, (list, tuple)) else words)
        after.add(message.id, words, context=message.context, auto_comments=message.auto_comments)
    body = BytesIO()
    write_po(body, after, width=0, omit_header=True, no_location=True)
    header = _HEADER.format(language=language, plural=after.plural_forms)
    path_of(language).write_text(header + body.getvalue().decode().lstrip(), encoding="utf-8")
    path_of(language, "mo").write_bytes(compiled(catalogue(language)))
    return waiting


if __name__ == "__main__":
    said = said_in_code()
    for language in TRANSLATED:
        left = bring_up_to_date(language, said)
        sys.stdout.write(f"{language}: {left} to translate\n" if left else "")
