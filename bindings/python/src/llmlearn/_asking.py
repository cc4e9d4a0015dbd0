"""What C calls in Python: a program's own model, and what gives its keys.

C calls only on threads that are inside ``explain``, ``generate_variants`` or
``run_due_jobs``, all of which are Python's. No exception goes through C: the
model has failed then, and an interrupt ends the call and is raised again after it.
"""

from __future__ import annotations

import logging
from _thread import get_ident
from typing import Any

from . import errors
from ._ffi import ffi, lib
from .cancel import Cancel
from .models import Answer, Question

_log = logging.getLogger("llmlearn")

# By thread: KeyboardInterrupt and the like, which must end more than a model.
_interrupts: dict[int, BaseException] = {}

# By thread: what ends the call that it is in, if that can be ended.
_flags: dict[int, Cancel | None] = {}


class interruptible:
    """Around a call that may call back: raises what interrupted it, if anything did."""

    def __init__(self, flag: Cancel | None) -> None:
        self._flag = flag

    def __enter__(self) -> None:
        # A function that asks may itself call the learner.
        self._outer = _flags.get(get_ident())
        _flags[get_ident()] = self._flag

    def __exit__(self, *_: object) -> None:
        thread = get_ident()
        if self._outer is None:
            del _flags[thread]
        else:
            _flags[thread] = self._outer
        interrupt = _interrupts.pop(thread, None)
        if interrupt is not None:
            raise interrupt


def _note(error: BaseException, what: str) -> int:
    """The code for C. Of a key's function not even the message is told: it may hold the key."""
    if not isinstance(error, Exception):
        _interrupts[get_ident()] = error
        flag = _flags.get(get_ident())
        if flag is not None:
            flag.set()
        return int(lib.LLMLEARN_ECANCELLED)
    _log.warning("%s raised %s", what, type(error).__name__)
    return int(lib.LLMLEARN_ELLM)


@ffi.def_extern()  # type: ignore[misc]
def read_secret(user: Any, out: Any, out_bytes: int) -> int:
    try:
        secret = ffi.from_handle(user)()
        encoded = b"" if secret is None else secret.encode()
        if len(encoded) >= out_bytes or b"\0" in encoded:
            raise ValueError
        ffi.memmove(out, encoded + b"\0", len(encoded) + 1)
    except BaseException as error:
        _note(error, "the function that gives a key")
        return out_bytes  # more than fits: no question is asked without its key
    return len(encoded)


def _text(pointer: Any) -> str | None:
    return ffi.string(pointer).decode() if pointer else None


def _question(asked: Any) -> Question:
    return Question(
        model=_text(asked.model) or "",
        system=_text(asked.system),
        prompt=_text(asked.prompt) or "",
        data=_text(asked.data),
        json_schema=_text(asked.json_schema),
        max_tokens=asked.max_tokens,
        timeout_s=asked.deadline_ms / 1000,
    )


def _copy(name: str, text: str) -> Any:
    encoded = text.encode()
    if b"\0" in encoded:
        raise ValueError(f"{name} must not contain the character NUL")
    copied = lib.text_copy(encoded)
    if not copied:
        raise MemoryError
    return copied


def _fill(out: Any, answer: Answer) -> None:
    known = (
        ("prompt_tokens", lib.LLMLEARN_HAS_PROMPT_TOKENS),
        ("completion_tokens", lib.LLMLEARN_HAS_COMPLETION_TOKENS),
        ("cost_nanousd", lib.LLMLEARN_HAS_COST),
    )
    for name, flag in known:
        value = getattr(answer, name)
        if value is not None:
            setattr(out, name, value)
            out.flags |= flag
    # Last, since C frees them whatever comes of the rest.
    out.text = _copy("text", answer.text)
    if answer.model_answered is not None:
        out.model_answered = _copy("model_answered", answer.model_answered)


@ffi.def_extern()  # type: ignore[misc]
def ask_caller(user: Any, asked: Any, out: Any) -> int:
    try:
        answer = ffi.from_handle(user)(_question(asked))
        _fill(out, Answer(text=answer) if isinstance(answer, str) else answer)
    except errors.CancelledError:
        return int(lib.LLMLEARN_ECANCELLED)
    except BaseException as error:
        return _note(error, "the function that asks the model")
    return int(lib.LLMLEARN_OK)
