"""Values on their way between Python and C."""

from __future__ import annotations

import os
from _operator import index

from . import errors
from ._ffi import ffi, lib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime
    from decimal import Decimal
    from typing import Any, TypeVar

    _T = TypeVar("_T")

U32_MAX = 0xFFFFFFFF
I64_MAX = 0x7FFFFFFFFFFFFFFF
U64_MAX = 0xFFFFFFFFFFFFFFFF
INFINITY = float("inf")
DOLLARS_MIN, DOLLARS_MAX = 1e-9, 9e9  # in nano-dollars these are whole numbers of 64 bits
ROWS_MAX = 1000  # of a list of tests or decisions
PAGE_MAX = 100  # explanations


# ---- from Python to C


def text(name: str, value: str | None) -> Any:
    """What cffi takes for a ``const char *``: bytes, or NULL for None."""
    if value is None:
        return ffi.NULL
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a str, not {type(value).__name__}")
    try:
        encoded = value.encode()
    except UnicodeEncodeError:
        raise errors.invalid(f"{name}: not valid Unicode: it holds a lone surrogate") from None
    if b"\0" in encoded:
        raise errors.invalid(f"{name}: must not contain the character NUL")
    return encoded


def required(name: str, value: str) -> bytes:
    """The same where NULL would not do."""
    if value is None:
        raise TypeError(f"{name} must be a str, not NoneType")
    encoded: bytes = text(name, value)
    return encoded


def strings(name: str, values: Iterable[str]) -> Iterator[str]:
    """Several texts; one text is not taken for its letters."""
    if isinstance(values, (str, bytes)):
        raise TypeError(f"{name} must be an iterable of str, not one {type(values).__name__}")
    return (value for _, value in each(name, values))


def texts(name: str, values: Iterable[str], keep: list[Any]) -> Any:
    """An array of ``const char *``, whose texts live as long as ``keep`` does."""
    arrays = [ffi.new("char[]", required(name, value)) for value in values]
    keep += arrays
    return ffi.new("char *[]", arrays)


def whole(name: str, value: int, low: int, high: int) -> int:
    """A whole number for C; numpy's are fine. What C would misread is refused."""
    try:
        number = index(value)
    except TypeError:
        raise TypeError(f"{name} must be an int, not {type(value).__name__}") from None
    if not low <= number <= high:
        raise errors.invalid(f"{name}: must be {low} to {high}")
    return number


def count(name: str, value: int | None, high: int = U32_MAX) -> int:
    """The same for a C field whose 0 means the default, as does None."""
    return 0 if value is None else whole(name, value, 1, high)


def real(name: str, value: float | Decimal) -> float:
    if not hasattr(value, "__float__") and not hasattr(value, "__index__"):
        raise TypeError(f"{name} must be a number, not {type(value).__name__}")
    try:
        return float(value)
    except OverflowError:
        raise errors.invalid(f"{name}: out of range") from None


def positive(name: str, value: float) -> float:
    """A number for a C field whose 0 would mean the default."""
    if not real(name, value) > 0:
        raise errors.invalid(f"{name}: must be more than 0")
    return float(value)


def each(name: str, values: Iterable[_T]) -> Iterator[tuple[int, _T]]:
    try:
        return enumerate(values)
    except TypeError:
        raise TypeError(f"{name} must be iterable, not {type(values).__name__}") from None


def reals(name: str, values: Iterable[float]) -> Any:
    """An array of C. Doubles in a row, as in numpy's arrays, are not copied."""
    try:
        view = memoryview(values)  # type: ignore[arg-type]
    except TypeError:
        pass
    else:
        if view.format == "d" and view.ndim == 1 and view.c_contiguous:
            return ffi.from_buffer("double[]", view)
    from array import array

    try:
        return ffi.from_buffer("double[]", array("d", iter(values)))
    except TypeError as problem:
        raise TypeError(f"{name}: {problem}") from problem
    except OverflowError:
        raise errors.invalid(f"{name}: out of range") from None


def choice(name: str, value: str, known: Mapping[str, int]) -> int:
    """The number that C has for one of a few words."""
    if value not in known:
        raise errors.invalid(f"{name}: must be one of {', '.join(known)}")
    return known[value]


def milliseconds(timeout_s: float) -> int:
    if not timeout_s >= 0:
        raise errors.invalid("timeout_s: must be 0 or more")
    return max(1, round(min(timeout_s * 1000, U32_MAX)))


def microseconds(name: str, value: datetime | None) -> int:
    if value is None:
        return 0
    from datetime import datetime, timedelta, timezone

    if not isinstance(value, datetime):
        raise TypeError(f"{name} must be a datetime, not {type(value).__name__}")
    if value.tzinfo is None:
        raise errors.invalid(f"{name}: must have a time zone")
    return (value - datetime(1970, 1, 1, tzinfo=timezone.utc)) // timedelta(microseconds=1)


def record(ctype: str, keep: list[Any], **fields: Any) -> Any:
    """A struct of today's size. Texts in it live as long as ``keep`` does."""
    out = ffi.new(f"{ctype} *")
    out.struct_size = ffi.sizeof(ctype)
    for name, value in fields.items():
        if isinstance(value, bytes):
            value = ffi.new("char[]", value)
            keep.append(value)
        setattr(out, name, value)
    return out


def identifier(name: str, value: str) -> Any:
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a str, not {type(value).__name__}")
    out = ffi.new("llmlearn_id *")
    check(lib.llmlearn_id_parse(text(name, value), out))
    return out


def dollars(name: str, usd: float | Decimal | None, nanousd: int | None) -> int:
    """Nano-dollars out of either; 0: neither was given; -1: infinitely many."""
    if usd is None:
        return 0 if nanousd is None else whole(f"{name}_nanousd", nanousd, 1, I64_MAX)
    if nanousd is not None:
        raise errors.invalid(f"{name}_usd: give either {name}_nanousd or {name}_usd")
    about = real(f"{name}_usd", usd)
    if about == INFINITY:
        return -1
    if not DOLLARS_MIN <= about <= DOLLARS_MAX:
        raise errors.invalid(f"{name}_usd: must be 1e-9 to 9e9, or infinite for no limit")
    return round(usd * 1_000_000_000)


def metadata_text(metadata: Any) -> str:
    """JSON for ``log_explanation(metadata=)``; called from C."""
    if not isinstance(metadata, dict):
        raise TypeError(f"metadata must be a dict or a str, not {type(metadata).__name__}")
    import json

    try:
        return json.dumps(metadata, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except (ValueError, RecursionError) as problem:
        raise errors.invalid(f"metadata: {problem}") from None


def path(value: str | os.PathLike[str]) -> bytes:
    encoded = os.fsencode(value)
    if b"\0" in encoded:
        raise errors.invalid("path: must not contain the character NUL")
    return encoded


# ---- from C to Python


def check(code: int) -> None:
    """Raises what the C library has just reported on this thread."""
    if code != lib.LLMLEARN_OK:
        detail = ffi.string(lib.llmlearn_error_detail()).decode("utf-8", "replace")
        raise errors.make_error(code, detail, lib.llmlearn_error_retry_after_s())


def string(pointer: Any) -> str | None:
    return ffi.string(pointer).decode() if pointer else None


def json_object(pointer: Any) -> dict[str, Any] | None:
    """The JSON object in a text of the C library, which is freed."""
    if not pointer:
        return None
    import json

    owned = ffi.gc(pointer, lib.llmlearn_free)
    value: dict[str, Any] = json.loads(ffi.string(owned))
    return value


def id_text(id_: Any) -> str:
    out = ffi.new("char[]", lib.LLMLEARN_ID_TEXT_BYTES)
    check(lib.llmlearn_id_format(id_, out))
    return str(ffi.string(out).decode())
