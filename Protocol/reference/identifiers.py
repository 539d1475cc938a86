"""Names that people and files carry (identifiers.md), and the text encodings under them."""

import base64
import re

from refused import Refused, array, octets, require, uint

ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
MAXIMUM_SIZE = 2**32 - 1
MAXIMUM_INDEX = 2**32 - 2
MAXIMUM_ADDRESS = 1024
MAXIMUM_ENDPOINTS = 8


def base58_encode(data):
    number, out = int.from_bytes(data, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        out = ALPHABET[digit] + out
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + out


def base58_decode(text, count):
    """The `count` bytes that `text` spells."""
    require(0 < len(text) <= 2 * count, "base58 of the wrong length")
    number = 0
    for character in text:
        require(character in ALPHABET, "a character that is not base58")
        number = number * 58 + ALPHABET.index(character)
    zeros = len(text) - len(text.lstrip("1"))
    data = bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")
    require(len(data) == count, "base58 of the wrong length")
    return data


def base64_decode(text):
    """The bytes of canonical, padded base64 (RFC 4648 §4)."""
    require(re.fullmatch(r"[A-Za-z0-9+/]*={0,2}", text) and len(text) % 4 == 0, "not base64")
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        raise Refused("not base64") from None
    require(base64_encode(data) == text, "base64 that is not canonical")
    return data


def base64_encode(data):
    return base64.b64encode(data).decode()


def decimal(text, limit, what):
    """The number of decimal digits without a leading zero."""
    require(re.fullmatch(r"0|[1-9][0-9]{0,18}", text), f"{what} is not a plain decimal")
    return uint(int(text), limit, what)


def did(public):
    return "did:key:" + key_text(public)


def key_text(public):
    """A key as addresses write it: the did without `did:key:`."""
    return "z" + base58_encode(b"\xed\x01" + public)


def parse_did(text):
    """[ID-1] The 32-byte key of a did."""
    require(text.startswith("did:key:"), "a did starts with did:key:")
    return parse_key_text(text[8:])


def parse_key_text(text):
    require(text.startswith("z"), "a key starts with z")
    data = base58_decode(text[1:], 34)
    require(data[:2] == b"\xed\x01", "not an Ed25519 key")
    return data[2:]


def parse_address(text):
    """[ID-3], [ID-6] What a node address or a post address says."""
    require(len(text.encode()) <= MAXIMUM_ADDRESS, "the address is too long")
    require(re.fullmatch(r"[!-~]+", text), "an address has visible ASCII characters only")
    return parse_node_address(text) if text.startswith("starling://") else parse_post_address(text)


def parse_node_address(text):
    address, mark, query = text[len("starling://") :].partition("?")
    if mark:
        require(
            re.fullmatch(r"[a-z0-9-]+=[A-Za-z0-9._~-]*(&[a-z0-9-]+=[A-Za-z0-9._~-]*)*", query),
            "the part behind ? is not name=value&name=value",
        )
    key, at, places = address.partition("@")
    require(at, "an address names a key and a place: KEY@HOST:PORT")
    endpoints = places.split(",")
    require(len(endpoints) <= MAXIMUM_ENDPOINTS, "too many endpoints")
    return {
        "kind": "node",
        "public": parse_key_text(key).hex(),
        "endpoints": [parse_endpoint(e) for e in endpoints],
        **(parse_options(query) if mark else {}),
    }


def parse_options(query):
    """[ID-5] What the options of an invite say; those unknown here say nothing."""
    out = {}
    for option in query.split("&"):
        name, _, value = option.partition("=")
        require(name not in out, f"{name} is given twice")
        if name == "secret":
            require(value.startswith("z"), "the secret starts with z")
            out[name] = base58_decode(value[1:], 16).hex()
        elif name == "who":
            out[name] = parse_key_text(value).hex()
    return out


def parse_endpoint(text):
    host, colon, port = text.rpartition(":")
    require(colon, "an endpoint is HOST:PORT")
    number = decimal(port, 65535, "the port")
    require(number >= 1, "the port is 0")
    if host.startswith("["):
        require(host.endswith("]") and is_ipv6(host[1:-1]), "not an IPv6 address")
        return {"host": host[1:-1], "port": number}
    require(is_ipv4(host) or is_name(host), "neither a name nor an IPv4 address")
    return {"host": host, "port": number}


def is_ipv4(host):
    parts = host.split(".")
    return len(parts) == 4 and all(re.fullmatch(r"0|[1-9][0-9]{0,2}", p) and int(p) <= 255 for p in parts)


def is_ipv6(host):
    """Groups of 1 to 4 hexadecimal digits, with at most one `::` for one or more groups of zero."""

    def groups(text):
        parts = text.split(":") if text else []
        return len(parts) if all(re.fullmatch(r"[0-9A-Fa-f]{1,4}", p) for p in parts) else 99

    left, gap, right = host.partition("::")
    return groups(left) + groups(right) <= 7 if gap else groups(left) == 8


def is_name(host):
    labels = host.split(".")
    return (
        len(host) <= 253
        and not labels[-1].isdigit()
        and all(re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?", label) for label in labels)
    )


def parse_post_address(text):
    parts = text.split("/")
    require(len(parts) == 3, "a post address is DID/INDEX/ADDRESS")
    parse_did(parts[0])
    require(parts[2].startswith("z"), "a content address starts with z")
    return {
        "kind": "post",
        "log": parts[0],
        "index": decimal(parts[1], MAXIMUM_INDEX, "the index"),
        "address": base58_decode(parts[2][1:], 32).hex(),
    }


def post_address(log, index, address):
    return f"{did(log)}/{index}/z{base58_encode(address)}"


def check_reference(value):
    """[ID-8] A reference [log key, index, content address], as a tuple."""
    log, index, address = array(value, "a reference", exactly=3)
    return (
        octets(log, "the log key", exactly=32),
        uint(index, MAXIMUM_INDEX, "the index"),
        octets(address, "the content address", exactly=32),
    )
