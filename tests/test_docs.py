"""What a person may set, call or open stands in docs/, or a test fails."""

import re
from pathlib import Path

from flask import Flask

from survey.cli import build_parser

PROJECT = Path(__file__).resolve().parents[1]
DOCS = {path.stem: path.read_text(encoding="utf-8") for path in (PROJECT / "docs").glob("*.md")}


def test_every_setting_is_documented() -> None:
    code = (PROJECT / "survey" / "settings.py").read_text(encoding="utf-8")
    names = set(re.findall(r"SURVEY_[A-Z_]+[A-Z]", code)) - {"SURVEY_"}
    undocumented = {name for name in names if f"`{name}`" not in DOCS["settings"]}
    assert undocumented == set()


def test_every_command_and_option_is_documented() -> None:
    commands = build_parser()._subparsers._group_actions[0].choices  # type: ignore[union-attr]
    assert commands
    for name, parser in commands.items():  # type: ignore[union-attr]
        assert f"`survey {name}" in DOCS["commands"], name
        for action in parser._actions:
            for option in action.option_strings:
                if option not in ("-h", "--help"):
                    assert option in DOCS["commands"], f"{name} {option}"


def test_every_route_is_documented(app: Flask) -> None:
    undocumented = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if rule.endpoint != "static" and not _documented(_plain(rule.rule))
    ]
    assert undocumented == []


def test_no_document_names_a_file_that_is_not_there() -> None:
    for path in [*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", path.read_text("utf-8")):
            assert (path.parent / target).exists(), f"{path.name} names {target}"


def _documented(address: str) -> bool:
    return f"`{address}`" in DOCS["http"]


def _plain(rule: str) -> str:
    """Flask's ``<int:theme_id>`` is ``<theme_id>`` to a reader."""
    return re.sub(r"<\w+(\([^)]*\))?:", "<", rule)
