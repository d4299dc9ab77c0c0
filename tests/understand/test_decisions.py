"""What people decide about themes holds in every later fit, whatever else happens."""

from dataclasses import dataclass, field

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from survey.understand.decisions import Constraint, read_decisions
from survey.understand.found import FoundTheme
from survey.understand.model import ThemeModel
from tests.understand.conftest import WordEmbedder
from tests.understand.listeners import RuleListener

WORDS = WordEmbedder()
SUBJECTS = (
    "telephone line rang engaged", "car park spaces tarmac", "toilet towels soap basin",
    "receptionist desk sighed counter", "invoice charged pounds fee", "lift stairs broken ramp",
)  # fmt: skip
DETAILS = ("monday", "again", "twice", "still", "entirely", "badly", "upstairs", "outside")
ARRIVALS = tuple(f"{subject} {detail}" for subject in SUBJECTS for detail in DETAILS)


@dataclass
class Business:
    """Answers, themes and decisions as they build up."""

    texts: list[str] = field(default_factory=list)
    themes: tuple[FoundTheme, ...] = ()
    constraints: list[Constraint] = field(default_factory=list)

    def refit(self) -> ThemeModel:
        model = ThemeModel(WORDS, themes=5, listener=RuleListener())
        model.fit(self.texts, before=self.themes, constraints=self.constraints)
        gone = [one for one in self.themes if one.id not in {theme.id for theme in model.found_}]
        # Merged themes are kept by whoever stores them, so that a split can bring them back.
        self.themes = (*model.found_, *gone)
        return model

    def shown(self) -> dict[str, set[str]]:
        model = ThemeModel.from_themes(
            WORDS, None, self.themes, self.constraints, listener=RuleListener()
        )
        themes: dict[str, set[str]] = {}
        for one in model.assign(self.texts):
            themes.setdefault(str(one.row), set()).add(one.theme_id)
        return themes


edits = st.lists(
    st.tuples(
        st.sampled_from(
            ["arrive", "refit", "belongs", "not", "merged", "split", "renamed", "pinned"]
        ),
        st.integers(0, 999),
        st.integers(0, 999),
    ),
    min_size=3,
    max_size=14,
)


def play(business: Business, edit: tuple[str, int, int]) -> None:
    kind, one, other = edit
    if kind == "arrive":
        business.texts.extend(ARRIVALS[(one + step) % len(ARRIVALS)] for step in range(other % 20))
    elif kind == "refit":
        business.refit()
    elif business.themes:
        theme = business.themes[one % len(business.themes)].id
        second = business.themes[other % len(business.themes)].id
        answer = str(other % len(business.texts))
        made = {
            "belongs": Constraint("belongs", theme, answer=answer),
            "not": Constraint("not", theme, answer=answer),
            "merged": Constraint("merged", theme, other=second),
            "split": Constraint("split", theme, other=second),
            "renamed": Constraint("renamed", theme, name=f"Name {other}"),
            "pinned": Constraint("pinned", theme),
        }[kind]
        business.constraints.append(made)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(edits)
def test_decisions_hold_after_any_sequence_of_edits_and_arrivals(
    steps: list[tuple[str, int, int]],
) -> None:
    business = Business(list(ARRIVALS))
    business.refit()
    for step in steps:
        play(business, step)
    model = business.refit()
    decided = read_decisions(business.constraints)
    names = {theme.id: theme.name for theme in model.found_}
    shown = business.shown()
    for answer, themes in decided.inside.items():
        assert themes <= shown[answer]
    for answer, themes in decided.outside.items():
        assert not themes & shown[answer]
    assert decided.lasting <= names.keys()
    assert all(names[theme] == name for theme, name in decided.names.items())
    assert not decided.merged.keys() & {theme for found in shown.values() for theme in found}


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from(ARRIVALS), max_size=30))
def test_arrivals_move_nobody(arrivals: list[str]) -> None:
    business = Business(list(ARRIVALS))
    business.refit()
    before = business.shown()
    business.texts.extend(arrivals)
    after = business.shown()
    assert {row: after[row] for row in before} == before


def test_a_stored_theme_takes_the_same_answers_as_the_fitted_one() -> None:
    model = ThemeModel(WORDS, themes=5, listener=RuleListener()).fit(ARRIVALS)
    kept = [FoundTheme.from_anchor(one.id, one.name, one.anchor()) for one in model.found_]
    again = ThemeModel.from_themes(WORDS, None, kept, listener=RuleListener())
    assert again.assign(ARRIVALS) == model.assign(ARRIVALS)


def test_a_theme_found_again_keeps_its_id() -> None:
    business = Business(list(ARRIVALS))
    first = {theme.id for theme in business.refit().found_}
    business.texts.extend(ARRIVALS[:9])
    assert {theme.id for theme in business.refit().found_} == first


def test_a_later_word_wins_over_an_earlier_one() -> None:
    said = [Constraint("belongs", "a", answer="1"), Constraint("not", "a", answer="1")]
    assert read_decisions(said).outside == {"1": frozenset({"a"})}
    assert read_decisions(said).inside == {}


def test_what_was_said_of_a_merged_theme_holds_for_the_other() -> None:
    said = [Constraint("belongs", "a", answer="1"), Constraint("merged", "a", other="b")]
    assert read_decisions(said).inside == {"1": frozenset({"b"})}


def test_merging_in_a_circle_leaves_the_last_one_standing() -> None:
    said = [Constraint("merged", "a", other="b"), Constraint("merged", "b", other="a")]
    assert read_decisions(said).merged == {"b": "a"}


def test_a_split_brings_a_merged_theme_back() -> None:
    said = [Constraint("merged", "a", other="b"), Constraint("split", "a", other="b")]
    assert read_decisions(said).merged == {}
    assert read_decisions(said).lasting == {"a", "b"}
