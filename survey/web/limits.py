"""Rate limits on what strangers get wrong: unknown links and failed sign-ins, never known links."""

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

UNKNOWN_LINKS = "60/minute"
UNKNOWN_LINKS_OVERALL = "2000/minute"
FAILED_SIGN_INS = "10/5minutes"
FAILED_SIGN_INS_OVERALL = "300/5minutes"


class Limits:
    """Counters in this process's memory; a restart forgives everybody."""

    def __init__(self) -> None:
        self._limiter = FixedWindowRateLimiter(MemoryStorage())
        self._items: dict[str, RateLimitItem] = {}

    def used_up(self, limit: str, *who: str) -> bool:
        """Whether `who` has reached `limit` (like ``10/minute``), without counting anything."""
        return not self._limiter.test(self._item(limit), *who)

    def count(self, limit: str, *who: str) -> None:
        """Count one more against `who`."""
        self._limiter.hit(self._item(limit), *who)

    def _item(self, limit: str) -> RateLimitItem:
        if limit not in self._items:
            self._items[limit] = parse(limit)
        return self._items[limit]
