"""The thread that runs what is due.

Python's own, since C's would have to enter Python for a model that is a
function. It holds the learner only while it works, so that one that was
forgotten is closed.
"""

from __future__ import annotations

import logging
import os
import threading
import weakref
from typing import Any

from .errors import CancelledError, ClosedError, LearnerError, StateError, TimedOutError

_log = logging.getLogger("llmlearn")


class Scheduler:
    """Calls ``run_due_jobs`` at once, and then every so often."""

    def __init__(self, learner: Any, every_s: float) -> None:
        self._pid = os.getpid()
        self._every_s = every_s
        self._ends = threading.Event()
        self._learner = weakref.ref(learner)
        self._thread = threading.Thread(
            target=self._work, name="llmlearn-scheduler", daemon=True
        )
        self._thread.start()

    @property
    def runs(self) -> bool:
        """False in a child, which has none of its parent's threads."""
        return self._thread.is_alive() and not self._ends.is_set()

    def stop(self, timeout_s: float) -> bool:
        """Whether the thread has ended."""
        if self._pid != os.getpid():
            return True  # and the parent's thread may have held what _ends locks
        self._ends.set()
        if self._thread is threading.current_thread():
            return True  # it ends when this returns
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _work(self) -> None:
        while not self._ends.is_set() and self._run():
            self._ends.wait(self._every_s)

    def _run(self) -> bool:
        """False: the learner is gone."""
        learner = self._learner()
        if learner is None or learner.closed:
            return False
        try:
            learner.run_due_jobs()
        except ClosedError:
            return False
        except (StateError, TimedOutError, CancelledError):
            pass  # no schedule yet; what is left is done next time
        except LearnerError as problem:
            _log.warning("scheduled jobs: %s", problem)
        except BaseException as problem:
            if learner.closed:
                return False
            _log.warning("scheduled jobs: %s", type(problem).__name__)
        return True
