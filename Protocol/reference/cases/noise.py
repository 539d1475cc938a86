"""noise.json: handshakes from fixed keys, and datagrams."""

import cbor
import curve25519
import noise
import session
from vectors import File, flip, secret


def make():
    file = File(
        "noise",
        "session.md",
        "Handshakes from fixed keys, their transport messages and udp keys, datagrams, and fragments.",
    )
    keys = [
        secret(n)
        for n in ("initiator static", "initiator ephemeral", "responder static", "responder ephemeral")
    ]
    seeds = [curve25519.to_x25519_secret(secret(n)) for n in ("initiator node", "responder node")]
    node_keys = [seeds[0], keys[1], seeds[1], keys[3]]
    psk, other, words = secret("psk"), secret("other psk"), [b"ping", b"pong", b"", bytes(100)]
    prologue = b"starling/1"

    def request(k=keys, prologue_=prologue, psk_=None, payloads=(b"", b"", b"")):
        return {
            "op": "noise-xk",
            "initiator": {"static": k[0].hex(), "ephemeral": k[1].hex()},
            "responder": {"static": k[2].hex(), "ephemeral": k[3].hex()},
            "prologue": prologue_.hex(),
            "psk": psk_.hex() if psk_ else None,
            "payloads": [p.hex() for p in payloads],
        }

    def good(name, k=keys, prologue_=prologue, psk_=None, payloads=(b"", b"", b"")):
        a = noise.Handshake(True, k[0], k[1], curve25519.x25519_public(k[2]), prologue_, psk_)
        b = noise.Handshake(False, k[2], k[3], None, prologue_, psk_)
        wire = noise.run(a, b, list(payloads))
        udp = a.datagram_keys()
        file.good(
            name,
            "SES-2 SES-3 SES-9" + (" SES-4" if psk_ else ""),
            request(k, prologue_, psk_, payloads),
            messages=[m.hex() for m in wire],
            handshake_hash=a.hash.hex(),
            udp_initiator=udp[0].hex(),
            udp_responder=udp[1].hex(),
        )

    good("XK, empty payloads: 48, 48 and 64 bytes")
    good("XK of converted node keys", node_keys)
    good("XK with transport messages", payloads=[b"", b"", b""] + words)
    good("XK with payloads in the handshake", payloads=[b"one", b"two", b"three"] + words)
    good("XK with another prologue", prologue_=b"starling/2")
    good("XK without prologue", prologue_=b"")
    good("XKpsk3", psk_=psk)
    good(
        "XKpsk3 of converted node keys, with transport messages",
        node_keys,
        psk_=psk,
        payloads=[b"", b"", b""] + words,
    )
    good("XKpsk3 with payloads in the handshake", psk_=psk, payloads=[b"one", b"two", b"three"] + words)
    good("XKpsk3 with another key", psk_=other)
    good("XK, both sides the same static key", [keys[0], keys[1], keys[0], keys[3]])
    good("XK, 20 transport messages", payloads=[b"", b"", b""] + [bytes([i]) for i in range(20)])
    bad_handshakes(file, request)
    datagrams(file)
    fragments(file)
    return file


def bad_handshakes(file, request):
    for name, change in {
        "a psk of 31 bytes": {"psk": "00" * 31},
        "a psk of 33 bytes": {"psk": "00" * 33},
        "a psk that is not hex": {"psk": "x" * 64},
        "no prologue": {"prologue": None},
        "an initiator without keys": {"initiator": {}},
        "an initiator without ephemeral key": {"initiator": {"static": "11" * 32}},
        "a responder that is no object": {"responder": "11" * 32},
        "a static key of 31 bytes": {"responder": {"static": "11" * 31, "ephemeral": "11" * 32}},
        "an ephemeral key of 33 bytes": {"initiator": {"static": "11" * 32, "ephemeral": "11" * 33}},
        "payloads that are no list": {"payloads": "000000"},
        "a payload that is not hex": {"payloads": ["", "", "zz"]},
    }.items():
        file.bad(name, "CONF-2", {**request(), **change})


def datagrams(file):
    key, receiver, ping = secret("udp"), secret("receiver")[:8], cbor.encode([1, 7])

    def request(datagram, key_=key):
        return {"op": "datagram-open", "key": key_.hex(), "datagram": datagram.hex()}

    for counter, message in (
        (0, ping),
        (1, ping),
        (2**32, ping),
        (2**64 - 1, ping),
        (258, bytes(1168)),
        (5, b"\0"),
    ):
        file.good(
            f"datagram {counter} of {len(message)} bytes",
            "SES-10",
            request(session.seal_datagram(key, receiver, counter, message)),
            receiver=receiver.hex(),
            counter=counter,
            message=message.hex(),
        )
    good = session.seal_datagram(key, receiver, 258, ping)
    body = session.cipher.seal
    for name, datagram in {
        "of 1201 bytes": session.seal_datagram(key, receiver, 258, bytes(1169)),
        "of nothing": b"",
        "of an id alone": good[:8],
        "of id and counter": good[:16],
        "of 32 bytes, so without message": session.seal_datagram(key, receiver, 258, b""),
        "of another counter": good[:15] + b"\x03" + good[16:],
        "for another receiver": flip(receiver) + good[8:],
        "with a byte behind": good + b"\0",
        "unsealed": good[:16] + ping + bytes(16),
        "with the counter little-endian": receiver
        + (258).to_bytes(8, "little")
        + body(key, noise.nonce(258), receiver + (258).to_bytes(8, "little"), ping),
        "with a big-endian nonce": good[:16]
        + body(key, bytes(4) + (258).to_bytes(8, "big"), good[:16], ping),
        "with a nonce whose zeros stand behind": good[:16]
        + body(key, (258).to_bytes(8, "little") + bytes(4), good[:16], ping),
        "that authenticates nothing": good[:16] + body(key, noise.nonce(258), b"", ping),
        "that authenticates the id only": good[:16] + body(key, noise.nonce(258), receiver, ping),
        "that authenticates the counter only": good[:16] + body(key, noise.nonce(258), good[8:16], ping),
    }.items():
        file.bad(f"a datagram {name}", "SES-10 SES-11", request(datagram))
    file.bad("a datagram under another key", "SES-10", request(good, secret("another udp key")))
    file.every("bit", "datagram", "a datagram, any bit flipped", "SES-10", request(good))
    file.every("truncation", "datagram", "a datagram cut anywhere", "SES-10", request(good))


def fragments(file):
    full, more, last = session.MAXIMUM_FRAGMENT, b"\0", b"\1"

    def request(*plaintexts):
        return {"op": "message-assemble", "plaintexts": [p.hex() for p in plaintexts]}

    for count in (1, full - 1, full, full + 1, 2 * full, 262144):
        message = bytes(count)
        plaintexts = session.fragments(message)
        name = f"a message of {count} bytes in {len(plaintexts)} fragments"
        file.good(name, "SES-6", request(*plaintexts), messages=[message.hex()])
    file.good("two messages", "SES-6", request(last + b"a", last + b"b"), messages=["61", "62"])
    file.good(
        "a last fragment of one byte",
        "SES-6",
        request(more + bytes(full), last + b"b", last + b"c"),
        messages=[(bytes(full) + b"b").hex(), "63"],
    )
    for name, plaintexts in {
        "nothing": [b""],
        "a kind without fragment": [last],
        "more to come, without fragment": [more],
        "kind 2": [b"\2a"],
        "kind 255": [b"\xffa"],
        "more to come, and not full": [more + bytes(full - 1), last + b"a"],
        "more to come, of one byte": [more + b"a", last + b"a"],
        "an empty last fragment": [more + bytes(full), last],
        "262,145 bytes": [more + bytes(full)] * 4 + [last + bytes(262145 - 4 * full)],
        "five full fragments": [more + bytes(full)] * 4 + [last + bytes(full)],
        "no end": [more + bytes(full)],
        "a good message, then kind 2": [last + b"a", b"\2a"],
    }.items():
        file.bad(f"fragments: {name}", "SES-6", request(*plaintexts))
