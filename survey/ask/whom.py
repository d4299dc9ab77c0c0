"""Whom of a list to ask: the rules that need to know what was asked before."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from survey.address import one_spelling
from survey.ask.list_people import LeftOut, Listed
from survey.ask.queries import unsubscribed_among
from survey.clock import in_words
from survey.records import Interaction, Invitation

FURTHEST_BACK = timedelta(days=366)  # what was asked before that is not looked for


@dataclass(frozen=True)
class Asking:
    """The list that asks.

    Parameters
    ----------
    workspace_id : int
        Whose.
    token : str
        The list's own: sent again, it asks nobody again.
    quiet_days : int
        Whoever was asked in so many days is left out; 0 leaves nobody out for it.
    zone : ZoneInfo
        The workspace's.
    secret_key : bytes
        The installation's, by which those who want no more mail are known.
    """

    workspace_id: int
    token: str
    quiet_days: int
    zone: ZoneInfo
    secret_key: bytes

    def key_of(self, one: Listed) -> str:
        """Return what tells the asking of this row by this list from any other."""
        parts = (self.token, one.address)
        list_, row = (hashlib.sha256(part.encode("utf-8", "surrogatepass")) for part in parts)
        return f"list {list_.hexdigest()} {row.hexdigest()}"


@dataclass(frozen=True)
class Whom:
    """Whom to ask.

    Parameters
    ----------
    people : tuple of Listed
        Who is to be asked.
    left_out : tuple of LeftOut
        Who is not, and why.
    already : tuple of Listed
        Whom this very list has asked.
    """

    people: tuple[Listed, ...]
    left_out: tuple[LeftOut, ...]
    already: tuple[Listed, ...]


@dataclass(frozen=True)
class _Before:
    """An earlier asking of the same customer; `asked_on` is None while its mail waits."""

    address: str
    occurred_at: datetime | None
    about: str | None
    created_at: datetime
    asked_on: date | None


def whom_to_ask(
    session: Session,
    asking: Asking,
    people: Sequence[Listed],
    now: datetime,
    *,
    seen: bool = False,
) -> Whom:
    """Part a list's sound rows into those to ask and those to leave alone; nothing is changed.

    Parameters
    ----------
    session : Session
        An open session.
    asking : Asking
        The list.
    people : sequence of Listed
        Its sound rows, no address twice.
    now : datetime
        The present moment.
    seen : bool
        Whether they were looked up with this very moment already: then only what came since is.
    """
    rules = _Rules(session, asking, people, now, seen=seen)
    asked, left_out, already = list[Listed](), list[LeftOut](), list[Listed]()
    for one in people:
        if asking.key_of(one) in rules.own:
            already.append(one)
        elif why := rules.against(one):
            left_out.append(LeftOut(one.row, one.cells, one.new.email, why))
        else:
            asked.append(one)
    return Whom(tuple(asked), tuple(left_out), tuple(already))


class _Rules:
    """What there is against asking somebody, looked up for a whole list at once."""

    def __init__(
        self,
        session: Session,
        asking: Asking,
        people: Sequence[Listed],
        now: datetime,
        *,
        seen: bool,
    ) -> None:
        inside = asking.workspace_id
        self._zone, self._quiet_days = asking.zone, asking.quiet_days
        self._today = now.astimezone(asking.zone).date()
        emails = [one.new.email for one in people]
        self._unwelcome = unsubscribed_among(session, asking.secret_key, inside, emails)
        column = Interaction.idempotency_key
        self.own = _known(session, inside, column, map(asking.key_of, people))
        numbers = (one.new.reference for one in people if one.new.reference)
        self._numbers = _known(session, inside, Interaction.reference, numbers)
        self._before: dict[str, list[_Before]] = {}
        since = self._today if seen else self._since(people)
        for before in _askings(session, inside, people, since):
            self._before.setdefault(before.address, []).append(before)

    def against(self, one: Listed) -> str:
        """Return why not to ask, in one sentence; empty where nothing speaks against it."""
        if one.new.email in self._unwelcome:
            return "They asked for no more mail."
        if one.new.reference and one.new.reference in self._numbers:
            return f"They were asked about “{one.new.reference[:60]}” already."
        earlier = self._before.get(one.address, [])
        if any(self._is_same_visit(one, before) for before in earlier):
            return "They were asked about this visit already."
        return self._too_soon(earlier) if self._quiet_days else ""

    def _is_same_visit(self, one: Listed, before: _Before) -> bool:
        """Whether it was the same thing on the same day; without a date, the day of asking."""
        told = (one.new.about or "").casefold(), (before.about or "").casefold()
        if all(told) and told[0] != told[1]:
            return False
        if one.new.occurred_at is None:
            return self._day(before.occurred_at or before.created_at) == self._today
        return before.occurred_at is not None and (
            self._day(before.occurred_at) == self._day(one.new.occurred_at)
        )

    def _too_soon(self, earlier: list[_Before]) -> str:
        if any(before.asked_on is None for before in earlier):
            return "A question to them waits to go out already."
        last = max((before.asked_on for before in earlier if before.asked_on), default=None)
        if last is None or (self._today - last).days >= self._quiet_days:
            return ""
        day = in_words(last, self._today)
        return f"They were asked on {day}, less than {self._quiet_days} days ago."

    def _since(self, people: Sequence[Listed]) -> date:
        """Return the first day of asking that matters: nobody is asked before the visit."""
        visits = (self._day(one.new.occurred_at) for one in people if one.new.occurred_at)
        quiet = self._today - timedelta(days=self._quiet_days)
        return max(min(quiet, *visits, quiet), self._today - FURTHEST_BACK)

    def _day(self, moment: datetime) -> date:
        return moment.astimezone(self._zone).date()


def _known(
    session: Session,
    workspace_id: int,
    column: InstrumentedAttribute[str | None],
    values: Iterable[str],
) -> set[str | None]:
    query = select(column).where(Interaction.workspace_id == workspace_id, column.in_(list(values)))
    return set(session.scalars(query))


def _askings(
    session: Session, workspace_id: int, people: Sequence[Listed], since: date
) -> Iterator[_Before]:
    """Return how these people were asked since a day, and what waits to be asked."""
    sent = Invitation.asked_on >= since
    waiting = and_(Invitation.state.in_(("queued", "sending")), Invitation.sent_at.is_(None))
    spellings = {one.new.email.lower() for one in people} | {one.address for one in people}
    written = Interaction.customer_email
    theirs = or_(func.lower(written).in_(spellings), _beyond_ascii(session, written))
    for those in (sent, waiting):  # each has its index; together they had none
        query = (
            select(
                Interaction.customer_email,
                Interaction.occurred_at,
                Interaction.about,
                Interaction.created_at,
                Invitation.asked_on,
            )
            .join(
                Invitation,
                and_(
                    Invitation.workspace_id == Interaction.workspace_id,
                    Invitation.interaction_id == Interaction.id,
                ),
            )
            .where(
                Invitation.workspace_id == workspace_id,
                those,
                theirs,
            )
        )
        for row in session.execute(query):
            yield _Before(one_spelling(row.customer_email), *row[1:])


def _beyond_ascii(session: Session, column: InstrumentedAttribute[str]) -> ColumnElement[bool]:
    """Whether a text has letters with several spellings; those few are compared in Python.

    Notes
    -----
    SQLite's lower() knows A to Z alone, and no database knows that a domain can be in ASCII.
    """
    on_sqlite = session.get_bind().dialect.name == "sqlite"
    found: ColumnElement[bool] = (
        column.op("GLOB")("*[^ -~]*") if on_sqlite else column.op("~")("[^ -~]")
    )
    return found
