"""A database in which everything has happened once: tests of every rule, running and over, each
kind of decision with each kind of receipt, prompts of people and of a model. The clock is
simulated and ends at the present."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from llmlearn import Assignment, Learner, VirtualClock

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from trading_engine import stand_in  # noqa: E402
from trading_engine.stand_in import MODEL, StandIn  # noqa: E402
from trading_engine.wordings import generations  # noqa: E402

__all__ = ["MODEL", "SIGNALS", "StandIn", "make", "stand_in"]

SIGNALS = ("BUY", "SELL", "HOLD")
VERSIONS = ("v1.0", "v1.1", "v1.2")
WEIGHTS = {"v1.0": 0.34, "v1.1": 0.33, "v1.2": 0.33}
TICKERS = ("AAPL", "MSFT", "IBM")
HOUR_S = 3600
DAYS = 20
BY = {"actor": "ann", "reason": "to see it once"}


class History:
    def __init__(self, learner: Learner, clock: VirtualClock) -> None:
        self.learner = learner
        self.clock = clock
        self.users = 0

    def next_user(self, signal: str, version: str) -> tuple[str, Assignment]:
        """Somebody new who gets this version. Arms fill evenly: no verdict hangs on luck."""
        for _ in range(1000):
            self.users += 1
            user = f"user-{self.users}"
            served = self.learner.get_variant(signal=signal, unit=user)
            if served.version == version:
                return user, served
        raise AssertionError(f"nobody gets {version}")

    def day(self, signal: str, *, users: int, likes: dict[str, int]) -> None:
        """A day's users, who each get an explanation and vote; one of `likes` in ten like it."""
        versions = list(likes)
        for i in range(users):
            self.clock.advance(seconds=24 * HOUR_S / users)
            turn, version = i // len(versions), versions[i % len(versions)]
            user, served = self.next_user(signal, version)
            id_ = self.learner.log_explanation(
                ticker=TICKERS[i % 3],
                signal=signal,
                text=f"Why to {signal.lower()}, for the {self.users}th.",
                unit=user,
                assignment=served,
                model=MODEL,
                provider="stand-in",
                confidence=0.87,
                latency_ms=400.0 + turn,
                prompt_tokens=150,
                completion_tokens=50,
                cost_nanousd=35_000,
                fallback=turn % 20 == 19,
            )
            if turn % 5 != 4:
                helpful = turn * 7 % 10 < likes[version]
                rating = (5 if helpful else 2) if turn % 2 else None
                comment = "Short and clear." if turn % 9 == 0 else None
                self.learner.submit_feedback(
                    explanation_id=id_, helpful=helpful, rating=rating, comment=comment, user=user
                )

    def prompts(self) -> None:
        for signal in SIGNALS:
            for version, text in generations(signal)[0].items():
                self.learner.add_variant(signal=signal, version=version, text=text)

    def decide(self, signal: str, likes: dict[str, int], *, promote: bool) -> None:
        """A classic test of two days, whose winner is the one that most like."""
        weights = {version: 1 / len(likes) for version in likes}
        limits = {"min_duration_days": 1, "min_trials": 40}
        self.learner.start_ab_test(signal=signal, weights=weights, actor="ann", **limits)
        for _ in range(2):
            self.day(signal, users=160, likes=likes)
        look = self.learner.select_winner(signal=signal, promote=promote)
        assert look.winner == max(likes, key=lambda version: likes[version]), look.receipt

    def decided_and_overruled(self) -> None:
        """BUY: a person goes against the verdict, and thinks better of it."""
        self.decide("BUY", {"v1.0": 3, "v1.1": 8, "v1.2": 4}, promote=False)
        self.learner.promote_variant(signal="BUY", version="v1.2", **BY)
        self.learner.rollback(signal="BUY", **BY)
        self.learner.promote_variant(signal="BUY", version="v1.1", **BY)

    def overruled_while_it_runs(self) -> None:
        """HOLD: a person does not wait for the verdict. The next test's is followed, and the one
        after it stopped."""
        start, two = self.learner.start_ab_test, {"v1.0": 0.5, "v1.1": 0.5}
        start(signal="HOLD", weights=two)
        self.day("HOLD", users=40, likes={"v1.0": 5, "v1.1": 5})
        self.learner.promote_variant(signal="HOLD", version="v1.1", **BY)
        self.decide("HOLD", {"v1.1": 3, "v1.2": 8}, promote=True)
        self.learner.add_variant(signal="HOLD", version="v1.3", text="Why wait with {{ticker}}?")
        test_id = start(signal="HOLD", weights={"v1.2": 0.5, "v1.3": 0.5})
        self.learner.stop_ab_test(test_id=test_id, **BY)
        self.learner.archive_variant(signal="HOLD", version="v1.3", **BY)

    def running_with_an_arm_switched_off(self) -> None:
        """SELL, always valid: one arm fails until the breaker takes it out."""
        rule = "always_valid"
        self.learner.start_ab_test(signal="SELL", weights=WEIGHTS, rule=rule, actor="ann")
        likes = {"v1.0": 5, "v1.1": 6, "v1.2": 5}
        for _ in range(9):
            self.day("SELL", users=40, likes=likes)
        for i in range(400):
            served = self.learner.get_variant(signal="SELL", unit=f"unlucky-{i}")
            if served.version == "v1.2" and served.test_id:
                self.learner.report_failure(assignment=served, unit=f"unlucky-{i}")
        del likes["v1.2"]
        self.day("SELL", users=40, likes=likes)

    def running_by_looks(self) -> None:
        """BUY again, group sequential, with a model's variant among the arms."""
        known = self.learner.variants(signal="BUY")["variants"]
        version = next(row["version"] for row in known if row["model"])
        self.learner.approve_variant(signal="BUY", version=version, **BY)
        weights = {"v1.1": 0.5, version: 0.5}
        rule = "group_sequential"
        self.learner.start_ab_test(signal="BUY", weights=weights, rule=rule, lift_min=0.1)
        for _ in range(2):
            self.day("BUY", users=60, likes={"v1.1": 6, version: 7})

    def generated(self, prices: Path) -> None:
        with StandIn() as service:
            service.write_prices(prices)
            self.learner.set_model(
                uses="generating", model=MODEL, base_url=service.url, price_file=str(prices)
            )
            for signal in ("BUY", "SELL"):  # of SELL the last one is rejected
                self.learner.generate_variants(signal=signal, timeout_s=30)


def make(path: Path) -> None:
    clock = VirtualClock((int(time.time()) - DAYS * 24 * HOUR_S) * 1_000_000)
    with Learner(path, virtual_clock=clock) as learner:
        history = History(learner, clock)
        history.prompts()
        history.decided_and_overruled()
        history.overruled_while_it_runs()
        history.running_with_an_arm_switched_off()
        history.generated(path.with_suffix(".prices"))
        history.running_by_looks()
        learner.flush()
