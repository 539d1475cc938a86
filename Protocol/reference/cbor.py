"""Deterministic CBOR, both ways (cbor.md). Decoding refuses every spelling but the one of `encode`."""

import math
import struct

from refused import Refused, require

MAXIMUM_LEVEL = 8


class Tag:
    """A tag other than a bignum, and the value it stands before."""

    def __init__(self, number, value):
        self.number, self.value = number, value


class Simple:
    """A simple value other than false, true and null."""

    def __init__(self, number):
        self.number = number


class Map:
    """Pairs of key and value in the order they stand, which is that of the keys' encodings."""

    def __init__(self, pairs):
        self.pairs = pairs

    def get(self, key, default=None):
        """The value at `key`, an int or a str."""
        for k, v in self.pairs:
            if type(k) is type(key) and k == key:
                return v
        return default


def head(major, argument):
    """A major type with its argument, in the fewest bytes."""
    if argument < 24:
        return bytes([major << 5 | argument])
    for info, width in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if argument < 1 << 8 * width:
            return bytes([major << 5 | info]) + argument.to_bytes(width, "big")
    raise ValueError("argument over 64 bits")


def encode(value):
    """The one encoding of `value`."""
    if value is None:
        return b"\xf6"
    if value is True or value is False:
        return b"\xf5" if value else b"\xf4"
    if type(value) is int:
        return encode_integer(value)
    if type(value) is float:
        return encode_float(value)
    if type(value) is bytes:
        return head(2, len(value)) + value
    if type(value) is str:
        return head(3, len(value.encode())) + value.encode()
    if type(value) in (list, tuple):
        return head(4, len(value)) + b"".join(encode(v) for v in value)
    if type(value) in (dict, Map):
        items = value.items() if type(value) is dict else value.pairs
        pairs = sorted((encode(k), encode(v)) for k, v in items)
        return head(5, len(pairs)) + b"".join(k + v for k, v in pairs)
    if type(value) is Tag:
        return head(6, value.number) + encode(value.value)
    if type(value) is Simple:
        return bytes([0xE0 | value.number]) if value.number < 24 else bytes([0xF8, value.number])
    raise ValueError(f"no encoding for {type(value)}")


def encode_integer(value):
    major, argument = (0, value) if value >= 0 else (1, -1 - value)
    if argument < 1 << 64:
        return head(major, argument)
    return head(6, 2 + major) + encode(argument.to_bytes((argument.bit_length() + 7) // 8, "big"))


def encode_float(value):
    if math.isnan(value):
        return b"\xf9\x7e\x00"
    for first, form in ((0xF9, ">e"), (0xFA, ">f")):
        try:
            packed = struct.pack(form, value)
        except OverflowError:
            continue
        if struct.unpack(form, packed)[0] == value:
            return bytes([first]) + packed
    return b"\xfb" + struct.pack(">d", value)


def decode(data):
    """The one value that `data` is."""
    value, end = decode_value(data, 0, 0)
    require(end == len(data), "bytes follow the value")
    return value


def take(data, start, count):
    require(count <= len(data) - start, "the bytes end too early")
    return data[start : start + count], start + count


def decode_head(data, start):
    """Major type, additional information, argument (bytes for a float) and the offset behind."""
    (first,), offset = take(data, start, 1)
    major, info = first >> 5, first & 31
    if info < 24:
        return major, info, info, offset
    require(info != 31, "indefinite length")
    require(info < 28, "reserved additional information")
    raw, offset = take(data, offset, 1 << (info - 24))
    argument = int.from_bytes(raw, "big")
    if major != 7:
        require(head(major, argument) == data[start:offset], "not the shortest head")
    return major, info, argument, offset


def decode_value(data, start, level):
    """The value at `start`, which stands `level` levels below the outermost, and the offset behind it."""
    require(level <= MAXIMUM_LEVEL, "nested too deeply")
    major, info, argument, offset = decode_head(data, start)
    if major == 0:
        return argument, offset
    if major == 1:
        return -1 - argument, offset
    if major in (2, 3):
        raw, offset = take(data, offset, argument)
        return (raw if major == 2 else decode_text(raw)), offset
    if major == 4:
        return decode_array(data, offset, argument, level)
    if major == 5:
        return decode_map(data, offset, argument, level)
    if major == 6:
        value, offset = decode_value(data, offset, level + 1)
        return (bignum(argument, value) if argument in (2, 3) else Tag(argument, value)), offset
    return decode_simple(data[start:offset], info, argument), offset


def decode_text(raw):
    try:
        return raw.decode("utf-8", "strict")
    except UnicodeDecodeError:
        raise Refused("text that is not UTF-8") from None


def decode_array(data, offset, count, level):
    require(count <= len(data) - offset, "the bytes end too early")
    items = []
    for _ in range(count):
        item, offset = decode_value(data, offset, level + 1)
        items.append(item)
    return items, offset


def decode_map(data, offset, count, level):
    require(count <= (len(data) - offset) // 2, "the bytes end too early")
    pairs, previous = [], None
    for _ in range(count):
        key, end = decode_value(data, offset, level + 1)
        require(previous is None or previous < data[offset:end], "keys out of order, or one twice")
        previous = data[offset:end]
        value, offset = decode_value(data, end, level + 1)
        pairs.append((key, value))
    return Map(pairs), offset


def bignum(tag, value):
    require(type(value) is bytes, "a bignum is a byte string")
    require(len(value) > 8 and value[0] != 0, "a bignum that is not the shortest integer")
    number = int.from_bytes(value, "big")
    return number if tag == 2 else -1 - number


def decode_simple(raw, info, argument):
    if info in (25, 26, 27):
        value = struct.unpack({25: ">e", 26: ">f", 27: ">d"}[info], raw[1:])[0]
        require(encode_float(value) == raw, "not the shortest float, or another NaN")
        return value
    require(info < 24 or argument >= 32, "a simple value below 32 in two bytes")
    return {20: False, 21: True, 22: None}[argument] if argument in (20, 21, 22) else Simple(argument)
