"""The API described for programs: ``/openapi.json``, OpenAPI 3.1. A test holds it to the routes."""

from functools import cache
from typing import Any

from flask import Blueprint, jsonify
from werkzeug.wrappers import Response

from survey.records.filters import PILES, TONES
from survey.web.access import open_to
from survey.web.current import settings

blueprint = Blueprint("openapi", __name__)
Schema = dict[str, Any]
_ID = {"type": "string", "pattern": "^[0-9]{1,19}$", "description": "up to nineteen digits"}
_STATES = ["queued", "sending", "sent", "answered", "withdrawn", "skipped", "failed"]
_OUTCOMES = ["themes", "nothing", "unsorted", "other_language", "waiting"]
_FILED = ["answered", "added", "bounced", "automatic", "known", "blank", "anonymous", "unknown"]


@blueprint.get("/openapi.json")
@open_to("public")
def openapi() -> Response:
    """Give the description, with the address of this installation."""
    return jsonify({**described(), "servers": [{"url": settings().base_url}]})


@cache
def described() -> Schema:
    """Return the description, but for where it is served."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Afterword",
            "version": "1.0",  # of the API, whose addresses say v1
            "summary": "One open question after an interaction; the answers sorted into themes.",
        },
        "security": [{"key": []}],
        "paths": _paths(),
        "components": {
            "securitySchemes": {
                "key": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A key of one workspace, from its page People and keys.",
                },
                "signature": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Afterword-Signature",
                    "description": "t=SECONDS,v1=HMAC-SHA256 of SECONDS.BODY, in hexadecimal.",
                },
            },
            "schemas": _schemas(),
        },
    }


def _paths() -> Schema:
    return {
        "/api/v1/interactions": {"post": _record()},
        "/api/v1/answers": {
            "get": _read("Answers with their themes, the newest first.", "AnswerPage", _paging())
        },
        "/api/v1/themes": {"get": _read("Themes with their counts and shares.", "ThemePage")},
        "/api/v1/mail": {"post": _take_mail()},
        "/export.csv": {"get": _file("text/csv", "Answers in view, a row each.")},
        "/export.xlsx": {
            "get": _file(
                "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                "The same rows as a workbook.",
            )
        },
        "/export.zip": {"get": _file("application/zip", "The same, with themes and decisions.")},
    }


def _record() -> Schema:
    once = {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "The same key with the same body again gives the first result.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 190},
    }
    result = _json("Recorded")
    return {
        "summary": "Record an interaction and queue its invitation.",
        "operationId": "recordInteraction",
        "parameters": [once],
        "requestBody": {"required": True, **_json("NewInteraction")},
        "responses": {
            "201": {"description": "Recorded.", **result},
            "200": {"description": "It was recorded before; this is the first result.", **result},
            "409": _refused("The Idempotency-Key came with another body before."),
            "415": _refused("Not sent as JSON."),
            **_refusals(),
        },
    }


def _read(summary: str, schema: str, more: tuple[Schema, ...] = ()) -> Schema:
    return {
        "summary": summary,
        "operationId": f"get{schema}",
        "parameters": [*_filters(), *more],
        "responses": {"200": {"description": "What is in view.", **_json(schema)}, **_refusals()},
    }


def _file(media_type: str, summary: str) -> Schema:
    content = {media_type: {"schema": {"type": "string", "format": "binary"}}}
    return {
        "summary": summary,
        "operationId": f"export{media_type.rpartition('/')[2].rpartition('.')[2].title()}",
        "parameters": _filters(),
        "responses": {"200": {"description": "A file.", "content": content}, **_refusals()},
    }


def _take_mail() -> Schema:
    return {
        "summary": "Hand over a reply that came by mail.",
        "operationId": "takeMail",
        "security": [{"signature": []}],
        "requestBody": {
            "required": True,
            "content": {"message/rfc822": {"schema": {"type": "string", "format": "binary"}}},
        },
        "responses": {
            "200": {"description": "What became of it.", **_json("Filed")},
            "401": _refused("The signature does not fit, or is too old."),
            "404": _refused("No such entrance is set up here."),
            "413": _refused("More than 10 MB."),
        },
    }


def _json(schema: str) -> Schema:
    return {"content": {"application/json": {"schema": _of(schema)}}}


def _of(schema: str) -> Schema:
    return {"$ref": f"#/components/schemas/{schema}"}


def _refusals() -> Schema:
    return {
        "401": _refused("No key, or one that is not good."),
        "422": _refused("Something in it cannot be used; the field is named."),
        "503": _refused("Too much is going on at once; try again in a minute."),
    }


def _refused(when: str) -> Schema:
    return {"description": when, **_json("Refusal")}


def _filters() -> list[Schema]:
    day, text = {"type": "string", "format": "date"}, {"type": "string"}
    theme = {"anyOf": [_ID, {"enum": list(PILES)}]}
    several = {"type": "array", "items": {"enum": list(TONES)}}
    told = (
        ("since", day, "the first day"),
        ("until", day, "the last day"),
        ("days", {"type": "integer", "minimum": 1, "maximum": 36500}, "so many days up to today"),
        ("theme", theme, "in this theme, or this pile"),
        ("with", _ID, "and in this theme as well"),
        ("tone", several, "in one of these tones"),
        ("question", _ID, "to this question"),
        ("channel", text, "by this channel"),
        ("served_by", text, "about this person"),
        ("language", text, "asked in this language"),
        ("q", {"type": "string", "maxLength": 200}, "with all these words"),
    )
    segments = {
        "name": "segments",
        "in": "query",
        "description": "Any number of `segment.NAME=VALUE`.",
        "style": "form",
        "explode": True,
        "schema": {
            "type": "object",
            "patternProperties": {"^segment\\..+$": text},
            "additionalProperties": False,
        },
    }
    return [
        {"name": name, "in": "query", "description": words, "schema": schema}
        for name, schema, words in told
    ] + [segments]


def _paging() -> tuple[Schema, ...]:
    size = {"type": "integer", "minimum": 1, "maximum": 200, "default": 50}
    cursor = {"type": "string"}
    return (
        {"name": "limit", "in": "query", "description": "so many at most", "schema": size},
        {"name": "cursor", "in": "query", "description": "the last page's next", "schema": cursor},
    )


def _object(required: str, **properties: Schema) -> Schema:
    """Return the schema of an object that has these properties and no others."""
    return {
        "type": "object",
        "properties": properties,
        "required": required.split(),
        "additionalProperties": False,
    }


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _line(longest: int) -> Schema:
    return _or_null({"type": "string", "maxLength": longest})


_TEXT: Schema = {"type": "string"}
_NUMBER: Schema = {"type": "integer", "minimum": 0}
_MOMENT: Schema = {"type": "string", "format": "date-time"}
_DAY: Schema = {"type": "string", "format": "date"}
_SHARE: Schema = {"type": "number", "minimum": 0, "maximum": 1}
_SEGMENTS: Schema = {
    "type": "object",
    "additionalProperties": {"type": "string", "maxLength": 200},
}
_TONE: Schema = {"enum": list(TONES)}
_NAMED: Schema = {
    "id": _ID,
    "key": _or_null(_TEXT),
    "name": _TEXT,
    "origin": {"enum": ["book", "found"]},
}


def _schemas() -> Schema:
    error = _object("code message", code=_TEXT, message=_TEXT, field=_TEXT)
    return {
        "NewInteraction": _new_interaction(),
        "Recorded": _recorded(),
        "Answer": _answer(),
        "ThemeOfAnswer": _theme_of_answer(),
        "Theme": _theme(),
        "AnswerPage": _page("Answer", _or_null(_TEXT)),
        "ThemePage": _page("Theme", {"type": "null"}),
        "Filed": _object("outcome", outcome={"enum": _FILED}),
        "Refusal": _object("error", error=error),
    }


def _new_interaction() -> Schema:
    return _object(
        "customer",
        customer=_object("email", email=_TEXT, name=_line(120), language=_line(20)),
        served_by=_line(120),
        about=_line(200),
        channel=_line(60),
        occurred_at=_or_null(_MOMENT),
        reference=_line(200),
        question=_line(60),
        segments=_or_null({**_SEGMENTS, "maxProperties": 20}),
        note=_line(5000),
    )


def _recorded() -> Schema:
    invitation = _object(
        "id state due_at",
        id=_ID,
        state={"enum": _STATES},
        due_at=_MOMENT,
        skipped_because=_TEXT,
    )
    return _object("id invitation", id=_ID, invitation=invitation)


def _answer() -> Schema:
    return _object(
        "id text answered_at answered_on segments state sorted_as themes",
        id=_ID,
        text=_TEXT,
        answered_at=_or_null(_MOMENT),
        answered_on=_DAY,
        segments=_SEGMENTS,
        state={"enum": ["given"]},
        sorted_as={"enum": _OUTCOMES},
        reference=_or_null(_TEXT),
        served_by=_or_null(_TEXT),
        channel=_or_null(_TEXT),
        themes={"type": "array", "items": _of("ThemeOfAnswer")},
    )


def _theme_of_answer() -> Schema:
    return _object(
        "id name origin confidence evidence tone",
        **_NAMED,
        confidence=_SHARE,
        evidence=_TEXT,
        tone=_TONE,
    )


def _theme() -> Schema:
    return _object(
        "id name origin answers share tones",
        **_NAMED,
        definition=_TEXT,
        answers=_NUMBER,
        share=_SHARE,
        tones={"type": "object", "propertyNames": _TONE, "additionalProperties": _NUMBER},
    )


def _page(schema: str, following: Schema) -> Schema:
    items = {"type": "array", "items": _of(schema)}
    return _object("items next", items=items, next=following)
