"""The page of news: what rises, the weeks, and by which ways one wants to be told."""

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from survey.clock import utc_now
from survey.errors import FieldError, NotFoundError
from survey.records import Reader, Workspace
from survey.show.tell.actions import (
    Wish,
    end_feed,
    reader_behind,
    reader_of,
    renew_feed,
    set_webhook,
    set_wish,
    stop_mails,
    telling_of,
)
from survey.show.tell.forms import DAYS, NEVER, FeedForm, WebhookForm, WishForm
from survey.show.tell.payload import Source, atom_feed, lines_of, title_of
from survey.show.tell.queries import hooked, news_of
from survey.tokens import make_token, token_alone
from survey.web.access import open_to
from survey.web.current import database, place, settings, visitor
from survey.web.forms import blame
from survey.web.unknown_links import count_unknown_link

blueprint = Blueprint("tell", __name__)
Page = str | AnyResponse | tuple[str, int]


@blueprint.get("/w/<workspace>/news")
@open_to("teammate")
def news() -> Page:
    """Show what is new and how one may be told."""
    return _page()


@blueprint.post("/w/<workspace>/news")
@open_to("teammate")
def post_wish() -> Page:
    """Note what this member wants to be told."""
    form, inside = WishForm(), place()
    chosen = form.weekday.data
    wish = Wish(DAYS.index(chosen) if chosen in DAYS else None, form.alerts.data)
    try:
        with database().writing() as session:
            reader = reader_of(session, inside.workspace_id, _me())
            key = settings().secret_key
            set_wish(session, reader, wish, secret_key=key, now=utc_now(), zone=inside.time_zone)
    except FieldError as error:
        blame(form, error)
        return _page(wish=form), 422
    flash(_said_back(wish))
    return redirect(url_for("tell.news"), 303)


def _said_back(wish: Wish) -> str:
    letter = "no letter" if wish.weekday is None else f"a letter every {DAYS[wish.weekday]}"
    alerts = "a mail when a theme rises" if wish.alerts else "no mail when a theme rises"
    told = f"Kept: {letter}, {alerts}."
    if settings().smtp is None and (wish.alerts or wish.weekday is not None):
        told += " No mail server is set here yet, so for now this page is where the news stands."
    return told


@blueprint.post("/w/<workspace>/news/feed")
@open_to("teammate")
def post_feed() -> Page:
    """Make a new address for this member's feed, or end it."""
    with database().writing() as session:
        reader = reader_of(session, place().workspace_id, _me())
        if request.form.get("do") == "end":
            end_feed(session, reader)
        else:
            renew_feed(session, reader, secret_key=settings().secret_key)
    return redirect(url_for("tell.news", _anchor="feed"), 303)


@blueprint.post("/w/<workspace>/news/webhook")
@open_to("owner")
def post_webhook() -> Page:
    """Note where news is posted, and whether customers' words may go along."""
    form = WebhookForm()
    try:
        with database().writing() as session:
            set_webhook(
                session,
                telling_of(session, place().workspace_id, utc_now()),
                form.webhook_url.data or "",
                with_words=form.with_words.data,
                inside=settings().webhooks_inside,
            )
    except FieldError as error:
        blame(form, error)
        return _page(webhook=form), 422
    flash("Kept.")
    return redirect(url_for("tell.news", _anchor="webhook"), 303)


@blueprint.get("/feed/<token>")
@open_to("customer")
def feed(token: str) -> Response:
    """Give a member's news as an Atom feed; the token is the authority."""
    now = utc_now()
    with database().reading() as session:
        reader = reader_behind(session, token_alone(token), "feed")
        if reader is None:
            count_unknown_link()
            raise NotFoundError("This feed is closed. Please copy its address from your own page.")
        home = session.get_one(Workspace, reader.workspace_id)
        source = Source(home.name, f"{settings().base_url}/w/{home.slug}/news", home.is_sample)
        body = atom_feed(source, news_of(session, home.id), now)
    return Response(body, content_type="application/atom+xml; charset=utf-8")


@blueprint.get("/d/<token>")
@open_to("customer")
def no_more(token: str) -> str:
    """Show what the link is for; following it changes nothing, since mail programs do so, too."""
    return render_template("show/tell/no_more.html", done=not _is_told(token))


@blueprint.post("/d/<token>")
@open_to("customer")
def post_no_more(token: str) -> str:
    """End the mails, from our page or by a mail program's one click (RFC 8058)."""
    _is_told(token)
    with database().writing() as session:
        stop_mails(session, token_alone(token))
    return render_template("show/tell/no_more.html", done=True)


def _is_told(token: str) -> bool:
    """Whether whoever holds this link gets mails now; an unknown link is counted and refused."""
    with database().reading() as session:
        reader = reader_behind(session, token_alone(token), "digest")
        told = reader is not None and (reader.weekday is not None or reader.alerts)
    if reader is None:
        count_unknown_link()
        raise NotFoundError("This link opens nothing. Please copy the whole address of the mail.")
    return told


def _me() -> int:
    person = visitor()
    if person is None:  # the access rule lets nobody else come this far
        raise NotFoundError("There is no such page here.")
    return person.person_id


def _page(wish: WishForm | None = None, webhook: WebhookForm | None = None) -> str:
    inside, key = place(), settings().secret_key
    with database().reading() as session:
        reader = session.get(Reader, (inside.workspace_id, _me()))
        told = news_of(session, inside.workspace_id)
        hook = hooked(session, inside.workspace_id) if inside.role == "owner" else None
        weekday = reader.weekday if reader else None
        return render_template(
            "show/tell/news.html",
            rising=[one for one in told if one.risen and not one.ended_on],
            past=[one for one in told if one.week or one.ended_on],
            title_of=title_of,
            lines_of=lines_of,
            wish=wish
            or WishForm(
                formdata=None,
                weekday=NEVER if weekday is None else DAYS[weekday],
                alerts=bool(reader and reader.alerts),
            ),
            feed=FeedForm(formdata=None),
            feed_link=_feed_link(reader, key),
            webhook=webhook
            or WebhookForm(
                formdata=None,
                webhook_url=hook.url if hook else "",
                with_words=bool(hook and hook.with_words),
            ),
            hook=hook,
            secret=make_token(key, "webhook", inside.workspace_id, hook.nonce) if hook else None,
            has_mail=settings().smtp is not None,
        )


def _feed_link(reader: Reader | None, key: bytes) -> str | None:
    if reader is None or reader.feed_nonce is None:
        return None
    token = make_token(key, "feed", reader.person_id, reader.feed_nonce)
    return f"{settings().base_url}/feed/{token}"
