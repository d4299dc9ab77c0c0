"""Answers and themes for programs: ``GET /api/v1/answers`` and ``GET /api/v1/themes``."""

from typing import Any

from flask import Blueprint, jsonify, request
from werkzeug.wrappers import Response

from survey.clock import day_in, utc_now
from survey.errors import FieldError
from survey.export.queries import (
    ExportedAnswer,
    ExportedTheme,
    Place,
    ThemeCount,
    answers_after,
    current_run,
    place_from,
    themes_counted,
)
from survey.records.filters import AnswerFilter
from survey.web.access import open_to
from survey.web.current import database, place
from survey.web.filters import view_from

USUAL_PAGE, LARGEST_PAGE = 50, 200
LONGEST_NUMBER = 20  # digits
blueprint = Blueprint("export_api", __name__, url_prefix="/api/v1")


@blueprint.get("/answers")
@open_to("key")
def get_answers() -> Response:
    """Give one page of the answers in view, the newest first."""
    inside, wanted, limit = place().workspace_id, _wanted(), _limit()
    cursor = request.args.get("cursor")
    after = place_from(cursor) if cursor else None
    with database().reading() as session:
        run_id = current_run(session, inside)
        found = answers_after(session, inside, run_id, wanted, after=after, limit=limit + 1)
    shown = found[:limit]
    more = len(found) > limit
    last = Place(shown[-1].answered_on, shown[-1].id).token() if more else None
    return jsonify({"items": [_answer(one) for one in shown], "next": last})


@blueprint.get("/themes")
@open_to("key")
def get_themes() -> Response:
    """Give the themes with their answers in view, the most answers first."""
    inside, wanted = place().workspace_id, _wanted()
    with database().reading() as session:
        found = themes_counted(session, inside, current_run(session, inside), wanted)
    return jsonify({"items": [_theme(one) for one in found], "next": None})


def _wanted() -> AnswerFilter:
    return view_from(request.args, day_in(utc_now(), place().time_zone)).wanted


def _limit() -> int:
    typed = request.args.get("limit", str(USUAL_PAGE))
    digits = typed.isascii() and typed.isdigit() and len(typed) <= LONGEST_NUMBER
    if not (digits and 0 < int(typed) <= LARGEST_PAGE):
        raise FieldError("limit", f"Please give ‘limit’ as a number from 1 to {LARGEST_PAGE}.")
    return int(typed)


def _answer(answer: ExportedAnswer) -> dict[str, Any]:
    at = answer.answered_at
    return {
        "id": str(answer.id),
        "text": answer.text,
        "answered_at": at.isoformat().replace("+00:00", "Z") if at else None,
        "answered_on": answer.answered_on.isoformat(),
        "segments": dict(answer.segments),
        "state": answer.state,
        "sorted_as": answer.outcome,
        "reference": answer.reference,
        "served_by": answer.served_by,
        "channel": answer.channel,
        "themes": [_theme_of_answer(theme) for theme in answer.themes],
    }


def _theme_of_answer(theme: ExportedTheme) -> dict[str, Any]:
    return {
        "id": str(theme.id),
        "key": theme.key,
        "name": theme.name,
        "origin": theme.origin,
        "confidence": round(theme.confidence, 3),
        "evidence": theme.evidence,
        "tone": theme.tone,
    }


def _theme(theme: ThemeCount) -> dict[str, Any]:
    return {
        "id": str(theme.id),
        "key": theme.key,
        "name": theme.name,
        "definition": theme.definition,
        "origin": theme.origin,
        "answers": theme.answers,
        "share": round(theme.share, 4),
        "tones": dict(theme.tones),
    }
