"""Nodes of one local network find each other by themselves; private meshes keep to themselves."""

import os
import time

import cbor
import nets
import node
import pytest
from control import Control, Refusal
from peer import Peer


def key(one):
    return one.invite.split("//")[1].split("@")[0]


def keys(one):
    return {peer["node"] for peer in one.peers()}


@pytest.fixture
def lan(room):
    """Two machines on one link of their own, which reaches nothing else."""
    if why := nets.missing(["ip", "ss"]):
        pytest.skip(why)
    net = nets.Chain(2)
    room.networks.append(net)
    return net


def two(room, lan, host="[::]", words=((), ()), environment=({}, {})):
    nodes = []
    for name, namespace, more, extra in zip(("one", "two"), lan.names, words, environment):
        machine = room.machine(name, namespace)
        machine.extra_environment |= extra
        nodes.append(room.node(name, machine, host=host).start(*more))
    return nodes


# Beacons


@pytest.mark.parametrize("host", ["[::]", "0.0.0.0"])
def test_found_without_an_invite(room, lan, host):
    """Nobody joins anybody: a post travels all the same."""
    one, two_ = two(room, lan, host)
    one.wait_for_peers()
    assert keys(one) == {key(two_)} and keys(two_) == {key(one)}
    assert "in the local network" in one.journal() + two_.journal()
    one.post("good morning, house")
    node.wait_until(lambda: two_.notes_or_none(one.identity) == ["good morning, house"], "the post next door")


def test_a_link_without_a_router(room, lan):
    """Nothing but the addresses that each machine gives itself: streams and datagrams both know the interface."""
    for name, port in zip(lan.names, ("right", "left")):
        nets.run("ip", "-n", name, "addr", "flush", "dev", port, "scope", "global")
    one, two_ = two(room, lan)
    one.wait_for_peers()
    one.post("no router here")
    node.wait_until(lambda: two_.notes_or_none(one.identity) == ["no router here"], "the post next door")
    node.wait_until(lambda: all(x["datagrams"] for x in one.peers() + two_.peers()), "datagrams both ways")


def test_found_again_after_a_restart(room, lan):
    one, two_ = two(room, lan)
    one.wait_for_peers()
    two_.kill()
    two_.start()
    one.wait_for_peers()
    two_.wait_for_peers()


def test_a_neighbour_chosen_out_of_those_nearby(room, lan):
    """What the page asks: who is heard, keep one of them, remember it."""
    one, two_ = two(room, lan)
    ask = Control(one.data).ask
    node.wait_until(lambda: [x["node"] for x in ask("mesh")["nearby"]] == [key(two_)], "who is nearby")
    assert ask("join", {"node": key(two_)})["node"] == key(two_)
    node.wait_until(lambda: [x["kept"] for x in ask("mesh")["neighbours"]] == [True], "a kept neighbour")
    assert ask("mesh")["neighbours"][0]["place"] == "home" and ask("mesh")["nearby"][0]["connected"]
    assert "home" in ask("mesh")["reach"] or "home" in Control(two_.data).ask("mesh")["reach"], "one of them called the other"
    two_.kill()
    node.wait_until(lambda: [x["node"] for x in ask("mesh")["away"]] == [key(two_)], "who is away", 120)
    with pytest.raises(Refusal):
        ask("join", {"node": key(one)})
    assert ask("forget", {"node": key(two_)})["node"] == key(two_) and ask("mesh")["away"] == []


def test_nobody_looks_who_was_told_not_to(room, lan):
    """`--no-lan` neither says nor hears anything; a node on loopback has nothing to say."""
    one, two_ = two(room, lan, words=((), ("--no-lan",)))
    time.sleep(5)
    assert one.peers() == [] and two_.peers() == []
    assert "local network" not in one.journal() + two_.journal()
    assert sockets(lan.names[0]) > 0 and sockets(lan.names[1]) == 0
    three = room.node("three", room.machine("three", lan.names[1]), host="127.0.0.1").start()
    assert sockets(lan.names[1]) == 0
    three.stop()


def sockets(namespace):
    """UDP sockets on the port of beacons."""
    return nets.run("ip", "netns", "exec", namespace, "ss", "-Hlun", "sport", "=", "4647").stdout.count("\n")


BEACONS = """
import socket, sys, time
group, port, interface = "ff12::5374:6172:6c69:6e67", 4647, socket.if_nametoindex("left")
sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, interface)
lines = [bytes.fromhex(x) for x in sys.stdin.read().split()]
sent, end = 0, time.monotonic() + 15
while sent < int(sys.argv[1]) and time.monotonic() < end:
    try:
        sock.sendto(lines[sent % len(lines)], (group, port, 0, interface))
        sent += 1
    except OSError:  # the interface has no address of its own yet, or its queue is full
        time.sleep(0.05)
sys.exit(sent < int(sys.argv[1]))
"""


def shout(lan, lines, count):
    """Datagrams to the group, out of the second machine."""
    nets.run("ip", "netns", "exec", lan.names[1], "python3", "-c", BEACONS, str(count), input="\n".join(x.hex() for x in lines))


def test_what_is_no_beacon_does_no_harm(room, lan, chance):
    """Junk, truncations, other versions, invented keys: a flood of 20,000, and the node goes on as before."""
    one = room.node("one", room.machine("one", lan.names[0]), host="[::]").start()
    good = ["starling/1", b"k" * 32, 4646, bytes(8)]
    lines = [b"x", bytes(1200), cbor.encode(good)[:-1], cbor.encode(["starling/2", *good[1:]]), cbor.encode([*good[:2], 0, good[3]])]
    lines += [cbor.encode([good[0], chance.randbytes(32), chance.randint(1, 65535), bytes(8)]) for _ in range(500)]
    lines += [chance.randbytes(chance.randint(1, 1400)) for _ in range(100)]
    before = one.memory()
    shout(lan, lines, 20_000)
    two_ = room.node("two", room.machine("two", lan.names[1]), host="[::]").start(*one_address(one))
    one.wait_for_peers()
    assert one.memory() < before + (16 << 20)
    assert one.journal().count("heard of") < 50
    two_.stop()
    one.check()


def one_address(one):
    return ("--join", one.invite)


# Private meshes


def test_the_same_secret_meets(room):
    """By option, by file and by environment: three nodes sync. A node with another secret, and one with none, do not."""
    secret = room.machine("any").starling("network", "new").ok().out.strip()
    file = room.folder / "secret"
    with open(os.open(file, os.O_CREAT | os.O_WRONLY, 0o600), "w") as out:
        out.write(secret + "\n")
    one = room.node("one").start("--network", secret)
    two_ = room.node("two").start("--network-file", file, *one_address(one))
    three = room.node("three")
    three.machine.extra_environment["STARLING_NETWORK"] = secret
    three.start(*one_address(one))
    one.post("among ourselves")
    for other in (two_, three):
        node.wait_until(lambda: other.notes_or_none(one.identity) == ["among ourselves"], f"the post at {other.name}")
        assert other.status()["network"] == one.status()["network"]
    outside = room.node("outside").start(*one_address(one))
    other = room.node("other").start("--network", "some other passphrase", *one_address(one))
    time.sleep(3)
    assert outside.peers() == [] and other.peers() == []
    assert outside.notes_or_none(one.identity) == [] and other.notes_or_none(one.identity) == []
    assert keys(one) == {key(two_), key(three)}
    assert "network" not in outside.status() and other.status()["network"] != one.status()["network"]


def test_not_a_word_to_strangers(room):
    """The second message of the handshake comes only to who has the secret... and none that the third does not prove."""
    one = room.node("one").start("--network", "correct horse battery staple")
    with pytest.raises(Exception):
        Peer(one.invite)
    assert one.peers() == []
    one.check()


def test_secrets_that_are_none(room):
    """Too short, empty, in a file that others read, missing: refused at the start, and nothing runs in public instead."""
    one = room.node("one")
    shared = room.folder / "shared"
    shared.write_text("correct horse battery staple\n")
    shared.chmod(0o644)
    machine = one.machine
    for words in (["--network", "short"], ["--network", ""], ["--network-file", shared], ["--network-file", room.folder / "none"]):
        done = machine.starling("run", "--listen", "127.0.0.1:0", *words, data=one.data)
        assert done.code in (1, 2) and done.err.strip(), done
    machine.extra_environment["STARLING_NETWORK"] = ""
    machine.starling("run", "--listen", "127.0.0.1:0", data=one.data).fails(1, says="secret")
    machine.starling("network").fails(2)
    machine.starling("network", "old").fails(2)


def test_private_meshes_do_not_hear_the_public_one(room, lan):
    """Beacons of another network are passed over."""
    one, two_ = two(room, lan, words=(("--network", "correct horse battery staple"), ()))
    time.sleep(5)
    assert one.peers() == [] and two_.peers() == []
    assert "heard of" not in one.journal() + two_.journal()


def test_private_meshes_find_each_other(room, lan):
    words = ("--network", "correct horse battery staple")
    one, two_ = two(room, lan, words=(words, words))
    one.wait_for_peers()
    two_.wait_for_peers()
