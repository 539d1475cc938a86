"""kill -9 at random moments, 200 times: nothing acknowledged is lost, nothing is signed twice."""

import crash
import pytest


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))
def test_kill(room, seed, part):
    crash.Pair(room, f"{seed}/{part}").run(kills=50)
