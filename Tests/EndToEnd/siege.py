"""Holds many connections to one node open from many addresses, with as little as keeps them alive.

    python3 siege.py KIND COUNT INVITE NETWORKS PARENT SECONDS [LOG]

Runs in a namespace of its own where NETWORKS is 1, and then calls from COUNT networks (/16). One line
a second on standard output: connections open now, opened so far, sessions that got through the handshake.
"""

import os
import pathlib
import random
import select
import socket
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
sys.path.insert(1, str(pathlib.Path(__file__).resolve().parents[2] / "Protocol" / "reference"))

import cbor  # noqa: E402
import curve25519  # noqa: E402
import peer  # noqa: E402
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: E402
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey  # noqa: E402

THREADS = 20
KINDS = ("silent", "half", "pings", "greedy")
# Fast enough for a thousand keys.
curve25519.public_key = lambda seed: Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def page(kind, number):
    """One message that offers or wants logs which nobody else has, the same for all who send it."""
    chance = random.Random(number)
    if kind == peer.HEADS:
        return cbor.encode(
            [kind, [[chance.randbytes(32), 9, chance.randbytes(32), chance.randbytes(64)] for _ in range(512)], False]
        )
    return cbor.encode([kind, 1 if number == 0 else 2, sorted(chance.randbytes(32) for _ in range(2_048))])


class Hold:
    """One place in the siege: a connection that is opened again whenever the node ends it."""

    def __init__(self, kind, number, invite, networks):
        self.kind, self.invite = kind, invite
        self.source = f"{20 + number // 256}.{number % 256}.7.9" if networks else None
        self.peer = self.sock = None
        self.said = 0.0

    def open(self, counts):
        counts["opened"] += 1
        where, node = peer.parse_invite(self.invite)
        if self.kind in ("silent", "half"):
            self.sock = socket.create_connection(where, 5, self.source and (self.source, 0))
            if self.kind == "half":
                noise = peer.Noise(X25519PrivateKey.generate(), curve25519.to_x25519_public(node))
                self.sock.sendall(b"\0\x30" + noise.first())
        else:
            self.peer = peer.Peer(self.invite, seconds=5, source=self.source)
            self.sock = self.peer.sock
            counts["sessions"] += 1
            if self.kind == "greedy":
                self.ask_for_everything(counts)
        self.sock.setblocking(False)
        self.said = time.monotonic()

    def ask_for_everything(self, counts):
        """Wants all that there is, offers what there is not, begins a long message, and reads nothing."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        for data in counts["pages"]:
            self.peer.message(data)
        for stream in range(1, 9):
            self.peer.send([peer.GET, stream, counts["log"], stream, 0, 16])
        for number in range(2_000):
            self.peer.send([peer.PING, number])
        for _ in range(3):
            self.peer.plaintext(b"\0" + bytes(peer.FRAGMENT))

    def keep(self, counts):
        try:
            if self.sock is None:
                return self.open(counts)
            if self.ended():
                return self.close()
            if self.kind == "pings" and time.monotonic() - self.said > 15:
                self.said = time.monotonic()
                self.peer.send([peer.PING, 1])
        except (OSError, peer.Closed, AssertionError, ValueError):
            self.close()

    def ended(self):
        """Whether the node has closed it; what it says is read, except by the greedy."""
        if self.kind == "greedy":
            poll = select.poll()
            poll.register(self.sock, select.POLLRDHUP)
            return bool(poll.poll(0))
        try:
            while self.sock.recv(1 << 16):
                pass
            return True
        except BlockingIOError:
            return False

    def close(self):
        if self.sock is not None:
            self.sock.close()
        self.peer = self.sock = None


def work(holds, counts, until):
    while time.monotonic() < until and not counts["over"]:
        for hold in holds:
            hold.keep(counts)
        time.sleep(0.05)


def main(kind, count, invite, networks, parent, seconds, log=""):
    counts = {"opened": 0, "sessions": 0, "over": False, "log": bytes.fromhex(log), "pages": []}
    if kind == "greedy":
        counts["pages"] = [page(peer.HEADS, n) for n in range(24)] + [page(peer.WANT, n) for n in range(8)]
    holds = [Hold(kind, n, invite, networks == "1") for n in range(int(count))]
    until = time.monotonic() + float(seconds)
    threads = [
        threading.Thread(target=work, args=(holds[n::THREADS], counts, until), daemon=True) for n in range(THREADS)
    ]
    for thread in threads:
        thread.start()
    while time.monotonic() < until and os.getppid() == int(parent):
        time.sleep(1)
        print(sum(h.sock is not None for h in holds), counts["opened"], counts["sessions"], flush=True)
    counts["over"] = True


if __name__ == "__main__":
    main(*sys.argv[1:])
