"""An owner's own themes: from the page or a file, beside the shipped book or instead of it."""

import io

import pytest
from sqlalchemy import select

from survey.records import Theme, ThemeExample, Workspace
from survey.records.ledger import entries_of
from survey.records.settled import settle
from tests.show.test_ledger_pages import Scene, fields, plain, scene, text
from tests.support.browser import Browser
from tests.support.people import Business

__all__ = ["scene"]
WRITTEN = {
    "name": "Parking",
    "definition": "Nowhere to leave the car.",
    "not_this": "",
    "examples": "No space again.\nThe car park is a maze.\nI parked two streets off.",
}
FILE = """themes:
  - key: parking
    name: Parking
    definition: Nowhere to leave the car.
    examples: [No space again, The car park is a maze, I parked two streets off]
"""


def theme(scene: Scene, name: str) -> Theme | None:
    with scene.database.reading() as session:
        found = session.scalar(select(Theme).where(Theme.name == name))
        session.expunge_all()
        return found


def asked(scene: Scene) -> bool:
    with scene.database.reading() as session:
        return session.scalar(select(Workspace.resort_asked_at)) is not None


def test_a_theme_of_ones_own_is_added_changed_and_undone(owner: Browser, scene: Scene) -> None:
    page = scene.business.at("book")
    owner.post(page, data=fields(owner, page) | WRITTEN)
    made = theme(scene, "Parking")
    assert made is not None
    assert (made.origin, made.state, made.key) == ("book", "active", "own_parking")
    assert asked(scene)
    assert "All answers are read anew" in text(owner, page)
    own = scene.business.at(f"book/{made.id}")
    assert "No space again." in owner.get(own).get_data(as_text=True)
    changed = WRITTEN | {"name": "The car park", "examples": "One more.\nTwo more.\nThree more."}
    owner.post(own, data=fields(owner, own) | changed)
    with scene.database.reading() as session:
        told = session.scalars(
            select(ThemeExample.example)
            .where(ThemeExample.theme_id == made.id)
            .order_by(ThemeExample.number)
        ).all()
    assert told == ["One more.", "Two more.", "Three more."]
    owner.send(scene.business.at(f"ledger/{scene.last_step()}/undo"))
    assert theme(scene, "Parking") is not None
    assert "No space again." in owner.get(own).get_data(as_text=True)


def test_the_book_page_says_what_each_shipped_theme_covers(owner: Browser, scene: Scene) -> None:
    page = text(owner, scene.business.at("book"))
    with scene.database.reading() as session:
        shipped = session.execute(
            select(Theme.name, Theme.definition).where(
                Theme.run_id.is_not(None), Theme.origin == "book"
            )
        ).all()
    listed = page.partition("Read what each covers")[2]
    assert shipped
    for name, definition in shipped:
        assert name in listed
        assert definition in listed


@pytest.mark.parametrize(
    ("field", "typed", "told"),
    [
        ("name", "W" * 10_000, "Please give a name of 1 to 80 characters."),
        ("name", "Waiting", "There is a theme of this name already"),
        ("definition", " ", "Please say in one sentence what it is"),
        ("examples", "Only one.", "Please write three to six examples, one a line; you wrote 1."),
        ("examples", "…\n!\n?", "Please write three to six examples, one a line; you wrote 0."),
        ("examples", "x" * 500 + "\nb\nc", "Please keep each example under 400 characters."),
    ],
)
def test_what_cannot_be_a_theme_is_told_and_kept(
    owner: Browser, scene: Scene, field: str, typed: str, told: str
) -> None:
    page = scene.business.at("book")
    sent = owner.post(page, data=fields(owner, page) | WRITTEN | {field: typed})
    assert sent.status_code == 422
    assert told in plain(sent.get_data(as_text=True))
    assert "Nowhere to leave the car." in sent.get_data(as_text=True) or field == "definition"
    assert theme(scene, "Parking") is None


def test_a_file_adds_its_themes_and_takes_the_place_of_those_it_added(
    owner: Browser, scene: Scene
) -> None:
    page, to = scene.business.at("book"), scene.business.at("book/file")

    def read(words: str) -> int:
        sent = fields(owner, page) | {"file": (io.BytesIO(words.encode()), "mine.yaml")}
        return owner.post(to, data=sent, content_type="multipart/form-data").status_code

    assert read(FILE) == 303
    first = theme(scene, "Parking")
    assert read(FILE.replace("name: Parking", "name: Car park")) == 303
    second = theme(scene, "Car park")
    assert first is not None
    assert second is not None
    assert first.id == second.id


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (FILE.replace("parking", "warmth"), "The shipped book has the key"),
        (FILE.replace("examples: [No space again, ", "examples: ["), "write three to six"),
        ("themes: [", "this is not valid YAML"),
        ("", "the book is empty"),
        (FILE.replace("name: Parking", "name: " + "W" * 10_000), "1 to 80 characters"),
    ],
)
def test_a_file_that_cannot_be_used_adds_nothing(
    owner: Browser, scene: Scene, words: str, told: str
) -> None:
    page, to = scene.business.at("book"), scene.business.at("book/file")
    sent = fields(owner, page) | {"file": (io.BytesIO(words.encode()), "mine.yaml")}
    answer = owner.post(to, data=sent, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert told in plain(answer.get_data(as_text=True))
    assert not asked(scene)


def test_the_shipped_book_is_put_away_with_its_answers_and_taken_back(
    owner: Browser, scene: Scene
) -> None:
    page = scene.business.at("book/away?theme=shipped")
    assert "which would leave them at once" in text(owner, page)
    waiting = scene.themes["waiting"]
    before = scene.members(waiting)
    owner.post(scene.business.at("book/away"), data=fields(owner, page))
    assert scene.members(waiting) == set()
    assert scene.counts_agree()
    assert asked(scene)
    text(owner, scene.at("waiting"), 404)
    with scene.database.reading() as session:
        held = settle(entries_of(session, scene.business.workspace_id))
    assert waiting in held.gone
    back = scene.business.at("book/away?theme=shipped&back=1")
    owner.post(scene.business.at("book/away"), data=fields(owner, back))
    assert scene.members(waiting) == before
    assert scene.counts_agree()


def test_a_teammate_does_not_edit_the_book(
    teammate: Browser, owner: Browser, scene: Scene, business: Business
) -> None:
    text(teammate, business.at("book"), 403)
    assert "the book" in text(owner, business.at("ledger"))
    assert "stands in the book" not in text(teammate, business.at("ledger"))


def test_only_an_owner_undoes_what_was_done_to_the_book(
    owner: Browser, teammate: Browser, scene: Scene
) -> None:
    page = scene.business.at("book")
    owner.post(page, data=fields(owner, page) | WRITTEN)
    csrf = fields(teammate, scene.at("waiting", "/rename"))
    for state in ("active", "refused"):  # what was done, and what was undone
        undo = scene.business.at(f"ledger/{scene.last_step()}/undo")
        assert teammate.get(undo).status_code == 403
        assert teammate.post(undo, data=csrf).status_code == 403
        assert undo not in teammate.get(scene.business.at("ledger")).get_data(as_text=True)
        made = theme(scene, "Parking")
        assert made is not None
        assert made.state == state
        owner.send(undo)
