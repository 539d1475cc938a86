"""The messages of the overlay (overlay.md): checks of their fields."""

from refused import array, octets, require, uint

MAXIMUM_ENDPOINTS, MAXIMUM_NODES, MAXIMUM_TTL = 4, 16, 15
MAPPED = bytes(10) + b"\xff\xff"


def endpoint(value):
    """[OVER-2] An address of 4 or 16 bytes and a port; IPv4 is never written as IPv6."""
    address, port = array(value, "an endpoint", exactly=2)
    octets(address, "an address", least=4, limit=16)
    require(len(address) in (4, 16), "an address has 4 or 16 bytes")
    require(address[:12] != MAPPED, "IPv4 is written with 4 bytes")
    uint(port, 65535, "the port", least=1)
    return value


def endpoints(value):
    return [endpoint(e) for e in array(value, "endpoints", limit=MAXIMUM_ENDPOINTS)]


def contact(value):
    key, places = array(value, "a contact", exactly=2)
    return [octets(key, "a node key", exactly=32), endpoints(places)]


def contacts(value):
    return [contact(c) for c in array(value, "contacts", limit=MAXIMUM_NODES)]


def ttl(value):
    return uint(value, MAXIMUM_TTL, "the time to live")


def nonce(value):
    return uint(value, 2**64 - 1, "the nonce")


def boolean(value):
    require(type(value) is bool, "neither true nor false")
    return value


TYPES = {
    21: ("join", [endpoints]),
    22: ("forward-join", [contact, ttl]),
    23: ("neighbor", [boolean, endpoints]),
    24: ("neighbor-reply", [boolean]),
    25: ("disconnect", []),
    26: ("shuffle", [nonce, contact, ttl, contacts]),
    27: ("shuffle-reply", [nonce, contacts]),
}
