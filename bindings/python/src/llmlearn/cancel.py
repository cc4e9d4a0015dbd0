"""A flag that ends a call which waits for a model."""

from __future__ import annotations

from ._ffi import ffi, lib

__all__ = ["Cancel"]


class Cancel:
    """Give it to ``explain`` or ``generate_variants``; another thread may set it.

    The call then raises :class:`CancelledError` at once. A flag that is set
    stays so: take a new one for another call.
    """

    __slots__ = ("_cell",)

    def __init__(self) -> None:
        self._cell = ffi.new("int32_t *")

    def set(self) -> None:
        """Ends the calls that have this flag, and those that get it later."""
        lib.flag_set(self._cell)

    @property
    def is_set(self) -> bool:
        """Whether anybody has set it."""
        return bool(lib.flag_get(self._cell))

    def __repr__(self) -> str:
        return f"<Cancel{' set' if self.is_set else ''}>"
