"""Frames, fragments and datagrams (session.md)."""

import struct

import cipher
from noise import nonce
from refused import require

MAXIMUM_FRAGMENT, MAXIMUM_MESSAGE, MAXIMUM_DATAGRAM = 65518, 262144, 1200


def frame(content):
    """[SES-1] The two bytes of length, then the content."""
    return struct.pack(">H", len(content)) + content


def fragments(message):
    """[SES-6] The plaintexts of the frames that carry a message."""
    require(1 <= len(message) <= MAXIMUM_MESSAGE, "a message has 1 to 262,144 bytes")
    parts = [message[i : i + MAXIMUM_FRAGMENT] for i in range(0, len(message), MAXIMUM_FRAGMENT)]
    return [b"\0" + part for part in parts[:-1]] + [b"\1" + parts[-1]]


def assemble(plaintexts):
    """[SES-6] The messages that plaintexts of frames carry."""
    messages, whole = [], b""
    for plaintext in plaintexts:
        require(len(plaintext) >= 2 and plaintext[0] in (0, 1), "neither more nor last, or empty")
        require(
            plaintext[0] == 1 or len(plaintext) == 1 + MAXIMUM_FRAGMENT, "more follows, but it is not full"
        )
        whole += plaintext[1:]
        require(len(whole) <= MAXIMUM_MESSAGE, "the message is too long")
        if plaintext[0] == 1:
            messages.append(whole)
            whole = b""
    require(not whole, "the message does not end")
    return messages


def seal_datagram(key, receiver, counter, message):
    """[SES-10] receiver's id, counter, sealed message."""
    start = receiver + struct.pack(">Q", counter)
    return start + cipher.seal(key, nonce(counter), start, message)


def open_datagram(key, datagram):
    """[SES-10], [SES-11] Receiver's id, counter and message."""
    require(len(datagram) <= MAXIMUM_DATAGRAM, "the datagram is too long")
    require(len(datagram) >= 33, "the datagram is too short")
    counter = struct.unpack(">Q", datagram[8:16])[0]
    return datagram[:8], counter, cipher.open_sealed(key, nonce(counter), datagram[:16], datagram[16:])
