"""toot, unmodified, from the terminal of two people."""

import html
import json
import os
import re
import subprocess
import sys
import urllib.parse
import urllib.request

import apps
import node
import pytest
from apps import serve


class Toot:
    """One person's toot, with a configuration of its own."""

    def __init__(self, one):
        self.one = one
        home = one.machine.folder / "toot"
        home.mkdir()
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("XDG_", "TOOT_"))}
        self.environment = kept | {"HOME": str(home), "XDG_CONFIG_HOME": str(home), "LC_ALL": "C.UTF-8", "COLUMNS": "200"}

    def run(self, *words, stdin=""):
        return subprocess.run(
            [sys.executable, "-m", "toot", "--no-color", *map(str, words)], input=stdin, capture_output=True, text=True,
            env=self.environment, timeout=node.PATIENCE,
        )

    def __call__(self, *words, **more):
        done = self.run(*words, **more)
        assert done.returncode == 0, f"toot {words}: {done.stdout}{done.stderr}"
        return done.stdout

    def json(self, *words):
        return json.loads(self(*words, "--json"))

    def log_in_by_browser(self):
        """What `toot login` asks for: its address opened, the form filled in, the code pasted."""
        asked = self.run("login", "--instance", apps.web(self.one), stdin="n\n")
        url = re.search(r"http://\S+oauth/authorize\S+", asked.stdout)[0]
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        page = opener.open(url).read().decode()
        assert "toot" in page and "<script" not in page
        form = {n: html.unescape(v) for n, v in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page)}
        name, value = re.search(r'<button name="(\w+)" value="(allow)"', page).groups()
        form |= {"password": apps.password(self.one), name: value}
        sent = urllib.request.Request(
            urllib.parse.urljoin(url, "/oauth/authorize"), urllib.parse.urlencode(form).encode(),
            {"Origin": apps.web(self.one), "Sec-Fetch-Site": "same-origin"},
        )
        code = re.search(r"<code[^>]*>([^<]+)</code>", opener.open(sent).read().decode())[1]
        self("login", "--instance", apps.web(self.one), stdin=f"n\n{code}\n")
        return self

    def log_in(self):
        self("login_cli", "--instance", apps.web(self.one), "--email", self.one.name, "--password",
             apps.password(self.one))
        return self


@pytest.fixture
def town(room):
    alice = serve(room, "alice")
    bob = serve(room, "bob", "--join", alice.invite)
    return Toot(alice), Toot(bob)


def test_toot(town):
    a, b = town
    a.log_in_by_browser()
    b.log_in()
    assert "alice" in a("whoami") and "alice" in a("auth")
    assert "Starling" in a("instance")

    for one, other in ((a, b), (b, a)):
        node.wait_until(lambda: one.json("search", other.one.identity)["accounts"], "the other is found", pause=0.3)
        acct = one.json("search", other.one.identity)["accounts"][0]["acct"]
        assert "following" in one("follow", acct)
    a("post", "Hello from a terminal", "--spoiler-text", "greeting")
    posts = node.wait_until(lambda: [s for s in b.json("timelines", "home")], "the post", pause=0.3)
    got = posts[0]
    assert "Hello from a terminal" in got["content"] and got["spoiler_text"] == "greeting"
    assert "Hello from a terminal" in b("timelines", "home")

    b("post", "Hello back", "--reply-to", got["id"])
    thread = node.wait_until(lambda: len(t := a("thread", got["id"])) and "Hello back" in t and t, "the answer", pause=0.3)
    assert thread.index("Hello from") < thread.index("Hello back")
    for word, undo in (("favourite", "unfavourite"), ("reblog", "unreblog"), ("bookmark", "unbookmark")):
        b(word, got["id"])
        b(undo, got["id"])
        b(word, got["id"])
    told = node.wait_until(lambda: len(n := a.json("notifications")) >= 4 and n, "four notifications", pause=0.3)
    assert {n["type"] for n in told} == {"follow", "mention", "favourite", "reblog"}
    assert [x["username"] for x in a.json("reblogged_by", got["id"])] == ["bob"]

    a("post", "Which?", "--poll-option", "tea", "--poll-option", "coffee", "--poll-expires-in", "1 hour")
    poll = node.wait_until(lambda: (s := b.json("timelines", "home")[0])["poll"] and s, "the poll", pause=0.3)
    assert poll["poll"]["options"][1]["title"] == "coffee"
    voted = b.json("polls", "vote", poll["poll"]["id"], "1")
    assert voted["own_votes"] == [1]
    counted = node.wait_until(lambda: (p := a.json("polls", "show", poll["poll"]["id"]))["votes_count"] and p, "the vote", pause=0.3)
    assert [o["votes_count"] for o in counted["options"]] == [0, 1]
    assert [s["id"] for s in b.json("search", "terminal", "--type", "statuses")["statuses"]] == [got["id"]]

    a("delete", got["id"])
    node.wait_until(lambda: got["id"] not in [s["id"] for s in b.json("timelines", "home")], "it is gone", pause=0.3)
    assert b.run("status", got["id"]).returncode != 0
