"""Networks of namespaces: made by a test as root, and removed by it."""

import os
import shutil
import subprocess

_count = 0


def run(*words, **more):
    return subprocess.run(words, check=True, capture_output=True, text=True, timeout=20, **more)


def missing(tools=("ip", "nft")):
    """Why namespaces cannot be had here; None when they can."""
    if os.geteuid() != 0:
        return "not root: no network namespaces"
    for tool in tools:
        if not shutil.which(tool):
            return f"{tool} is not installed: no network namespaces"
    name = f"stp{os.getpid()}"
    try:
        run("ip", "netns", "add", name)
        run("ip", "netns", "del", name)
    except (subprocess.SubprocessError, OSError) as error:
        return f"network namespaces do not work here: {error}"
    return None


class Chain:
    """`count` namespaces in a row; each reaches its neighbours and nobody else."""

    def __init__(self, count, v4=True):
        global _count
        _count += 1
        self.names = [f"st{os.getpid()}x{_count}n{i}" for i in range(count)]
        self.made = []
        for name in self.names:
            run("ip", "netns", "add", name)
            self.made.append(name)
            run("ip", "-n", name, "link", "set", "lo", "up")
        for left in range(count - 1):
            self.link(left, v4)

    def link(self, left, v4):
        """Addresses 10.9.LEFT.1 and .2, fd00:9:LEFT::1 and ::2."""
        for side, (here, port) in enumerate(((left, "right"), (left + 1, "left"))):
            if side == 0:
                peer = ["peer", "name", "left", "netns", self.names[left + 1]]
                run("ip", "-n", self.names[left], "link", "add", "right", "type", "veth", *peer)
            name = self.names[here]
            if v4:
                run("ip", "-n", name, "addr", "add", f"10.9.{left}.{side + 1}/24", "dev", port)
            v6 = f"fd00:9:{left}::{side + 1}/64"
            run("ip", "-n", name, "-6", "addr", "add", v6, "dev", port, "nodad")
            run("ip", "-n", name, "link", "set", port, "up")

    def drop_udp(self, percent):
        """Drops so many of 100 UDP packets as they come in, in every namespace."""
        rule = "drop" if percent == 100 else f"numgen random mod 100 < {percent} drop"
        rules = "\n".join([
            "table inet loss {", "chain input {", "type filter hook input priority 0;",
            f"meta l4proto udp {rule}", "}", "}", "",
        ])
        for name in self.names:
            run("ip", "netns", "exec", name, "nft", "-f", "-", input=rules)

    def close(self):
        for name in self.made:
            subprocess.run(["ip", "netns", "del", name], capture_output=True, timeout=20)
        self.made = []


def alone():
    """A namespace without any link, for what must work off line."""
    return Chain(1)


class Bridge:
    """`count` namespaces on one switch, 10.77.0.1 and so on."""

    def __init__(self, count):
        global _count
        _count += 1
        prefix = f"st{os.getpid()}x{_count}"
        self.switch = f"{prefix}s"
        self.names = [f"{prefix}n{i}" for i in range(count)]
        self.made = []
        for name in [self.switch, *self.names]:
            run("ip", "netns", "add", name)
            self.made.append(name)
            run("ip", "-n", name, "link", "set", "lo", "up")
        run("ip", "-n", self.switch, "link", "add", "name", "br0", "type", "bridge")
        run("ip", "-n", self.switch, "link", "set", "br0", "up")
        for number, name in enumerate(self.names):
            port = f"p{number}"
            run("ip", "-n", self.switch, "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", name)
            run("ip", "-n", self.switch, "link", "set", port, "master", "br0", "up")
            run("ip", "-n", name, "addr", "add", f"{self.address(number)}/16", "dev", "eth0")
            run("ip", "-n", name, "link", "set", "eth0", "up")

    @staticmethod
    def address(number):
        return f"10.77.{number // 200}.{number % 200 + 1}"

    def partition(self, left):
        """Nothing passes between the first `left` namespaces and the others, until `heal`."""
        far = ", ".join(self.address(i) for i in range(left, len(self.names)))
        rules = "\n".join([
            "table inet cut {", "chain input {", "type filter hook input priority 0;",
            f"ip saddr {{ {far} }} drop", "}", "chain output {", "type filter hook output priority 0;",
            f"ip daddr {{ {far} }} drop", "}", "}", "",
        ])
        for name in self.names[:left]:
            run("ip", "netns", "exec", name, "nft", "-f", "-", input=rules)
        self.cut = self.names[:left]

    def heal(self):
        for name in self.cut:
            run("ip", "netns", "exec", name, "nft", "delete", "table", "inet", "cut")
        self.cut = []

    def close(self):
        for name in self.made:
            subprocess.run(["ip", "netns", "del", name], capture_output=True, timeout=20)
        self.made = []
