"""What every application works out for itself and is the same for all: worked out once a test run.

A test gets a whole application and a database of its own; compiling the routes, the templates and
the statements again each time was half of what a short test costs.
"""

import functools
from typing import Any, cast

from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import Engine
from werkzeug.routing import Rule

from survey.records import database


class _Templates(BytecodeCache):
    """Compiled templates, by the digest of their source."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        found = self._kept.get((bucket.key, bucket.checksum))
        if found is not None:
            bucket.bytecode_from_string(found)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key, bucket.checksum] = bucket.bytecode_to_string()


def compile_once() -> None:
    """Let all applications of this process share what they compile."""
    cast("Any", Flask).jinja_options = {**Flask.jinja_options, "bytecode_cache": _Templates()}
    _share_routes()
    _share_statements()


def _share_routes() -> None:
    """A route comes to the same in every application, so its parts are worked out once."""
    known: dict[Any, dict[str, Any]] = {}
    compile_rule = Rule.compile
    worked_out = ("_parts", "_trace", "_converters", "arguments", "_build", "_build_unknown")

    @functools.wraps(compile_rule)
    def once(rule: Rule) -> None:
        defaults = tuple(sorted((rule.defaults or {}).items()))
        key = (rule.rule, rule.subdomain, rule.host, rule.merge_slashes, defaults, rule.endpoint)
        if key in known and not rule.map.host_matching:
            vars(rule).update(known[key])
            return
        compile_rule(rule)
        known[key] = {name: getattr(rule, name) for name in worked_out}

    cast("Any", Rule).compile = once


def _share_statements() -> None:
    """Statements are kept by dialect and by what they say, so engines must have the same one."""
    first: dict[str, Engine] = {}
    open_engine = database.open_engine

    @functools.wraps(open_engine)
    def sharing(url: str) -> Engine:
        engine = open_engine(url)
        kept = first.get(engine.dialect.name, engine)
        if not hasattr(kept.dialect, "default_isolation_level"):
            # It never met its server, so its dialect does not know it: another takes its place.
            kept = engine
        first[engine.dialect.name] = kept
        engine.dialect = kept.dialect
        engine._compiled_cache = kept._compiled_cache
        return engine

    cast("Any", database).open_engine = sharing
