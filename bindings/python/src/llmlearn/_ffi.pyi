"""What the compiled module holds."""

from collections.abc import Callable
from typing import Any, Final, final

ffi: Any
lib: Any

@final
class Assignment(tuple[str, str | None, int | None, int | None, bool]):
    """What to serve now, as ``get_variant`` chose it; give it to ``log_explanation``."""

    n_fields: Final = 5
    n_sequence_fields: Final = 5
    n_unnamed_fields: Final = 0
    __match_args__: Final = ("version", "text", "test_id", "arm", "rerouted")
    def __new__(
        cls, sequence: tuple[str, str | None, int | None, int | None, bool], dict: Any = ...
    ) -> Assignment: ...
    @property
    def version(self) -> str:
        """The prompt version to serve."""
    @property
    def text(self) -> str | None:
        """Its prompt template; None if no text was added for this version."""
    @property
    def test_id(self) -> int | None:
        """The running test; None without one."""
    @property
    def arm(self) -> int | None:
        """Index of the arm in the test; None without one."""
    @property
    def rerouted(self) -> bool:
        """The arm is switched off: this is the champion's prompt."""

class Core:
    """The C side of a Learner: the handle, its guard, and the two hot calls."""

    @property
    def closed(self) -> bool:
        """True once close() was called."""
    def log_explanation(
        self,
        *,
        ticker: str,
        signal: str,
        text: str,
        version: str | None = None,
        model: str | None = None,
        provider: str | None = None,
        unit: str | None = None,
        confidence: float | None = None,
        latency_ms: float | None = None,
        cached: bool = False,
        fallback: bool = False,
        fallback_reason: str | None = None,
        prompt_tokens: int | None = None,
        completion_tokens: int | None = None,
        cost_nanousd: int | None = None,
        cost_usd: float | None = None,
        metadata: dict[str, Any] | str | None = None,
        assignment: Assignment | None = None,
    ) -> str: ...
    def get_variant(self, *, signal: str, unit: str | None = None) -> Assignment: ...
    def _invoke(self, function: Any, /, *args: Any) -> None: ...
    def _close(self, timeout_ms: int, /) -> None: ...
    def _adopt(self, handle: Any, address: int, /) -> None: ...
    @staticmethod
    def _set_helpers(
        make_error: Callable[[int, str, int], Exception], metadata_text: Callable[[Any], str]
    ) -> None: ...
