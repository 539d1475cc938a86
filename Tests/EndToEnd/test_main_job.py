"""The main job: 4,200 real posts of two authors travel a chain of three nodes, whatever UDP does."""

import nets
import node
import pytest

# Entries of a fresh identity: two of its root log, two of its device log.
IDENTITY = 4


def three(room, namespaces=True, v6=False):
    """Three joined nodes: each in a namespace of its own, or all on loopback."""
    if not namespaces:
        return None, room.chain("one", "two", "three")
    net = nets.Chain(3, v4=not v6)
    room.networks.append(net)
    # The second node listens on every address: it stands in both links.
    hosts = ["fd00:9:0::1", "::", "fd00:9:1::2"] if v6 else ["10.9.0.1", "0.0.0.0", "10.9.1.2"]
    hosts = [f"[{h}]" if ":" in h else h for h in hosts]
    nodes = [
        room.node(name, room.machine(name, namespace), host=host)
        for name, namespace, host in zip(("one", "two", "three"), net.names, hosts)
    ]
    return net, nodes


def start(nodes, *words):
    for before, after in zip([None] + nodes, nodes):
        if not after.running:
            after.start("--no-lan", *words, *(after.join(before) if before else []))
    return nodes


def post_all(first, folder):
    """Posts the first half as the first author and the second half as another; gives what was posted."""
    lines = node.tweets()
    other = first.ask("init", "Bob")["identity"]
    out = {}
    for name, who, part in (
        (first.name, first.identity, lines[:2100]),
        ("Bob", other, lines[2100:]),
    ):
        path = folder / f"{name}.txt"
        path.write_text("\n".join(part) + "\n", encoding="utf-8")
        reply = first.ask("post", "--as", name, "--lines", path)
        assert reply["posted"] == len(part)
        out[who] = part
    return out


def holds(holder, posted, total):
    """`holder` has every text in order, and its store verifies."""
    holder.wait_for_entries(total)
    for who, lines in posted.items():
        node.wait_until(lambda: len(holder.notes(who)) >= len(lines), "the whole log", pause=0.2)
        assert holder.notes(who) == lines
    report = holder.check()
    assert report["entries"] >= total and report["bodiesAbsent"] == 0, report


def run_main_job(room, nodes):
    one, two, three_ = start(nodes)
    posted = post_all(one, room.folder)
    total = sum(map(len, posted.values())) + 4 * IDENTITY
    holds(three_, posted, total)
    # It met the first one through the second, perhaps, and keeps the one it joined.
    assert key(two) in {p["node"] for p in three_.peers()}
    return posted, total


def key(other):
    return other.invite.split("//")[1].split("@")[0]


def test_on_loopback(room):
    _, nodes = three(room, namespaces=False)
    posted, total = run_main_job(room, nodes)
    late = room.node("late")
    late.start(*late.join(nodes[2]))
    holds(late, posted, total + IDENTITY)


def test_in_namespaces(room, namespaces):
    net, nodes = three(room)
    posted, total = run_main_job(room, nodes)
    node.wait_until(lambda: any(p["datagrams"] for p in nodes[2].peers()), "UDP")
    # A node that comes afterwards, to the last of the chain, when the first is long gone.
    nodes[0].stop()
    late = room.node("late", nodes[2].machine, host="127.0.0.1", data=room.folder / "late")
    late.start(*late.join(nodes[2]))
    holds(late, posted, total + IDENTITY)


def test_over_ipv6(room, namespaces):
    net, nodes = three(room, v6=True)
    # By the addresses that they were given: not by those that beacons tell, of one link only.
    start(nodes)
    posts = [nodes[0].post(f"six {i}") for i in range(20)]
    nodes[2].wait_for_entries(3 * IDENTITY + 20)
    assert nodes[2].notes(nodes[0].identity) == [f"six {i}" for i in range(20)]
    assert nodes[2].ask("show", posts[7])["post"]["text"] == "six 7"
    node.wait_until(lambda: any(p["datagrams"] for p in nodes[2].peers()), "UDP over IPv6")


@pytest.mark.parametrize("percent", [30, 100])
def test_with_udp_lost(room, namespaces, percent):
    net, nodes = three(room)
    net.drop_udp(percent)  # before anybody has met
    posted, total = run_main_job(room, nodes)
    singles = [f"single {i}" for i in range(100)]
    for text in singles:
        nodes[0].post(text)
    posted[nodes[0].identity] = posted[nodes[0].identity] + singles
    holds(nodes[2], posted, total + len(singles))
    counts = [n.status() for n in nodes]
    sent, came = (sum(c[k] for c in counts) for k in ("datagramsSent", "datagramsReceived"))
    print(f"{percent} % lost: {sent} datagrams sent, {came} received")
    assert came == 0 < sent if percent == 100 else 0 < came < sent
    late = room.node("late", nodes[2].machine, host="127.0.0.1", data=room.folder / "late")
    late.start(*late.join(nodes[2]))
    holds(late, posted, total + len(singles) + IDENTITY)


def test_follow_and_timeline(room):
    one, two, three_ = room.chain("one", "two", "three")
    one.post("before")
    three_.wait_for_entries(3 * IDENTITY + 1)
    assert three_.ask("follow", one.identity)["known"]
    one.post("after")
    two.post("of a stranger")
    three_.wait_for_entries(3 * IDENTITY + 4)
    texts = [p["text"] for p in three_.ask("timeline")["posts"] if p["kind"] == "note"]
    assert sorted(texts) == ["after", "before"]
    everybody = [p["text"] for p in three_.ask("timeline", "--all")["posts"]]
    assert "of a stranger" in everybody
    # The follow is public: it reaches the followed one.
    def seen():
        return [e for log in one.logs(three_.identity) for e in log["entries"] if e["kind"] == "follow"]
    assert node.wait_until(seen, "the follow at node one")[0]["text"] == one.identity
    three_.ask("unfollow", one.identity)
    three_.ask("follow", two.identity)
    texts = [p["text"] for p in three_.ask("timeline")["posts"] if p["kind"] == "note"]
    assert texts == ["of a stranger"]


def test_an_invite_of_many_addresses(room):
    """Most of them lead nowhere from here, as those of a machine with several networks do."""
    one = room.node("one").start()
    key_, _, right = one.invite.partition("@")
    dead = ["127.0.0.1:1", "[::1]:1", "127.0.0.2:1", "127.0.0.3:1", "absent.invalid:1"]
    other = room.node("other")
    other.start("--join", f"{key_}@{','.join([*dead, right])}")
    other.wait_for_peers(seconds=10)


def test_meets_again_after_losses(room):
    """A peer that went away and came back is met again, and what it missed arrives."""
    one, two = room.chain("one", "two")
    for number in range(3):
        one.stop()
        one.start()
        one.post(f"round {number}")
        node.wait_until(lambda: len(two.notes_or_none(one.identity)) == number + 1, "the new post", 20)
