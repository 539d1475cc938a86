"""discovery.json: beacons, and what the secret of a private mesh stands for."""

import cbor
from discovery import network_id, network_key
from entry import sha256
from identifiers import base58_encode
from vectors import File, secret


def make():
    file = File("discovery", "discovery.md", "Beacons in the local network, and secrets of private meshes.")
    beacons(file)
    secrets(file)
    return file


def beacons(file):
    key, network = secret("node"), secret("network")[:8]
    good = ["starling/1", key, 4646, network]
    for name, port, where in (
        ("in the public mesh", 4646, bytes(8)),
        ("in a private mesh", 4646, network),
        ("of port 1", 1, bytes(8)),
        ("of port 65535", 65535, bytes(8)),
    ):
        file.good(
            f"a beacon {name}",
            "DISC-9",
            {"op": "beacon-decode", "data": cbor.encode(["starling/1", key, port, where]).hex()},
            node=key.hex(),
            port=port,
            network=where.hex(),
        )
    request = {"op": "beacon-decode", "data": cbor.encode(good).hex()}
    file.every("truncation", "data", "a beacon cut short", "DISC-9", request)
    bad = {
        "nothing": b"",
        "a byte behind": cbor.encode(good) + b"\0",
        "another version": cbor.encode(["starling/2", *good[1:]]),
        "no version": cbor.encode(good[1:]),
        "the version as bytes": cbor.encode([b"starling/1", *good[1:]]),
        "a field more": cbor.encode([*good, 0]),
        "a field less": cbor.encode(good[:3]),
        "a map": cbor.encode(dict(enumerate(good))),
        "a key of 31 bytes": cbor.encode([good[0], key[:31], *good[2:]]),
        "a key of 33 bytes": cbor.encode([good[0], key + b"\0", *good[2:]]),
        "a key as text": cbor.encode([good[0], "z6Mk", *good[2:]]),
        "port 0": cbor.encode([*good[:2], 0, network]),
        "port 65536": cbor.encode([*good[:2], 65536, network]),
        "port -1": cbor.encode([*good[:2], -1, network]),
        "a port as text": cbor.encode([*good[:2], "4646", network]),
        "no port": cbor.encode([*good[:2], None, network]),
        "a network id of 7 bytes": cbor.encode([*good[:3], network[:7]]),
        "a network id of 9 bytes": cbor.encode([*good[:3], network + b"\0"]),
        "no network id": cbor.encode([*good[:3], None]),
        "an overlong array head": b"\x98\x04" + cbor.encode(good)[1:],
        "an indefinite array": b"\x9f" + cbor.encode(good)[1:] + b"\xff",
        "an overlong port": cbor.encode(good).replace(b"\x19\x12\x26", b"\x1a\0\0\x12\x26"),
        "129 bytes": cbor.encode(good) + bytes(129 - len(cbor.encode(good))),
        "other people's words": b"M-SEARCH * HTTP/1.1\r\n",
    }
    for name, data in bad.items():
        file.bad(f"a beacon with {name}", "DISC-9", {"op": "beacon-decode", "data": data.hex()})


def secrets(file):
    key = secret("psk")
    texts = {
        "32 bytes in base58": "z" + base58_encode(key),
        "32 zero bytes": "z" + "1" * 32,
        "a passphrase of twelve bytes": "twelve bytes",
        "words": "correct horse battery staple",
        "letters beyond ASCII": "Schöne Grüße, ☃",
        "a passphrase that begins with z": "zebras in the rain",
        "31 bytes in base58, a passphrase": "z" + base58_encode(key[:31]),
        "33 bytes in base58, a passphrase": "z" + base58_encode(key + b"\1"),
        "base58 without z, a passphrase": base58_encode(key),
        "white space at both ends": " twelve bytes ",
        "1,024 bytes": "x" * 1024,
    }
    for name, text in texts.items():
        psk = network_key(text)
        file.good(
            f"secret: {name}",
            "DISC-10",
            {"op": "network-secret", "text": text},
            psk=psk.hex(),
            network=network_id(psk).hex(),
        )
    assert network_key(texts["32 bytes in base58"]) == key
    assert network_key(texts["32 zero bytes"]) == bytes(32)
    for name, text in {
        "nothing": "",
        "eleven bytes": "eleven byte",
        "1,025 bytes": "x" * 1025,
        "a short key": "z" + base58_encode(sha256(b"")[:4]),
    }.items():
        file.bad(f"secret: {name}", "DISC-10", {"op": "network-secret", "text": text})
