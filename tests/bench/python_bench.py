"""What the calls of the Python binding cost, alone and beside a thread that keeps Python busy.

    python_bench.py FOLDER [quick]
"""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

import llmlearn
from measure import median, print_figure, quantile, steady_median, text_1kb, work_ns

BURST = 3000  # calls: they fit into what the journal has ready
GET_CALLS = 20000
PACE_NS = 20_000


def log_burst(learner: llmlearn.Learner, text: str) -> float:
    """Nanoseconds of one call."""
    log = learner.log_explanation
    start = time.perf_counter_ns()
    for _ in range(BURST):
        log(
            ticker="AAPL",
            signal="BUY",
            text=text,
            version="v1.0",
            model="gpt-4o-mini",
            confidence=0.85,
            latency_ms=812.0,
            prompt_tokens=400,
        )
    return (time.perf_counter_ns() - start) / BURST


def warm_up(learner: llmlearn.Learner) -> None:
    """A processor that has slept is slow at first; that is not the call's doing."""
    end = time.perf_counter_ns() + 3_000_000
    while time.perf_counter_ns() < end:
        learner.get_variant(signal="SELL", unit="nobody")


def measure_log(learner: llmlearn.Learner, text: str, bursts: int) -> None:
    times = []
    log_burst(learner, text)
    for _ in range(bursts):
        learner.flush(timeout_s=60)
        time.sleep(0.03)
        warm_up(learner)
        before = work_ns()
        ns = log_burst(learner, text)
        times.append((max(before, work_ns()), ns))
    print_figure(
        "python_log_1kb",
        steady_median(times),
        "ns",
        reference="@python_sqlite_commit",
        goal="value <= 400",
    )


def add_test(learner: llmlearn.Learner) -> None:
    weights = {"v1.0": 0.4, "v1.1": 0.2, "v1.2": 0.2, "v1.3": 0.2}
    for version in weights:
        learner.add_variant(
            signal="BUY", version=version, text="Explain {{signal}}.", timeout_s=60
        )
    learner.promote_variant(
        signal="BUY", version="v1.0", actor="bench", reason="to measure", timeout_s=60
    )
    learner.start_ab_test(signal="BUY", weights=weights, timeout_s=60)


def measure_get(learner: llmlearn.Learner, rounds: int) -> None:
    get = learner.get_variant
    times = []
    for _ in range(rounds):
        before = work_ns()
        start = time.perf_counter_ns()
        for _ in range(GET_CALLS):
            get(signal="BUY", unit="account-123456")
        ns = (time.perf_counter_ns() - start) / GET_CALLS
        times.append((max(before, work_ns()), ns))
    print_figure("python_get_variant", steady_median(times), "ns")


def keep_busy(stop: threading.Event) -> None:
    number = 1
    while not stop.is_set():
        for _ in range(1000):
            number = number * 48271 % 2147483647


def measure_beside_busy_thread(learner: llmlearn.Learner, text: str, calls: int) -> None:
    """One call every 20 us, each timed, while the other thread wants the interpreter, too."""
    stop = threading.Event()
    busy = threading.Thread(target=keep_busy, args=(stop,))
    clock, log = time.perf_counter_ns, learner.log_explanation
    times = []
    busy.start()
    due = clock()
    for _ in range(calls):
        while clock() < due:
            pass
        start = clock()
        log(ticker="AAPL", signal="BUY", text=text, confidence=0.85, latency_ms=812.0)
        end = clock()
        times.append((end - start) / 1000)
        due = end + PACE_NS
    stop.set()
    busy.join()
    print_figure("python_log_busy_p99.9", quantile(times, 0.999), "us", goal="value <= 50")
    print_figure("python_log_busy_p50", median(times), "us")


def main() -> None:
    quick = sys.argv[2:] == ["quick"]
    text = text_1kb()
    with llmlearn.Learner(Path(sys.argv[1]) / "python.db") as learner:
        measure_log(learner, text, 10 if quick else 60)
        add_test(learner)
        measure_get(learner, 10 if quick else 60)
        measure_beside_busy_thread(learner, text, 10_000 if quick else 100_000)


main()
