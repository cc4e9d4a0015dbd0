"""A test that may be stopped at any moment; :class:`llmlearn.stats.EProcess`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from . import _convert as convert
from ._ffi import ffi, lib

__all__ = ["EProcess"]


class EProcess:
    """Each variant against the champion, as votes come in: a one-sided randomisation e-process.

    If a variant is no better than the champion, its e-value ever reaches
    1/alpha with probability at most alpha, however often it is looked at,
    whatever the rates and their drift; provided that votes are assigned with
    the weights and each unit votes once. Turner, Ly & Grunwald 2024.

        >>> votes = EProcess([0.5, 0.5])
        >>> for _ in range(500):
        ...     for arm, success in [(0, True), (1, True), (0, False), (1, True)]:
        ...         votes.add(arm, success)
        >>> votes.winner(), votes.trials
        (1, (1000, 1000))

    May be pickled and copied, and written as bytes that are the same on every
    machine. One thread at a time, like a list that is being sorted: several
    need a lock of their own.
    """

    __slots__ = ("_state",)

    _state: Any

    def __init__(self, weights: Iterable[float], *, champion: int = 0, kappa: float = 100) -> None:
        """Starts without votes.

        Args:
            weights: each arm's true probability of being assigned; 2 to 64, each
                more than 0 (1e-100 to 1e100), of any sum.
            champion: the arm that the others have to beat.
            kappa: how far the rates of single arms are drawn to that of both, 20
                to 1,000; best at 2p(1-p)/d**2 for a rate p and a lift of d.
        """
        shares = convert.reals("weights", weights)
        state = convert.record("llmlearn_eprocess", [])
        convert.check(
            lib.llmlearn_eprocess_begin(
                shares,
                len(shares),
                convert.whole("champion", champion, 0, convert.U32_MAX),
                convert.positive("kappa", kappa),
                state,
            )
        )
        self._state = state

    def add(self, arm: int, success: bool) -> None:
        """Adds one vote, in order of arrival."""
        convert.check(
            lib.llmlearn_eprocess_add(
                self._state,
                convert.whole("arm", arm, 0, convert.U32_MAX),
                convert.whole("success", success, 0, 1),
            )
        )

    def winner(self, *, alpha: float = 0.05) -> int | None:
        """The variant that has won by now, or None.

        Its e-value is at least (arms - 1) / alpha and its rate above the
        champion's; of several the one with the highest rate.
        """
        out = ffi.new("int32_t *")
        convert.check(
            lib.llmlearn_eprocess_winner(self._state, convert.real("alpha", alpha), out)
        )
        return None if out[0] < 0 else int(out[0])

    # ---- what is known by now

    @property
    def champion(self) -> int:
        return int(self._state.champion)

    @property
    def kappa(self) -> float:
        return float(self._state.kappa)

    @property
    def weights(self) -> tuple[float, ...]:
        """The probabilities of assignment; the sum is 1."""
        return self._of_arms(self._state.weights)

    @property
    def successes(self) -> tuple[int, ...]:
        return self._of_arms(self._state.successes)

    @property
    def trials(self) -> tuple[int, ...]:
        return self._of_arms(self._state.trials)

    @property
    def ln_e_values(self) -> tuple[float, ...]:
        """The logarithm of each arm's e-value now; 0 for the champion."""
        return self._of_arms(self._state.ln_e_value)

    @property
    def ln_e_max(self) -> tuple[float, ...]:
        """The highest that it ever was, at least 0."""
        return self._of_arms(self._state.ln_e_max)

    def _of_arms(self, array: Any) -> tuple[Any, ...]:
        return tuple(ffi.unpack(array, self._state.arm_count))

    # ---- elsewhere, and later

    def to_bytes(self) -> bytes:
        """The state, the same on every machine, with a checksum."""
        out = ffi.new("uint8_t[]", lib.LLMLEARN_EPROCESS_BYTES_MAX)
        size = ffi.new("size_t *")
        convert.check(lib.llmlearn_eprocess_write(self._state, out, size))
        return bytes(ffi.buffer(out, size[0]))

    @classmethod
    def from_bytes(cls, data: bytes) -> EProcess:
        """The state that was written, bit for bit.

        Raises CorruptError for damaged bytes, UnsupportedError for a newer form.
        """
        state = convert.record("llmlearn_eprocess", [])
        bytes_ = ffi.from_buffer("uint8_t[]", data)
        convert.check(lib.llmlearn_eprocess_read(bytes_, len(bytes_), state))
        self = cls.__new__(cls)
        self._state = state
        return self

    def copy(self) -> EProcess:
        """Another one in the same state, which goes on by itself."""
        return self.from_bytes(self.to_bytes())

    def __copy__(self) -> EProcess:
        return self.copy()

    def __deepcopy__(self, memo: dict[int, Any]) -> EProcess:
        return self.copy()

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self).from_bytes, (self.to_bytes(),)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, EProcess):
            return NotImplemented
        return self.to_bytes() == other.to_bytes()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        best = max(self.ln_e_values)
        return f"<EProcess: {len(self.trials)} arms, {sum(self.trials)} votes, ln e {best:.3g}>"
