"""A CSV of real answers through the whole story: imported, sorted, shown, exported, compared.

    python -m bench.real answers.csv [--text-column C] [--segment-column C …]

Everything happens in a fresh data directory, through the doors a person uses: the commands, the
pages and the API. Ends with 1 when the dashboard, the CSV and the file do not agree.
"""

import argparse
import csv
import html
import io
import json
import os
import re
import resource
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from sqlalchemy import select

from bench.doors import EMAIL, PASSWORD, Site, free_port, run_survey, served
from survey.records import Workspace
from survey.records.database import Database
from survey.settings import read_settings

WORKSPACE, SLUG = "Real answers", "real-answers"
NOT_GIVEN = {"did not answer", "not answered", "did not respond"}
TEXT_COLUMNS = ("answer", "text", "comment", "feedback", "response")
DATE_COLUMNS = ("answered_on", "answered_at", "date")
WITHIN_SECONDS = 90.0
OUT = Path(__file__).parent / "out"


@dataclass(frozen=True)
class Source:
    """The file as any other program reads it, and the columns this run takes from it."""

    path: Path
    rows: tuple[dict[str, str], ...]
    text: str
    id: str | None
    day: str | None
    segments: tuple[str, ...]

    def given(self) -> list[dict[str, str]]:
        """Return the sound rows in which somebody said something, each id once."""
        seen: set[str] = set()
        return [row for row in self.rows if self._is_sound(row) and self._is_new(row, seen)]

    def _is_sound(self, row: dict[str, str]) -> bool:
        if None in row or None in row.values():
            return False  # ragged
        said = row[self.text].strip()
        if not said or said.casefold().rstrip(".") in NOT_GIVEN:
            return False
        return self.day is None or _is_day(row[self.day])

    def _is_new(self, row: dict[str, str], seen: set[str]) -> bool:
        key = row[self.id] if self.id else ""
        if key and key in seen:
            return False
        seen.add(key)
        return True


@dataclass
class Report:
    """Lines for the reader, and what did not agree."""

    wrong: list[str] = field(default_factory=list)

    def say(self, line: str = "") -> None:
        print(line, flush=True)

    def compare(self, what: str, one: object, other: object) -> None:
        if one == other:
            self.say(f"  agrees    {what}: {one}")
        else:
            self.wrong.append(what)
            self.say(f"  DIFFERS   {what}: {one} against {other}")


def main() -> int:
    """Take the file through, and report."""
    given = _arguments()
    source = read_source(given)
    report = Report()
    with tempfile.TemporaryDirectory(prefix="afterword-real-") as folder:
        port = free_port()
        env = os.environ | {
            "SURVEY_DATA_DIR": folder,
            "SURVEY_BASE_URL": f"http://127.0.0.1:{port}",
            "HF_HUB_OFFLINE": "1",
        }
        owner = ("create-owner", EMAIL, "--workspace", WORKSPACE, "--password-stdin")
        run_survey(owner, env, typed=PASSWORD + "\n")
        key = run_survey(("create-key", "--workspace", SLUG, "--label", "real"), env).strip()
        with served(port, env):
            site = Site(port, key)
            seconds = import_and_wait(source, site, env, report)
            exported = compare_all(source, site, Path(folder) / "out.csv", env, report)
            tell_themes(site, len(exported), report)
            if not given.no_picture:
                keep_picture(site, port, report)
    report.say()
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    report.say(
        f"From import to themes on the page: {seconds:.1f} s, model load included; everything "
        f"took {spent.ru_utime + spent.ru_stime:.0f} s of processor time on a machine whose load "
        f"is {os.getloadavg()[0]:.1f} for {os.cpu_count()} cores."
    )
    if seconds > WITHIN_SECONDS:
        report.wrong.append(f"it took longer than {WITHIN_SECONDS:g} s")
    report.say("Everything agrees." if not report.wrong else f"Wrong: {'; '.join(report.wrong)}.")
    return 1 if report.wrong else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("file", type=Path)
    parser.add_argument("--text-column")
    parser.add_argument("--id-column")
    parser.add_argument("--date-column")
    parser.add_argument("--segment-column", action="append", default=[])
    parser.add_argument("--no-picture", action="store_true", help="take no screenshot")
    return parser.parse_args()


def read_source(given: argparse.Namespace) -> Source:
    """Read the file with nothing of ours, and choose columns where none were named."""
    with given.file.open(encoding="utf-8-sig", newline="") as file:
        rows = tuple(csv.DictReader(file))
    if not rows:
        raise SystemExit(f"{given.file} holds no rows.")
    names = [name for name in rows[0] if name]
    text = given.text_column or next((name for name in TEXT_COLUMNS if name in names), names[-1])
    day = given.date_column or next((name for name in DATE_COLUMNS if name in names), None)
    id_ = given.id_column or ("id" if "id" in names else None)
    left = [name for name in names if name not in (text, day, id_)]
    segments = tuple(given.segment_column) or tuple(_like_a_segment(rows, left)[:1])
    return Source(given.file, rows, text, id_, day, segments)


def _like_a_segment(rows: Sequence[dict[str, str]], names: Sequence[str]) -> list[str]:
    """Return the columns that are never empty and have from two to eight values."""
    return [
        name
        for name in names
        if all(row[name] for row in rows if None not in row.values())
        and 2 <= len({row[name] for row in rows}) <= 8
    ]


def import_and_wait(source: Source, site: Site, env: dict[str, str], report: Report) -> float:
    """Import, wait until every answer is sorted and themes are found; seconds from the start."""
    started = time.monotonic()
    options = ["--text-column", source.text]
    options += ["--id-column", source.id] if source.id else []
    options += ["--date-column", source.day] if source.day else []
    for name in source.segments:
        options += ["--segment-column", name]
    told = run_survey(("import", str(source.path), "--workspace", SLUG, *options), env)
    report.say(told.strip())
    report.say(f"The import took {time.monotonic() - started:.1f} s.")
    all_sorted: float | None = None
    while time.monotonic() - started < 600:
        now = time.monotonic()
        if all_sorted is None and _waiting(site) == 0:
            all_sorted = now
            report.say(f"Every answer was sorted after {now - started:.1f} s.")
        if all_sorted is not None and _was_looked_at(env):
            return now - started
        time.sleep(0.5)
    raise SystemExit("The answers were not sorted within ten minutes.")


def _waiting(site: Site) -> int:
    health = json.loads(site.get("/healthz", by_key=True))
    return int(health["waiting"]["answers"])


def _was_looked_at(env: dict[str, str]) -> bool:
    """Whether the worker has looked for themes; a business without any has no page to tell."""
    database = Database(read_settings(env).database_url)
    with database.reading() as session:
        looked_at = session.scalar(select(Workspace.themes_looked_at))
    database.close()
    return looked_at is not None


def compare_all(
    source: Source, site: Site, out: Path, env: dict[str, str], report: Report
) -> list[dict[str, str]]:
    """Lay the file, the CSV and every figure of the dashboard beside one another."""
    run_survey(("export", "--workspace", SLUG, "--out", str(out)), env)
    exported = _rows(out.read_text(encoding="utf-8"))
    given = source.given()
    report.say()
    report.say("The file and the CSV:")
    report.compare("answers", len(given), len(exported))
    texts = Counter(_as_kept(row[source.text]) for row in given)
    report.compare("texts, letter by letter", texts == Counter(map(_text, exported)), True)
    if source.day:
        days = Counter(row[source.day][:10] for row in given)
        report.compare("days", days == Counter(row["answered_on"] for row in exported), True)
    for name in source.segments:
        here = Counter(row[name] for row in given)
        there = Counter(row[f"segment.{name}"] for row in exported)
        report.compare(
            f"answers by {name}", dict(sorted(here.items())), dict(sorted(there.items()))
        )
    evidence = all(
        clause in row["answer"].replace("|", "/")
        for row in exported
        for clause in row["evidence"].split(" | ")
    )
    report.compare("evidence is verbatim", evidence, True)
    by_key = _rows(site.get("/export.csv", by_key=True))
    report.compare("the file by command and by key", by_key == exported, True)
    compare_dashboard(site, exported, report)
    return exported


def compare_dashboard(site: Site, exported: list[dict[str, str]], report: Report) -> None:
    """Every figure on the overview is a link: the CSV of the same view has as many rows."""
    site.sign_in()
    overview = site.get(f"/w/{SLUG}/")
    report.say()
    report.say("The dashboard and the CSV:")
    figures = list(_figures(overview))
    differing = [
        (query, figure, found)
        for query, figure in figures
        if (found := len(_rows(site.get(f"/w/{SLUG}/export.csv{query}")))) != figure
    ]
    report.compare(f"figures on the overview ({len(figures)}) that differ", differing, [])
    answered = next((figure for query, figure in figures if not query), None)
    report.compare("answered", answered, len(exported))
    nothing = next((figure for query, figure in figures if query == "?theme=nothing"), 0)
    in_csv = sum(row["sorted_as"] == "nothing" for row in exported)
    report.compare("nothing more needed", nothing, in_csv)


def _figures(page: str) -> Iterator[tuple[str, int]]:
    for query, figure in re.findall(r'href="[^"?]*/answers(\?[^"]*)?">([\d,]+)', page):
        yield html.unescape(query), int(figure.replace(",", ""))


def tell_themes(site: Site, answers: int, report: Report) -> None:
    """Name the themes, as a person would read them."""
    items = site.json("/api/v1/themes")["items"]
    assert isinstance(items, list)
    exported = _rows(site.get("/export.csv", by_key=True))
    piles = Counter(row["sorted_as"] for row in exported)
    report.say()
    report.say(
        f"Of {answers:,} answers {piles['themes']:,} are in themes, {piles['nothing']:,} needed "
        f"nothing more, {piles['unsorted']:,} fit no theme, "
        f"{piles['other_language']:,} are in another language."
    )
    for item in items:
        if item["answers"]:
            tones = item["tones"]
            report.say(
                f"  {item['answers']:5,}  {item['share']:5.1%}  {item['origin']:5}  {item['name']}"
                f"  (wish {tones.get('wish', 0)}, praise {tones.get('praise', 0)})"
            )


def _is_day(typed: str) -> bool:
    try:
        return date.fromisoformat(typed[:10]) <= date.today()  # noqa: DTZ011
    except ValueError:
        return False


def _as_kept(typed: str) -> str:
    return typed.replace("\r\n", "\n").replace("\r", "\n").strip()


def _text(row: dict[str, str]) -> str:
    """Return an exported text without the apostrophe that disarms a formula."""
    text = row["answer"]
    return text[1:] if text.startswith("'") and text[1:2] in tuple("=+-@\t\r") else text


def _rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def keep_picture(site: Site, port: int, report: Report) -> None:
    """Keep a picture of the overview, where a browser is at hand."""
    chromium = shutil.which("chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return
    if chromium is None:
        return
    OUT.mkdir(exist_ok=True)
    name, _, value = site.cookie.partition("=")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.context.add_cookies(
            [{"name": name, "value": value, "url": f"http://127.0.0.1:{port}"}]
        )
        page.goto(f"http://127.0.0.1:{port}/w/{SLUG}/")
        page.screenshot(path=str(OUT / "real.png"), full_page=True)
        browser.close()
    report.say()
    report.say("A picture of the overview: bench/out/real.png")


if __name__ == "__main__":
    sys.exit(main())
