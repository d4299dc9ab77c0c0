"""Asking by program: ``POST /api/v1/interactions``."""

import hashlib
import json
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, jsonify, request
from werkzeug.wrappers import Response

from survey.ask.actions import record_interaction
from survey.ask.interaction import read_interaction
from survey.ask.queries import Recorded
from survey.ask.rows import Once
from survey.clock import utc_now
from survey.errors import FieldError, InputError
from survey.records.text import as_stored
from survey.web.access import open_to
from survey.web.current import database, place, settings

LONGEST_KEY = 190  # its column has 200, and "api " goes before
blueprint = Blueprint("ask_api", __name__, url_prefix="/api/v1")


@blueprint.post("/interactions")
@open_to("key")
def post_interaction() -> tuple[Response, int]:
    """Record an interaction; a repetition gives the first result."""
    body = _body()
    here, now = place(), utc_now()
    new = read_interaction(body, zone=ZoneInfo(here.time_zone), now=now)
    once = _once(request.headers.get("Idempotency-Key"), body)
    with database().writing() as session:
        recorded = record_interaction(
            session,
            here.workspace_id,
            new,
            secret_key=settings().secret_key,
            now=now,
            once=once,
        )
    return jsonify(_as_json(recorded)), 201 if recorded.is_new else 200


def _body() -> object:
    try:
        found: object = request.get_json()
    except RecursionError:
        raise InputError("This JSON is nested too deeply.") from None
    return found


def _once(key: str | None, body: object) -> Once | None:
    if key is None:
        return None
    key = as_stored(key).strip()
    if not 0 < len(key) <= LONGEST_KEY:
        raise FieldError("Idempotency-Key", f"Please send a key of 1 to {LONGEST_KEY} characters.")
    same = json.dumps(body, sort_keys=True, separators=(",", ":"))  # ASCII, whatever was typed
    return Once(f"api {key}", hashlib.sha256(same.encode()).digest())


def _as_json(recorded: Recorded) -> dict[str, Any]:
    invitation = {
        "id": str(recorded.invitation_id),
        "state": recorded.state,
        "due_at": recorded.due_at.isoformat().replace("+00:00", "Z"),
    }
    if recorded.skipped_because:
        invitation["skipped_because"] = recorded.skipped_because
    return {"id": str(recorded.interaction_id), "invitation": invitation}
