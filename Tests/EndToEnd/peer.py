"""A peer in Python, written from Protocol/session.md and messages.md: it can say what no honest node would."""

import hashlib
import hmac
import os
import socket
import struct
import time

import cbor
import curve25519
import identifiers
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

HELLO, PING, PONG, HEADS, OWN, OWN_HEADS, GET, BATCH, END, HAVE, BYE, FORK, CREDIT = range(13)
PRUNE, GRAFT, SINCE, MARK, WANT = range(13, 18)
FRAGMENT = 65518


def sha(data):
    return hashlib.sha256(data).digest()


def hkdf(key, secret, count, info=b""):
    extracted = hmac.new(key, secret, "sha256").digest()
    out, last = [], b""
    for i in range(count):
        last = hmac.new(extracted, last + info + bytes([i + 1]), "sha256").digest()
        out.append(last)
    return out


def nonce(counter):
    return bytes(4) + struct.pack("<Q", counter)


def public(private):
    return private.public_key().public_bytes_raw()


class Noise:
    """XK as the initiator (Noise revision 34, §7.5)."""

    def __init__(self, private, remote, prologue=b"starling/1"):
        self.h = self.ck = b"Noise_XK_25519_ChaChaPoly_SHA256"
        self.private, self.remote, self.key, self.n = private, remote, None, 0
        self.ephemeral = X25519PrivateKey.generate()
        for data in (prologue, remote):
            self.mix(data)

    def mix(self, data):
        self.h = sha(self.h + data)

    def agree(self, private, remote):
        shared = private.exchange(X25519PublicKey.from_public_bytes(remote))
        self.ck, self.key = hkdf(self.ck, shared, 2)
        self.n = 0

    def seal(self, plaintext):
        sealed = ChaCha20Poly1305(self.key).encrypt(nonce(self.n), plaintext, self.h)
        self.n += 1
        self.mix(sealed)
        return sealed

    def open(self, sealed):
        plaintext = ChaCha20Poly1305(self.key).decrypt(nonce(self.n), sealed, self.h)
        self.n += 1
        self.mix(sealed)
        return plaintext

    def first(self):
        e = public(self.ephemeral)
        self.mix(e)
        self.agree(self.ephemeral, self.remote)
        return e + self.seal(b"")

    def second(self, message):
        self.mix(message[:32])
        self.agree(self.ephemeral, message[:32])
        self.open(message[32:])
        self.remote_ephemeral = message[:32]

    def third(self):
        s = self.seal(public(self.private))
        self.agree(self.private, self.remote_ephemeral)
        return s + self.seal(b"")

    def split(self):
        return hkdf(self.ck, b"", 2)

    def udp(self, side):
        return hkdf(self.h, self.ck, 1, f"starling/1 udp {side}".encode())[0]


def parse_invite(invite):
    """The first address in an invite, and the node's key."""
    text, _, where = invite.removeprefix("starling://").partition("@")
    host, _, port = where.split("?")[0].split(",")[0].rpartition(":")
    return (host.strip("[]"), int(port)), identifiers.parse_key_text(text)


class Closed(Exception):
    """The node has ended the session."""


class Peer:
    """One session with a node, dialled by us."""

    def __init__(self, invite, seed=None, greet=True, seconds=10, source=None):
        self.address, self.node = parse_invite(invite)
        self.seed = seed or os.urandom(32)
        self.sock = socket.create_connection(self.address, seconds, source and (source, 0))
        self.udp_id, self.buffer, self.sent, self.got = os.urandom(8), b"", 0, 0
        self.handshake()
        if greet:
            self.send(self.hello())
            hello = self.receive()
            assert hello[0] == HELLO, hello
            self.remote_udp_id = dict(hello[1].pairs)[3]
            # A stranger: all heads, please.
            self.send([SINCE, os.urandom(8), bytes(8), 0])

    def handshake(self):
        private = X25519PrivateKey.from_private_bytes(curve25519.to_x25519_secret(self.seed))
        self.noise = noise = Noise(private, curve25519.to_x25519_public(self.node))
        self.raw_frame(noise.first())
        noise.second(self.read_frame())
        self.raw_frame(noise.third())
        mine, theirs = noise.split()
        self.sealing, self.opening = ChaCha20Poly1305(mine), ChaCha20Poly1305(theirs)

    def hello(self, **changed):
        fields = {
            1: 1, 2: curve25519.public_key(self.seed), 3: self.udp_id,
            4: int(time.time() * 1000), 5: "peer.py",
        }
        return [HELLO, fields | changed]

    # Out

    def raw(self, data):
        self.sock.sendall(data)

    def raw_frame(self, content):
        self.raw(struct.pack(">H", len(content)) + content)

    def seal(self, plaintext):
        self.sent += 1
        return self.sealing.encrypt(nonce(self.sent - 1), plaintext, None)

    def plaintext(self, plaintext):
        """One frame with whatever plaintext."""
        self.raw_frame(self.seal(plaintext))

    def message(self, data):
        parts = [data[i : i + FRAGMENT] for i in range(0, len(data), FRAGMENT)] or [b""]
        for part in parts[:-1]:
            self.plaintext(b"\0" + part)
        self.plaintext(b"\1" + parts[-1])

    def send(self, value):
        self.message(cbor.encode(value))

    # In

    def read(self, count):
        while len(self.buffer) < count:
            try:
                got = self.sock.recv(1 << 16)
            except (ConnectionError, BrokenPipeError):
                got = b""
            if not got:
                raise Closed()
            self.buffer += got
        out, self.buffer = self.buffer[:count], self.buffer[count:]
        return out

    def read_frame(self):
        return self.read(struct.unpack(">H", self.read(2))[0])

    def receive(self):
        whole = b""
        while True:
            plain = self.opening.decrypt(nonce(self.got), self.read_frame(), None)
            self.got += 1
            whole += plain[1:]
            if plain[0] == 1:
                return cbor.decode(whole)

    def receive_kind(self, kind):
        """The next message of a kind; passes over others."""
        while True:
            message = self.receive()
            if message[0] == kind:
                return message
            if message[0] == BYE:
                raise Closed(message[2])

    def alive(self):
        """Whether the node still answers: True, or the farewell's text (empty without one)."""
        try:
            self.send([PING, 4711])
            self.receive_kind(PONG)
            return True
        except Closed as closed:
            return str(closed)
        except (OSError, InvalidTag):
            return ""

    # Datagrams

    def datagram(self, message, counter, receiver=None):
        start = (receiver or self.remote_udp_id) + struct.pack(">Q", counter)
        key = ChaCha20Poly1305(self.noise.udp("initiator"))
        return start + key.encrypt(nonce(counter), cbor.encode(message), start)

    def close(self):
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
