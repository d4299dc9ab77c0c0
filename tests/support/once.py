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
from werkzeug.routing import Rule, rules

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
    compiled: dict[Any, Any] = {}
    compile_builder = Rule._compile_builder

    @functools.wraps(compile_builder)
    def once(rule: Rule, append_unknown: bool = True) -> Any:
        defaults = tuple(sorted((rule.defaults or {}).items()))
        key = (rule.rule, append_unknown, defaults, tuple(rule._trace))
        if key not in compiled:
            compiled[key] = compile_builder(rule, append_unknown)
        return compiled[key]

    cast("Any", Rule)._compile_builder = once
    cast("Any", rules).parse_converter_args = functools.cache(rules.parse_converter_args)


def _share_statements() -> None:
    """Statements are kept by dialect and by what they say, so engines must have the same one."""
    first: dict[str, Engine] = {}
    open_engine = database.open_engine

    @functools.wraps(open_engine)
    def sharing(url: str) -> Engine:
        engine = open_engine(url)
        kept = first.setdefault(engine.dialect.name, engine)
        engine.dialect = kept.dialect
        engine._compiled_cache = kept._compiled_cache
        return engine

    cast("Any", database).open_engine = sharing
