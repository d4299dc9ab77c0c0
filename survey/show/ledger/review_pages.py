"""The two-minute check: twenty answers, yes or no, by key or by button."""

from flask import Blueprint, flash, redirect, render_template, request, url_for

from survey.errors import NotFoundError
from survey.show.ledger.forms import StepForm
from survey.show.ledger.pages import ID, Page, hand, to_theme
from survey.show.ledger.queries import theme_card
from survey.show.ledger.review import (
    SAMPLE,
    VERDICTS,
    begin_review,
    keep_review,
    review_page,
    review_under_way,
    say,
)
from survey.show.ledger.trust import trust_in
from survey.web.access import open_to
from survey.web.current import database, place

blueprint = Blueprint("ledger_review", __name__)
_REVIEW = f"/w/<workspace>/checks/<{ID}:review_id>"


@blueprint.get(f"/w/<workspace>/themes/<{ID}:theme_id>/check")
@open_to("teammate")
def check(theme_id: int) -> Page:
    """Tell what the last check found, and offer another."""
    with database().reading() as session:
        inside = place().workspace_id
        return render_template(
            "show/ledger/check.html",
            card=theme_card(session, inside, theme_id),
            trust=trust_in(session, inside, theme_id),
            under_way=review_under_way(session, inside, theme_id),
            sample=SAMPLE,
            form=StepForm(),
        )


@blueprint.post(f"/w/<workspace>/themes/<{ID}:theme_id>/check")
@open_to("teammate")
def post_check(theme_id: int) -> Page:
    """Draw the answers."""
    with database().writing() as session:
        review_id = begin_review(session, hand(), theme_id)
    return redirect(url_for("ledger_review.review", review_id=review_id), 303)


@blueprint.get(_REVIEW)
@open_to("teammate")
def review(review_id: int) -> Page:
    """Show the next answer to read; after the last, what came out."""
    typed = request.args.get("place", "")
    at = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 4 else None
    with database().reading() as session:
        inside = place().workspace_id
        page = review_page(session, inside, review_id, at)
        return render_template(
            "show/ledger/review.html",
            page=page,
            card=theme_card(session, inside, page.theme_id),
            form=StepForm(),
        )


@blueprint.post(_REVIEW)
@open_to("teammate")
def post_review(review_id: int) -> Page:
    """Keep what was said of one answer, and go on to the next."""
    sent = request.form
    verdict = next((one for one in VERDICTS if one == sent.get("verdict")), None)
    typed = sent.get("place", "")
    if verdict is None or not (typed.isascii() and typed.isdigit() and len(typed) < 4):
        raise NotFoundError("There is no such answer in this check.")
    with database().writing() as session:
        say(session, place().workspace_id, review_id, int(typed), verdict)
    return redirect(url_for("ledger_review.review", review_id=review_id), 303)


@blueprint.post(f"{_REVIEW}/keep")
@open_to("teammate")
def post_keep(review_id: int) -> Page:
    """Keep the check: the theme bears its figure, and the sorting learns from it."""
    with database().writing() as session:
        keep_review(session, hand(), review_id)
    with database().reading() as session:
        theme_id = review_page(session, place().workspace_id, review_id).theme_id
    flash("Kept. What you said holds in every later sorting.")
    return to_theme(theme_id)
