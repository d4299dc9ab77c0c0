"""What the last files would bring in, kept by the web process: a page that is opened again should
not read a hundred thousand lines again.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable

from survey.answer.import_plan import Plan

MOST_KEPT = 2  # a plan names every row that is left out: of the largest files, some 20 MB


class RecentPlans:
    """The plans that were made or looked at last.

    Parameters
    ----------
    most : int
        How many are kept.
    """

    def __init__(self, most: int = MOST_KEPT) -> None:
        self._most = most
        self._plans: OrderedDict[Hashable, Plan] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, about: Hashable, make: Callable[[], Plan]) -> Plan:
        """Return the plan about something, made where none is kept.

        Parameters
        ----------
        about : hashable
            All that the plan depends on.
        make : callable
            Makes it; what it raises is raised here, and nothing is kept.
        """
        with self._lock:
            plan = self._plans.get(about)
        plan = plan or make()  # two that ask at once may both make it
        with self._lock:
            self._plans[about] = plan
            self._plans.move_to_end(about)
            while len(self._plans) > self._most:
                self._plans.popitem(last=False)
        return plan
