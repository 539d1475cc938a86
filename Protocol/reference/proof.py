"""The proof file, C2SP tlog-proof@v1 (proof.md)."""

import cbor
from checkpoint import Checkpoint
from content import decode_content
from entry import MAXIMUM_BODY, Header
from identifiers import MAXIMUM_INDEX, base64_decode, base64_encode, decimal
from log import MAXIMUM_FRONTIER, inclusion_verify
from refused import array, hashes, octets, require

FIRST_LINE = "c2sp.org/tlog-proof@v1"
MAXIMUM_PROOF = 524288


def make(extra, index, proof, note):
    """The text of a proof file; `extra` is the value of the extra line."""
    lines = [FIRST_LINE, "extra " + base64_encode(cbor.encode(extra)), f"index {index}"]
    return "\n".join(lines + [base64_encode(h) for h in proof]) + "\n\n" + note


def parse(text):
    """[PROOF-1], [PROOF-2] Extra, index, inclusion hashes and note of a proof file."""
    require(len(text.encode()) <= MAXIMUM_PROOF, "the proof is too long")
    front, gap, note = text.partition("\n\n")
    require(gap, "no empty line before the checkpoint")
    lines = front.split("\n")
    require(len(lines) >= 3 and lines[0] == FIRST_LINE, "not a tlog-proof@v1")
    require(lines[1].startswith("extra "), "no extra line")
    require(lines[2].startswith("index "), "no index line")
    require(len(lines) <= 3 + MAXIMUM_FRONTIER, "too many hashes")
    proof = [octets(base64_decode(line), "a hash", exactly=32) for line in lines[3:]]
    return base64_decode(lines[1][6:]), decimal(lines[2][6:], MAXIMUM_INDEX, "the index"), proof, note


def header_of(data):
    return Header.decode(octets(data, "a header"))


def body_of(data, header):
    header.check_body(octets(data, "a body", limit=MAXIMUM_BODY))
    return data


def verify(text):
    """[PROOF-3] to [PROOF-6] Header of the proven entry, its body or None, and the identity or None."""
    extra, index, path, note = parse(text)
    header_data, body, binding = array(cbor.decode(extra), "the extra data", exactly=3)
    header = header_of(header_data)
    require(header.index == index, "the index is not the header's")
    if body is not None:
        body_of(body, header)
    checkpoint = Checkpoint.parse(note, header.log)
    inclusion_verify(header.address, index, checkpoint.size, path, checkpoint.root)
    identity = None if binding is None else verify_binding(binding, header.log, checkpoint)
    return header, body, identity


def verify_binding(binding, log, checkpoint):
    """[PROOF-6] The identity that a binding shows `log` to belong to."""
    (device_header, device_body, device_path, root_log, root_checkpoint, add_header, add_body, add_path) = (
        array(binding, "a binding", exactly=8)
    )
    device = header_of(device_header)
    octets(root_log, "the root log key", exactly=32)
    require(device.log == log and device.index == 0, "not entry 0 of the proven log")
    kind, fields = decode_content(body_of(device_body, device))
    require(kind == "device" and fields.get(1) == root_log, "entry 0 does not name the identity")
    inclusion_verify(
        device.address, 0, checkpoint.size, hashes(device_path, "a path", MAXIMUM_FRONTIER), checkpoint.root
    )
    added = header_of(add_header)
    require(added.log == root_log and added.index >= 1, "not a later entry of the root log")
    kind, fields = decode_content(body_of(add_body, added))
    require(kind == "add-device" and fields.get(1) == log, "the root log's entry does not add the device")
    root_head = Checkpoint.of_value(root_log, root_checkpoint)
    inclusion_verify(
        added.address,
        added.index,
        root_head.size,
        hashes(add_path, "a path", MAXIMUM_FRONTIER),
        root_head.root,
    )
    root_head.verify()
    return root_log
