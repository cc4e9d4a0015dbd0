"""A clock for tests and simulations."""

from __future__ import annotations

from ._ffi import lib

__all__ = ["VirtualClock"]


class VirtualClock:
    """A clock that stands still until it is set, for tests and simulations.

    Give it to ``Learner(virtual_clock=...)``; several learners may share one.
    A forked child goes on with a copy of its own.
    """

    __slots__ = ("_cell",)

    def __init__(self, start_us: int) -> None:
        """Starts at ``start_us`` microseconds since 1970 UTC."""
        self._cell = lib.clock_new(start_us)
        if not self._cell:
            raise MemoryError

    @property
    def now_us(self) -> int:
        """The time it shows, in microseconds since 1970 UTC."""
        return int(lib.clock_get(self._cell))

    def set(self, now_us: int) -> None:
        """Sets the time, forwards or backwards."""
        lib.clock_set(self._cell, now_us)

    def advance(self, *, seconds: float = 0, us: int = 0) -> int:
        """Moves the time on by both together and returns it."""
        return int(lib.clock_add(self._cell, round(seconds * 1_000_000) + us))

    def __repr__(self) -> str:
        return f"VirtualClock({self.now_us})"
