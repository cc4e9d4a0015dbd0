"""What the library knows, as tables for people."""

from __future__ import annotations

import math
from typing import Any

from llmlearn import Decision

from .console import Screen, count, decimal, dollars, e_value, interval, p_value, percent
from .replay import Step, Tally
from .signals import SIGNALS


# Other runs may have asked other readers, so this does not say whose votes they are.
WHOSE = "SIMULATED votes, but for --rate"


def show_analytics(screen: Screen, report: dict[str, Any]) -> None:
    """The totals, and by signal, ticker, variant and day."""
    days = report["window"]["days"]
    screen.title(f"Analytics of the last {days} days (UTC): {WHOSE}")
    _totals(screen, report)
    for key, name in (("by_signal", "signal"), ("by_ticker", "ticker")):
        screen.line()
        _groups(screen, report[key], name)
    screen.line()
    _variants(screen, report["by_variant"])
    votes = [day["feedback"] for day in report["series"]]
    screen.line()
    screen.line(f"  votes per day  {screen.spark(votes)}  today {count(votes[-1])}")
    if report["pending"]:
        screen.note(f"{count(report['pending'])} records are not yet counted.", style="dim")


def _totals(screen: Screen, report: dict[str, Any]) -> None:
    histogram = report["rating_histogram"]
    screen.line(
        f"  explanations {count(report['total_explanations'])}, "
        f"of these {percent(report['response_rate'])} rated; "
        f"votes {count(report['total_feedback'])}"
    )
    screen.line(
        f"  helpful {percent(report['positive_rate'])} "
        f"(95 % interval {interval(report['positive_rate_interval'])}); "
        f"stars {decimal(report['average_rating'])} of 5"
    )
    stars = "   ".join(f"{i + 1}★ {count(n)}" for i, n in enumerate(histogram))
    screen.line(f"  {stars}   {screen.spark(histogram)}")
    screen.line(
        f"  templates instead of a model's text {percent(report['fallback_rate'])}"
        + _model_totals(report)
    )


def _model_totals(report: dict[str, Any]) -> str:
    tokens = report["prompt_tokens"] + report["completion_tokens"]
    if not tokens:
        return ""
    cost = dollars(report["cost_nanousd"]) if report["cost_known"] else "unknown"
    return f"; tokens {count(tokens)}, cost {cost}"


def _groups(screen: Screen, groups: list[dict[str, Any]], name: str) -> None:
    screen.table(
        (name, "explained", "votes", "helpful", "95 %", "", "stars"),
        [
            (
                group[name],
                count(group["explanations"]),
                count(group["feedback"]),
                percent(group["positive_rate"]),
                interval(group["positive_rate_interval"]),
                screen.bar(group["positive_rate"]),
                decimal(group["average_rating"]),
            )
            for group in groups
        ],
    )


def _variants(screen: Screen, variants: list[dict[str, Any]]) -> None:
    costs = any(variant["cost_known"] for variant in variants)
    rows = []
    for variant in variants:
        cost = variant["cost_nanousd"] if variant["cost_known"] else None
        rows.append(
            (
                variant["signal"],
                variant["version"],
                variant["status"],
                count(variant["explanations"]),
                count(variant["feedback"]),
                percent(variant["positive_rate"]),
                interval(variant["positive_rate_interval"]),
                dollars(cost) if costs else decimal(variant["average_rating"]),
                decimal(variant["latency_ms"]["p95"], 2),
            )
        )
    header = ("signal", "variant", "status", "explained", "votes", "helpful", "95 %")
    screen.table((*header, "cost" if costs else "stars", "p95 ms"), rows, left=3)


# ---- tests


def show_tests(screen: Screen, tests: dict[str, Any], decisions: dict[str, Any]) -> None:
    """Each signal's newest test: its arms, and the verdict if there is one."""
    screen.title(f"Prompt tests: {WHOSE}")
    receipts = {
        entry["test_id"]: entry["receipt"]
        for entry in decisions["decisions"]
        if entry["kind"] == "verdict"
    }
    for signal in SIGNALS:
        newest = next((test for test in tests["tests"] if test["signal"] == signal), None)
        if newest is not None:
            _test(screen, newest, receipts.get(newest["test_id"]))


def _test(screen: Screen, test: dict[str, Any], receipt: dict[str, Any] | None) -> None:
    screen.line()
    screen.line(
        screen.style(f"{test['signal']}  test {test['test_id']}, {_outcome(test, receipt)}", "bold")
    )
    winner = receipt["winner"] if receipt else None
    screen.table(
        ("arm", "traffic", "readers", "first votes", "helpful", "95 %", "", ""),
        [_arm(screen, arm, winner) for arm in test["arms"]],
    )
    if receipt is None:
        screen.note(_not_yet(test), indent="  ")
        return
    screen.line(f"  rule {receipt['rule']}: {_evidence(receipt)}")
    screen.note(receipt["sentence"], indent="  ")
    for advisory in receipt["advisories"]:
        screen.note(f"advisory: {advisory}", indent="  ", style="dim")


def _not_yet(test: dict[str, Any]) -> str:
    """What a running test waits for."""
    need = f"No verdict before each arm has {count(test['trials_min'])} first votes"
    if test["duration_min_days"]:
        need += f" and {test['duration_min_days']:g} days are over"
    if test["rule"] == "classic":
        return need + "."
    now = test["evidence"]
    left = "unknown" if now["days_left"] is None else f"about {now['days_left']:.0f}"
    return f"{need}. Rule {test['rule']}: looks so far {now['looks']}, days left {left}."


def _evidence(receipt: dict[str, Any]) -> str:
    """What the rule went by, in a few words: of the winner, else of the best variant."""
    if receipt["rule"] == "classic":
        return f"{p_value(receipt['p_value'])}, Cramer's V {decimal(receipt['cramers_v'], 2)}"
    variants = [arm for arm in receipt["arms"] if not arm["champion"]]
    weekly = receipt["rule"] == "always_valid"
    key = "ln_e_value_week_end" if weekly else "z"
    best = max(variants, key=lambda arm: (arm["version"] == receipt["winner"], arm[key]))
    if weekly:
        needed = len(variants) / receipt["alpha"]
        than = ">=" if best[key] >= math.log(needed) else "<"
        return f"{e_value(best[key])} {than} {needed:g}, week {receipt['looks']}"
    if best["bound"] is None:  # nobody had voted
        return f"z {best[key]:.2f}, look {receipt['looks']}"
    than = ">=" if best[key] >= best["bound"] else "<"
    return f"z {best[key]:.2f} {than} bound {best['bound']:.2f}, look {receipt['looks']}"


def _outcome(test: dict[str, Any], receipt: dict[str, Any] | None) -> str:
    if receipt is None:
        return str(test["status"])
    if receipt["promoted"]:
        return f"decided: {receipt['winner']} was promoted"
    if receipt["winner"] == test["champion"]:
        return f"decided: the champion {test['champion']} stays"
    return f"decided: {receipt['verdict'].replace('_', ' ')}, nothing promoted"


def _arm(screen: Screen, arm: dict[str, Any], winner: str | None) -> tuple[str, ...]:
    wins = arm["version"] == winner
    remark = ""
    if wins:
        remark = screen.style("champion, stays" if arm["champion"] else "winner", "good")
    elif arm["champion"]:
        remark = "champion" if winner is None else "was champion"
    return (
        arm["version"],
        f"{arm['weight']:.0%}".replace("%", " %"),
        count(arm["units"]),
        count(arm["first_votes"]),
        percent(arm["positive_rate"]),
        interval(arm["positive_rate_interval"]),
        screen.bar(arm["positive_rate"], 6),
        remark,
    )


# ---- this run


def show_step(screen: Screen, step: Step, tally: Tally) -> None:
    """A month of the replay: what was decided, and how far it is."""
    again = f", pass {step.repeat}" if step.repeat > 1 else ""
    so_far = (
        f"{step.month:%Y-%m}{again}  "
        f"{count(tally.explanations)} explanations, {count(tally.votes)} votes"
    )
    for signal, decision in step.ended.items():
        if decision is None:
            screen.line(f"  {step.month:%Y-%m}  {signal:4} the test was stopped by hand")
            continue
        evidence = f" ({_evidence(decision.receipt)})" if decision.receipt else ""
        said = f"{step.month:%Y-%m}{again}  {signal:4} {_verdict(decision)}{evidence}"
        screen.note(said, indent="  ")
    if screen.moving:
        screen.progress(so_far, step.done / step.total)
    elif step.month.month == 12 and step.month.year % 2 == 0:
        screen.line(f"  {so_far}")
    if step.done == step.total:
        screen.line(f"  {so_far}")


def _verdict(decision: Decision) -> str:
    """A decision in a few words."""
    arms = decision.receipt["arms"] if decision.receipt else []
    winner = [arm for arm in arms if arm["version"] == decision.winner]
    if decision.promoted:
        return f"{decision.winner} wins and is promoted"
    if winner and winner[0]["difference"] is None:  # it would differ from itself
        return f"{decision.winner}, the champion, wins and stays"
    if decision.winner:
        return f"{decision.winner} wins but is not promoted"
    return f"{decision.verdict.replace('_', ' ')}, the champion stays"


def show_run(screen: Screen, tally: Tally, whose: str) -> None:
    """What the replay did, and whether readers were better off after the verdicts."""
    screen.title(f"This run: {whose}")
    screen.line(
        f"  {count(tally.explanations)} explanations, {count(tally.votes)} votes, "
        f"{count(tally.refused)} refused by the hourly limit"
    )
    if tally.lost:
        screen.line(screen.style(f"  {count(tally.lost)} votes could not be stored", "bad"))
    years = sorted(tally.by_year)
    if years:
        shares = [helpful / votes for helpful, votes in map(tally.by_year.__getitem__, years)]
        low, high = min(shares), max(shares)
        screen.line(
            f"  helpful by year  {years[0]} {screen.spark(shares, low)} {years[-1]}"
            f"  lowest {percent(low)}, highest {percent(high)}"
        )
    screen.line()
    screen.table(
        ("signal", "helpful while testing", "votes", "helpful without a test", "votes"),
        [
            (signal, *_share(tally.while_testing, signal), *_share(tally.afterwards, signal))
            for signal in SIGNALS
        ],
    )


def _share(counts: dict[str, list[int]], signal: str) -> tuple[str, str]:
    helpful, votes = counts.get(signal, (0, 0))
    return percent(helpful / votes if votes else None), count(votes)
