"""A model that writes: explanations, and variants of prompts."""

from __future__ import annotations

from . import _convert as convert
from ._core import Base
from ._ffi import ffi, lib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from decimal import Decimal
    from typing import Any

    from .cancel import Cancel
    from .models import Answer, Explained, Question, Use

_USES = {
    "explaining": lib.LLMLEARN_FOR_EXPLAINING,
    "generating": lib.LLMLEARN_FOR_GENERATING,
    "moderating": lib.LLMLEARN_FOR_MODERATING,
}


def uses_of(uses: Use | Iterable[Use]) -> int:
    bits = 0
    for _, use in convert.each("uses", (uses,) if isinstance(uses, str) else uses):
        bits |= convert.choice("uses", use, _USES)
    return bits


def secret_of(
    name: str, secret: str | Callable[[], str | None] | None, function: str, kept: list[Any]
) -> dict[str, Any]:
    """The fields of a struct for a secret, or for what gives it."""
    if secret is None or isinstance(secret, str):
        return {name: convert.text(name, secret)}
    if not callable(secret):
        raise TypeError(f"{name} must be a str or a function, not {type(secret).__name__}")
    from . import _asking  # noqa: F401  (what C calls is defined there)

    kept.append(ffi.new_handle(secret))
    return {function: lib.read_secret, f"{function}_user": kept[-1]}


class Writing(Base):
    """Asks a model."""

    __slots__ = ()

    def set_model(
        self,
        *,
        uses: Use | Iterable[Use],
        model: str | None,
        base_url: str | None = None,
        api_key: str | Callable[[], str | None] | None = None,
        ask: Callable[[Question], Answer | str] | None = None,
        provider: str | None = None,
        organization: str | None = None,
        project: str | None = None,
        headers: Mapping[str, str] | None = None,
        max_tokens: int | None = None,
        max_tokens_field: str | None = None,
        ca_file: str | None = None,
        price_file: str | None = None,
        temperature: float | None = None,
        retries_max: int | None = None,
        private_addresses: bool = False,
    ) -> None:
        """Says which model is asked, in this process; calls under way keep theirs.

        Either an endpoint that speaks as OpenAI's ``/chat/completions`` does
        (``base_url``), or the program's own client (``ask``). Nothing of it is
        kept in a file: say it after each open.

        Args:
            uses: "explaining", "generating" (variants and their replay),
                "moderating" (candidates, by the endpoint's ``/moderations``),
                or several of them.
            model: its name; none is built in. None: no model any more.
            base_url: "https://host/v1"; http only to this machine.
            api_key: the key, or a function that gives it before each call.
                Kept in memory only, wiped after use; no error, ``repr`` or log
                line shows it. Without the function's key nothing is asked; it
                must not call the learner.
            ask: answers a :class:`Question` with an :class:`Answer` or a str. It
                is called in the thread that called ``explain`` or the like.
                Whatever it raises is a failure of the model.
            provider: a name for the reports; default: the host, or "own".
            headers: up to 16 more, by name.
            max_tokens: of an answer; default 1,024, for generating 16,384.
            max_tokens_field: default "max_completion_tokens".
            ca_file: PEM; default: the system's certificates.
            price_file: LiteLLM's JSON of prices, read now; default: costs are
                unknown.
            temperature: 0 to 2; default: not sent.
            retries_max: 0 to 10; default 2.
            private_addresses: ``base_url`` may lead into a private network.

        Raises StorageError (the price file cannot be read), InvalidArgumentError
        (it is no price list, or an address or header must not be used: says
        why), UnsupportedError (``base_url``, and there is no libcurl).
        """
        bits = uses_of(uses)
        if model is None:
            self._invoke(lib.llmlearn_set_model, bits, ffi.NULL)
            return
        keep: list[Any] = []  # for this call
        kept: list[Any] = []  # until close
        lines = [f"{name}: {value}" for name, value in (headers or {}).items()]
        own = {}
        if ask is not None:
            if not callable(ask):
                raise TypeError(f"ask must be a function, not {type(ask).__name__}")
            from . import _asking  # noqa: F401  (what C calls is defined there)

            kept.append(ffi.new_handle(ask))
            own = {"ask": lib.ask_caller, "ask_user": kept[-1]}
        record = convert.record(
            "llmlearn_model",
            keep,
            flags=(lib.LLMLEARN_MODEL_PRIVATE_ADDRESSES if private_addresses else 0)
            | (0 if temperature is None else lib.LLMLEARN_MODEL_TEMPERATURE),
            model=convert.text("model", model),
            base_url=convert.text("base_url", base_url),
            provider=convert.text("provider", provider),
            organization=convert.text("organization", organization),
            project=convert.text("project", project),
            headers=self._texts("headers", lines, keep),
            header_count=len(lines),
            max_tokens=convert.count("max_tokens", max_tokens),
            max_tokens_field=convert.text("max_tokens_field", max_tokens_field),
            ca_file=convert.text("ca_file", ca_file),
            price_file=convert.text("price_file", price_file),
            temperature=0 if temperature is None else convert.real("temperature", temperature),
            retries_max=_retries(retries_max),
            **secret_of("api_key", api_key, "read_key", kept),
            **own,
        )
        self._invoke(lib.llmlearn_set_model, bits, record)
        self._kept += kept

    def explain(
        self,
        *,
        ticker: str,
        signal: str,
        unit: str | None = None,
        values: Mapping[str, str] | None = None,
        confidence: float | None = None,
        json: bool = False,
        fields: Iterable[str] = (),
        cached: bool = True,
        metadata: dict[str, Any] | str | None = None,
        fallback: str | None = None,
        system: str | None = None,
        version: str | None = None,
        timeout_s: float = 10.0,
        cancel: Cancel | None = None,
    ) -> Explained:
        """Chooses the variant, fills in its prompt, asks the model, checks and logs the answer.

        There is always a text. If the variant's fails, the champion's (or the
        baseline's) prompt is asked, and then a template answers; the log knows,
        and counts it as a failure of the variant. During a test nothing comes
        out of the cache.

        Args:
            unit: user or account; who sees one variant as long as a test runs.
            values: what stands in place of the prompt's other ``{{names}}``;
                ``{{ticker}}``, ``{{signal}}`` and ``{{confidence}}`` ("0.87")
                are there. At most 64.
            confidence: 0 to 1.
            json: the answer must be a JSON object.
            fields: which it must have, up to 32; implies ``json``.
            cached: False: always ask.
            metadata: logged with it; a dict, or a JSON object as text.
            fallback: the template, if no model answers; default: a built-in one.
            system: said before the prompt, not varied.
            version: this one instead of the test's, such as a draft that is to
                be read before it is approved; logged, but part of no test.
            cancel: ends the call; see :class:`Cancel`.

        Raises CancelledError, after which nothing is logged, and
        InvalidArgumentError; of a ``version``, NotFoundError, StateError (it was
        rejected) and the storing errors. A model that fails, a full journal and a
        deadline raise nothing: see ``source``, ``reason`` and ``logged``.
        """
        from .models import explained_from

        keep: list[Any] = []
        pairs = [] if values is None else list(values.items())
        array = ffi.new("llmlearn_value[]", len(pairs))
        for value, (name, text) in zip(array, pairs):
            for field, given in (("name", name), ("text", text)):
                keep.append(ffi.new("char[]", convert.required("values", given)))
                setattr(value, field, keep[-1])
        names = list(convert.strings("fields", fields))
        flags = lib.LLMLEARN_EXPLAIN_JSON if json or names else 0
        flags |= 0 if cached else lib.LLMLEARN_EXPLAIN_UNCACHED
        flags |= 0 if confidence is None else lib.LLMLEARN_HAS_CONFIDENCE
        request = convert.record(
            "llmlearn_explain_request",
            keep,
            flags=flags,
            ticker=convert.text("ticker", ticker),
            signal=convert.text("signal", signal),
            unit=convert.text("unit", unit),
            values=array,
            value_count=len(pairs),
            fields=self._texts("fields", names, keep),
            field_count=len(names),
            confidence=0 if confidence is None else convert.real("confidence", confidence),
            metadata_json=_metadata(metadata),
            fallback=convert.text("fallback", fallback),
            system=convert.text("system", system),
            version=convert.text("version", version),
            deadline_ms=convert.milliseconds(timeout_s),
        )
        out = convert.record("llmlearn_explained", [])
        self._wait(cancel, request, lib.llmlearn_explain, request, out)
        return explained_from(out)

    def set_budget(
        self,
        *,
        run_usd: float | Decimal | None = None,
        month_usd: float | Decimal | None = None,
        run_nanousd: int | None = None,
        month_nanousd: int | None = None,
    ) -> None:
        """What may be spent on generating, replaying and moderating.

        By every process on this database together; explaining is not limited.
        Before a call what it can cost at the most is set aside; after it, what
        it did cost is booked. A model whose price is not known (``price_file``)
        can be asked only where neither limit is set.

        Args:
            run_usd: one generation of one signal, in dollars; default 1.
                ``float("inf")``: no limit.
            month_usd: a calendar month (UTC); default 10.
            run_nanousd, month_nanousd: the same, 1,000,000,000 to the dollar.
        """
        budget = convert.record(
            "llmlearn_budget",
            [],
            run_nanousd=convert.dollars("run", run_usd, run_nanousd),
            month_nanousd=convert.dollars("month", month_usd, month_nanousd),
        )
        self._invoke(lib.llmlearn_set_budget, budget)

    def generate_variants(
        self,
        *,
        signal: str,
        version: str | None = None,
        count: int = 3,
        fields: Iterable[str] = (),
        replays: int = 0,
        moderate: bool = False,
        timeout_s: float = 120.0,
        cancel: Cancel | None = None,
    ) -> dict[str, Any]:
        """Asks the model for variants of a prompt; the fields are those of the C header.

        The model is shown what was learned about the prompt; comments of
        readers as data that is not to be obeyed. Every candidate passes the
        guardrails and becomes a draft, or is kept as rejected with its reason.
        A draft that a model wrote serves nobody before it is an arm of a test.

        Args:
            version: the prompt to vary; default: the champion, else the baseline.
            count: 1 to 10.
            fields: the prompt must ask for a JSON object with these.
            replays: logged inputs, up to 20, that each candidate must answer well;
                what stands for its ``{{names}}`` is read from their metadata.
            moderate: candidates are shown to ``/moderations``, too.
            cancel: ends the call; see :class:`Cancel`.

        Raises BudgetError (nothing was called), ModelError (the answer cannot be
        used; what it cost is booked), NotFoundError (signal or version),
        StateError (no model is set, the version has no text), CancelledError,
        and the errors of storing.
        """
        keep: list[Any] = []
        names = list(convert.strings("fields", fields))
        generation = convert.record(
            "llmlearn_generation",
            keep,
            flags=lib.LLMLEARN_GENERATE_MODERATE if moderate else 0,
            signal=convert.text("signal", signal),
            version=convert.text("version", version),
            fields=self._texts("fields", names, keep),
            field_count=len(names),
            count=convert.whole("count", count, 1, 10),
            replays=convert.whole("replays", replays, 0, 20),
            deadline_ms=convert.milliseconds(timeout_s),
        )
        out = ffi.new("char **")
        self._wait(cancel, generation, lib.llmlearn_generate_variants, generation, out)
        return convert.json_object(out[0]) or {}

    def approve_variant(
        self, *, signal: str, version: str, actor: str, reason: str, timeout_s: float = 1.0
    ) -> None:
        """A person has read a draft that a model wrote, and allows it to be tested.

        Raises NotFoundError, StateError (it is no draft of a model), and the
        errors of storing.
        """
        self._invoke(
            lib.llmlearn_approve_variant,
            convert.text("signal", signal),
            convert.text("version", version),
            convert.text("actor", actor),
            convert.text("reason", reason),
            convert.milliseconds(timeout_s),
        )

    def variants(
        self, *, signal: str | None = None, limit: int | None = None, timeout_s: float = 1.0
    ) -> dict[str, Any]:
        """The variants of a signal, or of all, newest first; as the C header says.

        ``limit``: at most 1,000, default 100.
        """
        return self._report(
            lib.llmlearn_variants,
            convert.text("signal", signal),
            convert.count("limit", limit, convert.ROWS_MAX),
            convert.milliseconds(timeout_s),
        )

    # ---- the parts

    @staticmethod
    def _texts(name: str, values: list[str], keep: list[Any]) -> Any:
        if not values:
            return ffi.NULL
        keep.append(convert.texts(name, values, keep))
        return keep[-1]

    def _wait(self, cancel: Cancel | None, record: Any, function: Any, *args: Any) -> None:
        """Calls what waits for a model: close() can end it, and so can an interrupt in ``ask``."""
        from .cancel import Cancel

        flag = Cancel() if cancel is None else cancel
        if not isinstance(flag, Cancel):
            raise TypeError(f"cancel must be a Cancel, not {type(flag).__name__}")
        record.cancel = flag._cell
        self._flags.append(flag)
        try:
            self._invoke_asking(flag, function, *args)
        finally:
            self._flags.remove(flag)

    def _invoke_asking(self, flag: Cancel | None, function: Any, *args: Any) -> None:
        """Calls what may call back."""
        if not self._kept:
            self._invoke(function, *args)
            return
        from . import _asking

        with _asking.interruptible(flag):
            self._invoke(function, *args)


def _retries(value: int | None) -> int:
    """C has 0 for the default."""
    if value is None:
        return 0
    return convert.whole("retries_max", value, 0, 10) or convert.U32_MAX


def _metadata(metadata: dict[str, Any] | str | None) -> Any:
    if metadata is not None and not isinstance(metadata, str):
        metadata = convert.metadata_text(metadata)
    return convert.text("metadata", metadata)
