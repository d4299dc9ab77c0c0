"""News as a program reads it: the body of a webhook and an Atom feed (RFC 4287)."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

from survey.show.drawings import as_xml
from survey.show.quotes import Quote
from survey.show.tell.news import Heard, News, Risen, Week
from survey.show.words import counted, day_words, figure

ATOM = "http://www.w3.org/2005/Atom"


@dataclass(frozen=True)
class Source:
    """Whose news it is, and where a person reads it.

    `has_sample` says that the sample is loaded, so that the figures are a made-up practice's, too.
    """

    workspace: str
    page: str
    has_sample: bool = False


def webhook_body(source: Source, news: News) -> bytes:
    """Return a piece of news as JSON; customers' words are in it only where they were given.

    Parameters
    ----------
    source : Source
        Whose.
    news : News
        A week or a rise.
    """
    told: dict[str, Any] = {
        "id": str(news.id),
        "kind": news.kind,
        "workspace": source.workspace,
        "page": source.page,
        "first_day": news.first_day.isoformat(),
        "last_day": news.last_day.isoformat(),
    }
    if source.has_sample:
        told["sample"] = True
    if news.week:
        told["week"] = _week(news.week)
    if news.risen:
        told["theme"] = _risen(news.risen)
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode(
        "utf-8", "surrogatepass"
    )


def _week(week: Week) -> dict[str, Any]:
    return {
        "asked": week.asked,
        "answered": week.answered,
        "answered_before": week.answered_before,
        "nothing": week.nothing,
        "unsorted": week.unsorted,
        "enough_to_say": week.enough_to_say,
        "wishes": [_heard(one) for one in week.wishes],
        "praise": [_heard(one) for one in week.praise],
    }


def _heard(one: Heard) -> dict[str, Any]:
    told: dict[str, Any] = {"id": str(one.theme_id), "name": one.name, "answers": one.count}
    return told | _quoted(one.quotes)


def _risen(one: Risen) -> dict[str, Any]:
    told: dict[str, Any] = {
        "id": str(one.theme_id),
        "name": one.name,
        "tone": one.tone,
        "answers": one.count,
        "of": one.of,
        "answers_before": one.count_before,
        "of_before": one.of_before,
        "since": one.since.isoformat(),
    }
    return told | _quoted(one.quotes)


def _quoted(quotes: Sequence[Quote]) -> dict[str, list[str]]:
    """Return the bare words: a program may look for them in the answer."""
    return {"quotes": [one.text for one in quotes]} if quotes else {}


def atom_feed(source: Source, news: Sequence[News], now: datetime) -> bytes:
    """Return news as an Atom feed; it holds names and numbers, nobody's words.

    Parameters
    ----------
    source : Source
        Whose.
    news : sequence of News
        The newest first.
    now : datetime
        When it was asked for, where there is no news yet.
    """
    ET.register_namespace("", ATOM)
    feed = ET.Element(f"{{{ATOM}}}feed")
    host = urlsplit(source.page).hostname or "localhost"
    slug = urlsplit(source.page).path.strip("/").rpartition("/")[2]
    _add(feed, "id", f"tag:{host},2026:{slug}")
    made_up = "Sample of a made-up practice: " if source.has_sample else ""
    _add(feed, "title", f"{source.workspace}: what is new")
    _add(feed, "updated", _moment(max((one.changed_at for one in news), default=now)))
    _add(_add(feed, "author"), "name", source.workspace)
    _add(feed, "link", href=source.page)
    for one in news:
        entry = _add(feed, "entry")
        _add(entry, "id", f"tag:{host},2026:{slug}/{one.id}")
        _add(entry, "title", f"{made_up}{title_of(one)}")
        _add(entry, "published", _moment(one.made_at))
        _add(entry, "updated", _moment(one.changed_at))
        _add(entry, "link", href=source.page)
        _add(entry, "content", "\n".join(lines_of(one)), type="text")
    written: bytes = ET.tostring(feed, encoding="utf-8", xml_declaration=True)
    return written


def _add(parent: ET.Element, name: str, words: str | None = None, **more: str) -> ET.Element:
    made = ET.SubElement(parent, f"{{{ATOM}}}{name}", more)
    if words is not None:
        made.text = as_xml(words)
    return made


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def title_of(news: News) -> str:
    """Return a piece of news in one line."""
    if news.week:
        return f"The week to {day_words(news.last_day)}: {counted(news.week.answered, 'answer')}"
    if news.risen is None:
        return ""
    what = "praise" if news.risen.tone == "praise" else "wishes"
    verb = "rose" if news.ended_on else "is rising"
    return f"{news.risen.name} ({what}) {verb}"


def lines_of(news: News) -> list[str]:
    """Return the figures of a piece of news, line by line."""
    if news.risen:
        one = news.risen
        return [
            f"{figure(one.count)} of {figure(one.of)} since {day_words(one.since)}, "
            f"{figure(one.count_before)} of {figure(one.of_before)} in the weeks before."
        ]
    week = news.week
    if week is None:
        return []
    asked = f"{figure(week.asked)} asked; " if week.asked else ""
    lines = [f"{asked}{counted(week.answered_before, 'answer')} in the week before."]
    if not week.enough_to_say:
        return [*lines, "Not enough to say what they have in common."]
    for title, heard in (("Wishes", week.wishes), ("Praise", week.praise)):
        if heard:
            told = ", ".join(f"{one.name} {figure(one.count)}" for one in heard)
            lines.append(f"{title}: {told} (of {figure(week.answered)}).")
    return lines
