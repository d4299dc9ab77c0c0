"""The ledger as people use it: counts first, one step, undone in one, and nothing overwritten."""

import random
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from html import unescape

import pytest
from flask import Flask
from sqlalchemy import select, update

from survey.clock import utc_now
from survey.errors import StaleError
from survey.records import Assignment, Decision, Run, Theme, WorkerBeat, Workspace, new_id
from survey.records.counts import counts_now, rebuild
from survey.records.database import Database
from survey.records.shown import Placing, SortedAnswer
from survey.records.sortings import write_sortings
from survey.show.ledger.actions import Hand, rename
from survey.understand.lessons import taught_of
from tests.support.answers import Said, add_answers, make_run
from tests.support.browser import Browser
from tests.support.overlap import overlapping
from tests.support.people import Business

DAY = date(2026, 3, 31)
WAITED = Said((("waiting", "wish", "Twenty minutes past and nobody said a word."),))
KIND = Said((("warmth", "praise", "She rang me the day after just to ask."),))
BOTH = Said((*KIND.clauses, *WAITED.clauses))
LOST = Said((("", "", "The car park is a maze."),), "unsorted")


@dataclass
class Scene:
    """A workspace with five answers, as its people see it."""

    database: Database
    business: Business
    themes: dict[str, int]
    answers: list[int]

    def at(self, key: str, rest: str = "") -> str:
        return self.business.at(f"themes/{self.themes[key]}{rest}")

    def members(self, theme_id: int) -> set[int]:
        with self.database.reading() as session:
            query = select(Assignment.answer_id).where(Assignment.theme_id == theme_id)
            return set(session.scalars(query))

    def name(self, theme_id: int) -> str:
        with self.database.reading() as session:
            return session.scalars(select(Theme.name).where(Theme.id == theme_id)).one()

    def last_step(self) -> int:
        with self.database.reading() as session:
            return (
                session.scalars(select(Decision.id).order_by(Decision.number.desc())).first() or 0
            )

    def counts_agree(self) -> bool:
        with self.database.writing() as session:
            counted = counts_now(session, self.business.workspace_id)
            rebuild(session, self.business.workspace_id)
            return counts_now(session, self.business.workspace_id) == counted


@pytest.fixture
def scene(app: Flask, business: Business) -> Scene:
    """Three that waited (one of them praises, too), one more praise, one in no theme."""
    database: Database = app.extensions["afterword"].database
    with database.writing() as session:
        run = make_run(session, business.workspace_id, utc_now())
        said = [(DAY, one) for one in (WAITED, WAITED, BOTH, KIND, LOST)]
        answers = add_answers(session, business.workspace_id, said, run, random.Random(1))
    return Scene(database, business, run[1], answers)


def text(browser: Browser, address: str, status: int = 200) -> str:
    """Return what a page says."""
    response = browser.get(address)
    assert response.status_code == status, (address, response.status_code)
    return plain(response.get_data(as_text=True))


def plain(html: str) -> str:
    """Return what a person reads of a page."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", unescape(html)))


def fields(browser: Browser, address: str) -> dict[str, str]:
    """Return the hidden fields of a page, as its form sends them."""
    page = browser.get(address).get_data(as_text=True)
    found = re.findall(r'<input[^>]*type="hidden"[^>]*>', page)
    pairs = {}
    for one in found:
        name, value = re.search(r'name="([^"]+)"', one), re.search(r'value="([^"]*)"', one)
        if name and name[1] not in pairs:
            pairs[name[1]] = unescape(value[1]) if value else ""
    return pairs


@pytest.mark.parametrize("path", ["themes/{}?order=newest", "answers?theme={}"])
def test_not_this_theme_is_one_press_below_an_answer_and_one_step(
    teammate: Browser, scene: Scene, path: str
) -> None:
    waiting, answer = scene.themes["waiting"], scene.answers[1]
    page = scene.business.at(path.format(waiting))
    html = teammate.get(page).get_data(as_text=True)
    assert "takes that one out of these 3 at once" in plain(html)
    assert "it tells only how plainly this one lies nearer than any other" in plain(html)
    assert html.count(">Not this theme</button>") == 3
    own_form = html.split('<form id="not-this"')[1].split("</form>")[0]
    hidden = re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', own_form)
    sent = {name: unescape(value) for name, value in hidden} | {"answers": str(answer)}
    done = teammate.post(scene.business.at("pick"), data=sent)
    assert done.location == page
    after = teammate.get(page).get_data(as_text=True)
    undo = f'<a href="{scene.business.at(f"ledger/{scene.last_step()}/undo")}">Undo it</a>'
    assert f"Done: 1 answer moved. {undo}" in after
    assert scene.members(waiting) == {scene.answers[0], scene.answers[2]}
    assert scene.counts_agree()
    teammate.send(scene.business.at(f"ledger/{scene.last_step()}/undo"))
    assert scene.members(waiting) == set(scene.answers[:3])


def test_not_this_theme_pressed_twice_is_one_step_and_stays_on_its_page(
    teammate: Browser, scene: Scene
) -> None:
    page = scene.business.at(f"answers/{scene.answers[0]}/tone")
    sent = fields(teammate, page) | {"back": page, "do": "out"}
    pressed = [teammate.post(scene.business.at("pick"), data=sent) for _time in range(2)]
    assert [one.location for one in pressed] == [page, page]
    told = text(teammate, page)
    assert "Done: 1 answer moved." in told
    assert "That answer is not in this theme any more." in told
    assert scene.members(scene.themes["waiting"]) == set(scene.answers[1:3])
    assert scene.counts_agree()


def test_an_answers_own_page_says_how_sure_and_takes_it_out_of_a_theme(
    teammate: Browser, scene: Scene
) -> None:
    page = scene.business.at(f"answers/{scene.answers[0]}/tone")
    told = text(teammate, page)
    assert re.search(r"In this theme: (sure|fairly sure|a guess), \d+ %", told)
    done = teammate.post(
        scene.business.at("pick"), data=fields(teammate, page) | {"back": page, "do": "out"}
    )
    assert done.location == page
    assert "This answer is in no theme." in text(teammate, page)


@pytest.mark.parametrize(
    "back",
    ["https://example.org/", "//example.org/", "/w/other/", "/w/hill-street\\@x", ""],
)
def test_a_step_leads_back_to_no_page_but_one_of_its_own_workspace(
    teammate: Browser, scene: Scene, back: str
) -> None:
    page = scene.business.at(f"answers/{scene.answers[0]}/tone")
    sent = fields(teammate, page) | {"back": back, "do": "out"}
    assert teammate.post(scene.business.at("pick"), data=sent).location == scene.at("waiting")


def test_a_theme_is_renamed_and_the_old_name_comes_back(teammate: Browser, scene: Scene) -> None:
    page = scene.at("waiting", "/rename")
    assert "It has 3 answers; none would move" in text(teammate, page)
    sent = teammate.post(page, data=fields(teammate, page) | {"name": "  Kept   waiting "})
    assert sent.location == scene.at("waiting")
    assert "Kept waiting" in text(teammate, scene.business.at())
    assert "renamed “Waiting” to “Kept waiting”" in text(teammate, scene.business.at("ledger"))
    undo = scene.business.at(f"ledger/{scene.last_step()}/undo")
    assert "0 answers would move" in text(teammate, undo)
    teammate.send(undo)
    assert scene.name(scene.themes["waiting"]) == "Waiting"
    assert "undid: renamed" in text(teammate, scene.business.at("ledger"))


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("", "Please give a name of 1 to 80 characters."),
        ("W" * 10_000, "Please give a name of 1 to 80 characters."),
        ("wArMtH", "There is a theme of this name already"),
        ("Waiting", "It is called that already."),
    ],
)
def test_a_name_that_cannot_be_is_told_and_kept_in_the_form(
    teammate: Browser, scene: Scene, name: str, told: str
) -> None:
    page = scene.at("waiting", "/rename")
    sent = teammate.post(page, data=fields(teammate, page) | {"name": name})
    assert sent.status_code == 422
    assert told in plain(sent.get_data(as_text=True))
    assert name in sent.get_data(as_text=True)
    assert scene.name(scene.themes["waiting"]) == "Waiting"


def test_a_name_with_markup_stays_words_everywhere(teammate: Browser, scene: Scene) -> None:
    page = scene.at("waiting", "/rename")
    hostile = "<script>alert(1)</script> “{{ 7*7 }}” \x00\u202e"
    teammate.post(page, data=fields(teammate, page) | {"name": hostile})
    for address in (
        scene.at("waiting"), scene.at("warmth", "/merge"), scene.business.at("ledger"),
        scene.business.at(), scene.at("waiting", "/split"), scene.business.at("pick"),
    ):  # fmt: skip
        shown = teammate.get(address).get_data(as_text=True)
        assert "<script>alert" not in shown, address
        assert "&lt;script&gt;alert" in shown, address


def test_merging_shows_what_would_move_moves_it_and_is_undone(
    teammate: Browser, scene: Scene
) -> None:
    waiting, warmth = scene.themes["waiting"], scene.themes["warmth"]
    before = {one: scene.members(one) for one in (waiting, warmth)}
    page = scene.at("waiting", f"/merge?into={warmth}")
    told = text(teammate, page)
    assert "3 answers would move into “Warmth”; 1 of them is there already" in told
    assert "It would then have 4 answers" in told
    sent = teammate.post(scene.at("waiting", "/merge"), data=fields(teammate, page))
    assert sent.location == scene.at("warmth")
    assert scene.members(warmth) == before[waiting] | before[warmth]
    assert scene.members(waiting) == set()
    assert scene.counts_agree()
    assert teammate.get(scene.at("waiting")).location == scene.at("warmth")
    assert "Waiting" not in text(teammate, scene.business.at())
    undo = scene.business.at(f"ledger/{scene.last_step()}/undo")
    assert "3 answers would move" in text(teammate, undo)
    teammate.send(undo)
    assert {one: scene.members(one) for one in (waiting, warmth)} == before
    assert scene.counts_agree()


def test_the_second_of_two_sees_what_the_first_did_and_nothing_is_overwritten(
    owner: Browser, teammate: Browser, scene: Scene
) -> None:
    page = scene.at("waiting", "/rename")
    first, second = fields(owner, page), fields(teammate, page)
    owner.post(page, data=first | {"name": "Late"})
    stale = teammate.post(page, data=second | {"name": "Queues"})
    told = plain(stale.get_data(as_text=True))
    assert stale.status_code == 409
    assert "Nothing was changed yet." in told
    assert "owner@example.org renamed “Waiting” to “Late”" in told
    assert 'value="Queues"' in stale.get_data(as_text=True)  # what was typed is kept
    assert scene.name(scene.themes["waiting"]) == "Late"
    seen = re.search(r'name="seen"[^>]*value="(\d+)"', stale.get_data(as_text=True))
    assert seen
    teammate.post(page, data=second | {"name": "Queues", "seen": seen[1]})
    assert scene.name(scene.themes["waiting"]) == "Queues"


def test_a_merge_that_somebody_forestalled_is_shown_anew(
    owner: Browser, teammate: Browser, scene: Scene
) -> None:
    page = scene.at("waiting", f"/merge?into={scene.themes['warmth']}")
    second = fields(teammate, page)
    rename = scene.at("warmth", "/rename")
    owner.post(rename, data=fields(owner, rename) | {"name": "Kindness"})
    stale = teammate.post(scene.at("waiting", "/merge"), data=second)
    assert stale.status_code == 409
    assert "renamed “Warmth” to “Kindness”" in plain(stale.get_data(as_text=True))
    assert len(scene.members(scene.themes["waiting"])) == 3


def test_undoing_what_is_undone_already_says_so(owner: Browser, scene: Scene) -> None:
    page = scene.at("waiting", "/rename")
    owner.post(page, data=fields(owner, page) | {"name": "Late"})
    undo = scene.business.at(f"ledger/{scene.last_step()}/undo")
    sent = fields(owner, undo)
    owner.post(undo, data=sent)
    again = owner.post(undo, data=sent)
    assert again.status_code == 409
    assert "Somebody has undone this already." in plain(again.get_data(as_text=True))
    owner.send(scene.business.at(f"ledger/{scene.last_step()}/undo"))  # undo the undoing
    assert scene.name(scene.themes["waiting"]) == "Late"


def test_an_answer_is_moved_by_hand_and_stays_where_it_was_put(
    teammate: Browser, scene: Scene
) -> None:
    waiting, warmth = scene.themes["waiting"], scene.themes["warmth"]
    one = scene.answers[0]
    plan = scene.business.at(f"pick/plan?theme={waiting}&do=move&to={warmth}&answer={one}")
    assert "1 answer would move from “Waiting” to “Warmth”." in text(teammate, plan)
    teammate.post(scene.business.at("pick"), data=fields(teammate, plan))
    assert one in scene.members(warmth)
    assert one not in scene.members(waiting)
    assert scene.counts_agree()
    with scene.database.reading() as session:
        placed = session.scalars(select(Assignment).where(Assignment.answer_id == one)).one()
        assert (placed.start, placed.tone, placed.confidence) == (0, "wish", 1.0)


def test_answers_are_said_to_stay_only_in_themes_that_they_are_in(
    teammate: Browser, scene: Scene
) -> None:
    waited, both, lost = scene.answers[0], scene.answers[2], scene.answers[4]
    warmth = scene.themes["warmth"]
    for step, said in (
        (f"do=new&answer={lost}", "1 answer would be in it."),
        (f"do=put&to={warmth}&answer={lost}", "1 answer would come into “Warmth”."),
        (
            f"do=new&answer={waited}&answer={lost}",
            "2 answers would be in it. 1 of them is in other themes and stays there, too.",
        ),
        (
            f"do=put&to={warmth}&answer={waited}",
            "1 answer would come into “Warmth”. It stays in its other themes, too.",
        ),
        (
            f"do=put&to={warmth}&answer={waited}&answer={both}",
            "1 is there already. They stay in their other themes, too.",
        ),
    ):
        plan = text(teammate, scene.business.at(f"pick/plan?{step}"))
        assert said in plan
        assert ("stay" in plan) is ("stay" in said)


@pytest.mark.parametrize(
    ("do", "told"),
    [
        ("out", "2 answers would leave “Waiting”, which would keep 1"),
        ("split", "2 answers would leave “Waiting” for a theme of their own; 1 would stay"),
        ("new", "2 answers would be in it. They stay in their other themes, too."),
    ],
)
def test_answers_are_taken_out_split_off_or_made_a_theme(
    teammate: Browser, scene: Scene, do: str, told: str
) -> None:
    waiting = scene.themes["waiting"]
    some = set(scene.answers[:2])
    ticked = "&".join(f"answer={one}" for one in some)
    plan = scene.business.at(f"pick/plan?theme={waiting}&do={do}&name=Queues&{ticked}")
    assert told in text(teammate, plan)
    teammate.post(scene.business.at("pick"), data=fields(teammate, plan) | {"name": "Queues"})
    assert len(scene.members(waiting)) == (3 if do == "new" else 1)
    with scene.database.reading() as session:
        fresh = session.scalar(select(Theme.id).where(Theme.name == "Queues"))
    assert (fresh is None) == (do == "out")
    assert fresh is None or scene.members(fresh) == some
    assert scene.counts_agree()
    teammate.send(scene.business.at(f"ledger/{scene.last_step()}/undo"))
    assert len(scene.members(waiting)) == 3
    assert fresh is None or scene.members(fresh) == set()
    assert fresh is None or text(
        teammate, scene.business.at(f"themes/{fresh}"), 404 if do == "new" else 302
    )
    assert scene.counts_agree()


def test_the_tone_of_an_answer_is_said_counted_kept_and_undone(
    teammate: Browser, scene: Scene
) -> None:
    waiting, one = scene.themes["waiting"], scene.answers[0]
    page = scene.business.at(f"answers/{one}/tone")
    assert "Taken for: a wish or complaint." in text(teammate, page)
    sent = fields(teammate, page) | {"do": "praise"}
    response = teammate.post(scene.business.at("pick"), data=sent)
    assert response.headers["Location"].endswith(page)
    assert "said of 1 answer in “Waiting”: praise" in text(teammate, scene.business.at("ledger"))
    assert "Taken for: praise." in text(teammate, page)
    listed = text(teammate, scene.business.at(f"answers?theme={waiting}&tone=praise"))
    assert listed.count("Twenty minutes past") == 1
    assert len(scene.members(waiting)) == 3
    assert scene.counts_agree()
    again = teammate.post(scene.business.at("pick"), data=sent)
    assert again.status_code == 409, "the page was made before the step"
    with scene.database.writing() as session:
        assert taught_of(session, scene.business.workspace_id) == ()
        made = (Placing(waiting, 0, 4, "wish", 0.9),)
        sorted_again = SortedAnswer(one, 1, "themes", made)
        run_id = session.scalars(select(Workspace.current_run_id)).one() or 0
        write_sortings(session, scene.business.workspace_id, run_id, [sorted_again])
    assert "Taken for: praise." in text(teammate, page), "a later sorting keeps it"
    undo = scene.business.at(f"ledger/{scene.last_step()}/undo")
    assert "1 answer would be counted as the sorting reads it" in text(teammate, undo)
    teammate.send(undo)
    assert "Taken for: a wish or complaint." in text(teammate, page)
    assert scene.counts_agree()


def test_the_tone_of_many_answers_is_said_at_once(teammate: Browser, scene: Scene) -> None:
    waiting = scene.themes["waiting"]
    plan = scene.business.at(f"pick/plan?theme={waiting}&do=unclear&all=1")
    assert "3 answers of “Waiting” would be counted as what could be either" in text(teammate, plan)
    teammate.post(scene.business.at("pick"), data=fields(teammate, plan))
    assert scene.counts_agree()
    told = text(teammate, scene.at("waiting"))
    assert "could be either3" in told
    again = teammate.post(scene.business.at("pick"), data=fields(teammate, plan))
    assert "They are taken for that already." in plain(again.get_data(as_text=True))


def test_a_tone_that_is_none_and_anothers_answer_are_not_found(
    teammate: Browser, scene: Scene
) -> None:
    assert teammate.get(scene.business.at("answers/12345/tone")).status_code == 404
    plan = scene.business.at(f"pick/plan?theme={scene.themes['waiting']}&do=angry&all=1")
    assert teammate.get(plan).status_code == 404


@pytest.mark.parametrize(
    ("step", "moves", "stays"),
    [
        ("theme={waiting}&do=out", "Twenty minutes past", "The car park is a maze."),
        ("theme={waiting}&do=praise", "Twenty minutes past", "The car park is a maze."),
        ("do=put&to={warmth}", "The car park is a maze.", "She rang me"),
        ("do=new&name=X", "She rang me", ""),
    ],
)
def test_the_plan_of_a_step_by_hand_lists_the_answers_that_it_would_move(
    teammate: Browser, scene: Scene, step: str, moves: str, stays: str
) -> None:
    page = text(teammate, scene.business.at(f"pick/plan?{step.format(**scene.themes)}&all=1"))
    told = re.search(r"(\d+) answers? (?:would|of)", page)
    assert told is not None
    listed = page.split("Which answers")[1]
    assert listed.count("31 Mar 2026 · now: ") == int(told[1])
    assert moves in listed
    assert not stays or f"{stays} 31 Mar" not in listed


def test_a_plan_of_many_answers_lists_the_newest_thirty_and_counts_the_rest(
    teammate: Browser, scene: Scene
) -> None:
    late = Said((("waiting", "wish", "Late, and nobody had told me."),))
    with scene.database.writing() as session:
        inside = scene.business.workspace_id
        run_id = session.scalars(select(Workspace.current_run_id)).one()
        said = [(date(2026, 4, 1), late)] * 30
        add_answers(session, inside, said, (run_id or 0, scene.themes), random.Random(2))
    waiting = scene.themes["waiting"]
    page = text(teammate, scene.business.at(f"pick/plan?theme={waiting}&do=out&all=1"))
    assert "33 answers would leave" in page
    assert page.count("1 Apr 2026 · now: ") == 30
    assert "Twenty minutes past" not in page
    assert "3 more would go with them" in page


def test_all_answers_of_a_view_are_picked_at_once(teammate: Browser, scene: Scene) -> None:
    plan = scene.business.at(f"pick/plan?do=put&to={scene.themes['warmth']}&all=1")
    assert "3 answers would come into “Warmth”; 2 are there already" in text(teammate, plan)
    teammate.post(scene.business.at("pick"), data=fields(teammate, plan))
    assert scene.members(scene.themes["warmth"]) == set(scene.answers)
    assert scene.counts_agree()


def test_picking_nothing_is_told(teammate: Browser, scene: Scene) -> None:
    sent = teammate.get(scene.business.at("pick/plan?do=new&name=X"), follow_redirects=True)
    assert "Please tick at least one answer." in plain(sent.get_data(as_text=True))


def test_a_hidden_theme_leaves_the_overview_and_keeps_its_answers(
    teammate: Browser, scene: Scene
) -> None:
    page = scene.at("waiting", "/set/hide")
    assert "It has 3 answers; none would move" in text(teammate, page)
    teammate.post(page, data=fields(teammate, page))
    assert "“Waiting”" in text(teammate, scene.business.at("ledger"))
    assert "Waiting" not in text(teammate, scene.business.at())
    assert "Hidden from the overview" in text(teammate, scene.at("waiting"))
    assert len(scene.members(scene.themes["waiting"])) == 3
    again = scene.at("waiting", "/set/show")
    teammate.post(again, data=fields(teammate, again))
    assert "Waiting" in text(teammate, scene.business.at())


def test_a_pinned_theme_stands_first_even_while_nobody_says_it(
    teammate: Browser, scene: Scene
) -> None:
    page = scene.at("warmth", "/set/pin")
    teammate.post(page, data=fields(teammate, page))
    text(teammate, scene.business.at("ledger"))  # the message was read
    shown = text(teammate, scene.business.at())
    shown = shown[shown.index("What would have been more helpful") :]  # behind the filters
    assert 0 < shown.index("Warmth pinned") < shown.index("Waiting")


def test_sorting_anew_is_asked_for_in_the_ledger(teammate: Browser, scene: Scene) -> None:
    page, ledger = scene.at("warmth", "/set/pin"), scene.business.at("ledger")
    teammate.post(page, data=fields(teammate, page))
    beat(scene)
    teammate.send(ledger, to=scene.business.at("ledger/sort-anew"))
    with scene.database.reading() as session:
        assert session.scalar(select(Workspace.resort_asked_at)) is not None
    for _look in range(2):  # as long as it runs, not only right after the press
        told = text(teammate, ledger)
        assert re.search(r"All answers are being read anew since \d\d:\d\d on \d+ \w+\.", told)
        assert "Read all answers anew, as a proposal" not in told


def test_the_ledger_says_what_keeps_a_reading_anew_from_running(
    teammate: Browser, scene: Scene
) -> None:
    ledger = scene.business.at("ledger")
    _set(scene, resort_asked_at=AT)
    assert "no worker is there to do it" in text(teammate, ledger)
    beat(scene)
    _set(scene, last_error="The model's file is damaged.")
    assert "did not go through: The model's file is damaged." in text(teammate, ledger)
    _propose(scene)
    assert "once you have decided under Proposals" in text(teammate, ledger)


def test_the_ledger_says_how_the_last_reading_anew_ended(teammate: Browser, scene: Scene) -> None:
    ledger = scene.business.at("ledger")
    assert "ead anew on" not in text(teammate, ledger)
    for outcome, told in (
        ("nothing", "Read anew on 12 November 2026: nothing would move."),
        ("known", "nothing was taught about the book’s own themes since all answers were last"),
        ("proposed", "Read anew on 12 November 2026: what would move was proposed, and has been"),
    ):
        _set(scene, resort_ended_at=AT, resort_outcome=outcome)
        assert told in text(teammate, ledger)
    _propose(scene)
    page = teammate.get(ledger).get_data(as_text=True)
    assert "Read anew on 12 November 2026: what would move waits under Proposals" in plain(page)
    assert f'waits under <a href="{scene.business.at("proposals")}">' in page


AT = datetime(2026, 11, 12, 10, 4, tzinfo=UTC)


def beat(scene: Scene) -> None:
    """Let a worker be seen."""
    with scene.database.writing() as session:
        session.add(WorkerBeat(name="w", beat_at=utc_now(), doing=""))


def _set(scene: Scene, **values: object) -> None:
    with scene.database.writing() as session:
        here = Workspace.id == scene.business.workspace_id
        session.execute(update(Workspace).where(here).values(**values))


def _propose(scene: Scene) -> None:
    with scene.database.writing() as session:
        session.add(
            Run(
                workspace_id=scene.business.workspace_id, id=new_id(), kind="resort",
                state="proposed", engine="f" * 64, started_at=AT, finished_at=AT, summary={},
            )
        )  # fmt: skip


def test_two_at_the_very_same_moment_do_not_both_get_through(scene: Scene) -> None:
    hands = [Hand(scene.business.workspace_id, None, utc_now(), 0) for _ in range(2)]
    waiting = scene.themes["waiting"]
    with pytest.raises(StaleError) as refused:
        overlapping(
            scene.database,
            lambda session: rename(session, hands[0], waiting, "First"),
            lambda session: rename(session, hands[1], waiting, "Second"),
        )
    assert refused.value.steps == (scene.last_step(),)
    assert scene.name(waiting) == "First"


def test_the_ledger_shows_the_themes_of_a_day(teammate: Browser, scene: Scene) -> None:
    page = scene.at("waiting", f"/merge?into={scene.themes['warmth']}")
    teammate.post(scene.at("waiting", "/merge"), data=fields(teammate, page))
    today = utc_now().date()
    now = text(teammate, scene.business.at(f"ledger?on={today}"))
    assert "Warmth with Waiting4" in now
    assert "There were no themes yet." in text(teammate, scene.business.at("ledger?on=2020-01-01"))
    for wrong in ("soon", "9999-12-31", "0001-01-01"):
        assert "notice bad" in teammate.get(scene.business.at(f"ledger?on={wrong}")).get_data(
            as_text=True
        )


def test_another_workspaces_theme_and_step_are_not_found(
    outsider: Browser, teammate: Browser, scene: Scene, elsewhere: Business
) -> None:
    page = scene.at("waiting", "/rename")
    teammate.post(page, data=fields(teammate, page) | {"name": "Late"})
    step, waiting = scene.last_step(), scene.themes["waiting"]
    for path in (
        f"themes/{waiting}/rename", f"themes/{waiting}/merge", f"themes/{waiting}/split",
        f"themes/{waiting}/set/hide", f"themes/{waiting}/check", f"ledger/{step}/undo",
        f"ledger?theme={waiting}",
    ):  # fmt: skip
        text(outsider, elsewhere.at(path), 404)
    token = fields(outsider, elsewhere.at("pick"))  # a page of theirs
    token = token or fields(outsider, "/account")
    sent = outsider.post(
        elsewhere.at("pick"),
        data=token | {"do": "out", "answers": str(scene.answers[0]), "from": str(waiting)},
    )
    assert sent.status_code == 404
    assert len(scene.members(waiting)) == 3


def test_two_themes_never_have_one_name_whatever_its_letters(
    teammate: Browser, scene: Scene
) -> None:
    for key, name, status in (
        ("waiting", "Öffnungszeiten", 303), ("warmth", "ÖFFNUNGSZEITEN", 422),
    ):  # fmt: skip
        page = scene.at(key, "/rename")
        assert teammate.post(page, data=fields(teammate, page) | {"name": name}).status_code == (
            status
        )


def test_an_answer_named_over_and_over_is_one_answer(teammate: Browser, scene: Scene) -> None:
    wanted = fields(teammate, scene.at("waiting", "/rename")) | {
        "do": "put", "to": str(scene.themes["waiting"]),
        "answers": ",".join([str(scene.answers[3])] * 450),
    }  # fmt: skip
    sent = teammate.post(scene.business.at("pick"), data=wanted)
    assert sent.status_code == 303
    assert scene.answers[3] in scene.members(scene.themes["waiting"])
    assert scene.counts_agree()


def test_what_a_person_placed_is_told_from_what_the_sorting_is_sure_of(
    teammate: Browser, scene: Scene
) -> None:
    wanted = fields(teammate, scene.at("waiting", "/rename")) | {
        "do": "put", "to": str(scene.themes["waiting"]), "answers": str(scene.answers[3]),
    }  # fmt: skip
    assert "by hand" not in text(teammate, scene.at("waiting"))
    teammate.post(scene.business.at("pick"), data=wanted)
    assert text(teammate, scene.at("waiting")).count("placed or confirmed by hand") == 1


def test_what_was_undone_is_done_again_under_its_own_name(teammate: Browser, scene: Scene) -> None:
    page, ledger = scene.at("waiting", "/rename"), scene.business.at("ledger")
    teammate.post(page, data=fields(teammate, page) | {"name": "Kept waiting"})
    for button, told in (("Undo", "Undone."), ("Do it again", "Done again."), ("Undo", "Undone.")):
        here = f"{ledger}/{scene.last_step()}/undo"
        shown = teammate.get(here).get_data(as_text=True)
        assert f"<button>{button}</button>" in shown
        assert f">{button}<span" in teammate.get(ledger).get_data(as_text=True)
        teammate.post(here, data=fields(teammate, here))
        assert told in text(teammate, ledger)


def test_whoever_undoes_and_redoes_all_day_leaves_the_ledger_readable(
    teammate: Browser, scene: Scene
) -> None:
    page = scene.at("waiting", "/rename")
    teammate.post(page, data=fields(teammate, page) | {"name": "Kept waiting"})
    step, here = scene.last_step(), scene.business.workspace_id
    with scene.database.writing() as session:
        for number in range(2, 602):
            made = Decision(
                workspace_id=here, id=new_id(), number=number, kind="undo", undoes_id=step,
                decided_at=utc_now(), details={},
            )  # fmt: skip
            session.add(made)
            session.flush()
            step = made.id
    told = text(teammate, scene.business.at("ledger"))
    for words in ("did again: renamed “Waiting” to “Kept waiting”", "undid: renamed “Waiting” to"):
        assert told.count(words) == 25


def test_a_step_without_its_theme_is_told_and_nothing_breaks(
    teammate: Browser, scene: Scene
) -> None:
    one = f"answer={scene.answers[0]}"
    for query, told in (
        (f"do=out&{one}", "Please open a theme first"),
        (f"do=split&{one}&name=Late", "Please open a theme first"),
        (f"do=move&{one}&to={scene.themes['warmth']}", "Please open a theme first"),
        (f"do=put&{one}&to=", "Please choose the theme they are to go to."),
    ):
        sent = teammate.get(scene.business.at(f"pick/plan?{query}"))
        assert sent.status_code == 303, query
        assert sent.location
        assert told in text(teammate, sent.location)
