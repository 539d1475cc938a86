"""Media between real nodes: equal bytes at the other end, whatever ends in the middle."""

import shutil
import struct
import time
import zlib

import control
import node
import pytest

needs_exiv2 = pytest.mark.skipif(not shutil.which("exiv2"), reason="exiv2 is not installed")


def png(width, height, chance):
    """A picture of noise, which no compression makes smaller."""

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    lines = b"".join(b"\0" + chance.randbytes(3 * width) for _ in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(lines, 0)) + chunk(b"IEND", b"")


def media(one, do, **parameters):
    connection = control.Control(one.data, 60)
    try:
        return connection.ask("media", {"do": do, **parameters})
    finally:
        connection.close()


def state(one, blob):
    return media(one, "state", root=blob["root"], size=blob["size"])


def fetched(one, blob, path, seconds=20):
    """The bytes of a blob at a node."""
    path.unlink(missing_ok=True)
    media(one, "fetch", root=blob["root"], size=blob["size"], path=str(path), seconds=seconds)
    return path.read_bytes()


@needs_exiv2
def test_a_picture_is_at_the_other_node(room, chance):
    """Published by one, it is at two others, also after a kill in the middle."""
    one = room.node("one").start()
    two = room.node("two").start(*one.join(one))
    three = room.node("three").start(*one.join(two))
    picture = room.folder / "picture.png"
    picture.write_bytes(png(2000, 1900, chance))
    posted = media(one, "post", path=str(picture), text="look")["media"]
    assert posted["type"] == "image/png" and (posted["width"], posted["height"]) == (2000, 1900)
    mine = fetched(one, posted, room.folder / "mine")
    assert len(mine) == posted["size"] > 11_000_000

    def begun():
        found = state(two, posted)
        return found["here"] or found["chunksHere"] > 3

    node.wait_until(begun, "some chunks at two", pause=0.001)
    two.kill()
    two.start(*one.join(one))
    node.wait_until(lambda: state(two, posted)["here"], "the picture at two, after a kill")
    assert fetched(two, posted, room.folder / "at-two") == mine
    node.wait_until(lambda: state(three, posted)["here"], "the picture at three")
    assert fetched(three, posted, room.folder / "at-three") == mine
    node.wait_until(lambda: state(one, posted)["holders"] >= 1, "one knows that two has it")


@needs_exiv2
def test_dropped_pictures_are_told(room, chance):
    """Over their share of the disk the oldest give way; status says how many, of whom, why and since when."""
    one = room.node("one").start()
    two = room.node("two").start("--disk", "8M", *one.join(one))
    picture = room.folder / "picture.png"
    for number in range(6):
        picture.write_bytes(png(400, 400, chance))
        posted = media(one, "post", path=str(picture), text=f"picture {number}")["media"]
        node.wait_until(lambda blob=posted: state(two, blob)["here"], f"picture {number} at two")
    node.wait_until(lambda: two.status()["storage"]["droppedMedia"], "the drops")
    found = two.status()["storage"]
    assert found["media"] <= found["mediaShare"] == found["budget"] // 4
    assert found["total"] >= found["used"] + found["media"] > found["used"]
    dropped = found["droppedMedia"]
    assert all(d["rule"] == "media" for d in dropped) and sum(d["files"] for d in dropped) >= 2
    assert all(d["bytes"] >= 480_000 * d["files"] and d["last"] >= d["first"] > 1_700_000_000_000 for d in dropped)
    text = two.run("status").ok().out
    assert "for pictures, sounds and films of others" in text, text
    assert "over what media may take, since" in text, text
    two.stop()
    assert two.status()["storage"]["droppedMedia"] == dropped, "counts are kept"


def turns(one):
    """How often the node's loop went to sleep."""
    status = open(f"/proc/{one.process.pid}/status").read()
    return int(status.split("voluntary_ctxt_switches:")[1].split()[0])


@needs_exiv2
def test_a_node_with_pictures_rests(room, chance):
    """What is held is not looked for again and again: the loop sleeps as it did before."""
    one = room.node("one").start()
    picture = room.folder / "picture.png"
    picture.write_bytes(png(200, 190, chance))
    posted = media(one, "post", path=str(picture), text="look")["media"]
    two = room.node("two").start(*one.join(one))
    node.wait_until(lambda: state(two, posted)["here"], "the picture")
    for idle in (one, two):
        before = turns(idle)
        time.sleep(2)
        assert turns(idle) - before < 400


@needs_exiv2
def test_a_damaged_picture_is_fetched_again(room, chance):
    """A bit that rots on the disk is never shown, and comes right again from a peer."""
    one = room.node("one").start()
    two = room.node("two").start(*one.join(one))
    picture = room.folder / "picture.png"
    picture.write_bytes(png(400, 400, chance))
    posted = media(one, "post", path=str(picture))["media"]
    node.wait_until(lambda: state(two, posted)["here"], "the picture at two")
    mine = fetched(one, posted, room.folder / "mine")
    rotten = one.data / "store" / "blobs" / f"{posted['root']}-{posted['size']}"
    spoil(rotten, 200_000)
    with pytest.raises(control.Refusal):
        fetched(one, posted, room.folder / "rotten", seconds=1)
    node.wait_until(
        lambda: state(one, posted)["here"] and rotten.exists() and rotten.read_bytes() == mine, "it is right again"
    )
    assert fetched(one, posted, room.folder / "again") == mine
    assert one.ask("check")["media"] == 1 and one.ask("check")["ok"]
    # A whole check looks at every byte, and what it finds is fetched again.
    two.stop()
    copy = two.data / "store" / "blobs" / rotten.name
    spoil(copy, 300_000)
    found = two.run("check").fails(1)
    assert "DAMAGED: a file of" in found.out and str(len(mine)) in found.out, found
    two.start()
    node.wait_until(lambda: copy.exists() and copy.read_bytes() == mine, "the check's finding is mended")
    spoil(copy, 300_000)
    two.run("check").fails(1)
    node.wait_until(lambda: copy.exists() and copy.read_bytes() == mine, "that of a running node, too")
    assert "all is well" in two.run("check").ok().out


def spoil(path, place):
    """One bit of a file, in its place."""
    with open(path, "r+b") as file:
        file.seek(place)
        byte = file.read(1)[0]
        file.seek(place)
        file.write(bytes([byte ^ 1]))


def test_what_is_not_a_picture_is_refused(room):
    one = room.node("one").start()
    script = room.folder / "script.html"
    script.write_text("<!DOCTYPE html><html><script>alert(1)</script></html>")
    with pytest.raises(control.Refusal, match="are not taken"):
        media(one, "add", path=str(script))
    assert not list((one.data / "store" / "blobs").iterdir())
