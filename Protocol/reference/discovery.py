"""Beacons and the secrets of private meshes (discovery.md)."""

import hashlib
import hmac

import cbor
from identifiers import base58_decode
from refused import Refused, array, octets, require, text, uint

MAXIMUM_BEACON = 128
ITERATIONS = 210_000


def decode_beacon(data):
    """Node key, port and network id."""
    require(len(data) <= MAXIMUM_BEACON, "the beacon is too long")
    name, key, port, network = array(cbor.decode(data), "a beacon", exactly=4)
    require(text(name, "the name", 0, 16) == "starling/1", "not a beacon of this version")
    return (
        octets(key, "the node key", exactly=32),
        uint(port, 65535, "the port", least=1),
        octets(network, "the network id", exactly=8),
    )


def network_key(secret):
    """The psk that a text stands for."""
    data = secret.encode()
    require(12 <= len(data) <= 1024, "a network secret has 12 to 1,024 bytes")
    if secret.startswith("z"):
        try:
            return base58_decode(secret[1:], 32)
        except Refused:
            pass
    return hashlib.pbkdf2_hmac("sha512", data, b"starling/1 network", ITERATIONS)[:32]


def network_id(psk):
    return hmac.new(psk, b"starling/1 network id", "sha256").digest()[:8]
