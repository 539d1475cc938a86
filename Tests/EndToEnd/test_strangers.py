"""Whatever comes over the network, the node lives, stays small, and serves honest peers."""

import os
import random
import select
import socket
import struct
import threading
import time

import cbor
import node
import peer
import pytest
from peer import BATCH, CREDIT, END, FORK, GET, HAVE, HEADS, HELLO, OWN, OWN_HEADS, PING, PONG, Closed, Peer
from vectors import Log

MIB = 1 << 20


@pytest.fixture
def one(room):
    """A running node with some posts; afterwards it must still run, be whole, and have crashed nowhere."""
    one = room.node("one").start()
    lines = room.folder / "lines.txt"
    lines.write_text("".join(f"post {i} {'x' * (i % 300)}\n" for i in range(500)))
    one.ask("post", "--lines", lines)
    yield one
    assert one.running, f"the node ended:\n{one.journal()[-2000:]}"
    assert "Fatal" not in one.journal()
    one.check()
    one.stop(seconds=10)


def serves(room, one, name="honest", seconds=20):
    """An honest newcomer gets everything."""
    other = room.node(name)
    other.start(*other.join(one))
    node.wait_until(lambda: len(other.notes_or_none(one.identity)) >= 500, "the log at a newcomer", seconds)
    other.stop()


def where(one):
    return ("127.0.0.1", one.port)


# TCP, before anybody has proven a key


def test_garbage_on_tcp(room, one, chance):
    """Random bytes, other protocols' greetings, hostile lengths: closed without a byte of answer."""
    openings = [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00", b"SSH-2.0-x\r\n",
        b"\0\0", b"\0\1x", b"\xff\xff", b"\xff\xff" + b"x" * 70_000, b"\0\x30" + bytes(48),
        b"\0\x2f" + bytes(47), b"\0\x31" + bytes(49),
    ]
    openings += [chance.randbytes(chance.randint(1, 3000)) for _ in range(50)]
    for data in openings:
        with socket.create_connection(where(one), 10) as sock:
            sock.settimeout(10)
            answer = b""
            try:
                sock.sendall(data)
                sock.shutdown(socket.SHUT_WR)
                answer = sock.recv(100)
            except OSError:
                pass
            assert answer == b"", f"{data[:40]!r} was answered"
    serves(room, one)


@pytest.mark.slow
def test_flood_of_junk_handshakes(room, one):
    """20,000 connections with junk while an honest peer connects and syncs."""
    stop, done, lock = threading.Event(), [0], threading.Lock()

    def flood():
        rng = random.Random(1)
        while not stop.is_set() and done[0] < 20_000:
            try:
                with socket.create_connection(where(one), 2) as sock:
                    sock.sendall(b"\0\x30" + rng.randbytes(48))
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            except OSError:
                pass
            with lock:
                done[0] += 1

    threads = [threading.Thread(target=flood, daemon=True) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        node.wait_until(lambda: done[0] > 500, "the flood is on")
        began = time.monotonic()
        other = room.node("honest")
        other.start(*other.join(one))
        node.wait_until(lambda: len(other.notes_or_none(one.identity)) >= 500, "sync in the flood", 30)
        print(f"an honest peer had all after {time.monotonic() - began:.2f} s, amid {done[0]} connects")
        during = done[0]
        for thread in threads:
            thread.join(90)
    finally:
        stop.set()
    print(f"{done[0]} junk handshakes, {during} of them before the honest peer was done")
    assert done[0] >= 20_000
    assert one.memory() < 200 * MIB
    one.post("after the flood")


@pytest.mark.slow
def test_a_byte_a_second(room, one):
    """500 sockets that dribble a handshake are gone within 10 s, and sessions that dribble a frame with its deadline of 10 s."""
    sockets, sessions = [], [Peer(one.invite) for _ in range(4)]
    try:
        began, last, sent = time.monotonic(), 0, 0
        for _ in range(500):
            sockets.append(socket.create_connection(where(one), 10))
        alive, handshakes = list(sockets), None
        frame = b"\x10\x00" + bytes(4096)
        dribbling = [p.sock for p in sessions]
        for sock in alive + dribbling:
            sock.setblocking(False)
        while (alive or dribbling) and time.monotonic() - began < 13:
            if time.monotonic() - last >= 1:
                last = time.monotonic()
                alive = [s for s in alive if dribble(s, (b"\0\x30" + bytes(48))[sent])]
                dribbling = [s for s in dribbling if dribble(s, frame[sent])]
                sent += 1
            alive = [s for s in alive if not is_closed(s)]
            dribbling = [s for s in dribbling if not is_closed(s)]
            if not alive and handshakes is None:
                handshakes = time.monotonic() - began
            time.sleep(0.1)
        print(f"{len(sockets)} gone after {handshakes} s, {len(sessions)} sessions after {time.monotonic() - began:.1f} s")
        assert not alive and not dribbling, f"still there: {len(alive)} of 500, {len(dribbling)} sessions"
        assert handshakes < 10
    finally:
        for sock in sockets + [p.sock for p in sessions]:
            sock.close()
    serves(room, one)


def dribble(sock, value):
    try:
        sock.send(bytes([value]))
        return True
    except OSError:
        return False


def is_closed(sock):
    """Whether the other side has ended; what it says is passed over. The socket must not block."""
    try:
        while sock.recv(1 << 16):
            pass
        return True
    except BlockingIOError:
        return False
    except OSError:
        return True


def test_few_descriptors(room):
    """`ulimit -n 64` and 500 connects: the owner still gets through, and so does a peer afterwards."""
    one = room.node("one").start(prefix=["prlimit", "--nofile=64:64"])
    lines = room.folder / "lines.txt"
    lines.write_text("".join(f"post {i}\n" for i in range(500)))
    one.ask("post", "--lines", lines)
    sockets = []
    try:
        for _ in range(500):
            sock = socket.socket()
            sock.setblocking(False)
            sock.connect_ex(where(one))
            sockets.append(sock)
        for number in range(5):
            one.post(f"under siege {number}")
        assert one.status()["entries"] == 509
    finally:
        for sock in sockets:
            sock.close()
    serves(room, one)
    one.check()
    one.stop()


# UDP


def test_garbage_on_udp(room, one, chance):
    """Whatever a stranger sends, nothing comes back: not a byte."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 0))
    sizes = [0, 1, 8, 16, 31, 32, 33, 48, 100, 1199, 1200, 1201, 1500, 9000, 65_000]
    data = [chance.randbytes(size) for size in sizes * 20]
    data += [bytes(size) for size in sizes] + [b"\xff" * size for size in sizes]
    for one_of in data:
        sock.sendto(one_of, where(one))
    # The node has worked through them all when it answers something that came after.
    one.post("after the datagrams")
    serves(room, one)
    assert not select.select([sock], [], [], 0.2)[0], "a stranger's datagram was answered"
    sock.close()
    assert one.status()["datagramsSent"] <= 400


def test_datagrams_of_a_session(room, one):
    """Only sealed, fresh ones count; replays, other people's ids and forbidden kinds do no harm."""
    with Peer(one.invite) as p:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.settimeout(5)
        sock.connect(where(one))
        sock.send(p.datagram([PING, 7], 0))
        assert sock.recv(2000)[:8] == p.udp_id
        good = p.datagram([PING, 8], 1)
        for _ in range(20):
            sock.send(good)
        sock.send(good[:-1])
        sock.send(good[:-1] + bytes([good[-1] ^ 1]))
        sock.send(p.datagram([PING, 9], 5, receiver=os.urandom(8)))
        sock.send(p.datagram([PING, 1], 2**64 - 1))
        sock.send(p.datagram([PING, 1], 2**63))
        assert p.alive() is True
        got = drain(sock)
        assert len(got) <= 6, f"{len(got)} answers: replays are answered"
        sock.send(p.datagram([GET, 1, bytes(32), 0, 0, 1], 2**63 + 1))
        assert p.alive() is not True, "a get by datagram must end the session"
    serves(room, one)


def drain(sock):
    out = []
    while select.select([sock], [], [], 0.2)[0]:
        out.append(sock.recv(2000))
    return out


# Peers with a key who say what no honest node says


def samples():
    """One good value of each message, of a log that nobody here knows."""
    log = Log.of_notes("strangers", 9)
    twin = Log.of_notes("strangers", 4)
    head = [log.key] + log.checkpoint(9).value
    from log import ForkProof

    other = Log("strangers", twin.bodies + Log.of_notes("other", 3).bodies)
    a, b = sorted((log.checkpoint(5), other.checkpoint(5)), key=lambda c: c.root)
    return {
        "ping": [PING, 7], "pong": [PONG, 9], "heads": [HEADS, [head], True], "own": [OWN, [log.key]],
        "own-heads": [OWN_HEADS, [head]], "get": [GET, 1, log.key, 0, 0, 16],
        "batch": [BATCH, 0, log.batch(0, 9, 9).value], "end": [END, 1, 9], "have": [HAVE, [[log.key, 9, bytes(8)]]],
        "fork": [FORK, ForkProof(a, b, [], []).value], "credit": [CREDIT, 1, 4],
    }


def test_an_honest_python_peer(one):
    """First of all, that this peer is understood: it gets the whole log, and gives a log of its own."""
    with Peer(one.invite) as p:
        heads = []
        while True:
            message = p.receive()
            if message[0] == HEADS:
                heads += message[1]
                if message[2]:
                    break
        biggest = max(heads, key=lambda h: h[1])
        assert biggest[1] == 502
        p.send([GET, 1, biggest[0], 0, 0, 16])
        entries = 0
        while entries < 502:
            message = p.receive()
            if message[0] == BATCH and message[1] == 1:
                assert message[2][1] == entries
                entries += len(message[2][3])
                p.send([CREDIT, 1, 1])
        assert p.receive_kind(END)[1:] == [1, 502]
        p.send(samples()["batch"])
        node.wait_until(lambda: one.status()["entries"] == 504 + 9, "the pushed log is stored")
        assert p.alive() is True


def changed_messages(chance):
    """Truncated, flipped and enlarged forms of each kind, most of which no longer decode."""
    out = []
    for name, value in samples().items():
        data = cbor.encode(value)
        out += [(name, data[:i]) for i in sorted(chance.sample(range(len(data)), min(12, len(data))))]
        for _ in range(25):
            at, bit = chance.randrange(len(data)), chance.randrange(8)
            out.append((name, data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]))
        out += [(name, data + b"\0"), (name, data + data), (name, cbor.encode(value + [0]))]
        out += [(name, cbor.encode(value[:i] + [odd] + value[i + 1 :]))
                for i in range(len(value)) for odd in (None, -1, 2**64 - 1, 2**32, "", b"", [], {}, 1.5)]
    heads = [0x5A, 0x5B, 0x7A, 0x7B, 0x9A, 0x9B, 0xBA, 0xBB, 0xDA, 0xDB]
    sizes = [0, 1, 2**16, 2**31 - 1, 2**31, 2**32 - 1]
    for first in heads:
        for size in [*sizes, 2**63, 2**64 - 1] if first & 1 else sizes:
            number = struct.pack(">Q" if first & 1 else ">I", size)
            out.append(("length", b"\x82\x03" + bytes([first]) + number + b"xx"))
    out += [("deep", b"\x81" * 1000), ("long", b"\x82\x0b" + bytes(200_000)), ("empty", b"\x80")]
    return out


@pytest.mark.slow
def test_hostile_messages(room, one, chance):
    """Each in a session: it is taken, ignored, or ends that session; never the node."""
    messages = changed_messages(chance)
    before = one.memory()
    kept = ended = silent = 0
    p = None
    for name, data in messages:
        try:
            if p is None:
                p = Peer(one.invite)
            p.message(data)
            alive = p.alive()
        except (Closed, OSError) as error:
            alive = str(error)
        if alive is True:
            kept += 1
            continue
        ended, silent = ended + 1, silent + (alive == "")
        p.close()
        p = None
    print(f"{len(messages)} hostile messages: {kept} harmless, {ended} ended their session, {silent} of these "
          f"without a farewell; memory {before // MIB} -> {one.memory() // MIB} MiB")
    assert ended > 100
    assert one.memory() < before + 100 * MIB
    serves(room, one)


def test_hostile_frames(room, one):
    """Frames and fragments that break session.md's rules end the session."""
    broken = {
        "too short": lambda p: p.raw_frame(b"x" * 17),
        "empty": lambda p: p.raw_frame(b""),
        "does not open": lambda p: p.raw_frame(b"x" * 100),
        "flipped": lambda p: p.raw_frame(p.seal(b"\1" + cbor.encode([PING, 1]))[:-1] + b"\0"),
        "unknown kind": lambda p: p.plaintext(b"\2" + cbor.encode([PING, 1])),
        "no fragment": lambda p: p.plaintext(b"\1"),
        "more, not full": lambda p: p.plaintext(b"\0" + cbor.encode([PING, 1])),
        "over the message limit": lambda p: [p.plaintext(b"\0" + bytes(65518)) for _ in range(5)],
        "skipped counter": lambda p: (p.seal(b"\1\x82\1\1"), p.send([PING, 1])),
        "second hello": lambda p: p.send(p.hello()),
        "unknown type": lambda p: p.send([31, 1]),
        "not CBOR": lambda p: p.message(b"\xff"),
    }
    for name, act in broken.items():
        with Peer(one.invite) as p:
            try:
                act(p)
            except OSError:
                pass
            assert p.alive() is not True, f"{name}: the session goes on"
    with Peer(one.invite) as p:
        p.send([32, "an extension"])
        p.send([2**64 - 1])
        assert p.alive() is True, "extensions are ignored"
    serves(room, one)


def test_wrong_hellos(room, one):
    """Another's node key, another version, no hello: no session."""
    wrong = [{1: 2}, {1: 0}, {2: os.urandom(32)}, {2: bytes(32)}, {3: b"short"}, {4: 2**64 - 1}, {5: "x" * 65}, {6: 0}]
    for change in wrong:
        with Peer(one.invite, greet=False) as p:
            hello = p.hello()
            hello[1] |= change
            p.send(hello)
            try:
                while p.receive()[0] in (HELLO,):
                    pass
                assert p.alive() is not True, f"{change} was taken"
            except (Closed, OSError):
                pass
    with Peer(one.invite, greet=False) as p:
        p.send([PING, 1])
        with pytest.raises((Closed, OSError, AssertionError)):
            p.receive_kind(PONG)
    with pytest.raises((Closed, OSError)):
        key = os.urandom(32)
        import curve25519
        import identifiers

        stranger = identifiers.key_text(curve25519.public_key(key))
        Peer(f"starling://{stranger}@127.0.0.1:{one.port}")
    serves(room, one)


@pytest.mark.slow
def test_a_peer_that_stops_reading(room, one):
    """It asks for all there is, again and again, and reads nothing: bounded memory, then it is dropped."""
    big = room.folder / "big.txt"
    big.write_text("".join(f"{i} " + "y" * 50_000 + "\n" for i in range(400)))
    one.ask("post", "--lines", big)
    before = one.memory()
    peers = []
    log = bytes(identifiers_log(one))
    for _ in range(8):
        p = Peer(one.invite)
        p.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        for stream in range(1, 9):
            p.send([GET, stream, log, 0, 0, 16])
        peers.append(p)
    for p in peers:
        p.sock.setblocking(False)
        try:
            for number in range(200_000):
                p.send([PING, number])
        except (BlockingIOError, OSError):
            pass
    serves(room, one)
    grown = one.memory() - before
    print(f"8 peers that do not read: {grown / MIB:.1f} MiB more")
    assert grown < 150 * MIB
    for p in peers:
        p.close()
    one.post("still here")


def identifiers_log(one):
    import identifiers

    return identifiers.parse_did(one.account()["device"])


def test_wrong_batches(room, one):
    """Batches that do not verify, of streams that nobody asked for, of the node's own log."""
    log = Log.of_notes("wrong", 9)
    good = log.batch(0, 9, 9).value
    own = bytes(identifiers_log(one))
    other = Log.of_notes("wrong too", 9)
    wrong = {
        "signature": [good[0], 0, [], good[3], [9, good[4][1], bytes(64)], []],
        "root": [good[0], 0, [], good[3], [9, bytes(32), good[4][2]], []],
        "another's checkpoint": [good[0], 0, [], good[3], other.batch(0, 9, 9).value[4], []],
        "one entry less": [good[0], 0, [], good[3][:-1], good[4], []],
        "an entry twice": [good[0], 0, [], good[3] + good[3][-1:], good[4], []],
        "order": [good[0], 0, [], good[3][::-1], good[4], []],
        "later time": [good[0], 0, [], [[e[0] + 1, e[1]] for e in good[3]], good[4], []],
        "frontier too long": [good[0], 0, [bytes(32)], good[3], good[4], []],
        "tail too long": [good[0], 0, [], good[3], good[4], [bytes(32)]],
        "the node's own log": [own, 0, [], good[3], good[4], []],
    }
    posts = one.status()["entries"]
    for name, batch in wrong.items():
        for stream in (0, 1, 77):
            with Peer(one.invite) as p:
                p.send([HEADS, [[log.key] + log.checkpoint(9).value], True])
                p.send([BATCH, stream, batch])
                p.alive()
    with Peer(one.invite) as p:
        p.send([END, 99, 5])
        p.send([CREDIT, 99, 5])
        p.send([HAVE, [[os.urandom(32), 2**32 - 1, os.urandom(8)]]])
        p.send([OWN, [os.urandom(32)]])
        p.send([GET, 5, os.urandom(32), 2**32 - 2, 16])
        p.alive()
    # A head of the node's own log that it never signed does not stop it from writing.
    with Peer(one.invite) as p:
        p.send([HEADS, [[own, 9999, bytes(32), bytes(64)]], True])
        p.send([OWN_HEADS, [[own, 9999, bytes(32), bytes(64)]]])
        p.alive()
    assert one.status()["entries"] == posts
    assert one.account()["state"] == "writable"
    one.post("not impressed")
    serves(room, one)
