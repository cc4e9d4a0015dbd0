"""However a program ends, it ends soon, and nothing acknowledged is lost."""

from __future__ import annotations

import signal
import sqlite3

import pytest

LEARNER = "learner = llmlearn.Learner(DATABASE)\n"

ENDINGS = {
    "the program's last line": "log(learner)",
    "sys.exit": "log(learner); sys.exit(3)",
    "an exception": "log(learner); 1 / 0",
    "os._exit": "log(learner); os._exit(0)",
    "kill -9": "log(learner); os.kill(os.getpid(), 9)",
    "abort": "log(learner); os.abort()",
    "a reference cycle": "cycle = [learner]; cycle.append(cycle); log(learner); del learner, cycle",
    "after an explicit close": "log(learner); learner.close(timeout_s=10)",
    "in the middle of a with": "learner.__enter__(); log(learner)",
    "a learner in a module": "sys.modules['m'] = type(sys)('m'); sys.modules['m'].x = learner;"
    " log(learner)",
    "several learners": "others = [llmlearn.Learner(DATABASE) for _ in range(5)];"
    " [log(other) for other in others]",
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_nothing_is_lost_at(side, ending):
    side.run(LEARNER + ENDINGS[ending])
    side.assert_all_stored_once(at_least=1)


def test_a_clean_exit_is_silent(side):
    done = side.run(LEARNER + "log(learner)")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_clean_exit_leaves_nothing_in_the_journal(side):
    """The next open would store it as well; but reports read the database before that.

    Whoever leaves a learner open until the end need not be warned of it.
    """
    done = side.run(LEARNER + "for i in range(100): log(learner)", "-W", "always")
    assert done.stderr == ""
    with sqlite3.connect(f"file:{side.database}?mode=ro", uri=True) as connection:
        stored = connection.execute("SELECT count(*) FROM llm_explanations").fetchone()[0]
    connection.close()
    assert stored == 100


def test_exit_codes_are_the_programs(side):
    assert side.run(LEARNER + "log(learner); sys.exit(3)").returncode == 3
    done = side.run(LEARNER + "log(learner); 1 / 0")
    assert done.returncode == 1 and "ZeroDivisionError" in done.stderr


WORKERS = 3
WORK = f"""
def work():
    while True:
        id = log(learner)
        learner.submit_feedback(explanation_id=id, helpful=True)

threads = [threading.Thread(target=work, daemon=True) for _ in range({WORKERS})]
for thread in threads:
    thread.start()
while os.fstat(_log).st_size < 37 * 50:
    time.sleep(0.001)
"""


@pytest.mark.parametrize("ending", ["", "sys.exit(0)", "os._exit(0)"])
def test_daemon_threads_in_the_middle_of_calls(side, ending):
    side.run(LEARNER + WORK + ending)
    side.assert_all_stored_once(at_least=50, unheard=WORKERS)


def test_sys_exit_in_a_thread(side):
    done = side.run(
        LEARNER
        + """
def work():
    log(learner)
    sys.exit(1)

threading.Thread(target=work).start()
log(learner)
"""
    )
    assert done.returncode == 0
    side.assert_all_stored_once(at_least=2)


def test_a_thread_that_outlives_the_main_one(side):
    side.run(
        LEARNER
        + """
def work():
    time.sleep(0.3)
    log(learner)

threading.Thread(target=work).start()
"""
    )
    side.assert_all_stored_once(at_least=1)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_it_works(side, number):
    # A signal that comes just before a wait without end does not end that wait.
    naps = "while True: time.sleep(0.1)"
    process = side.start(LEARNER + WORK + "print('working', flush=True)\n" + naps)
    assert process.stdout.readline() == "working\n"
    process.send_signal(number)
    done = side.finish(process)
    assert done.returncode != 0
    side.assert_all_stored_once(at_least=50, unheard=WORKERS)  # each may have logged, not told


def test_keyboard_interrupt_inside_a_call(side):
    """Ctrl-C while the library waits: the call ends by its deadline, then Python sees it."""
    done = side.run(
        LEARNER
        + """
import signal
import sqlite3
signal.setitimer(signal.ITIMER_REAL, 0.2)
signal.signal(signal.SIGALRM, signal.default_int_handler)
try:
    while True:
        log(learner)
        learner.flush()
except KeyboardInterrupt:
    log(learner)
    print("interrupted")
"""
    )
    assert done.stdout == "interrupted\n"
    side.assert_all_stored_once(at_least=2, unheard=1)  # logged, but not yet told


def test_exit_with_the_database_locked_by_another_program(side):
    """Nothing can be stored, so the exit gives up in time; the next open stores it."""
    done = side.run(
        LEARNER
        + """
import atexit, sqlite3
learner.flush()
blocker = sqlite3.connect(DATABASE, isolation_level=None)
blocker.execute("BEGIN IMMEDIATE")
for _ in range(100):
    log(learner)
atexit._clear()
start = time.monotonic()
llmlearn.client._close_all()
print(time.monotonic() - start)
os._exit(0)
"""
    )
    assert float(done.stdout) < 10  # 2 s are promised; a busy machine may double them
    side.assert_all_stored_once(at_least=100)


def test_exit_with_a_call_that_never_ends(side):
    """The exit waits for calls of other threads, but not for ever."""
    done = side.run(
        LEARNER
        + """
log(learner)
entered = threading.Event()

def never(handle, *args):
    entered.set()
    threading.Event().wait()

threading.Thread(target=lambda: learner._invoke(never), daemon=True).start()
entered.wait()
"""
    )
    assert done.returncode == 0
    side.assert_all_stored_once(at_least=1)


def test_exit_with_an_async_call_under_way(side):
    done = side.run(
        """
import asyncio
learner = llmlearn.AsyncLearner(DATABASE)

async def main():
    log(learner.learner)
    asyncio.ensure_future(learner._run(threading.Event().wait))
    await asyncio.sleep(0.1)

asyncio.run(main())
"""
    )
    assert done.returncode == 0
    side.assert_all_stored_once(at_least=1)


def test_a_learner_that_was_never_used(side):
    done = side.run(LEARNER)
    assert (done.returncode, done.stderr) == (0, "")
    side.assert_all_stored_once(at_least=0)
