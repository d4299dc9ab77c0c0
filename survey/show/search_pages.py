"""Searching answers: by the words in them, and by meaning."""

from dataclasses import replace

from flask import Blueprint, render_template, request

from survey.clock import utc_now
from survey.show.answer_queries import answer_page, answers_by_id, answers_counted
from survey.show.likeness import answers_alike, question_of
from survey.show.pages import TONE_NAMES, by_meaning, filter_form, shortened, view_asked
from survey.show.standing import standing
from survey.web.access import open_to
from survey.web.current import database, place

blueprint = Blueprint("search", __name__)


@blueprint.get("/w/<workspace>/search")
@open_to("teammate")
def search() -> str:
    """Show answers with the words of a search beside those that mean much the same."""
    view, wrong = view_asked()
    inside, wanted = place().workspace_id, view.wanted
    beside = replace(wanted, words=None)
    like = _answer_id(request.args.get("like"))
    told = None
    if like or wanted.words:
        told = by_meaning(question_of(inside, beside, sentence=wanted.words, like=[like or 0]))
    with database().reading() as session:
        run_id = standing(session, inside, utc_now()).run_id
        here = (session, inside, run_id, wanted)
        total = answers_counted(*here) if wanted.words else 0
        return render_template(
            "show/search.html",
            like=like,
            model_answer=next(
                iter(answers_by_id(session, inside, run_id, [like] if like else [])), None
            ),
            total=total,
            **shortened(view, total),
            listed=answer_page(*here, many=total > 0) if wanted.words else None,
            alike=answers_alike(session, inside, run_id, beside, told)
            if told or like or wanted.words
            else None,
            tone_names=TONE_NAMES,
            **filter_form(session, view, wrong),
        )


def _answer_id(typed: str | None) -> int | None:
    if typed and typed.isascii() and typed.isdigit() and len(typed) <= 19 and int(typed) < 2**63:
        return int(typed)
    return None
