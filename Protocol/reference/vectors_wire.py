"""cbor.json, identifiers.json and entry.json."""

import cbor
from entry import MAXIMUM_BODY, MAXIMUM_TIME, Header, make_body, sha256
from identifiers import MAXIMUM_INDEX, did, key_text, post_address
from vectors import START, File, Log, note, salt

# RFC 8949 appendix A: what deterministic encoding keeps, and what it has another spelling for.
APPENDIX_A = """
00 01 0a 17 1818 1819 1864 1903e8 1a000f4240 1b000000e8d4a51000 1bffffffffffffffff c249010000000000000000
3bffffffffffffffff c349010000000000000000 20 29 3863 3903e7 f90000 f98000 f93c00 fb3ff199999999999a f93e00 f97bff
fa47c35000 fa7f7fffff fb7e37e43c8800759c f90001 f90400 f9c400 fbc010666666666666 f97c00 f97e00 f9fc00 f4 f5 f6 f7 f0
f8ff c074323031332d30332d32315432303a30343a30305a c11a514b67b0 c1fb41d452d9ec200000 d74401020304 d818456449455446
d82076687474703a2f2f7777772e6578616d706c652e636f6d 40 4401020304 60 6161 6449455446 62225c 62c3bc 63e6b0b4
64f0908591 80 83010203 8301820203820405 98190102030405060708090a0b0c0d0e0f101112131415161718181819 a0 a201020304
a26161016162820203 826161a161626163 a56161614161626142616361436164614461656145
""".split()
APPENDIX_A_REFUSED = """
fa7f800000 fa7fc00000 faff800000 fb7ff0000000000000 fb7ff8000000000000 fbfff0000000000000 f818
5f42010243030405ff 7f657374726561646d696e67ff 9fff 9f018202039f0405ffff 9f01820203820405ff 83018202039f0405ff
83019f0203ff820405 9f0102030405060708090a0b0c0d0e0f101112131415161718181819ff bf61610161629f0203ffff
826161bf61626163ff bf6346756ef563416d7421ff
""".split()

CBOR_GOOD = [
    ("the largest integer in one byte", "17"), ("the largest in two", "18ff"), ("the largest in three", "19ffff"),
    ("the smallest in five", "1a00010000"), ("the smallest in nine", "1b0000000100000000"),
    ("a string of 24 bytes", "5818" + "00" * 24), ("a bignum of nine bytes", "c249ffffffffffffffffff"),
    ("a tag of another number before bytes", "c540"), ("the tag of itself", "d9d9f700"),
    ("simple 0", "e0"), ("simple 19", "f3"), ("simple 32", "f820"),
    ("the least float that no half holds", "fa33000000"), ("the least single", "fa00000001"),
    ("the largest subnormal half", "f903ff"), ("one past the largest half", "fa477ff000"),
    ("a double one bit beyond the largest single", "fb47efffffe0000001"), ("the least double", "fb0000000000000001"),
    ("keys in bytewise order", "a80a001864002000617a006261610081186400812000f400"),
    ("U+FFFF", "63efbfbf"), ("U+10FFFF", "64f48fbfbf"), ("U+D7FF", "63ed9fbf"), ("a text with a zero byte", "6100"),
    ("level 8: nine arrays", "81" * 8 + "80"), ("level 8: an integer in eight arrays", "81" * 8 + "00"),
    ("level 8: an integer in eight maps", "a100" * 8 + "00"), ("level 8: an integer under eight tags", "c5" * 8 + "00"),
]

CBOR_BAD = [
    ("CBOR-1", [
        ("nothing", ""), ("a head cut short", "18"), ("a head cut in its argument", "1b00000001000000"),
        ("bytes cut short", "420a"), ("text cut short", "6261"), ("an array cut short", "820a"),
        ("a map without its last value", "a10a"), ("a tag before nothing", "c5"), ("a float cut short", "f97e"),
        ("a simple value cut short", "f8"), ("a second value", "0000"), ("a break after the value", "00ff"),
        ("a break alone", "ff"), ("a zero byte after the value", "f600"),
        ("reserved information 28", "1c"), ("reserved information 29", "3d"), ("reserved information 30", "5e"),
        ("reserved information 28 of an array", "9c"), ("reserved information 30 of a tag", "de00"),
        ("reserved information 28 of a simple value", "fc"), ("reserved information 30 of a simple value", "fe"),
        ("a count of 2^64-1 items", "9bffffffffffffffff"), ("a count of 2^63 items", "9b8000000000000000"),
        ("a count of 2^32-1 items", "9affffffff00"), ("a length of 2^64-1 bytes", "5bffffffffffffffff"),
        ("a length of 2^63-1 bytes of text", "7b7fffffffffffffff61"), ("a count of 2^64-1 pairs", "bbffffffffffffffff"),
        ("a count of 2^63 pairs", "bb80000000000000000000"), ("one item fewer than counted", "8300" + "00"),
    ]),
    ("CBOR-2", [
        ("0 in two bytes", "1800"), ("23 in two bytes", "1817"), ("255 in three bytes", "1900ff"),
        ("65535 in five bytes", "1a0000ffff"), ("2^32-1 in nine bytes", "1b00000000ffffffff"), ("-1 in two bytes", "3800"),
        ("-24 in two bytes", "3817"), ("-256 in three bytes", "3900ff"), ("a length of 0 in two bytes", "5800"),
        ("a length of 1 in three bytes", "590001ff"), ("a text's length in two bytes", "780161"),
        ("a count of 0 in two bytes", "9800"), ("a count of 1 in nine bytes", "9b000000000000000100"),
        ("a count of pairs in two bytes", "b8010000"), ("a tag of 5 in two bytes", "d80500"),
        ("a tag of 24 in three bytes", "d9001800"),
    ]),
    ("CBOR-3", [
        ("indefinite bytes", "5f4100ff"), ("indefinite bytes of nothing", "5fff"), ("indefinite text", "7f6161ff"),
        ("an indefinite array", "9f00ff"), ("an indefinite map", "bf0000ff"), ("an indefinite map of nothing", "bfff"),
        ("an indefinite array inside", "819fff"), ("information 31 of an integer", "1f"),
        ("information 31 of a negative", "3f"), ("information 31 of a tag", "df00"),
    ]),
    ("CBOR-4", [
        ("the same key twice", "a200000000"), ("the same text key twice", "a2616100616101"),
        ("keys in the other order", "a202000100"), ("shorter text first, not bytewise", "a262616100617a00"),
        ("length first: -1 before 100", "a220001864 00".replace(" ", "")), ("the last key out of order", "a3010003000200"),
        ("the same key twice, deep inside", "8181a200010002"), ("false after true as keys", "a2f500f400"),
    ]),
    ("CBOR-5", [
        ("1.0 in a single", "fa3f800000"), ("1.0 in a double", "fb3ff0000000000000"), ("0.0 in a single", "fa00000000"),
        ("-0.0 in a double", "fb8000000000000000"), ("65504 in a single", "fa477fe000"),
        ("the least half in a single", "fa33800000"), ("the least half in a double", "fb3e70000000000000"),
        ("the least single in a double", "fb36a0000000000000"), ("the largest single in a double", "fb47efffffe0000000"),
        ("infinity in a single", "fa7f800000"), ("a NaN with a payload", "f97e01"), ("a signalling NaN", "f97c01"),
        ("a negative NaN", "f9fe00"), ("a NaN in a single", "fa7fc00000"), ("a NaN in a double", "fb7ff8000000000000"),
        ("a NaN with a payload that needs a double", "fb7ff8000000000001"), ("a single NaN with a payload", "fa7fc00001"),
    ]),
    ("CBOR-6", [
        ("a bignum of 1", "c24101"), ("a bignum of 2^64-1", "c248ffffffffffffffff"), ("a bignum of nothing", "c240"),
        ("a bignum with a leading zero", "c24a00010000000000000000"), ("a bignum of nine bytes, the first zero", "c24900ffffffffffffffff"),
        ("a negative bignum of -1", "c34100"), ("a negative bignum of -2^64", "c348ffffffffffffffff"),
        ("a bignum of text", "c26161"), ("a bignum of an integer", "c200"), ("a bignum of a tagged string", "c2c549010000000000000000"),
    ]),
    ("CBOR-7", [
        ("simple 0 in two bytes", "f800"), ("false in two bytes", "f814"), ("null in two bytes", "f816"),
        ("simple 24", "f818"), ("simple 31", "f81f"),
    ]),
    ("CBOR-8", [
        ("a lone continuation byte", "6180"), ("a character cut short", "61c3"), ("an overlong slash", "62c0af"),
        ("an overlong zero", "62c080"), ("an overlong character of three bytes", "63e0809f"),
        ("an overlong character of four bytes", "64f0808080"), ("a high surrogate", "63eda080"),
        ("a low surrogate", "63edbfbf"), ("a pair of surrogates", "66eda081edb080"), ("U+110000", "64f4908080"),
        ("a byte of FF", "61ff"), ("a byte of FE", "61fe"), ("a character of five bytes", "65f888808080"),
        ("a key that is not UTF-8", "a1618000"), ("a character split between two texts", "8261c361bc"),
    ]),
    ("CBOR-9", [
        ("level 9: ten arrays", "81" * 9 + "80"), ("level 9: an integer in nine arrays", "81" * 9 + "00"),
        ("level 9: a value in nine maps", "a100" * 9 + "00"), ("level 9: a key in nine maps", "a1" * 9 + "00" * 10),
        ("level 9: under nine tags", "c5" * 9 + "00"), ("level 9: arrays, maps and tags", "81a100c5" * 3 + "00"),
        ("level 9: the bytes of a bignum", "81" * 8 + "c249010000000000000000"), ("10,000 arrays", "81" * 10000),
        ("10,000 tags", "c5" * 10000),
    ]),
]


def cbor_file():
    file = File("cbor", "cbor.md", "One value, decoded and encoded again; every other spelling of it is refused.")
    op = {"op": "cbor-decode"}
    for data in APPENDIX_A:
        file.good(f"RFC 8949 appendix A: {data}", "CBOR-1", {**op, "data": data}, data=data)
    for data in APPENDIX_A_REFUSED:
        file.bad(f"RFC 8949 appendix A, another spelling: {data}", "CBOR-1", {**op, "data": data})
    for name, data in CBOR_GOOD:
        file.good(name, "CBOR-1", {**op, "data": data}, data=data)
    for rule, cases in CBOR_BAD:
        for name, data in cases:
            file.bad(name, rule, {**op, "data": data})
    sample = cbor.encode([1, -500, b"\1\2", "é水", [1.5, 100000.0, 1.1, None, False], {1: 2, "k": {}},
                          2**70, cbor.Tag(1, 1000000), cbor.Simple(99)]).hex()
    file.good("one of everything", "CBOR-1", {**op, "data": sample}, data=sample)
    file.every("truncation", "data", "one of everything, cut anywhere", "CBOR-1", {**op, "data": sample})
    file.every("bit", "data", "one of everything, any bit flipped: refused or the same bytes again", "CBOR-1",
               {**op, "data": sample}, {"echo": "data"})
    return file


def identifiers_file():
    file = File("identifiers", "identifiers.md", "did:key, node addresses and post addresses.")
    key = Log.of_notes("identifiers", 1).key
    for name, public in (("a key", key), ("32 zero bytes", bytes(32)), ("32 bytes of FF", b"\xff" * 32)):
        file.good(f"did of {name}", "ID-1", {"op": "did-key", "public": public.hex()}, did=did(public))
        file.good(f"{name} of a did", "ID-1", {"op": "did-key", "did": did(public)}, public=public.hex())
    dids(file, key)
    node_addresses(file, key_text(key), key.hex())
    post_addresses(file, key)
    return file


def dids(file, key):
    from identifiers import base58_encode
    good = did(key)
    bad = {
        "no prefix": good[8:], "another method": good.replace("key", "web"), "upper-case method": good.replace("did", "DID"),
        "base16 instead of base58": "did:key:f" + "ed01" + key.hex(), "without z": "did:key:" + good[9:],
        "a character outside the alphabet": good[:-1] + "0", "a capital I": good[:-1] + "I",
        "one character fewer": good[:-1], "one character more": good + "1", "a leading 1": good.replace("z", "z1"),
        "white space before": " " + good, "white space behind": good + " ", "a line feed behind": good + "\n",
        "a fragment behind": good + "#" + good[8:], "nothing": "", "only the prefix": "did:key:z",
        "an X25519 key (ec01)": "did:key:z" + base58_encode(b"\xec\x01" + key),
        "another codec of one byte": "did:key:z" + base58_encode(b"\x12\x20" + key),
        "31 bytes": "did:key:z" + base58_encode(b"\xed\x01" + key[:31]),
        "33 bytes": "did:key:z" + base58_encode(b"\xed\x01" + key + b"\0"),
        "a codec in an overlong varint": "did:key:z" + base58_encode(b"\xed\x81\0" + key),
        "a character that is not ASCII": good[:-1] + "é",
    }
    for name, text in bad.items():
        file.bad(f"did with {name}", "ID-1", {"op": "did-key", "did": text})
    for name, public in (("31 bytes", key[:31].hex()), ("33 bytes", key.hex() + "00"), ("no bytes", "")):
        file.bad(f"a key of {name}", "ID-1", {"op": "did-key", "public": public})


def node_addresses(file, key, public):
    start = f"starling://{key}@"
    places = {
        "a name": [("example.org", 4101)], "a name of one label": [("localhost", 1)], "capitals": [("Example.ORG", 65535)],
        "an IPv4 address": [("192.0.2.7", 4101)], "an IPv6 address": [("[2001:db8::7]", 4101)],
        "the IPv6 loopback": [("[::1]", 80)], "the empty IPv6 address": [("[::]", 80)],
        "eight groups": [("[1:2:3:4:5:6:7:8]", 9)], "a gap of one group": [("[1:2:3:4:5:6:7::]", 9)],
        "digits in a label": [("4.example.7a", 9)], "two endpoints": [("192.0.2.7", 4101), ("[2001:db8::7]", 4102)],
        "the same endpoint twice": [("a.example", 1), ("a.example", 1)],
        "eight endpoints": [(f"h{i}.example", 4100 + i) for i in range(8)],
        "a label of 63": [("a" * 63 + ".example", 1)],
    }

    def spell(endpoints):
        return start + ",".join(f"{h}:{p}" for h, p in endpoints)

    def good(name, text, endpoints):
        file.good(f"node address: {name}", "ID-3 ID-4", {"op": "address-parse", "text": text}, kind="node", public=public,
                  endpoints=[{"host": h.strip("[]"), "port": p} for h, p in endpoints])

    for name, endpoints in places.items():
        good(name, spell(endpoints), endpoints)
    one = [("a.example", 4101)]
    good("an unknown option", spell(one) + "?secret=Zm9v-._~", one)
    good("two unknown options, one empty", spell(one) + "?a=&b-2=1", one)
    places = {
        "no endpoint": "", "no port": "a.example", "empty port": "a.example:", "port 0": "a.example:0",
        "port 65536": "a.example:65536", "port with a leading zero": "a.example:080",
        "port with a sign": "a.example:+80", "a huge port": "a.example:99999999999999999999",
        "port in hexadecimal": "a.example:0x50", "no host": ":4101", "a comma too many": "a.example:1,",
        "an empty endpoint": "a.example:1,,b.example:1", "a path": "a.example:1/", "a fragment": "a.example:1#x",
        "user part twice": "x@a.example:1", "an empty label": "a..example:1", "a leading dot": ".example:1",
        "a trailing dot": "a.example.:1", "a leading hyphen": "-a.example:1", "a trailing hyphen": "a-.example:1",
        "an underscore": "a_b.example:1", "a label that is not ASCII": "é.example:1",
        "a label of 64": "a" * 64 + ".example:1", "a space": " a.example:1",
        "four numbers, one over 255": "192.0.2.256:1", "four numbers, one with a zero": "192.0.2.07:1",
        "three numbers": "192.0.2:1", "five numbers": "1.2.3.4.5:1", "a number alone": "3232235777:1",
        "IPv6 without brackets": "2001:db8::7:1", "brackets around a name": "[a.example]:1",
        "brackets around IPv4": "[192.0.2.7]:1", "one bracket": "[2001:db8::7:1", "a zone": "[fe80::1%eth0]:1",
        "two gaps": "[1::2::3]:1", "three colons": "[1:::2]:1", "nine groups": "[1:2:3:4:5:6:7:8:9]:1",
        "seven groups": "[1:2:3:4:5:6:7]:1", "a gap of no group": "[1:2:3:4::5:6:7:8]:1",
        "a group of five": "[12345::]:1", "a group that is not hexadecimal": "[g::]:1",
        "a colon in front": "[:1::2]:1", "a colon behind": "[1::2:]:1", "IPv4 inside IPv6": "[::ffff:192.0.2.7]:1",
        "nothing in brackets": "[]:1", "an empty option": "a.example:1?", "an option without value": "a.example:1?a",
        "an option without name": "a.example:1?=a", "a capital in a name": "a.example:1?A=1",
        "two marks": "a.example:1?a=1?b=2", "a percent in a value": "a.example:1?a=%20",
        "an ampersand too many": "a.example:1?a=1&",
    }
    for name, place in places.items():
        file.bad(f"node address with {name}", "ID-3 ID-4 ID-5", {"op": "address-parse", "text": start + place})
    host = "a.example:1"
    for name, text in {
        "nine endpoints": start + ",".join([host] * 9), "more than 1024 characters": start + host + "?a=" + "1" * 1024,
        "another scheme": f"http://{key}@{host}", "a capital in the scheme": f"Starling://{key}@{host}",
        "no key": f"starling://{host}", "an empty key": f"starling://@{host}", "did:key: in the key": f"starling://did:key:{key}@{host}",
        "a damaged key": f"starling://{key[:-1]}@{host}", "a tab": start + "a.\texample:1", "nothing else": "starling://",
        "a space behind": start + host + " ", "a host of 254": start + ".".join(["a" * 62] * 4) + ".aa:1",
    }.items():
        file.bad(f"node address: {name}", "ID-3", {"op": "address-parse", "text": text})


def post_addresses(file, key):
    from identifiers import base58_encode
    content = sha256(b"a post")
    for index in (0, 7, MAXIMUM_INDEX):
        file.good(f"post address at {index}", "ID-6", {"op": "address-parse", "text": post_address(key, index, content)},
                  kind="post", log=did(key), index=index, address=content.hex())
    file.good("post address of 32 zero bytes", "ID-6", {"op": "address-parse", "text": post_address(key, 1, bytes(32))},
              kind="post", log=did(key), index=1, address="00" * 32)
    d, a = did(key), "z" + base58_encode(content)
    for name, text in {
        "without index": f"{d}/{a}", "with an empty index": f"{d}//{a}", "with a leading zero": f"{d}/07/{a}",
        "with a sign": f"{d}/+7/{a}", "with a negative index": f"{d}/-7/{a}", "at 2^32-1": f"{d}/{2**32 - 1}/{a}",
        "at 2^64": f"{d}/{2**64}/{a}", "at 10^30": f"{d}/{10**30}/{a}", "with a hexadecimal index": f"{d}/0x7/{a}",
        "without z": f"{d}/7/{a[1:]}",
        "cut short": f"{d}/7/{a[:-1]}", "with a character more": f"{d}/7/{a}1", "with a part more": f"{d}/7/{a}/",
        "with a leading 1": f"{d}/7/z1{a[1:]}", "with 31 bytes": f"{d}/7/z{base58_encode(content[:31])}",
        "with 33 bytes": f"{d}/7/z{base58_encode(content + content[:1])}", "with a space": f"{d}/7/ {a}",
        "with a key instead of a did": f"{d[8:]}/7/{a}", "with another character": f"{d}/7/{a[:-1]}0", "of nothing": "",
        "of slashes": "//",
    }.items():
        file.bad(f"post address {name}", "ID-6", {"op": "address-parse", "text": text})


def entry_file():
    file = File("entry", "entry.md", "Headers, and the content of bodies.")
    one = Log.of_notes("entry", 3)
    body = one.bodies[0]

    def good(name, header):
        file.good(name, "ENTRY-1", {"op": "entry-decode", "header": header.encoded.hex()}, version=1, log=header.log.hex(),
                  index=header.index, time=header.time, body_length=header.length, body_hash=header.body_hash.hex(),
                  address=header.address.hex())

    for i, header in enumerate(one.headers):
        good(f"header {i}", header)
    good("the largest index", Header(one.key, MAXIMUM_INDEX, START, 17, sha256(b"")))
    good("the largest time", Header(one.key, 0, MAXIMUM_TIME, 17, sha256(b"")))
    good("the smallest time and body", Header(one.key, 0, 0, 17, sha256(b"")))
    good("the largest body", Header(one.key, 0, START, MAXIMUM_BODY, sha256(b"")))
    good("a key that is no point", Header(b"\xff" * 32, 0, START, 17, sha256(b"")))
    bad_headers(file, one, body)
    contents(file)
    return file


def bad_headers(file, one, body):
    key, digest = one.key, sha256(body)
    base = [1, key, 0, START, len(body), digest]

    def bad(name, rule, value):
        data = value if type(value) is bytes else cbor.encode(value)
        file.bad(name, rule, {"op": "entry-decode", "header": data.hex()})

    def swapped(position, value):
        return base[:position] + [value] + base[position + 1:]

    for name, version in (("0", 0), ("2", 2), ("true", True), ("1.0", 1.0), ("-1", -1), ("text", "1"), ("null", None)):
        bad(f"version {name}", "ENTRY-2", swapped(0, version))
    for position, what in ((1, "log key"), (5, "body hash")):
        value = base[position]
        for name, other in (("of 31 bytes", value[:31]), ("of 33 bytes", value + b"\0"), ("of no bytes", b""),
                            ("as text", value.hex()), ("null", None), ("as an array", list(value)),
                            ("tagged", cbor.Tag(5, value))):
            bad(f"{what} {name}", "ENTRY-1", swapped(position, other))
    for position, what, rule, values in (
            (2, "index", "ENTRY-3", (MAXIMUM_INDEX + 1, 2**32, 2**63, 2**64 - 1, 2**64, -1, 0.0, b"\0", False, None)),
            (3, "time", "ENTRY-4", (MAXIMUM_TIME + 1, 2**63, 2**64 - 1, 2**64, -1, 1.5, "2026", None)),
            (4, "body length", "ENTRY-5", (0, 1, 16, MAXIMUM_BODY + 1, 2**32, 2**64 - 1, -1, 17.0, None))):
        for value in values:
            bad(f"{what} {value!r}", rule, swapped(position, value))
    bad("an element fewer", "ENTRY-1", base[:5])
    bad("an element more", "ENTRY-1", base + [0])
    bad("no elements", "ENTRY-1", [])
    bad("a map", "ENTRY-1", {i: v for i, v in enumerate(base)})
    bad("a header in an array", "ENTRY-1", [base])
    bad("a tagged header", "ENTRY-1", cbor.Tag(55799, base))
    bad("nothing", "ENTRY-1", b"")
    good = cbor.encode(base)
    bad("a byte behind", "ENTRY-1", good + b"\0")
    bad("an indefinite array", "ENTRY-1", b"\x9f" + good[1:] + b"\xff")
    bad("a count in two bytes", "ENTRY-1", b"\x98\x06" + good[1:])
    bad("an index in two bytes", "ENTRY-1", good.replace(key + b"\0", key + b"\x18\0"))
    file.every("truncation", "header", "a header cut anywhere", "ENTRY-1", {"op": "entry-decode", "header": good.hex()})


def contents(file):
    key, root = sha256(b"a key"), sha256(b"a root")
    op = {"op": "content-decode"}

    def request(kind, fields):
        return {**op, "body": make_body(salt("content"), kind, fields).hex()}

    def good(name, kind, fields):
        file.good(f"content: {name}", "ENTRY-8 ENTRY-9", request(kind, fields), kind=kind,
                  data=cbor.encode([kind, fields]).hex())

    def bad(name, kind, fields):
        file.bad(f"content: {name}", "ENTRY-8 ENTRY-9", request(kind, fields))

    good("a note", "note", {1: "Guten Morgen, 🌅"})
    good("a note of one byte", "note", {1: "a"})
    good("a note of 60,000 bytes", "note", {1: "é" * 30000})
    good("a note with fields that are not known", "note", {1: "a", 9: [1, 2], "x": None})
    good("a profile", "profile", {1: "Ada"})
    good("a profile of 64 bytes", "profile", {1: "水" * 21 + "a"})
    good("a follow", "follow", {1: key, 2: True})
    good("an unfollow", "follow", {1: key, 2: False})
    good("a device", "device", {1: key})
    good("a device with its predecessor", "device", {1: key, 2: [key, 9, root]})
    good("an identity", "identity", {1: key})
    good("an identity with its predecessor", "identity", {1: key, 2: [key, 2**32 - 1, root]})
    good("a device added", "add-device", {1: key})
    good("a device revoked from 0", "revoke-device", {1: key, 2: 0})
    good("a device revoked from the last index", "revoke-device", {1: key, 2: MAXIMUM_INDEX})
    good("an unknown kind", "poll", {1: 2, "question": "?"})
    good("an unknown kind of 32 bytes", "k" * 32, {})
    good("an unknown kind with keys of any type", "x", {-1: 0, b"k": 0, None: 0})
    for kind, required in (("note", 1), ("profile", 1), ("device", 1), ("identity", 1), ("add-device", 1)):
        bad(f"a {kind} of nothing", kind, {})
        bad(f"a {kind} whose field is a number", kind, {1: 7})
        bad(f"a {kind} whose field is null", kind, {1: None})
        bad(f"a {kind} with text keys", kind, {"1": key})
    bad("an empty note", "note", {1: ""})
    bad("a note of 60,001 bytes", "note", {1: "é" * 30000 + "a"})
    bad("a note of bytes", "note", {1: b"a"})
    bad("a profile without a name", "profile", {1: ""})
    bad("a name of 65 bytes", "profile", {1: "水" * 21 + "ab"})
    bad("a follow without its state", "follow", {1: key})
    bad("a follow without its identity", "follow", {2: True})
    bad("a follow with 1 for true", "follow", {1: key, 2: 1})
    bad("a follow of 31 bytes", "follow", {1: key[:31], 2: True})
    bad("a follow of a did", "follow", {1: did(key), 2: True})
    for name, value in (("null", None), ("of two elements", [key, 9]), ("of four elements", [key, 9, root, 0]),
                        ("of size 0", [key, 0, root]), ("of size 2^32", [key, 2**32, root]), ("with a short key", [key[1:], 9, root]),
                        ("with a short root", [key, 9, root[1:]]), ("as a map", {0: key, 1: 9, 2: root})):
        bad(f"a device with a predecessor {name}", "device", {1: key, 2: value})
        bad(f"an identity with a predecessor {name}", "identity", {1: key, 2: value})
    bad("a device added, of 33 bytes", "add-device", {1: key + b"\0"})
    bad("a revocation without index", "revoke-device", {1: key})
    bad("a revocation from 2^32-1", "revoke-device", {1: key, 2: MAXIMUM_INDEX + 1})
    bad("a revocation from -1", "revoke-device", {1: key, 2: -1})
    bad("an empty kind", "", {})
    bad("a kind of 33 bytes", "k" * 33, {})
    raw = {"a kind of bytes": [b"note", {1: "a"}], "a kind of a number": [1, {1: "a"}], "fields in an array": ["note", ["a"]],
           "fields of null": ["x", None], "an element fewer": ["note"], "an element more": ["note", {1: "a"}, 0],
           "a map": {"note": {1: "a"}}, "text": "note", "null": None}
    for name, value in raw.items():
        file.bad(f"content that is {name}", "ENTRY-8", {**op, "body": (salt("content") + cbor.encode(value)).hex()})
    good_body = note("a")
    for name, data in {"a salt alone": good_body[:16], "no salt": good_body[16:], "nothing": b"", "one byte behind": good_body + b"\0",
                       "a field twice": salt("x") + bytes.fromhex("82646e6f7465a2016161016162")}.items():
        file.bad(f"content with {name}", "ENTRY-8", {**op, "body": data.hex()})
    file.every("truncation", "body", "a body cut anywhere", "ENTRY-8", {**op, "body": good_body.hex()})
