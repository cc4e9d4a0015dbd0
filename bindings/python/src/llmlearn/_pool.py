"""Threads for calls that block, which nobody has to wait for."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import ParamSpec, TypeVar

_P = ParamSpec("_P")
_T = TypeVar("_T")


def _work(jobs: queue.SimpleQueue[Callable[[], None] | None], idle: threading.Semaphore) -> None:
    while (job := jobs.get()) is not None:
        job()
        del job  # a waiting thread must not keep the last result alive
        idle.release()


class Pool(Executor):
    """A few daemon threads.

    Not a ThreadPoolExecutor, because Python joins the threads of those at
    exit, however long their calls still take. Every call here has a deadline
    of its own and closing the learner waits for it, within two seconds.
    """

    def __init__(self, threads_max: int) -> None:
        self.pid = os.getpid()
        self._threads_max = threads_max
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._idle = threading.Semaphore(0)
        self._threads = 0
        self._lock = threading.Lock()

    def submit(self, fn: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> Future[_T]:
        future: Future[_T] = Future()

        def job() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                result = fn(*args, **kwargs)
            except BaseException as error:
                future.set_exception(error)
            else:
                future.set_result(result)

        self._jobs.put(job)
        if not self._idle.acquire(blocking=False):
            self._grow()
        return future

    def _grow(self) -> None:
        with self._lock:
            if self._threads >= self._threads_max:
                return
            self._threads += 1
        threading.Thread(
            target=_work, args=(self._jobs, self._idle), name="llmlearn", daemon=True
        ).start()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Lets the threads end after what is queued; waits for none of them."""
        for _ in range(self._threads):
            self._jobs.put(None)

    def __del__(self) -> None:
        if self.pid == os.getpid():
            self.shutdown()
