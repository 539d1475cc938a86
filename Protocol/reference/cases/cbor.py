"""cbor.json: one value, one spelling."""

import cbor
from vectors import File

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
    ("the largest integer in one byte", "17"),
    ("the largest in two", "18ff"),
    ("the largest in three", "19ffff"),
    ("the smallest in five", "1a00010000"),
    ("the smallest in nine", "1b0000000100000000"),
    ("a string of 24 bytes", "5818" + "00" * 24),
    ("a bignum of nine bytes", "c249ffffffffffffffffff"),
    ("a tag of another number before bytes", "c540"),
    ("the tag of itself", "d9d9f700"),
    ("simple 0", "e0"),
    ("simple 19", "f3"),
    ("simple 32", "f820"),
    ("the least float that no half holds", "fa33000000"),
    ("the least single", "fa00000001"),
    ("the largest subnormal half", "f903ff"),
    ("one past the largest half", "fa477ff000"),
    ("a double one bit beyond the largest single", "fb47efffffe0000001"),
    ("the least double", "fb0000000000000001"),
    ("keys in bytewise order", "a80a001864002000617a006261610081186400812000f400"),
    ("U+FFFF", "63efbfbf"),
    ("U+10FFFF", "64f48fbfbf"),
    ("U+D7FF", "63ed9fbf"),
    ("a text with a zero byte", "6100"),
    ("level 8: nine arrays", "81" * 8 + "80"),
    ("level 8: an integer in eight arrays", "81" * 8 + "00"),
    ("level 8: an integer in eight maps", "a100" * 8 + "00"),
    ("level 8: an integer under eight tags", "c5" * 8 + "00"),
]


CBOR_BAD = [
    (
        "CBOR-1",
        [
            ("nothing", ""),
            ("a head cut short", "18"),
            ("a head cut in its argument", "1b00000001000000"),
            ("bytes cut short", "420a"),
            ("text cut short", "6261"),
            ("an array cut short", "820a"),
            ("a map without its last value", "a10a"),
            ("a tag before nothing", "c5"),
            ("a float cut short", "f97e"),
            ("a simple value cut short", "f8"),
            ("a second value", "0000"),
            ("a break after the value", "00ff"),
            ("a break alone", "ff"),
            ("a zero byte after the value", "f600"),
            ("reserved information 28", "1c"),
            ("reserved information 29", "3d"),
            ("reserved information 30", "5e"),
            ("reserved information 28 of an array", "9c"),
            ("reserved information 30 of a tag", "de00"),
            ("reserved information 28 of a simple value", "fc"),
            ("reserved information 30 of a simple value", "fe"),
            ("a count of 2^64-1 items", "9bffffffffffffffff"),
            ("a count of 2^63 items", "9b8000000000000000"),
            ("a count of 2^32-1 items", "9affffffff00"),
            ("a length of 2^64-1 bytes", "5bffffffffffffffff"),
            ("a length of 2^63-1 bytes of text", "7b7fffffffffffffff61"),
            ("a count of 2^64-1 pairs", "bbffffffffffffffff"),
            ("a count of 2^63 pairs", "bb80000000000000000000"),
            ("one item fewer than counted", "8300" + "00"),
        ],
    ),
    (
        "CBOR-2",
        [
            ("0 in two bytes", "1800"),
            ("23 in two bytes", "1817"),
            ("255 in three bytes", "1900ff"),
            ("65535 in five bytes", "1a0000ffff"),
            ("2^32-1 in nine bytes", "1b00000000ffffffff"),
            ("-1 in two bytes", "3800"),
            ("-24 in two bytes", "3817"),
            ("-256 in three bytes", "3900ff"),
            ("a length of 0 in two bytes", "5800"),
            ("a length of 1 in three bytes", "590001ff"),
            ("a text's length in two bytes", "780161"),
            ("a count of 0 in two bytes", "9800"),
            ("a count of 1 in nine bytes", "9b000000000000000100"),
            ("a count of pairs in two bytes", "b8010000"),
            ("a tag of 5 in two bytes", "d80500"),
            ("a tag of 24 in three bytes", "d9001800"),
        ],
    ),
    (
        "CBOR-3",
        [
            ("indefinite bytes", "5f4100ff"),
            ("indefinite bytes of nothing", "5fff"),
            ("indefinite text", "7f6161ff"),
            ("an indefinite array", "9f00ff"),
            ("an indefinite map", "bf0000ff"),
            ("an indefinite map of nothing", "bfff"),
            ("an indefinite array inside", "819fff"),
            ("information 31 of an integer", "1f"),
            ("information 31 of a negative", "3f"),
            ("information 31 of a tag", "df00"),
        ],
    ),
    (
        "CBOR-4",
        [
            ("the same key twice", "a200000000"),
            ("the same text key twice", "a2616100616101"),
            ("keys in the other order", "a202000100"),
            ("shorter text first, not bytewise", "a262616100617a00"),
            ("length first: -1 before 100", "a220001864 00".replace(" ", "")),
            ("the last key out of order", "a3010003000200"),
            ("the same key twice, deep inside", "8181a200010002"),
            ("false after true as keys", "a2f500f400"),
        ],
    ),
    (
        "CBOR-5",
        [
            ("1.0 in a single", "fa3f800000"),
            ("1.0 in a double", "fb3ff0000000000000"),
            ("0.0 in a single", "fa00000000"),
            ("-0.0 in a double", "fb8000000000000000"),
            ("65504 in a single", "fa477fe000"),
            ("the least half in a single", "fa33800000"),
            ("the least half in a double", "fb3e70000000000000"),
            ("the least single in a double", "fb36a0000000000000"),
            ("the largest single in a double", "fb47efffffe0000000"),
            ("infinity in a single", "fa7f800000"),
            ("a NaN with a payload", "f97e01"),
            ("a signalling NaN", "f97c01"),
            ("a negative NaN", "f9fe00"),
            ("a NaN in a single", "fa7fc00000"),
            ("a NaN in a double", "fb7ff8000000000000"),
            ("a NaN with a payload that needs a double", "fb7ff8000000000001"),
            ("a single NaN with a payload", "fa7fc00001"),
        ],
    ),
    (
        "CBOR-6",
        [
            ("a bignum of 1", "c24101"),
            ("a bignum of 2^64-1", "c248ffffffffffffffff"),
            ("a bignum of nothing", "c240"),
            ("a bignum with a leading zero", "c24a00010000000000000000"),
            ("a bignum of nine bytes, the first zero", "c24900ffffffffffffffff"),
            ("a negative bignum of -1", "c34100"),
            ("a negative bignum of -2^64", "c348ffffffffffffffff"),
            ("a bignum of text", "c26161"),
            ("a bignum of an integer", "c200"),
            ("a bignum of a tagged string", "c2c549010000000000000000"),
        ],
    ),
    (
        "CBOR-7",
        [
            ("simple 0 in two bytes", "f800"),
            ("false in two bytes", "f814"),
            ("null in two bytes", "f816"),
            ("simple 24", "f818"),
            ("simple 31", "f81f"),
        ],
    ),
    (
        "CBOR-8",
        [
            ("a lone continuation byte", "6180"),
            ("a character cut short", "61c3"),
            ("an overlong slash", "62c0af"),
            ("an overlong zero", "62c080"),
            ("an overlong character of three bytes", "63e0809f"),
            ("an overlong character of four bytes", "64f0808080"),
            ("a high surrogate", "63eda080"),
            ("a low surrogate", "63edbfbf"),
            ("a pair of surrogates", "66eda081edb080"),
            ("U+110000", "64f4908080"),
            ("a byte of FF", "61ff"),
            ("a byte of FE", "61fe"),
            ("a character of five bytes", "65f888808080"),
            ("a key that is not UTF-8", "a1618000"),
            ("a character split between two texts", "8261c361bc"),
        ],
    ),
    (
        "CBOR-9",
        [
            ("level 9: ten arrays", "81" * 9 + "80"),
            ("level 9: an integer in nine arrays", "81" * 9 + "00"),
            ("level 9: a value in nine maps", "a100" * 9 + "00"),
            ("level 9: a key in nine maps", "a1" * 9 + "00" * 10),
            ("level 9: under nine tags", "c5" * 9 + "00"),
            ("level 9: arrays, maps and tags", "81a100c5" * 3 + "00"),
            ("level 9: the bytes of a bignum", "81" * 8 + "c249010000000000000000"),
            ("10,000 arrays", "81" * 10000),
            ("10,000 tags", "c5" * 10000),
        ],
    ),
]


def make():
    file = File(
        "cbor", "cbor.md", "One value, decoded and encoded again; every other spelling of it is refused."
    )
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
    sample = cbor.encode(
        [
            1,
            -500,
            b"\1\2",
            "é水",
            [1.5, 100000.0, 1.1, None, False],
            {1: 2, "k": {}},
            2**70,
            cbor.Tag(1, 1000000),
            cbor.Simple(99),
        ]
    ).hex()
    file.good("one of everything", "CBOR-1", {**op, "data": sample}, data=sample)
    file.every("truncation", "data", "one of everything, cut anywhere", "CBOR-1", {**op, "data": sample})
    file.every(
        "bit",
        "data",
        "one of everything, any bit flipped: refused or the same bytes again",
        "CBOR-1",
        {**op, "data": sample},
        {"echo": "data"},
    )
    return file
