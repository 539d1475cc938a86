"""Twenty processes: posts offered at full speed by five of them reach each of the twenty, once, in order.

Meanwhile the network is parted for a while, and every second one node is killed and started again. 100,000 posts with
POSTS=100000 (as in the closing runs); 20,000 otherwise, which is enough for every code path and for CI.
"""

import os
import threading
import time

import nets
import node

NODES, AUTHORS = 20, 5
POSTS = int(os.environ.get("POSTS", "20000"))


def crowd(room):
    """The nodes, each joined to two that were there before; in namespaces where the machine has them."""
    net = None
    if nets.missing() is None:
        net = nets.Bridge(NODES)
        room.networks.append(net)
    else:
        print(f"WITHOUT PARTITION: {nets.missing()}; on loopback")
    nodes = []
    for i in range(NODES):
        machine = room.machine(f"n{i}", net.names[i] if net else None)
        new = room.node(f"n{i}", machine, host=net.address(i) if net else "127.0.0.1")
        nodes.append(new.start(*new.join(*{nodes[i // 2], nodes[(i - 1) // 2]}) if nodes else []))
    return net, nodes


class Offer(threading.Thread):
    """Posts in ten parts, each at full speed, over the time of the partition."""

    def __init__(self, author, lines, path):
        super().__init__()
        self.author, self.lines, self.path, self.trouble = author, lines, path, None

    def run(self):
        try:
            part = max(1, len(self.lines) // 10)
            for start in range(0, len(self.lines), part):
                lines = self.lines[start : start + part]
                self.path.write_text("\n".join(lines) + "\n")
                reply = self.author.ask("post", "--lines", self.path)
                assert reply["posted"] == len(lines), reply
                time.sleep(0.8)
        except Exception as error:  # noqa: BLE001: told to the test, which fails
            self.trouble = error


class Killer(threading.Thread):
    """Every second one node that is no author is killed, and started again."""

    def __init__(self, victims, chance):
        super().__init__()
        self.victims, self.chance = victims, chance
        self.kills, self.trouble, self.done = 0, None, threading.Event()

    def run(self):
        try:
            while not self.done.wait(1):
                victim = self.chance.choice(self.victims)
                victim.kill()
                victim.start(*victim.words)
                self.kills += 1
        except Exception as error:  # noqa: BLE001: told to the test, which fails
            self.trouble = error


def all_notes(one, who):
    """The texts of somebody's notes in order, page by page: one command gives 10,000 entries at most."""
    texts, start = [], 0
    while True:
        logs = [log for log in one.logs(who, 10_000, start) if log["entries"]]
        if not logs:
            return texts
        texts += [e["text"] for log in logs for e in log["entries"] if e["kind"] == "note"]
        start += 10_000


def test_twenty_nodes(room, chance):
    net, nodes = crowd(room)
    for i, one in enumerate(nodes):
        one.words = one.join(*{nodes[j] for j in (i // 2, (i - 1) // 2) if 0 <= j < i})
    authors, each = nodes[:AUTHORS], POSTS // AUTHORS
    posted, offers = {}, []
    for i, author in enumerate(authors):
        posted[author.identity] = [f"post {n} of author {i}, {chance.random()}" for n in range(each)]
        offers.append(Offer(author, posted[author.identity], room.folder / f"lines{i}.txt"))
    killer = Killer(nodes[AUTHORS:], chance)
    began = time.monotonic()
    killer.start()
    if net:
        net.partition(NODES // 2)
    for offer in offers:
        offer.start()
    time.sleep(8)
    if net:
        net.heal()
    for offer in offers:
        offer.join()
        assert offer.trouble is None, offer.trouble
    offered = time.monotonic() - began
    time.sleep(2)
    killer.done.set()
    killer.join()
    assert killer.trouble is None, killer.trouble
    for one in nodes:
        one.wait_for_entries(POSTS + AUTHORS * 2, seconds=300)
    delivered = time.monotonic() - began
    for one in nodes:
        for who, lines in posted.items():
            node.wait_until(lambda: len(one.logs(who, limit=1)) > 0, "the author's log", 60)
            assert all_notes(one, who) == lines, f"{one.name} of {who}"
    for one in (nodes[0], nodes[AUTHORS], nodes[-1]):
        one.check()
    assert killer.kills >= 5
    print(
        f"{POSTS} posts of {AUTHORS} authors, {killer.kills} kills, partition {'yes' if net else 'no'}: "
        f"offered within {offered:.1f} s, all at each of {NODES} after {delivered:.1f} s"
    )
