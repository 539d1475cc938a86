"""The operations of the conformance protocol (README.md), answered by this reference."""

import re

import blobs
import cbor
import curve25519
import discovery
import identity
import log
import messages
import noise
import proof
import session
import sketch
from checkpoint import Checkpoint
from content import decode_content, named_fields
from entry import Header, leaf_hash, sha256
from identifiers import did, parse_address, parse_did
from refused import Refused, require


def unhex(value, what="a value", exactly=None):
    """The bytes of lower-case hex."""
    require(type(value) is str and re.fullmatch(r"([0-9a-f]{2})*", value), f"{what} must be lower-case hex")
    require(exactly is None or len(value) == 2 * exactly, f"{what} must have {exactly} bytes")
    return bytes.fromhex(value)


def field(request, name, kind=str):
    value = request.get(name)
    require(type(value) is kind, f"field {name} is missing or of another type")
    return value


def octets(request, name, exactly=None):
    return unhex(field(request, name), name, exactly)


def number(request, name):
    value = field(request, name, int)
    require(0 <= value < 1 << 64, f"{name} is out of range")
    return value


def octets_list(request, name, exactly=None):
    return [unhex(v, name, exactly) for v in field(request, name, list)]


def leaves(request):
    return [leaf_hash(d) for d in octets_list(request, "leaves")]


def first_leaves(request, name):
    size, all_leaves = number(request, name), leaves(request)
    require(size <= len(all_leaves), f"{name} is larger than the leaves there are")
    return all_leaves[:size]


def hexes(values):
    return [v.hex() for v in values]


def do_sha256(request):
    return {"digest": sha256(octets(request, "data")).hex()}


def do_ed25519_verify(request):
    require(
        curve25519.verify(
            octets(request, "public"), octets(request, "message"), octets(request, "signature")
        ),
        "the signature does not verify",
    )
    return {}


def do_merkle_root(request):
    return {"root": log.root(leaves(request)).hex()}


def do_frontier(request):
    return {"frontier": hexes(log.frontier(leaves(request)))}


def do_tail(request):
    return {
        "tail": hexes(
            log.tail(first_leaves(request, "size"), number(request, "from"), number(request, "size"))
        )
    }


def do_inclusion_prove(request):
    tree, index = first_leaves(request, "size"), number(request, "index")
    require(index < len(tree), "the index is not below the size")
    return {"proof": hexes(log.inclusion_prove(tree, index))}


def do_consistency_prove(request):
    return {"proof": hexes(log.consistency_prove(first_leaves(request, "size2"), number(request, "size1")))}


def do_inclusion_verify(request):
    log.inclusion_verify(
        octets(request, "leaf_hash", 32),
        number(request, "index"),
        number(request, "size"),
        octets_list(request, "proof", 32),
        octets(request, "root", 32),
    )
    return {}


def do_consistency_verify(request):
    log.consistency_verify(
        number(request, "size1"),
        octets(request, "root1", 32),
        number(request, "size2"),
        octets(request, "root2", 32),
        octets_list(request, "proof", 32),
    )
    return {}


def do_checkpoint_verify(request):
    found = Checkpoint.parse(field(request, "note"), parse_did(field(request, "did")))
    return {"size": found.size, "root": found.root.hex()}


def do_entry_decode(request):
    header = Header.decode(octets(request, "header"))
    return {
        "version": 1,
        "log": header.log.hex(),
        "index": header.index,
        "time": header.time,
        "body_length": header.length,
        "body_hash": header.body_hash.hex(),
        "address": header.address.hex(),
    }


def do_content_decode(request):
    kind, fields = decode_content(octets(request, "body"))
    named = named_fields(kind, fields)
    return {
        "kind": kind,
        "data": cbor.encode([kind, fields]).hex(),
        **({} if named is None else {"fields": named}),
    }


def do_cbor_decode(request):
    return {"data": cbor.encode(cbor.decode(octets(request, "data"))).hex()}


def do_did_key(request):
    if "did" in request:
        public = parse_did(field(request, "did"))
    else:
        public = octets(request, "public", 32)
    return {"did": did(public), "public": public.hex()}


def do_address_parse(request):
    return parse_address(field(request, "text"))


def do_beacon_decode(request):
    key, port, network = discovery.decode_beacon(octets(request, "data"))
    return {"node": key.hex(), "port": port, "network": network.hex()}


def do_network_secret(request):
    psk = discovery.network_key(field(request, "text"))
    return {"psk": psk.hex(), "network": discovery.network_id(psk).hex()}


def do_batch_verify(request):
    batch, held = log.decode_batch(octets(request, "batch")), None
    if "held" in request:
        state = field(request, "held", dict)
        held = number(state, "size"), octets_list(state, "frontier", 32)
        require(held[0] == batch.start, "the batch does not start where the log held ends")
    batch.verify(held)
    return {"log": batch.log.hex(), "from": batch.start, "to": batch.to}


def do_forkproof_verify(request):
    proof = log.decode_fork_proof(octets(request, "proof"))
    proof.verify()
    return {"log": proof.a.log.hex(), "bound": proof.bound}


def do_proof_verify(request):
    header, _, owner = proof.verify(field(request, "text"))
    return {"author": did(owner or header.log), "log": did(header.log), "index": header.index}


def do_words_to_root(request):
    return {"did": did(identity.words_to_root(field(request, "words"), number(request, "index")))}


def do_identity_devices(request):
    logs = {}
    for item in field(request, "logs", list):
        require(type(item) is dict, "a log is an object")
        key, entries = octets(item, "key", 32), []
        for index, entry in enumerate(field(item, "entries", list)):
            require(type(entry) is dict, "an entry is an object")
            body = octets(entry, "body")
            entries.append((Header.of(key, index, number(entry, "time"), body), body))
        forked_at = number(item, "forked_at") if "forked_at" in item else None
        logs[key] = identity.HeldLog(key, entries, forked_at)
    found = identity.devices(octets(request, "identity", 32), logs)
    return {"devices": [{"log": key.hex(), "until": until} for key, until in sorted(found.items())]}


def do_noise_xk(request):
    prologue, psk = octets(request, "prologue"), None
    if request.get("psk"):
        psk = octets(request, "psk", 32)
    keys = {
        side: [octets(field(request, side, dict), k, 32) for k in ("static", "ephemeral")]
        for side in ("initiator", "responder")
    }
    public = curve25519.x25519_public(keys["responder"][0])
    a = noise.Handshake(True, *keys["initiator"], public, prologue, psk)
    b = noise.Handshake(False, *keys["responder"], None, prologue, psk)
    wire = noise.run(a, b, octets_list(request, "payloads"))
    udp = a.datagram_keys()
    return {
        "messages": hexes(wire),
        "handshake_hash": a.hash.hex(),
        "udp_initiator": udp[0].hex(),
        "udp_responder": udp[1].hex(),
    }


def do_datagram_open(request):
    receiver, counter, message = session.open_datagram(
        octets(request, "key", 32), octets(request, "datagram")
    )
    return {"receiver": receiver.hex(), "counter": counter, "message": message.hex()}


def do_message_assemble(request):
    return {"messages": hexes(session.assemble(octets_list(request, "plaintexts")))}


def do_message_decode(request):
    kind, value = messages.decode(octets(request, "data"))
    return {"type": kind, "data": cbor.encode(value).hex()}


def sketch_request(request):
    """The round's key, and the heads given."""
    key, heads = sketch.Key(octets(request, "session", 32), number(request, "round")), []
    for item in field(request, "logs", list):
        require(type(item) is dict, "a head is an object")
        sizes = number(item, "size"), number(item, "checkpoint")
        require(max(sizes) < 1 << 32, "a size is out of range")
        heads.append(sketch.Head(octets(item, "log", 32), *sizes, octets(item, "root", 32)))
    return key, heads


def do_sketch_encode(request):
    key, heads = sketch_request(request)
    count = number(request, "cells")
    require(sketch.FEWEST <= count <= sketch.MOST, "too few or too many cells")
    items = [head.item(key) for head in heads]
    return {
        "total": sketch.total(items, key).hex(),
        "estimator": sketch.estimator(items, key).hex(),
        "sketch": sketch.encode_cells(sketch.cells_of(items, count, key)).hex(),
    }


def do_sketch_decode(request):
    key, heads = sketch_request(request)
    changed, unknown = sketch.compare(octets(request, "sketch"), heads, key)
    return {"changed": [{"log": log.hex(), "size": size} for log, size in changed], "unknown": unknown}


def do_blob_name(request):
    root, size = blobs.name(octets(request, "data"))
    return {"root": root.hex(), "size": size}


def blob_request(request):
    return octets(request, "root", 32), number(request, "size"), octets_list(request, "hashes", 32)


def do_blob_list_verify(request):
    blobs.check_list(*blob_request(request))
    return {}


def do_blob_chunk_verify(request):
    blobs.check_chunk(*blob_request(request), number(request, "index"), octets(request, "data"))
    return {}


OPERATIONS = {
    name[3:].replace("_", "-"): function
    for name, function in list(globals().items())
    if name.startswith("do_")
}


def answer(request):
    """The answer to one request; whatever is wrong with it is said there."""
    try:
        require(type(request) is dict, "a request is an object")
        op = field(request, "op")
        require(op in OPERATIONS, "unknown operation")
        result = {"ok": True, **OPERATIONS[op](request)}
    except Refused as refused:
        result = {"ok": False, "error": str(refused)}
    if type(request) is dict and "id" in request:
        result["id"] = request["id"]
    return result
