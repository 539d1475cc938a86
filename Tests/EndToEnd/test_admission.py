"""No single network takes the places of all others: real sockets from addresses that look public."""

import os
import subprocess
import time

import nets
import node
import pytest

FLOOD = """
import os, socket, sys, time
there, here = (sys.argv[1], int(sys.argv[2])), (sys.argv[3], 0)
held, count, refused = [], 0, 0
try:
    while os.getppid() == int(sys.argv[4]):
        sock = socket.socket()
        sock.settimeout(0.2)
        try:
            sock.bind(here)
            sock.connect(there)
            if count % 2:
                sock.sendall(b"\\0\\x30" + bytes(48))
                sock.close()
            else:
                held.append(sock)
        except OSError:
            refused += 1
            sock.close()
        count += 1
        for old in held[:-200]:
            old.close()
        del held[:-200]
        if count % 500 == 0:
            print(count, refused, flush=True)
except (KeyboardInterrupt, BrokenPipeError):
    pass
"""


@pytest.fixture
def street(room):
    """Two machines on one link, with addresses of two networks: 198.51.100.0/24 and 203.0.113.0/24."""
    if why := nets.missing(["ip"]):
        pytest.skip(why)
    net = nets.Chain(2)
    room.networks.append(net)
    for name, port, last in zip(net.names, ("right", "left"), (1, 2)):
        for network in ("198.51.100", "203.0.113"):
            nets.run("ip", "-n", name, "addr", "add", f"{network}.{last}/24", "dev", port)
    return net


@pytest.mark.slow
def test_a_flood_from_one_network(room, street):
    """Junk and silent connections as fast as they come, from one /16: a peer of another connects at once."""
    one = room.node("one", room.machine("one", street.names[0]), host="0.0.0.0").start("--no-lan")
    here = str(os.getpid())
    words = ["python3", "-c", FLOOD, "198.51.100.1", str(one.port), "198.51.100.2", here]
    floods = [
        subprocess.Popen(["ip", "netns", "exec", street.names[1], *words], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    try:
        for flood in floods:
            assert flood.stdout.readline(), "the flood did not begin"
        address = f"starling://{one.invite.split('//')[1].split('@')[0]}@203.0.113.1:{one.port}"
        honest = room.node("honest", room.machine("honest", street.names[1]), host="203.0.113.2")
        honest.start("--no-lan")
        began = time.monotonic()
        honest.ask("join", address)
        node.wait_until(lambda: honest.peers(), "a session of the honest peer", 20, 0.01)
        took = time.monotonic() - began
        time.sleep(2)
        assert len(honest.peers()) == 1, "it stays"
    finally:
        for flood in floods:
            flood.terminate()
    counts = [flood.communicate()[0].strip().split("\n")[-1] for flood in floods]
    print(f"honest peer connected in {1000 * took:.0f} ms beside floods of {counts} connections")
    assert took < 5
    one.post("still here")
    node.wait_until(lambda: honest.notes_or_none(one.identity) == ["still here"], "the post")
    one.check()
