"""What every test gets: a room to start nodes in, a seed, and the journals when it fails."""

import os
import pathlib
import random
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
sys.path.insert(1, str(pathlib.Path(__file__).resolve().parents[2] / "Protocol" / "reference"))

import nets  # noqa: E402
import node  # noqa: E402


def pytest_report_header():
    return [f"starling: {node.binary()}", f"namespaces: {nets.missing() or 'yes'}"]


@pytest.fixture
def room(tmp_path):
    room = node.Room(tmp_path)
    yield room
    room.close()


@pytest.fixture
def seed():
    """Replays with SEED=…; printed, and so shown when the test fails."""
    value = int(os.environ.get("SEED", time.time_ns() % 1_000_000))
    print(f"seed {value}; replay with  SEED={value} scripts/test  or  SEED={value} pytest …")
    return value


@pytest.fixture
def chance(seed):
    return random.Random(seed)


@pytest.fixture(scope="session")
def chromium():
    """One browser for the whole run; skips, saying why, where there is none."""
    import browser

    why = browser.missing()
    if why:
        pytest.skip(why)
    one = browser.Chromium()
    yield one
    one.close()


@pytest.fixture
def windows(chromium):
    """`windows(node, width=…, scheme=…, language=…)` opens the page of a node; what the page may
    never do fails the test at its end."""
    import browser

    opened = []

    def open_one(one, **more):
        opened.append(browser.Window(chromium, one, **more))
        return opened[-1]

    yield open_one
    try:
        for window in opened:
            window.check()
    finally:
        for window in opened:
            window.close()


@pytest.fixture
def namespaces():
    """Skips, saying why, where the machine has no namespaces."""
    why = nets.missing()
    if why:
        pytest.skip(why)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    outcome = yield
    report = outcome.get_result()
    room = getattr(item, "funcargs", {}).get("room")
    if report.failed and room is not None:
        report.sections.append(("journals of the nodes", room.logs()))
