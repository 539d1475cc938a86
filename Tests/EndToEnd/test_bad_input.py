"""Bad luck and bad input at the owner's side: files, disks, arguments. A clear error, no crash, nothing lost."""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import sqlite3
import stat
import struct
import subprocess
import threading
import time

import nets
import node
import pytest
from control import Control, connect, request

HEX = "0123456789abcdef" * 4


@pytest.fixture
def idle(room):
    """A node with 60 posts that does not run."""
    one = room.node("one")
    one.machine.starling("init", "one", data=one.data).ok()
    lines = room.folder / "lines.txt"
    lines.write_text("".join(f"post {i} {'x' * (7 * i)}\n" for i in range(60)))
    one.ask("post", "--lines", lines)
    return one


@pytest.fixture
def settled(idle):
    """The same with everything in the database's own file, none of it in its write-ahead log."""
    sqlite(store_of(idle.data), "PRAGMA wal_checkpoint(TRUNCATE)")
    return idle


def store_of(data):
    return next((data / "store").glob("*.sqlite"))


# Who is there already


def test_port_in_use(room):
    one = room.node("one").start()
    two = room.node("two")
    done = two.machine.starling("run", "--listen", f"127.0.0.1:{one.port}", data=two.data)
    done.fails(1, says=str(one.port))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        two.machine.starling("run", "--listen", f"127.0.0.1:{port}", data=two.data).fails(1)
    for bad in ("127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536", "127.0.0.1:-1", ":1:2:3:", "", "192.0.2.1:0"):
        two.machine.starling("run", "--listen", bad, data=two.data).fails(1)
    two.start()
    one.post("fine")


def test_data_directory_in_use(room):
    one = room.node("one").start()
    for words in (["run", "--listen", "127.0.0.1:0"], ["run"]):
        done = one.run(*words)
        done.fails(1, says="in use")
        assert str(one.process.pid) in done.err and str(one.data) in done.err
    one.post("undisturbed")
    # The socket's file alone does not make a running node.
    one.kill()
    assert one.run("post", "after a kill").ok()


def test_many_commands_at_once_without_a_node(idle):
    """Each opens the store for itself, one after the other; so does a node that starts meanwhile."""
    procs = [
        subprocess.Popen(
            idle.machine.command("post", "--json", "--data", idle.data, f"at once {i}"),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=idle.machine.environment,
        )
        for i in range(12)
    ]
    acknowledged = []
    for proc in procs:
        out, err = proc.communicate(timeout=node.PATIENCE)
        assert proc.returncode == 0, err
        acknowledged.append(json.loads(out)["address"])
    idle.launch()
    for _ in range(10):
        idle.ask("status")
    node.wait_until(lambda: idle.greeted() or not idle.running, "the node has started")
    assert idle.running, idle.journal()
    for address in acknowledged:
        idle.run("show", address).ok()
    idle.check()


# Modes and keys


def test_weak_modes(room, idle):
    for path, weak in [
        (idle.data, 0o755), (idle.data, 0o711), (idle.data / "keys", 0o750),
        *[(p, m) for p in sorted((idle.data / "keys").iterdir()) for m in (0o644, 0o640, 0o660, 0o604)],
    ]:
        right = stat.S_IMODE(path.stat().st_mode)
        assert right & 0o077 == 0, f"{path} was made {right:o}"
        path.chmod(weak)
        done = idle.run("run", "--listen", "127.0.0.1:0")
        done.fails(1, says="chmod")
        assert path.name in done.err
        path.chmod(right)
    assert idle.run("status").ok()
    for path in idle.data.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, f"{path} is open to others"


def test_damaged_keys(room, idle):
    for path in sorted((idle.data / "keys").iterdir()):
        good = path.read_bytes()
        for bad in (b"", b"\0" * 32, b"x" * 64, HEX.encode()[:-1], HEX.encode() + b"00", b"\xff" * 64, b"a" * 100_000):
            path.write_bytes(bad)
            done = idle.run("status").fails(1, says="key")
            assert path.name in done.err and HEX not in done.err
        path.write_bytes(good)
        if path.name.startswith("device"):
            path.write_bytes(HEX.encode() + b"\n")  # A key, and not this one.
            idle.run("post", "x").fails(1, says="not the key")
            path.unlink()
            idle.run("post", "x").fails(1, says="device new")
            path.write_bytes(good)
            path.chmod(0o600)
    idle.post("whole again")
    idle.check()


# The store


def damaged(room, idle, number):
    """A machine like the one of `idle`, fence and all."""
    folder = room.folder / f"copy{number}"
    shutil.copytree(idle.machine.folder, folder, ignore=shutil.ignore_patterns("*.sock"))
    copy = node.Machine(folder)
    return copy, folder / "data"


def looks(machine, data):
    """Every command on a damaged store ends in order; gives what `check` and the timeline said."""
    check = machine.starling("check", "--json", data=data).orderly()
    timeline = machine.starling("timeline", "--all", "--json", "--limit", 1000, data=data).orderly()
    for words in (["status"], ["timeline", "--all"], ["post", "more"], ["check"]):
        done = machine.starling(*words, data=data).orderly()
        assert done.code == 0 or done.err.strip(), done
    return check, timeline


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["", "-wal"])
def test_flipped_bytes_in_the_store(room, idle, chance, kind):
    """The damage is reported, or what is shown is what was written, or nothing is signed any more."""
    texts = [f"post {i} {'x' * (7 * i)}" for i in range(60)]
    if kind:
        # A clean stop leaves no log: what came last is there only after a kill.
        idle.start()
        for i in range(60, 70):
            texts.append(f"post {i} {'x' * (7 * i)}")
            idle.post(texts[-1])
        idle.kill()
    else:
        sqlite(store_of(idle.data), "PRAGMA wal_checkpoint(TRUNCATE)")
    texts.sort()
    store = pathlib.Path(f"{store_of(idle.data)}{kind}")
    # The log's file is longer than the log: behind it are zeros, made ready for what comes.
    size = len(store.read_bytes().rstrip(b"\0"))
    offsets = [0, 4, 8, 16, 18, 20, 24, 28, 40, 44, 96, 100, 103, 105]
    offsets += [chance.randrange(size) for _ in range(50)]
    counts = {"reported": 0, "unharmed": 0, "read-only": 0}
    for number, at in enumerate(offsets):
        machine, data = damaged(room, idle, number)
        with open(data / "store" / store.name, "r+b") as file:
            file.seek(at)
            old = file.read(1)[0]
            file.seek(at)
            file.write(bytes([old ^ 1 << chance.randrange(8)]))
        counts[outcome(machine, data, texts, at)] += 1
        shutil.rmtree(machine.folder)
    print(f"{len(offsets)} flips in {size} bytes{' of the write-ahead log' if kind else ''}: {counts}")
    assert counts["reported"] + counts["read-only"] > 5


def outcome(machine, data, texts, at):
    check, timeline = looks(machine, data)
    if check.code:
        return "reported"
    shown = sorted(p["text"] for p in timeline.ok().json["posts"] if p["kind"] == "note")
    if shown == texts:
        return "unharmed"
    # What is gone was published: the fence knows, and the log may not go on in another way.
    machine.starling("post", "x", data=data).fails(1)
    assert set(shown) < set(texts), f"changed at {at}, and nobody noticed"
    return "read-only"


def test_truncated_and_strange_stores(room, settled):
    idle = settled
    name = next((idle.data / "store").glob("*.sqlite")).name
    size = (idle.data / "store" / name).stat().st_size
    changes = {
        "empty": lambda p: os.truncate(p, 0),
        "one byte": lambda p: os.truncate(p, 1),
        "a page": lambda p: os.truncate(p, 4096),
        "half": lambda p: os.truncate(p, size // 2),
        "less a byte": lambda p: os.truncate(p, size - 1),
        "text": lambda p: p.write_text("this is no database " * 1000),
        "zeros": lambda p: p.write_bytes(bytes(size)),
        "a folder": lambda p: (p.unlink(), p.mkdir()),
        "another database": lambda p: (p.unlink(), sqlite(p, "CREATE TABLE x(y)"), p.chmod(0o600)),
    }
    for number, (name_, change) in enumerate(changes.items()):
        machine, data = damaged(room, idle, f"t{number}")
        change(data / "store" / name)
        check, _ = looks(machine, data)
        print(f"{name_}: {check.code} {(check.err or check.out).strip()[:150]}")
        assert check.code == 1
        # A node may run on what only a whole check can see; it never crashes on it.
        started = node.Node(machine, "one", data=data).launch()
        node.wait_until(lambda: started.greeted() or not started.running, "a start, or a reason")
        code = started.end(signal.SIGTERM)
        assert code == 0 or code == 1 and started.journal().strip(), (code, started.journal())


def sqlite(path, *statements):
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        for statement in statements:
            db.execute(statement).fetchall()


@pytest.mark.slow
def test_tampered_store(room, settled):
    """Someone edits the database with its own tools: every entry is re-hashed, and the change is named."""
    idle = settled

    name = next((idle.data / "store").glob("*.sqlite")).name
    with contextlib.closing(sqlite3.connect(f"file:{idle.data / 'store' / name}?mode=ro", uri=True)) as db:
        tables = [r[0] for r in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND sql IS NOT NULL")]
        columns = [
            (t, c[1]) for t in tables if not t.startswith("sqlite_")
            for c in db.execute(f"PRAGMA table_info({t})")
        ]
        rows = {t: db.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t, _ in columns}
    noticed = []
    for number, (table, column) in enumerate(columns):
        for how, value in enumerate(("NULL", "-1", "9223372036854775807", "x'00'", "zeroblob(100000)", "'text'")):
            machine, data = damaged(room, idle, f"s{number}x{how}")
            try:
                sqlite(data / "store" / name, f'UPDATE "{table}" SET "{column}" = {value}')
            except sqlite3.Error:
                shutil.rmtree(machine.folder)
                continue
            check = machine.starling("check", "--json", data=data).orderly()
            machine.starling("timeline", "--all", data=data).orderly()
            machine.starling("post", "x", data=data).orderly()
            noticed.append((f"{table}.{column} = {value}", check.code, rows[table]))
            shutil.rmtree(machine.folder)
    quiet = [what for what, code, count in noticed if code == 0 and count]
    print(f"{len(noticed)} edits, {len(noticed) - len(quiet)} reported; without a word: {quiet}")
    assert any(code for _, code, _ in noticed)
    # A stub stands for a body that was dropped: beside a body it says nothing. What freezes a log is its proof.
    # Change numbers only shorten what peers tell each other, and sums of bytes only what is dropped; a check counts anew.
    harmless = ("entries.stub", "logs.frozen", "logs.changed", "logs.bytes", "logs.swept", "resumes.")
    assert not [q for q in quiet if not q.startswith(harmless)], quiet


def test_damaged_entry_is_not_served(room):
    """What is read from disk is hashed again: a spoilt entry is named, and nobody gets it."""
    one, two = room.chain("one", "two")
    lines = room.folder / "lines.txt"
    lines.write_text("".join(f"post {i}\n" for i in range(300)))
    one.ask("post", "--lines", lines)
    node.wait_until(lambda: len(two.notes_or_none(one.identity)) == 300, "the log at two")
    who = one.identity
    one.stop()
    two.stop()
    spoil = "UPDATE entries SET body = CAST(replace(body, 'post 150', 'post 15X') AS BLOB)"
    sqlite(store_of(two.data), spoil + " WHERE instr(body, CAST('post 150' AS BLOB))")
    damage = two.run("check").fails(1)
    assert "DAMAGED" in damage.out and "152" in damage.out, damage
    two.start()
    three = room.node("three")
    three.start(*three.join(two))
    node.wait_until(lambda: "cannot serve" in two.journal(), "the damage in the journal of two")
    assert "post 15X" not in three.notes_or_none(who)
    three.check()
    assert two.running and three.running
    # Whoever has it whole still brings it to the newcomer.
    one.start()
    three.ask("join", one.invite)
    node.wait_until(lambda: len(three.notes_or_none(who)) == 300, "the whole log at three", 40)
    assert three.notes(who)[150] == "post 150"
    three.check()
    # And what was spoilt is fetched again, and put back where it was.
    node.wait_until(lambda: two.run("check").code == 0, "the spoilt entry is whole again", 60, 0.2)
    assert two.notes(who)[150] == "post 150"


@pytest.fixture
def small_disk(tmp_path):
    """4 MiB to fill; skipped without root."""
    if os.geteuid() != 0:
        pytest.skip("not root: no small file system to fill")
    place = tmp_path / "small"
    place.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m,mode=700", "tmpfs", place], capture_output=True)
    if done.returncode:
        pytest.skip(f"no tmpfs can be mounted: {done.stderr.decode().strip()}")
    yield place
    subprocess.run(["umount", "-l", place])


def test_full_disk(room, small_disk):
    """Posts are refused, nothing acknowledged is lost, reading goes on; with room again all works."""
    # A budget far beyond the disk: what is tried here is the disk itself.
    one = room.node("one", data=small_disk / "data").start("--disk", "1G")
    other = room.node("other")
    other.start(*other.join(one))
    acknowledged = [one.post("before")]
    filler = small_disk / "filler"
    free = os.statvfs(small_disk)
    filler.write_bytes(bytes(max(0, free.f_bavail * free.f_frsize - 400_000)))
    refusal = None
    for number in range(300):
        done = one.run("post", "--json", f"{number} " + "x" * 20_000).orderly()
        if done.code:
            refusal = done
            break
        acknowledged.append(done.json["address"])
    assert refusal, "a full disk took everything"
    refusal.fails(1, says="full")
    assert one.running, one.journal()[-2000:]
    for _ in range(3):
        one.run("post", "y" * 50_000).fails(1, says="full")
    for address in acknowledged:
        one.run("show", address).ok()
    # A peer's posts do not fit either; the node lives on and still serves what it has.
    lines = room.folder / "lines.txt"
    lines.write_text("".join(f"{i} {'z' * 30_000}\n" for i in range(40)))
    other.ask("post", "--lines", lines)
    node.wait_until(lambda: len(other.notes_or_none(one.identity)) == len(acknowledged), "all that was acknowledged")
    assert one.running and one.run("status").ok()
    one.kill()
    # Restarted on the full disk: up, or a clear word.
    one.launch()
    node.wait_until(lambda: one.greeted() or not one.running, "a start on the full disk")
    if one.running:
        one.kill()
    else:
        print(f"on the full disk it does not start: {one.journal().strip().splitlines()[-1]}")
        assert "Fatal" not in one.journal()
    filler.unlink()
    one.start()
    for address in acknowledged:
        one.run("show", address).ok()
    one.post("there is room again")
    node.wait_until(lambda: len(one.notes_or_none(other.identity)) == 40, "the peer's posts at last")
    one.check()


# What is posted


def test_lines_that_cannot_be_posted(room, idle):
    before = idle.status()["posts"]

    def lines(data, code=1, says=""):
        path = room.folder / "bad.txt"
        path.write_bytes(data)
        return idle.run("post", "--lines", path).fails(code, says)

    lines(b"good\nbad \xff\xfe\n", says="line 2")
    lines(b"\xed\xa0\x80\n", says="UTF-8")
    lines(b"", says="no line")
    lines(b"\n\r\n\n", says="no line")
    lines(b"x" * 60_001 + b"\n", says="60000")
    lines(b"\0" * 70_000)
    assert idle.status()["posts"] == before, "nothing of a bad file may be posted"
    lines(b"first is good\n" + b"x" * 60_001 + b"\n", says="60000")
    idle.run("post", "--lines", room.folder).fails(1)
    idle.run("post", "--lines", room.folder / "absent").fails(1, says="absent")
    idle.run("post", "--lines", "/dev/null").fails(1)
    idle.run("post", "x", "--lines", room.folder / "bad.txt").fails(2)
    (room.folder / "odd.txt").write_bytes(b"with \0 NUL\r\n\xef\xbb\xbfBOM\nno newline at the end")
    assert idle.ask("post", "--lines", room.folder / "odd.txt")["posted"] == 3
    got = [p["text"] for p in idle.ask("timeline", "--limit", 3)["posts"]][::-1]
    assert got == ["with \0 NUL", "\ufeffBOM", "no newline at the end"]


def test_huge_posts(room, idle):
    edge = "é" * 30_000
    address = idle.ask("post", "-", stdin=edge)["address"]
    assert idle.ask("show", address)["post"]["text"] == edge
    idle.run("post", "-", stdin="x" * 60_001).fails(1, says="60000")
    idle.run("post", "-", stdin="x" * 3_000_000).fails(1)
    idle.run("post", "-", stdin=b"\xff" * 10).fails(1, says="UTF-8")
    idle.run("post", "-", stdin="").fails(1)
    idle.run("post", "").fails(1)
    idle.check()


def test_many_long_posts_can_be_read(room, idle):
    """All that was posted can be listed, however long it is in all."""
    lines = room.folder / "long.txt"
    lines.write_text("".join(f"{i} {'w' * 59_000}\n" for i in range(200)))
    idle.ask("post", "--lines", lines)
    for start in (False, True):  # By the command itself, and through the control socket.
        if start:
            idle.start()
        assert len(idle.ask("timeline", "--limit", 200)["posts"]) == 200
        assert sum(len(log["entries"]) for log in idle.logs("one")) == 264


def naughty():
    path = node.SHARED / "vectors" / "naughty-strings" / "blns.json"
    if path.exists():
        return [t for t in json.loads(path.read_text(encoding="utf-8")) if t]
    print(f"SKIPPED the big list of naughty strings: {path} is absent")
    return ["\x1b[31mred", "a\u202eb", "\ufeff", "‮test", "\x7f\x80\x9b31m", "\u2028\u2029", "x\0y", "e\u0301", "👩‍👩‍👧"]


@pytest.mark.slow
def test_naughty_strings(room):
    """Read back as they were written; what reaches a terminal can steer nothing."""
    one = room.node("one").start()
    texts = naughty() + ["\x1b]0;title\x07", "\x9b31m", "a\rb", "\u202e\u2066x", "\x1b[2J" * 100]
    # A program's arguments end at a NUL, and "-" stands for standard input: such texts come from there.
    addresses = [
        one.post(t) if "\0" not in t and t != "-" and i % 2 == 0 else one.ask("post", "-", stdin=t)["address"]
        for i, t in enumerate(texts)
    ]
    assert one.notes(one.identity) == texts
    for address, text in zip(addresses, texts):
        assert one.ask("show", address)["post"]["text"] == text
    print(f"{len(texts)} naughty strings came back whole")
    folder = room.folder / "proofs"
    folder.mkdir()
    shown = [one.run(*words).ok().out for words in
             (["timeline", "--all", "--limit", 1000], ["log", one.identity, "--limit", 1000])]
    for number, address in list(enumerate(addresses))[::10] + list(enumerate(addresses))[-5:]:
        path = folder / str(number)
        path.write_text(one.run("prove", address).ok().out, encoding="utf-8", newline="")
        shown += [one.run("show", address).ok().out, one.run("verify", path).ok().out]
    steering = {c for text in shown for c in text if steers(c)}
    assert not steering, f"reaches the terminal: {sorted(map(hex, map(ord, steering)))}"


def steers(c):
    """Control characters, and the marks that reorder what follows."""
    point = ord(c)
    return (point < 0x20 and c != "\n") or 0x7F <= point < 0xA0 or 0x202A <= point <= 0x202E \
        or 0x2066 <= point <= 0x2069 or 0xDC80 <= point <= 0xDCFF


# What is asked


def test_wrong_invites_and_addresses(room):
    one = room.node("one").start()
    post = one.post("a post")
    key = one.invite.split("//")[1].split("@")[0]
    invites = [
        "", " ", "x", "http://example.org", "starling://", "starling://@", f"starling://{key}", f"starling://{key}@",
        f"starling://{key[:-1]}@127.0.0.1:1", f"starling://{key}x@127.0.0.1:1", f"starling://{key}@127.0.0.1",
        f"starling://{key}@127.0.0.1:99999", f"starling://{key}@:1", f"starling://{key}@a:1,b", one.invite,
        f"starling://{key}@" + ",".join(["127.0.0.1:1"] * 9), "starling://" + "z" * 100_000 + "@a:1", "\x1b[31m",
    ]
    for invite in invites:
        one.run("join", "--", invite).fails(1)
    did, index, hash_ = post.rsplit("/", 2)
    addresses = [
        "", "x", did, f"{did}/{index}", f"{did}/{index}/", f"{did}/0{index}/{hash_}", f"{did}/-1/{hash_}", f"{did}/{2**64}/{hash_}",
        f"{did}/{index}/{hash_[:-1]}", f"{did}/{index}/{hash_}x", f"{did}/{index}/z{'1' * 32}", f"{did}/999/{hash_}",
        f"{did}/{2**32 - 1}/{hash_}", f"did:key:z6Mk{'1' * 44}/0/{hash_}", post.upper(), post + "\n" + post, "/" * 10_000,
    ]
    for address in addresses:
        for words in (["show"], ["prove"]):
            one.run(*words, "--", address).fails(1)
    for who in ("", "nobody", "did:key:z6Mk", "did:key:" + "z" * 9999, "did:web:example.org"):
        one.run("log", "--", who).fails(1)
    one.run("follow", "--", "nobody").fails(1)
    one.run("post", "--as", "nobody", "x").fails(1, says="nobody")
    for name in ("", ".", "..", "../x", "a/b", "x" * 65, "\x1b", "one", " x"):
        one.run("init", "--", name).fails(1)
    assert one.run("show", post).ok()


def test_hostile_files_to_verify(room, tmp_path):
    machine = room.machine("elsewhere")
    for bad in ("absent", ".", "/proc/self/mem", "/dev/null"):
        machine.starling("verify", bad).fails(1)
    machine.starling("verify", "-", stdin=b"c2sp.org/tlog-proof@v1\n" * 100_000).fails(1)


# The control socket


def test_control_socket(room, chance):
    """Garbage, lies about lengths, clients that die: each costs its own connection and no more."""
    one = room.node("one").start()
    assert stat.S_IMODE((one.data / "control.sock").stat().st_mode) == 0o600
    frames = [
        b"", b"\0", b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\x80\0\1", b"\0\0\0\1\xff",
        struct.pack(">I", 8 << 20), struct.pack(">I", (8 << 20) + 1), b"\0\0\0\3\x83\0\0",
        request(1, "no such thing"), request(2**64 - 1, "status", {"x": 1}), request(1, "post", {"texts": [b"bytes"]}),
        request(1, "post", {"texts": []}), request(1, "post", {"texts": "x"}), request(1, "post", {"texts": [1, None]}),
        request(1, "log", {"who": 7}), request(1, "log", {"who": one.identity, "from": 2**64 - 1, "limit": 2**64 - 1}),
        request(1, "timeline", {"limit": 2**64 - 1}), request(1, "timeline", {"limit": -1}), request(1, "prove", {}),
        request(1, "join", {"invite": 3}), request(1, "init", {"name": 3}), request(1, "device", {"words": "x"}),
        request(1, "follow", {"who": [[]]}), request(1, "show", {"address": "x" * 1_000_000}),
        request(1, "post", {"texts": ["x"] * 100_000}),
    ] + [chance.randbytes(chance.randint(1, 2000)) for _ in range(100)]
    for frame in frames:
        sock = connect(one.data)
        sock.settimeout(0.05)
        try:
            sock.sendall(frame)
            sock.recv(1 << 20)
        except OSError:
            pass
        sock.close()
        assert one.running, f"{frame[:60]!r} ended the node:\n{one.journal()[-1500:]}"
    # Clients that die in mid-request, and in the middle of an answer.
    whole = request(1, "post", {"texts": ["half a request"]})
    for cut in range(1, len(whole), 7):
        connect(one.data).sendall(whole[:cut])
    for _ in range(20):
        sock = connect(one.data)
        sock.sendall(request(1, "check") + request(2, "log", {"who": one.identity, "limit": 10_000}) * 50)
        sock.close()
    # As many as fit stay connected and silent; the owner's next command is served, or told.
    held = []
    for _ in range(100):
        try:
            held.append(connect(one.data))
        except OSError:
            break
    one.run("status").orderly()
    for sock in held:
        sock.close()
    node.wait_until(lambda: one.run("status").code == 0, "served again")
    before = one.memory()
    sock = connect(one.data)
    sock.settimeout(1)
    try:
        for number in range(3000):
            sock.sendall(request(number, "log", {"who": one.identity, "limit": 10_000}))
    except OSError:
        pass
    grown = one.memory() - before
    assert grown < 100 << 20, f"a client that reads no answer costs {grown >> 20} MiB"
    sock.close()
    one.post("still well")
    assert one.check()
    one.stop()


def test_several_clients_at_once(room):
    """Requests of several connections and several in one: each gets its own answers."""
    one = room.node("one").start()
    found, failures = [], []

    def work(name):
        try:
            control = Control(one.data)
            for number in range(20):  # Few at a time: of many the last address alone comes back.
                texts = [f"{name} {number} {i}" for i in range(5)]
                found.extend(zip(texts, control.ask("post", {"texts": texts})["addresses"]))
            control.close()
        except Exception as failure:
            failures.append(failure)

    threads = [threading.Thread(target=work, args=(f"t{i}",)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(node.PATIENCE)
    assert not failures, failures
    there = {e["address"]: e["text"] for log in one.logs("one") for e in log["entries"] if e["kind"] == "note"}
    assert {address: text for text, address in found} == there and len(there) == 800
