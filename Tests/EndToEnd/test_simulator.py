"""The simulator as people run it: the same seed is the same run in every process, and what fails can be replayed."""

import os
import pathlib
import subprocess
import sys

import node
import pytest


def simulator():
    """$STARLING_SIM, else what was built beside the program under test, else the release or debug build."""
    if "STARLING_SIM" in os.environ:
        return os.path.abspath(os.environ["STARLING_SIM"])
    build = node.ROOT / ".build"
    places = [pathlib.Path(node.binary()).parent, build / "release", build / "debug", build / "tests" / "release"]
    return next((str(place / "starling-sim") for place in places if (place / "starling-sim").exists()), None)


@pytest.fixture
def sim():
    program = simulator()
    if program is None:
        pytest.skip("no starling-sim: build it with scripts/simulate, or set STARLING_SIM")

    def run(*words, called=None):
        """Runs it to its end, as `called` where it is to take another program for itself."""
        words = [called or program, *map(str, words)]
        return subprocess.run(words, executable=program, capture_output=True, text=True, timeout=300)

    run.program = program
    return run


def ok(done):
    assert done.returncode == 0, done
    return done.stdout.splitlines()


def traces(lines):
    return [line for line in lines if line.startswith("all traces: ")]


def test_the_same_seed_is_the_same_run(sim):
    """In two processes, among other seeds or alone, by one worker or three."""
    one = ok(sim("chaos", "--seed", 1, "--count", 4))
    assert len(traces(one)) == 1 and one[-1] == "simulation: 4 passed, 0 failed"
    for more in ([], ["--jobs", 3], ["--jobs", 2, "--twice", 4]):
        assert traces(ok(sim("chaos", "--seed", 1, "--count", 4, *more))) == traces(one), more
    assert traces(ok(sim("chaos", "--seed", 2, "--count", 4))) != traces(one)


def test_a_replay_tells_all_that_happened(sim):
    """Each event with its time, then the line that a sweep reads, with the digest; the same in two processes."""
    told = ok(sim("replay", 3))
    assert told[-1] == "all is well"
    seed, digest, *numbers, failure = told[-2].split("\t")
    assert seed == "3" and len(digest) == 16 and failure == "" and all(map(str.isdigit, numbers))
    times = [int(line.split()[0]) for line in told[:-2]]
    assert len(times) > 1_000 and times == sorted(times)
    for word in ("--- start: 0", " > dial ", " heads ", " < "):
        assert any(word in line for line in told), word
    assert ok(sim("replay", 3)) == told
    other = ok(sim("replay", 4))[-2].split("\t")
    assert other[0] == "4" and other[1] != digest
    # A worker of a sweep runs what is replayed.
    assert ok(sim("chaos-worker", "--seed", 3)) == [told[-2]]


def test_a_seed_that_kills_its_worker_is_told_and_can_be_replayed(sim, tmp_path):
    """Nothing is known to make a run fail; so its worker dies of seed 2, and the others go on."""
    program = tmp_path / "sim"
    program.write_text(
        f"#!{sys.executable}\nimport os, signal, sys\n"
        "if sys.argv[1] == 'chaos-worker' and sys.argv[sys.argv.index('--seed') + 1] == '2':\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        f"os.execv({sim.program!r}, [sys.argv[0], *sys.argv[1:]])\n"
    )
    program.chmod(0o755)
    done = sim("chaos", "--count", 4, "--jobs", 2, called=str(program))
    assert done.returncode == 1, done
    lines = done.stdout.splitlines()
    failed = [line for line in lines if line.startswith("FAILED")]
    assert failed == [f"FAILED  {program} replay 2    # the process died, status 9"], lines
    assert lines[-1].endswith(", 1 failed")
    replayed = subprocess.run(failed[0].split("#")[0].split()[1:], capture_output=True, text=True, timeout=300)
    assert ok(replayed) == ok(sim("replay", 2))


@pytest.mark.parametrize("words", [
    "", "nonsense", "chaos 5", "chaos --count", "chaos --count 0", "chaos --count x", "chaos --jobs 0",
    "chaos --count 4 --twice 5", "chaos --seed 18446744073709551615 --count 2", "chaos --bogus 1",
    "replay", "replay x", "replay 1 2", "attack", "attack nobody", "attack sybils --scenario x",
    "attack equivocator --nodes 3", "attack eclipse --trials -1", "tables --nodes 9", "tables --only x", "scale --most",
])
def test_what_makes_no_sense_is_said(sim, words):
    done = sim(*words.split())
    assert done.returncode == 2 and done.stdout == "", done
    assert done.stderr.startswith("starling-sim: ") and "starling-sim help" in done.stderr, done


def test_help(sim):
    for words in (["help"], ["--help"], ["chaos", "--help"]):
        usage = "\n".join(ok(sim(*words)))
        for command in ("chaos", "replay N", "tables", "scale", "attack sybils"):
            assert command in usage
    # The script tells without building anything.
    for words in (["--help"], ["help"], ["replay", "--help"], ["compare", "-h"]):
        done = subprocess.run([node.ROOT / "scripts" / "simulate", *words], capture_output=True, text=True, timeout=60)
        assert "scripts/simulate" in "\n".join(ok(done)) and done.stderr == "", done
