"""The worker's side of webhooks: post what is due, several receivers at a time.

It is a round of its own, beside the letters': a receiver that takes its time holds up neither them
nor, but for its own news, other receivers. What cannot be posted is tried again later.
"""

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from sqlalchemy.orm import Session

from survey.clock import utc_now
from survey.errors import WebhookError
from survey.records.database import Database, database_now
from survey.records.telling import DROPPED, FAILED, SENT, WEBHOOK
from survey.settings import Settings
from survey.show.tell.due import Delay, claim_deliveries, end_delivery, put_delivery_back
from survey.show.tell.payload import Source, webhook_body
from survey.show.tell.queries import is_post_due, posted
from survey.tokens import make_token
from survey.webhook import Poster, post, signed

RECEIVERS_AT_ONCE = 4
Key = tuple[int, int]


class PostRound:
    """Posts news to webhooks; holds nothing that would be lost with it.

    Parameters
    ----------
    database : Database
        The queue.
    settings : Settings
        Base URL, key, and whether webhooks may lead inside.
    stopping : callable
        Says whether to come to an end.
    poster : callable
        Hands messages to webhooks; tests bring their own.
    clock : callable
        Gives the time by which news is due.
    """

    def __init__(
        self,
        database: Database,
        settings: Settings,
        stopping: Callable[[], bool] = lambda: False,
        *,
        poster: Poster = post,
        clock: Callable[[Session], datetime] = database_now,
    ) -> None:
        self.database = database
        self.settings = settings
        self.stopping = stopping
        self.poster = poster
        self.clock = clock
        self._jitter = random.Random()  # noqa: S311  spreads retries, keeps no secret

    def __call__(self) -> bool:
        """Post what is due; True when there may be more at once."""
        with self.database.reading() as session:
            if not is_post_due(session, self.clock(session)):
                return False
        with self.database.writing() as session:
            claimed = claim_deliveries(session, self.clock(session), WEBHOOK)
        by_receiver: dict[int, list[Key]] = {}
        for workspace_id, delivery_id in claimed.keys:
            by_receiver.setdefault(workspace_id, []).append((workspace_id, delivery_id))
        with ThreadPoolExecutor(RECEIVERS_AT_ONCE, "webhook") as pool:
            for done in [
                pool.submit(self._post_all, keys, claimed.lease_id) for keys in by_receiver.values()
            ]:
                done.result()
        return bool(claimed.keys) and not self.stopping()

    def _post_all(self, keys: list[Key], lease_id: str) -> None:
        """Post one receiver's news; where it takes one badly, the rest waits with that one."""
        for place, key in enumerate(keys):
            if self.stopping():
                return
            try:
                self._post_one(key, lease_id)
            except WebhookError as error:
                if error.for_good:
                    self._end(key, lease_id, FAILED, str(error))
                    continue
                for late in keys[place:]:
                    self._put_back(late, lease_id, str(error))
                return

    def _post_one(self, key: Key, lease_id: str) -> None:
        with self.database.reading() as session:
            found = posted(session, key, lease_id)
        if found is None:
            self._end(key, lease_id, DROPPED, None)
            return
        source = Source(
            found.workspace, f"{self.settings.base_url}/w/{found.slug}/", found.has_sample
        )
        secret = make_token(self.settings.secret_key, "webhook", found.workspace_id, found.nonce)
        message = signed(secret, f"{key[1]:x}", webhook_body(source, found.news), utc_now())
        self.poster(found.url, message, inside=self.settings.webhooks_inside)
        self._end(key, lease_id, SENT, None)

    def _end(self, key: Key, lease_id: str, state: str, error: str | None) -> None:
        with self.database.writing() as session:
            now = self.clock(session)
            end_delivery(session, key, lease_id, now, state=state, error=error)

    def _put_back(self, key: Key, lease_id: str, error: str) -> None:
        with self.database.writing() as session:
            delay = Delay(error, self._jitter)
            put_delivery_back(session, key, lease_id, self.clock(session), delay)
