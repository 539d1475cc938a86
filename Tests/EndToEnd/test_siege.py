"""A thousand hostile connections: the node stays small and serves its honest peers."""

import os
import pathlib
import subprocess
import sys
import time

import nets
import node
import pytest

MIB = 1 << 20
COUNT, SECONDS = 1_000, 30


@pytest.fixture
def street(room):
    """Two machines on one link; the second has every address of 20.0.0.0/6, so a thousand networks. Nothing
    where there are no namespaces: then all call over loopback, which no bound by prefix applies to."""
    if nets.missing(["ip"]):
        return None
    net = nets.Chain(2)
    room.networks.append(net)
    nets.run("ip", "-n", net.names[0], "route", "add", "20.0.0.0/6", "via", "10.9.0.2")
    nets.run("ip", "-n", net.names[1], "route", "add", "local", "20.0.0.0/6", "dev", "lo")
    return net


def machines(room, street):
    names, hosts = (street.names, ("10.9.0.1", "10.9.0.2")) if street else ((None, None), ("127.0.0.1",) * 2)
    made = [room.node(w, room.machine(w, n), host=h) for w, n, h in zip(("one", "friend"), names, hosts)]
    guest = room.node("guest", room.machine("guest", names[1]), host=hosts[1])
    return [*made, guest]


class Siege:
    """The besiegers' process, and what it told last."""

    def __init__(self, kind, one, street, log):
        words = [sys.executable, str(pathlib.Path(__file__).with_name("siege.py")), kind, str(COUNT), one.invite]
        words += ["1" if street else "0", str(os.getpid()), str(SECONDS), log]
        inside = ["ip", "netns", "exec", street.names[1]] if street else []
        self.process = subprocess.Popen([*inside, *words], stdout=subprocess.PIPE, text=True)
        self.lines = []

    def listen(self):
        """Waits for its next line: about a second. False at its end."""
        line = self.process.stdout.readline()
        if line:
            self.lines.append(tuple(map(int, line.split())))
        return bool(line)

    def close(self):
        self.process.kill()
        self.process.communicate()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["silent", "half", "pings", "greedy"])
def test_a_thousand_connections(room, street, kind):
    """They open 1,000 connections, again whenever one is ended; a friend who was there before gets every post,
    and a guest with an invite comes in amid it."""
    one, friend, guest = machines(room, street)
    one.start("--no-lan")
    big = room.folder / "big.txt"
    big.write_text("".join(f"{i} " + "y" * 40_000 + "\n" for i in range(200)))
    one.ask("post", "--lines", big)
    friend.start("--no-lan", *friend.join(one))
    node.wait_until(lambda: len(friend.notes_or_none(one.identity)) == 200, "the log at the friend")
    invite = one.ask("invite")["invite"]
    before, most, most_share, posts = one.memory(), 0, 0, 0
    log = bytes(peer_log(one)).hex()
    siege = Siege(kind, one, street, log)
    slowest = 0
    try:
        while siege.listen():
            most, most_share = max(most, one.memory()), max(most_share, one.share_of_memory())
            if len(siege.lines) % 5 == 0:
                began = time.monotonic()
                one.post(f"post {posts}")
                posts += 1
                node.wait_until(lambda: arrived(friend, one, posts), "a post at the friend", 20)
                slowest = max(slowest, time.monotonic() - began)
            # On loopback all are of one network, which gets no more than its half-open slots.
            if street and len(siege.lines) == 10:
                guest.start("--no-lan", "--join", invite)
                node.wait_until(lambda: len(guest.notes_or_none(one.identity)) >= 200, "the guest has come", 20)
    finally:
        siege.close()
    held = max(line[0] for line in siege.lines)
    print(
        f"{kind}: at most {held} open at once ({'1,000 networks' if street else 'loopback'}), {siege.lines[-1][1]} "
        f"opened, {siege.lines[-1][2]} handshakes; memory {before / MIB:.1f} -> at most {most / MIB:.1f} MiB resident, "
        f"{most_share / MIB:.1f} PSS; {posts} posts arrived, the slowest after {slowest:.2f} s"
    )
    assert posts >= 3 and most < 128 * MIB
    friend.post("and back")
    node.wait_until(lambda: one.notes_or_none(friend.identity) == ["and back"], "the friend's post")
    one.check()


def arrived(friend, one, count):
    return sum(text.startswith("post ") for text in friend.notes(one.identity)) == count


def peer_log(one):
    import identifiers

    return identifiers.parse_did(one.account()["device"])
