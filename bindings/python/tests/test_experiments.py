"""Whole tests of prompts, by each rule, on a clock that shows what it is told."""

from __future__ import annotations

import math

import pytest

import llmlearn
from llmlearn import Assignment, Learner, VirtualClock

START_US = 1_750_000_000_000_000  # 2025-06-15, a Sunday
DAY_S = 86_400


class World:
    """A learner, its clock, and users who vote at rates that hold exactly.

    Which users get which version is drawn anew in every test, so what follows
    from that is never asserted to the vote.
    """

    def __init__(self, learner: Learner, clock: VirtualClock) -> None:
        self.learner = learner
        self.clock = clock
        self.users = 0
        self.seen: dict[str, int] = {}

    def start(self, **options) -> int:
        """v1.0, the champion, against v2."""
        weights = {"v1.0": 0.5, "v2": 0.5}
        return self.learner.start_ab_test(signal="BUY", weights=weights, **options)

    def unit_of(self, version: str) -> tuple[str, Assignment]:
        """A new user who gets this version."""
        while True:
            self.users += 1
            unit = f"user-{self.users}"
            chosen = self.learner.get_variant(signal="BUY", unit=unit)
            if chosen.version == version:
                return unit, chosen

    def vote(self, users: int, **rates: float) -> None:
        """New users see an explanation each and vote: rates of v2=, of all others base=."""
        for _ in range(users):
            self.users += 1
            unit = f"user-{self.users}"
            chosen = self.learner.get_variant(signal="BUY", unit=unit)
            id = self.learner.log_explanation(
                ticker="AAPL", signal="BUY", text="t", unit=unit, assignment=chosen
            )
            rate = rates.get(chosen.version, rates["base"])
            seen = self.seen[chosen.version] = self.seen.get(chosen.version, 0) + 1
            self.learner.submit_feedback(
                explanation_id=id,
                helpful=math.floor(seen * rate) > math.floor((seen - 1) * rate),
                user=unit,
            )

    def live(self, days: int, users: int, **rates: float) -> list[llmlearn.Decision]:
        """Days with so many new users each, and a look in the evening; until a verdict."""
        looks: list[llmlearn.Decision] = []
        while len(looks) < days and not (looks and looks[-1].decision_id):
            self.vote(users, **rates)
            self.clock.advance(seconds=DAY_S)
            looks.append(self.look())
        return looks

    def look(self, promote: bool = True) -> llmlearn.Decision:
        return self.learner.select_winner(signal="BUY", promote=promote, timeout_s=20)

    def kinds(self) -> list[str]:
        """The history, newest first."""
        return [entry["kind"] for entry in self.learner.decisions(signal="BUY")["decisions"]]


@pytest.fixture
def world(tmp_path):
    clock = VirtualClock(START_US)
    with Learner(tmp_path / "loop.db", virtual_clock=clock) as learner:
        for version in ("v1.0", "v2"):
            learner.add_variant(signal="BUY", version=version, text=f"text of {version}")
        learner.promote_variant(signal="BUY", version="v1.0", actor="ann", reason="the first")
        yield World(learner, clock)


def arm_of(decision: llmlearn.Decision, version: str) -> dict:
    (arm,) = [arm for arm in decision.receipt["arms"] if arm["version"] == version]
    return arm


# ---- the rules


def test_classic_looks_once_at_the_end(world):
    world.start(min_trials=30)
    *early, last = world.live(days=10, users=24, base=0.5, v2=0.8)

    assert len(early) == 6
    assert {(look.verdict, look.looks, look.decision_id) for look in early} == {
        ("keep_going", 0, None)
    }
    assert early[0].days_left is None  # no whole day is known yet
    assert [look.days_left for look in early[1:]] == pytest.approx([5, 4, 3, 2, 1])
    assert (last.verdict, last.winner, last.looks) == ("winner", "v2", 1)
    assert last.days_left is None and not last.cannot_finish
    assert last.p_value < 0.05 and last.effect > 0.1
    assert last.promotable and last.promoted
    assert (last.receipt["rule"], last.receipt["fixed_sample_label"]) == ("classic", None)

    world.clock.advance(seconds=30 * DAY_S)
    assert world.look() == last
    assert world.learner.get_variant(signal="BUY", unit="new").version == "v2"


def test_group_sequential_looks_weekly_against_bounds(world):
    world.start(rule="group_sequential", lift_min=0.1, min_trials=50, max_duration_days=28)
    looks = world.live(days=28, users=30, base=0.5, v2=0.7)
    last = looks[-1]

    assert (last.verdict, last.winner, last.status) == ("winner", "v2", "winner")
    assert last.promotable and last.promoted
    # One look at the end of each week; the first alone would not have done.
    assert [look.looks for look in looks] == [day // 7 for day in range(1, len(looks) + 1)]
    assert 2 <= last.looks and len(looks) < 28
    for look in looks[6:]:
        arm = arm_of(look, "v2")
        assert (arm["z"] >= arm["bound"]) == (look is last)
    bounds = [arm_of(look, "v2")["bound"] for look in looks[6:]]
    assert bounds == sorted(bounds, reverse=True)
    assert last.receipt["lift_min"] == 0.1
    assert last.receipt["fixed_sample_label"] == "if this were the only look"


def test_group_sequential_looks_once_a_day_at_most(world):
    world.start(rule="group_sequential", min_duration_days=0, min_trials=10)
    world.vote(60, base=0.5)
    first, again = world.look(), world.look()
    assert (first.status, first.looks) == ("not_yet", 1)
    assert (again.status, again.looks) == ("between_looks", 1)
    world.vote(10, base=0.5)
    world.clock.advance(seconds=DAY_S)
    assert (world.look().looks, world.kinds()[0]) == (2, "start")


def test_group_sequential_ends_when_all_planned_votes_are_in(world):
    world.start(rule="group_sequential", lift_min=0.3, min_trials=20)
    last = world.live(days=20, users=30, base=0.5)[-1]
    assert (last.verdict, last.status) == ("no_difference", "planned_votes_reached")
    assert last.winner is None and not last.promotable and not last.promoted
    assert world.learner.get_variant(signal="BUY", unit="new").version == "v1.0"


def test_always_valid_goes_by_whole_weeks(world):
    world.start(rule="always_valid", lift_min=0.2, min_trials=50)
    looks = world.live(days=20, users=12, base=0.4, v2=0.8)
    last = looks[-1]

    # After one week there were too few votes. Later in the second the votes are
    # there, but it is not over.
    assert len(looks) == 14
    assert {look.verdict for look in looks[:-1]} == {"keep_going"}
    assert (looks[6].status, looks[6].looks) == ("insufficient_sample", 1)
    now = arm_of(looks[-2], "v2")["ln_e_value"]
    assert now > arm_of(looks[-2], "v2")["ln_e_value_week_end"]
    assert (last.verdict, last.winner, last.looks) == ("winner", "v2", 2)
    assert last.ln_e_value >= math.log(1 / 0.05)
    assert last.ln_e_value == arm_of(last, "v2")["ln_e_value_week_end"]
    assert last.promotable and last.promoted


def test_always_valid_may_be_looked_at_by_anybody_at_any_time(world):
    world.start(rule="always_valid", lift_min=0.2)
    world.vote(20, base=0.5)
    looks = [world.look(promote=False) for _ in range(5)]
    assert {(look.verdict, look.looks, look.ln_e_value) for look in looks} == {
        ("keep_going", 0, 0.0)
    }
    assert world.kinds()[0] == "start"


@pytest.mark.parametrize("rule", ["classic", "group_sequential", "always_valid"])
def test_a_test_with_hardly_any_traffic_cannot_finish(world, rule):
    world.start(rule=rule, min_trials=1000)
    last = world.live(days=4, users=2, base=0.5)[-1]
    assert (last.verdict, last.cannot_finish) == ("keep_going", True)
    assert last.days_left is None or last.days_left > 56
    world.clock.advance(seconds=60 * DAY_S)
    assert world.look().verdict == "no_difference"


@pytest.mark.parametrize("rule", ["classic", "group_sequential", "always_valid"])
def test_the_plan_is_told_at_the_start(world, rule):
    world.start(rule=rule)
    started = world.learner.decisions(signal="BUY", limit=1)["decisions"][0]["receipt"]
    (test,) = world.learner.ab_tests(signal="BUY")["tests"]
    assert test["rule"] == started["rule"] == rule
    assert test["lift_min"] == started["lift_min"] == 0.05
    assert started["trials_planned"] > 1000


def test_the_series_leads_to_what_the_arms_hold(world):
    test_id = world.start()
    world.live(days=3, users=20, base=0.5)
    series = world.learner.ab_test_series(test_id=test_id)
    arms = world.learner.ab_tests(signal="BUY")["tests"][0]["arms"]
    first, *_, last = series["days"]

    assert (series["step_days"], len(series["days"])) == (1, 4)
    for before, after, now in zip(first["arms"], last["arms"], arms, strict=True):
        assert 0 < before["units"] < after["units"] == now["units"]
        assert (after["first_votes"], after["positive"]) == (now["first_votes"], now["positive"])
    with pytest.raises(llmlearn.NotFoundError):
        world.learner.ab_test_series(test_id=test_id + 1)


def test_the_least_lift_decides_how_many_votes_are_planned(world):
    planned = []
    for lift in (0.05, 0.2):
        test_id = world.start(rule="group_sequential", lift_min=lift)
        planned.append(world.learner.ab_tests(signal="BUY")["tests"][0]["trials_planned"])
        world.learner.stop_ab_test(test_id=test_id, actor="ann", reason="enough seen")
    assert planned[0] > 10 * planned[1]


def test_the_champion_before_may_come_back(world):
    learner = world.learner
    learner.promote_variant(signal="BUY", version="v2", actor="ann", reason="looks good")
    with pytest.raises(llmlearn.StateError):
        world.start()
    world.start(min_duration_days=0, min_trials=30, keep_previous=True)
    world.vote(120, base=0.9, v2=0.3)
    decision = world.look()
    assert (decision.winner, decision.promoted) == ("v1.0", True)
    assert world.kinds()[0] == "rollback"
    assert learner.get_variant(signal="BUY", unit="new").version == "v1.0"


# ---- failures


def failures(world) -> dict[str, tuple[int, int]]:
    """Of the running test: failures and exposures by version."""
    (test,) = world.learner.ab_tests(signal="BUY", limit=1)["tests"]
    return {
        arm["version"]: (arm["failures"], arm["exposures"]) for arm in test["evidence"]["arms"]
    }


def test_a_failure_is_an_exposure_of_its_arm(world):
    world.start()
    unit, chosen = world.unit_of("v2")
    assert world.learner.report_failure(assignment=chosen, unit=unit) is True
    assert failures(world) == {"v1.0": (0, 0), "v2": (1, 1)}
    anybody = world.learner.get_variant(signal="BUY")
    assert world.learner.report_failure(assignment=anybody) is True
    assert sum(failed for failed, _ in failures(world).values()) == 2


def test_without_a_test_there_is_nobody_to_tell(world):
    champion = world.learner.get_variant(signal="BUY", unit="ann")
    assert world.learner.report_failure(assignment=champion, unit="ann") is False
    assert world.learner.report_failure(assignment=Assignment(("v9", None, None, None, False))) is (
        False
    )


def test_an_arm_that_fails_is_switched_off(world):
    learner = world.learner
    test_id = world.start()
    tried = 0
    while "breaker" not in world.kinds():
        unit, chosen = world.unit_of("v2")
        assert learner.report_failure(assignment=chosen, unit=unit)
        tried += 1
    assert tried == 20

    # The last one to fail had the arm that is off: it gets the champion's prompt now.
    again = learner.get_variant(signal="BUY", unit=unit)
    assert again == Assignment(("v1.0", "text of v1.0", test_id, chosen.arm, True))
    id = learner.log_explanation(ticker="A", signal="BUY", text="t", unit=unit, assignment=again)
    row = learner.get_explanation(explanation_id=id)
    assert (row.version, row.arm, row.rerouted) == ("v1.0", chosen.arm, True)

    # A failure of that prompt is not the arm's, and not the champion's either.
    before = failures(world)
    assert learner.report_failure(assignment=again, unit=unit) is False
    assert failures(world) == before == {"v1.0": (0, 0), "v2": (20, 20)}
    (test,) = learner.ab_tests(signal="BUY")["tests"]
    assert [(arm["version"], arm["off"]) for arm in test["arms"]] == [("v1.0", False), ("v2", True)]
    assert [arm["rerouted"] for arm in test["arms"]] == [0, 1]

    ended = world.look()
    assert (ended.verdict, ended.status) == ("no_difference", "switched_off")


def test_failures_that_cannot_be_told(world):
    learner = world.learner
    test_id = world.start()
    unit, chosen = world.unit_of("v2")
    with pytest.raises(llmlearn.InvalidArgumentError, match="unit"):
        learner.report_failure(
            assignment=Assignment(("v1.0", None, test_id, 1 - chosen.arm, False)), unit=unit
        )
    with pytest.raises(llmlearn.NotFoundError, match="arm"):
        learner.report_failure(assignment=Assignment(("v1.0", None, test_id, 2, False)))
    with pytest.raises(llmlearn.NotFoundError, match="test"):
        learner.report_failure(assignment=Assignment(("v1.0", None, 99, 0, False)))
    assert failures(world) == {"v1.0": (0, 0), "v2": (0, 0)}
    learner.stop_ab_test(test_id=test_id, actor="ann", reason="enough")
    with pytest.raises(llmlearn.StateError):
        learner.report_failure(assignment=chosen, unit=unit)


# ---- receipts


@pytest.mark.parametrize("rule", ["classic", "group_sequential", "always_valid"])
def test_a_verdict_replays_to_itself(world, rule):
    world.start(rule=rule, lift_min=0.2, min_trials=30)
    decision = world.live(days=60, users=20, base=0.4, v2=0.8)[-1]
    replay = world.learner.replay_decision(decision_id=decision.decision_id)
    assert (replay["same"], replay["same_verdict"]) == (True, True)
    assert replay["stored"] == replay["replayed"] == decision.receipt
    assert replay["decision_id"] == decision.decision_id
    assert replay["stored_version"] == replay["library_version"] == llmlearn.__version__


def test_only_verdicts_can_be_replayed(world):
    world.start()
    (start,) = [
        entry["decision_id"]
        for entry in world.learner.decisions(signal="BUY")["decisions"]
        if entry["kind"] == "start"
    ]
    with pytest.raises(llmlearn.StateError):
        world.learner.replay_decision(decision_id=start)
    with pytest.raises(llmlearn.NotFoundError):
        world.learner.replay_decision(decision_id=start + 1000)


# ---- self-check


def test_every_rule_is_checked_on_the_tests_own_traffic(world):
    test_id = world.start(min_trials=50)
    world.live(days=8, users=40, base=0.6)
    check = world.learner.self_check(test_id=test_id, runs=500)

    assert (check["test_id"], check["signal"]) == (test_id, "BUY")
    assert (check["runs"], check["complete"]) == (500, True)
    assert check["units"] == check["first_votes"] == world.users
    assert [rule["rule"] for rule in check["rules"]] == [
        "classic",
        "group_sequential",
        "always_valid",
    ]
    for rule in check["rules"]:
        # 0.05 and five standard errors: this may fail once in a million times.
        assert rule["false_winner_rate"] == rule["false_winners"] / 500 <= 0.1
        assert rule["interval"][0] <= rule["false_winner_rate"] <= rule["interval"][1]
        assert rule["promoted"] <= rule["false_winners"] and rule["alpha"] == 0.05
    assert world.learner.self_check(test_id=test_id, runs=500) == check


def test_a_self_check_needs_a_test_with_votes(world):
    with pytest.raises(llmlearn.NotFoundError):
        world.learner.self_check(test_id=99)
    with pytest.raises(llmlearn.StateError):
        world.learner.self_check(test_id=world.start())
