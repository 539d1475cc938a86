"""A peer whose input came right before two crashes is refused at the next start; nobody else is."""

import signal

import node
import peer
import pytest


@pytest.fixture(autouse=True)
def no_backtraces(monkeypatch):
    """Swift's own crash handler ends a process by its fault, and a signal from outside has none."""
    monkeypatch.setenv("SWIFT_BACKTRACE", "enable=no")


def provoke(one, seed, sig):
    """A peer speaks, and the node dies of `sig` right after; it starts again."""
    with peer.Peer(one.invite, seed) as p:
        assert p.alive() is True
        one.end(sig)
    one.start("--no-lan")


def is_let_in(one, seed):
    try:
        with peer.Peer(one.invite, seed) as p:
            return p.alive() is True
    except (peer.Closed, OSError):
        return False


@pytest.mark.parametrize("sig", [signal.SIGILL, signal.SIGTRAP, signal.SIGSEGV, signal.SIGABRT])
def test_two_crashes(room, sig):
    one = room.node("one").start("--no-lan")
    bad, good = b"b" * 32, b"g" * 32
    provoke(one, bad, sig)
    assert is_let_in(one, bad), "one crash may be anybody's"
    assert [s["refused"] for s in one.status()["quarantine"]] == [False]
    provoke(one, bad, sig)
    assert not is_let_in(one, bad)
    assert is_let_in(one, good), "another peer of the same address"
    suspect, = one.status()["quarantine"]
    assert suspect["refused"] and suspect["crashes"] == 2
    assert f"crashed (signal {int(sig)})" in one.journal() and "refused for a day" in one.journal()
    assert suspect["node"] in one.run("status").ok().out
    # It outlives a start in good order, and the owner can lift it.
    one.stop()
    one.start("--no-lan")
    assert not is_let_in(one, bad)
    one.run("quarantine", "--lift", "nobody").fails(says="no suspect")
    assert one.ask("quarantine", "--lift", suspect["node"]) == []
    assert is_let_in(one, bad)
    assert "quarantine" not in one.status()
    one.check()


def test_who_is_killed_accuses_nobody(room):
    """Neither a kill nor the owner's own requests are laid at a peer's door."""
    one = room.node("one").start("--no-lan")
    seed = b"k" * 32
    for _ in range(3):
        provoke(one, seed, signal.SIGKILL)
    assert "quarantine" not in one.status()
    with peer.Peer(one.invite, seed) as p:
        assert p.alive() is True
        one.post("the owner came last")
        one.end(signal.SIGILL)
    one.start("--no-lan")
    assert "quarantine" not in one.status()
    assert "by no peer's input" in one.journal()


def test_a_flood_that_crashes_in_its_midst(room):
    """The node dies while it works on one peer's messages, with an honest one connected."""
    one, honest = room.chain("one", "honest")
    one.stop()
    one.start("--no-lan")
    honest.wait_for_peers()
    bad = b"f" * 32
    for _ in range(2):
        with peer.Peer(one.invite, bad) as p:
            for number in range(3_000):
                p.send([peer.PING, number])
            one.end(signal.SIGILL)
        one.start("--no-lan")
        honest.wait_for_peers()
    assert not is_let_in(one, bad)
    refused = [s["node"] for s in one.status()["quarantine"] if s["refused"]]
    assert len(refused) == 1
    one.post("all is well")
    node.wait_until(lambda: honest.notes_or_none(one.identity) == ["all is well"], "the post")
