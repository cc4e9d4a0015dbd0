"""A database with explanations to vote on."""

from __future__ import annotations

from pathlib import Path

import llmlearn


def make(path: Path, count: int = 120) -> None:
    with llmlearn.Learner(path) as learner:
        learner.add_variant(signal="BUY", version="v1.0", text="Why buy {{ticker}}?")
        for i in range(count):
            learner.log_explanation(
                ticker=f"T{i % 7}", signal="BUY", text=f"It has risen for {i} days.", unit=f"u{i}"
            )
        learner.flush(timeout_s=30)
