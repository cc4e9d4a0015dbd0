"""One learner on both sides of a fork: nothing acknowledged is lost or doubled.

Every program runs beside the test with a limit on its time; what it was told
is stored stands in a file that does not belong to it.
"""

from __future__ import annotations

import sys

import pytest

pytestmark = pytest.mark.skipif(not hasattr(__import__("os"), "fork"), reason="no fork here")

# How a child may end. The first skips everything Python does at exit.
ENDINGS = {"os._exit": "os._exit(0)", "sys.exit": "sys.exit(0)", "kill": "os.kill(os.getpid(), 9)"}


def finish(side, process):
    done = side.finish(process)
    assert done.returncode == 0, done.stderr
    return done


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_learner_opened_before_the_fork(side, ending):
    """As a server preloads its program: open in the parent, log in four children."""
    finish(
        side,
        side.start(
            f"""
            learner = llmlearn.Learner(DATABASE)
            log(learner, "parent, before")
            children = []
            for child in range(4):
                pid = os.fork()
                if pid == 0:
                    for i in range(250):
                        log(learner, f"child {{child}} {{i}}")
                    {ENDINGS[ending]}
                children.append(pid)
            for i in range(250):
                log(learner, "parent, meanwhile")
            for pid in children:
                os.waitpid(pid, 0)
            log(learner, "parent, after")
            learner.close(timeout_s=10)
            """
        ),
    )
    side.assert_all_stored_once(at_least=2 + 5 * 250)


def test_forks_under_load(side):
    """Threads of the parent log and vote all the while; every child uses all calls."""
    finish(
        side,
        side.start(
            """
            learner = llmlearn.Learner(DATABASE)
            stop = threading.Event()

            def patiently(call, **arguments):
                # A child that finds the database busy for a second is told to try
                # again; one whose parent was waiting for the disk may only log.
                for _ in range(10):
                    try:
                        return call(**arguments, timeout_s=15)
                    except (llmlearn.StorageError, llmlearn.TimedOutError):
                        time.sleep(0.5)
                    except llmlearn.StateError:
                        os._exit(0)
                return call(**arguments, timeout_s=15)

            def load():
                while not stop.is_set():
                    id = log(learner)
                    learner.submit_feedback(explanation_id=id, helpful=True, timeout_s=15)

            threads = [threading.Thread(target=load, daemon=True) for _ in range(2)]
            for thread in threads:
                thread.start()
            for child in range(12):
                pid = os.fork()
                if pid == 0:
                    id = log(learner)
                    learner.get_variant(signal="BUY")
                    patiently(learner.submit_feedback, explanation_id=id, helpful=False)
                    assert patiently(learner.get_explanation, explanation_id=id).feedback
                    os._exit(0)
                status = os.waitpid(pid, 0)[1]
                assert status == 0, status
            stop.set()
            for thread in threads:
                thread.join()
            learner.close(timeout_s=10)
            """
        ),
    )
    side.assert_all_stored_once(at_least=12)


def test_a_call_in_another_thread_does_not_stop_the_childs_close(side):
    """The child forgets calls of threads that it does not have."""
    finish(
        side,
        side.start(
            """
            learner = llmlearn.Learner(DATABASE)
            entered, leave = threading.Event(), threading.Event()

            def slow(handle, *args):
                entered.set()
                leave.wait(15)
                return 0

            thread = threading.Thread(target=lambda: learner._invoke(slow))
            thread.start()
            entered.wait()
            pid = os.fork()
            if pid == 0:
                log(learner)
                start = time.monotonic()
                learner.close(timeout_s=10)
                os._exit(0 if time.monotonic() - start < 9 else 1)
            assert os.waitpid(pid, 0)[1] == 0
            leave.set()
            thread.join()
            learner.close(timeout_s=10)
            """
        ),
    )
    side.assert_all_stored_once(at_least=1)


def test_a_childs_first_call_lets_other_threads_run(side):
    """It waits for the database for 20 ms, and must not keep the GIL meanwhile: another thread,
    which sleeps for 1 ms at a time, then gets on. The best of several children counts."""
    done = finish(
        side,
        side.start(
            """
            import fcntl
            learner = llmlearn.Learner(DATABASE)
            log(learner)
            learner.flush(timeout_s=15)
            for _ in range(5):
                forked, go = os.pipe()
                pid = os.fork()
                if pid == 0:
                    os.read(forked, 1)
                    thread = threading.Thread(target=log, args=[learner])
                    thread.start()
                    ticks = 0
                    while thread.is_alive():
                        time.sleep(0.001)
                        ticks += 1
                    print(ticks, flush=True)
                    os._exit(0)
                with open(DATABASE + ".lock") as lock:
                    fcntl.flock(lock, fcntl.LOCK_EX)
                    os.write(go, b"!")
                    assert os.waitpid(pid, 0)[1] == 0
            learner.close(timeout_s=15)
            """
        ),
    )
    assert max(map(int, done.stdout.split())) > 4
    side.assert_all_stored_once(at_least=6)


def test_a_child_of_a_child(side):
    finish(
        side,
        side.start(
            """
            learner = llmlearn.Learner(DATABASE)
            log(learner)
            if os.fork() == 0:
                log(learner)
                if os.fork() == 0:
                    log(learner)
                    learner.flush(timeout_s=10)
                    os._exit(0)
                os._exit(os.waitstatus_to_exitcode(os.wait()[1]))
            assert os.wait()[1] == 0
            """
        ),
    )
    side.assert_all_stored_once(at_least=3)


def test_a_child_may_close_what_the_parent_goes_on_using(side):
    finish(
        side,
        side.start(
            """
            learner = llmlearn.Learner(DATABASE)
            log(learner)
            if os.fork() == 0:
                log(learner)
                learner.close(timeout_s=10)
                sys.exit(0)
            assert os.wait()[1] == 0
            log(learner)
            learner.flush(timeout_s=10)
            """
        ),
    )
    side.assert_all_stored_once(at_least=3)


def test_the_async_learner_after_a_fork(side):
    """The pool's threads are the parent's; a child makes its own."""
    finish(
        side,
        side.start(
            """
            import asyncio
            learner = llmlearn.AsyncLearner(DATABASE)

            async def work():
                id = await learner.log_explanation(ticker="AAPL", signal="BUY", text="t")
                os.write(_log, (id + "\\n").encode())
                votes = [
                    learner.submit_feedback(explanation_id=id, helpful=True, timeout_s=15)
                    for _ in range(8)
                ]
                await asyncio.gather(*votes)

            asyncio.run(work())
            if os.fork() == 0:
                asyncio.run(work())
                os._exit(0)
            assert os.wait()[1] == 0
            asyncio.run(work())
            """
        ),
    )
    side.assert_all_stored_once(at_least=3)


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_multiprocessing(side, tmp_path, method):
    """Under fork the children use the parent's learner, else they open their own."""
    program = tmp_path / "program.py"
    program.write_text(
        """
import multiprocessing, os, sys
import llmlearn

learner = None

def work(database, acknowledged):
    global learner
    if learner is None:
        learner = llmlearn.Learner(database)
    file = os.open(acknowledged, os.O_WRONLY | os.O_APPEND)
    for i in range(200):
        id = learner.log_explanation(ticker="AAPL", signal="BUY", text=str(i))
        os.write(file, (id + "\\n").encode())
    if i == 199:
        learner.submit_feedback(explanation_id=id, helpful=True, timeout_s=15)

if __name__ == "__main__":
    database, acknowledged, method = sys.argv[1:]
    learner = llmlearn.Learner(database)
    context = multiprocessing.get_context(method)
    children = [context.Process(target=work, args=sys.argv[1:3]) for _ in range(4)]
    for child in children:
        child.start()
    work(database, acknowledged)
    for child in children:
        child.join()
        assert child.exitcode == 0
    learner.close(timeout_s=10)
"""
    )
    finish(
        side,
        side.start(
            f"""
            import subprocess
            sys.exit(subprocess.call(
                [sys.executable, {str(program)!r}, DATABASE, ACKNOWLEDGED, {method!r}]))
            """
        ),
    )
    side.assert_all_stored_once(at_least=5 * 200)


def test_ids_of_children_differ(side):
    """The generator's state must not be inherited: equal ids would be lost as duplicates."""
    finish(
        side,
        side.start(
            """
            learner = llmlearn.Learner(DATABASE)
            log(learner)
            ready, go = os.pipe()
            for child in range(8):
                if os.fork() == 0:
                    os.close(go)
                    os.read(ready, 1)
                    for _ in range(100):
                        log(learner)
                    os._exit(0)
            os.close(go)
            for child in range(8):
                assert os.wait()[1] == 0
            """
        ),
    )
    side.assert_all_stored_once(at_least=801)


def test_a_child_that_only_runs_a_program(side):
    """subprocess forks and executes; the learner's files must not leak into it."""
    done = finish(
        side,
        side.start(
            """
            import subprocess
            learner = llmlearn.Learner(DATABASE)
            log(learner)
            learner.flush(timeout_s=10)
            held = subprocess.run(["ls", "-l", "/proc/self/fd"], capture_output=True, text=True,
                                  close_fds=False)
            print(held.stdout)
            """
        ),
    )
    if not sys.platform.startswith("linux"):
        pytest.skip("no /proc")
    assert "side.db" not in done.stdout
    side.assert_all_stored_once(at_least=1)
