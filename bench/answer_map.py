"""How long the map of answers takes: ``python -m bench.answer_map [ANSWERS] [--pictures DIR]``.

Makes a workspace of made-up answers with places on a map, serves it, opens the map in Debian's
chromium and reports how long the points take to come and to be drawn, the worst of ten drawings.
"""

import argparse
import random
import shutil
import statistics
import tempfile
import threading
import time
from pathlib import Path

from playwright.sync_api import sync_playwright
from sqlalchemy import insert, select
from werkzeug.serving import make_server

from survey.app import create_app
from survey.clock import utc_now
from survey.records import Answer, MapLayout, MapPlace
from survey.records.database import Database
from survey.records.mapping import SIDE
from survey.records.migrate import migrate
from survey.settings import read_settings
from tests.browser.conftest import FLAGS
from tests.support.answers import fill
from tests.support.people import PASSWORD, Business, make_business, make_member
from tests.support.postgres import free_port

DRAWINGS = 10


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("answers", nargs="?", type=int, default=100_000)
    arguments.add_argument("--url", default="")
    arguments.add_argument("--pictures", type=Path)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        report(Path(directory), given.answers, given.url, given.pictures)


def report(directory: Path, answers: int, url: str, pictures: Path | None) -> None:
    port = free_port()
    settings = read_settings(
        {
            "SURVEY_DATA_DIR": str(directory),
            "SURVEY_DATABASE_URL": url,
            "SURVEY_SECRET_KEY": "k" * 40,
            "SURVEY_BASE_URL": f"http://127.0.0.1:{port}",
        }
    )
    database = Database(settings.database_url)
    migrate(database.engine)
    business = make_business(database, "Bench")
    make_member(database, business, "owner@example.org", "owner")
    scatter(database, business, answers)
    app = create_app(settings)
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        look(settings.base_url, business, pictures)
    finally:
        server.shutdown()
        thread.join()
        database.close()


def scatter(database: Database, business: Business, answers: int) -> None:
    """Make answers, and lay them out in one round cloud per theme."""
    dice = random.Random(1)
    with database.writing() as session:
        run_id, themes = fill(session, business.workspace_id, answers, utc_now().date(), days=365)
        centres = {
            str(key): [dice.randrange(9000, SIDE - 9000), dice.randrange(9000, SIDE - 9000)]
            for key in themes.values()
        }
        session.add(
            MapLayout(
                workspace_id=business.workspace_id, id=1, state="current", model_digest="m",
                run_id=run_id, fitted_on=answers, begun_at=utc_now(), shape=b"", centres=centres,
            )
        )  # fmt: skip
        session.flush()
        spots = list(centres.values())
        rows = []
        for answer_id in session.scalars(select(Answer.id)):
            x, y = (int(dice.gauss(one, 3500)) for one in dice.choice(spots))
            spot = min(max(x, 0), SIDE - 1) * SIDE + min(max(y, 0), SIDE - 1)
            rows.append(
                {"workspace_id": business.workspace_id, "layout_id": 1,
                 "answer_id": answer_id, "spot": spot}
            )  # fmt: skip
        session.execute(insert(MapPlace), rows)


def look(url: str, business: Business, pictures: Path | None) -> None:
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(f"{url}/sign-in")
        page.fill("[name=email]", "owner@example.org")
        page.fill("[name=password]", PASSWORD)
        page.click("main button")
        page.wait_for_url("**/w/**")
        started = time.perf_counter()
        points = page.request.get(url + business.at("map/points")).body()
        came = 1000 * (time.perf_counter() - started)
        page.goto(url + business.at("map"))
        page.wait_for_selector("#map[data-drawn]", timeout=60_000)
        drawn = page.get_attribute("#map", "data-drawn")
        times = []
        button = page.locator("button.on-map").first
        for _ in range(DRAWINGS):
            button.click()
            times.append(float(page.get_attribute("#map", "data-milliseconds") or "nan"))
        print(f"{drawn} points: {len(points) / 1e6:.1f} MB came in {came:.0f} ms; "
              f"drawn in {statistics.median(times):.0f} ms (median), "
              f"{max(times):.0f} ms (worst of {len(times)})")  # fmt: skip
        if pictures:
            page.screenshot(path=pictures / "map.png", full_page=True)
        browser.close()


if __name__ == "__main__":
    main()
