"""The handshake, Noise XK and XKpsk3 (session.md; Noise revision 34, §5, §7, §9)."""

import struct

import cipher
from curve25519 import x25519, x25519_public
from entry import sha256
from refused import require

# What the initiator knows beforehand is the responder's static key; then one line of tokens a message.
PATTERN = [["e", "es"], ["e", "ee"], ["s", "se"]]


def nonce(counter):
    return bytes(4) + struct.pack("<Q", counter)


class Cipher:
    """A key with its counter; without a key it passes bytes through."""

    def __init__(self, key=None):
        self.key, self.counter = key, 0

    def seal(self, ad, plaintext):
        if self.key is None:
            return plaintext
        self.counter += 1
        return cipher.seal(self.key, nonce(self.counter - 1), ad, plaintext)

    def open(self, ad, sealed):
        if self.key is None:
            return sealed
        plaintext = cipher.open_sealed(self.key, nonce(self.counter), ad, sealed)
        self.counter += 1
        return plaintext


class Handshake:
    """One side of the handshake."""

    def __init__(self, initiator, static, ephemeral, remote_static, prologue=b"", psk=None):
        self.initiator, self.static, self.ephemeral = initiator, static, ephemeral
        self.remote_static, self.remote_ephemeral, self.psk = remote_static, None, psk
        name = f"Noise_XK{'psk3' if psk else ''}_25519_ChaChaPoly_SHA256".encode()
        self.hash = name.ljust(32, b"\0") if len(name) <= 32 else sha256(name)
        self.chaining_key, self.cipher, self.step = self.hash, Cipher(), 0
        self.mix_hash(prologue)
        self.mix_hash(remote_static if initiator else x25519_public(static))

    def mix_hash(self, data):
        self.hash = sha256(self.hash + data)

    def derive(self, secret, count):
        """HKDF as Noise has it: the chaining key is the salt, the info is empty."""
        out = cipher.hkdf(self.chaining_key, secret, b"", 32 * count)
        return [out[i : i + 32] for i in range(0, len(out), 32)]

    def mix_key(self, secret):
        self.chaining_key, key = self.derive(secret, 2)
        self.cipher = Cipher(key)

    def tokens(self):
        tokens = PATTERN[self.step] + (["psk"] if self.psk and self.step == 2 else [])
        self.step += 1
        return tokens

    def agree(self, token):
        """The Diffie-Hellman of a token: first letter the initiator's key, second the responder's."""
        if token == "psk":
            self.chaining_key, extra, key = self.derive(self.psk, 3)
            self.mix_hash(extra)
            self.cipher = Cipher(key)
            return
        mine, theirs = token if self.initiator else token[::-1]
        self.mix_key(
            x25519(
                {"e": self.ephemeral, "s": self.static}[mine],
                {"e": self.remote_ephemeral, "s": self.remote_static}[theirs],
            )
        )

    def seal_hashed(self, plaintext):
        sealed = self.cipher.seal(self.hash, plaintext)
        self.mix_hash(sealed)
        return sealed

    def open_hashed(self, sealed):
        plaintext = self.cipher.open(self.hash, sealed)
        self.mix_hash(sealed)
        return plaintext

    def write(self, payload):
        out = b""
        for token in self.tokens():
            if token == "e":
                public = x25519_public(self.ephemeral)
                out += public
                self.mix_hash(public)
                if self.psk:
                    self.mix_key(public)
            elif token == "s":
                out += self.seal_hashed(x25519_public(self.static))
            else:
                self.agree(token)
        return out + self.seal_hashed(payload)

    def read(self, message):
        for token in self.tokens():
            if token == "e":
                self.remote_ephemeral, message = message[:32], message[32:]
                require(len(self.remote_ephemeral) == 32, "the message is too short")
                self.mix_hash(self.remote_ephemeral)
                if self.psk:
                    self.mix_key(self.remote_ephemeral)
            elif token == "s":
                self.remote_static, message = self.open_hashed(message[:48]), message[48:]
            else:
                self.agree(token)
        return self.open_hashed(message)

    def split(self):
        """The ciphers of the initiator's messages and of the responder's."""
        return [Cipher(key) for key in self.derive(b"", 2)]

    def datagram_keys(self):
        """[SES-9] The keys of the datagrams that the initiator and the responder send."""
        return [
            cipher.hkdf(self.hash, self.chaining_key, f"starling/1 udp {side}".encode())
            for side in ("initiator", "responder")
        ]


def run(initiator, responder, payloads):
    """Both sides in one: all messages of the wire for the payloads; each is read back as it was written."""
    payloads = payloads + [b""] * (3 - len(payloads))
    messages, sides = [], [initiator, responder]
    for i, payload in enumerate(payloads[:3]):
        message = sides[i % 2].write(payload)
        require(sides[1 - i % 2].read(message) == payload, "a payload came out changed")
        messages.append(message)
    require(initiator.hash == responder.hash, "the sides disagree")
    sending, receiving = initiator.split(), responder.split()
    for i, payload in enumerate(payloads[3:]):
        message = sending[(i + 1) % 2].seal(b"", payload)
        require(receiving[(i + 1) % 2].open(b"", message) == payload, "a payload came out changed")
        messages.append(message)
    return messages
