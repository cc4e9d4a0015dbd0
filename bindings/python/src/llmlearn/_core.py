"""What all parts of a learner share: the C side, and what lives as long as the learner."""

from __future__ import annotations

from . import _convert as convert
from . import errors
from ._ffi import ffi, lib

if lib.install() != 0:
    raise ImportError("llmlearn: the compiled module could not create its classes")

from ._ffi import Assignment, Core  # noqa: E402  (made by install)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._scheduler import Scheduler
    from .cancel import Cancel

__all__ = ["Assignment", "Base"]

Core._set_helpers(errors.make_error, convert.metadata_text)


class Base(Core):
    """The state of a learner."""

    __slots__ = ("__weakref__", "_flags", "_kept", "_scheduler", "path")

    path: str
    """The database file."""

    # What C may call back, for as long as it may: it keeps every model until close.
    _kept: list[Any]
    # Of the calls that wait for a model at this moment.
    _flags: list[Cancel]
    _scheduler: Scheduler | None

    def _report(self, function: Any, *args: Any) -> dict[str, Any]:
        out = ffi.new("char **")
        self._invoke(function, *args, out)
        return convert.json_object(out[0]) or {}
