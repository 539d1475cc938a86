"""What no other network shows: proofs, tallies, recounts, reasons, labels; and the file that describes it."""

import http.client
import io
import json
import re
import socket
import sqlite3
import urllib.error
import urllib.request
import zipfile

import apps
import jsonschema
import mastodon
import node
import openapi_spec_validator
import pytest
import yaml
from apps import eventually, serve, sign_in

DESCRIPTION = yaml.safe_load((node.ROOT / "Protocol" / "openapi.yaml").read_text())


def the_mesh(own):
    view = own("GET", "/mesh")
    matches(view, "Mesh")
    assert view["neighbours"][0]["node"] == own("GET", "/peers")[0]["node"] and view["neighbours"][0]["postsIn"] > 0
    invite = own("POST", "/invite", {})
    matches(invite["qr"], "Modules")
    assert own("POST", "/qr", {"text": invite["invite"]})["rows"] == invite["qr"]
    with pytest.raises(urllib.error.HTTPError) as refused:
        own("POST", "/mesh/neighbours", {"invite": view["address"]})
    assert refused.value.code == 422, "itself"
    with pytest.raises(urllib.error.HTTPError) as refused:
        own("DELETE", f"/mesh/neighbours/{view['node']}")
    assert refused.value.code == 404
    own.kind = "multipart/form-data; boundary=x"
    with pytest.raises(urllib.error.HTTPError) as refused:
        own("POST", "/qr/read", b'--x\r\nContent-Disposition: form-data; name="width"\r\n\r\n9\r\n--x--\r\n')
    own.kind = "application/json"
    assert refused.value.code == 422, "test_first_run.py reads codes"


def the_first_run(one, own):
    own.token, app = apps.let_in(one), own.token
    matches(own("GET", "/setup"), "Setup")
    told = own("GET", "/setup/words")
    assert own("POST", "/setup/words", {"words": [told["words"][n - 1] for n in told["ask"]]})["removed"]
    matches(own("PATCH", "/setup", {"left": True}), "Setup")
    own.token = app


def matches(value, name):
    """The value has the form that the description gives it."""
    schema = {"$ref": f"#/components/schemas/{name}", "components": DESCRIPTION["components"]}
    jsonschema.Draft202012Validator(schema).validate(value)


class Own:
    """The node's own extensions, asked with a client's token; notes which operations were."""

    kind = "application/json"

    def __init__(self, one, client, asked):
        self.base, self.token, self.asked = apps.web(one) + "/api/starling/v1", client.access_token, asked

    def __call__(self, method, path, body=None, token=True, raw=False):
        name = re.sub(r"/z6Mk\w+", "/{node}", re.sub(r"/\d+", "/{id}", path.split("?")[0]))
        self.asked.add((method.lower(), name))
        headers = {"Content-Type": self.kind} | ({"Authorization": f"Bearer {self.token}"} if token else {})
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            read = answer.read()
            return read if raw else json.loads(read) if "json" in answer.headers["Content-Type"] else read.decode()

    def refused(self, status, method, path, body=None, **more):
        """The words of a refusal."""
        with pytest.raises(urllib.error.HTTPError) as refusal:
            self(method, path, body, **more)
        said = json.loads(refusal.value.read())["error"]
        assert refusal.value.code == status and said, (refusal.value.code, said)
        return said


@pytest.fixture
def town(room):
    alice = serve(room, "alice")
    bob = serve(room, "bob", "--join", alice.invite)
    owner = apps.SCOPES + ["admin:read", "admin:write"]
    return alice, bob, sign_in(alice, scopes=owner), sign_in(bob)


def test_all_of_it(town, tmp_path):
    alice, bob, a, b = town
    asked = set()
    mine, his = Own(alice, a, asked), Own(bob, b, asked)
    him = eventually(lambda: a.search_v2(bob.identity).accounts, "bob")[0]
    a.account_follow(him)
    sent = b.status_post("Signed")
    eventually(lambda: a.timeline_home(), "the post")

    place = mine("GET", f"/posts/{sent.id}")
    assert place["author"] == bob.identity and place["address"] == sent.uri and place["size"] > place["index"]
    proof = mine("GET", f"/posts/{sent.id}/proof")
    verdict = mine("POST", "/verify", {"proof": proof}, token=False)
    assert verdict["ok"] and verdict["author"] == bob.identity and verdict["text"] == "Signed"
    file = tmp_path / "proof"
    file.write_text(proof)
    assert "The proof holds." in alice.run("verify", file).ok().out, "the command line says the same"
    forged = proof.replace(proof.splitlines()[5][:8], "A" * 8) if len(proof.splitlines()) > 5 else proof[:-9]
    assert not mine("POST", "/verify", {"proof": forged})["ok"]

    assert mine("GET", "/status")["running"] and mine("GET", "/peers")[0]["node"]
    assert eventually(lambda: his("GET", f"/posts/{sent.id}/holders")["holders"], "who holds it")[0]["node"]
    the_mesh(mine)
    the_first_run(alice, mine)
    recipes = mine("GET", "/recipes")
    assert [r["name"] for r in recipes] == ["latest", "catch up", "quiet friends first"]
    assert [x.title for x in a.lists()] == [r["name"] for r in recipes], "they appear as lists"
    assert [s.id for s in a.timeline_list(recipes[1]["id"])] == [sent.id]
    assert "age" in mine("GET", "/features") and not {"tips", "money"} & set(mine("GET", "/features"))
    assert mine("PUT", f"/accounts/{him.id}/weight", {"weight": 7})["weight"] == 7
    why = mine("GET", f"/posts/{sent.id}/explain?recipe={recipes[2]['id']}")
    terms = {t["feature"]: t for t in why["terms"]}
    assert terms["author-weight"]["value"] == 7 and terms["distance"]["value"] == 1
    assert why["score"] == sum(t["product"] for t in why["terms"])
    told = alice.ask("explain", sent.uri, "--recipe", "quiet friends first")
    assert {t["feature"]: t["weight"] for t in told["terms"]} == {f: t["weight"] for f, t in terms.items()}

    asked_poll = b.status_post("Which?", poll=b.make_poll(["tea", "coffee"], 3600))
    got = eventually(lambda: a.status(asked_poll.id), "the poll")
    a.poll_vote(got.poll, [1])
    tally = eventually(lambda: (t := his("GET", f"/polls/{asked_poll.id}"))["tallies"][2]["voters_count"] and t, "the vote")
    assert [t["circle"] for t in tally["tallies"]] == ["follows", "two-hops", "everyone"]
    assert [t["counts"] for t in tally["tallies"]] == [[0, 0], [0, 0], [0, 1]], "bob follows nobody"
    recount = his("GET", f"/polls/{asked_poll.id}/recount")
    assert recount["votes_count"] == 1 and recount["faults_count"] == 0
    out = bob.run("poll", asked_poll.uri, "--recount").ok().out
    assert "everybody whose vote is here: 1 vote" in out and "holds" in out and "coffee" in out

    labels = {"name": "spoilers", "entries": [{"status_id": sent.id, "label": "spoiler", "reason": "the ending"}]}
    assert his("PUT", "/labels", labels)["name"] == "spoilers"
    eventually(lambda: mine("GET", f"/accounts/{him.id}/labels"), "the list")
    assert a.timeline_home()[-1].filtered == [] and mine("GET", "/labels") == [], "none is on by default"
    mine("POST", f"/accounts/{him.id}/labels", {"name": "spoilers"})
    line = [s for s in a.timeline_home() if s.id == sent.id][0].filtered[0].filter.title
    assert line == 'spoiler: the ending (list "spoilers" of bob)'
    assert mine("GET", "/labels")[0]["entries"][0]["address"] == sent.uri
    mine("DELETE", f"/accounts/{him.id}/labels", {"name": "spoilers"})
    assert [s for s in a.timeline_home() if s.id == sent.id][0].filtered == []

    recipes_of_ones_own(mine, his, alice, a, b, him, sent)
    people_and_their_keys(mine, alice, a, b, bob, him)
    the_owner(mine, his, alice, a)
    bring_and_take(mine, alice)

    described = {(m, p) for p, item in DESCRIPTION["paths"].items() for m in item if m not in ("parameters", "description")}
    assert asked == described, "every operation of the description was asked, and no other"


def recipes_of_ones_own(mine, his, alice, a, b, him, sent):
    """Published as signed entries, chosen by address, known as lists by ids that stay."""
    weights = [{"feature": "replies", "weight": 5}, {"feature": "age", "weight": -1}, {"feature": "media", "weight": 0}]
    made = mine("POST", "/recipes", {"name": "talk", "description": "What is talked about.", "weights": weights})
    assert made["own"] and made["chosen"] and made["address"].startswith("did:key:")
    assert [w["feature"] for w in made["weights"]] == ["age", "replies"], "in order, without what counts nothing"
    assert made["id"] in [x.id for x in a.lists()] and sent.id in [s.id for s in a.timeline_list(made["id"])]
    assert mine("GET", f"/posts/{sent.id}/explain?recipe={made['id']}")["name"] == "talk"
    for bad in ({"name": "talk", "weights": weights}, {"name": "latest", "weights": weights}, {"name": "x", "weights": []},
                {"name": "x", "weights": [{"feature": "money", "weight": 1}]}, {"name": "", "weights": weights},
                {"name": "x", "weights": [{"feature": "age", "weight": 1}] * 2},
                {"name": "x", "weights": [{"feature": "age", "weight": 10**7}]}):
        mine.refused(422, "POST", "/recipes", bad)

    shown = mine("POST", "/recipes/preview", {"weights": [{"feature": "author-weight", "weight": 10}]})
    assert shown[0]["status"]["id"] and shown[0]["score"] == sum(t["product"] for t in shown[0]["terms"])
    assert [(w["account"]["id"], w["weight"]) for w in mine("GET", "/weights")] == [(str(him.id), 7)]

    own = a.status_post("Mine")
    for weight in (-9, 9):
        changed = mine("PUT", f"/recipes/{made['id']}", {"weights": [{"feature": "distance", "weight": weight}]})
        assert changed["id"] == made["id"] and changed["address"] != made["address"] and changed["name"] == "talk"
        order = [s.id for s in a.timeline_list(made["id"])]
        assert (order[0] == own.id) == (weight < 0) and order[-1] == (sent.id if weight < 0 else own.id), order
    renamed = mine("PUT", f"/recipes/{made['id']}", {"name": "old first", "weights": [{"feature": "age", "weight": 1}]})
    assert renamed["id"] != made["id"] and made["id"] not in [x.id for x in a.lists()]
    me = a.me().id
    assert [r["name"] for r in mine("GET", f"/accounts/{me}/recipes")] == ["old first"], "the others are retracted"
    told = alice.ask("timeline", "--recipe", "old first")["posts"]
    assert [p["score"] for p in told] == sorted((p["score"] for p in told), reverse=True)
    assert [p["address"] for p in told] == [s.uri for s in a.timeline_list(renamed["id"])], "the same order on the command line"
    assert alice.ask("explain", sent.uri, "--recipe", renamed["address"])["recipe"] == "old first"
    refused = alice.run("timeline", "--recipe", "bob's").fails().err
    assert all(name in refused for name in ("latest", "quiet friends first", "old first")), refused

    offered = his("POST", "/recipes", {"name": "bob's", "weights": [{"feature": "age", "weight": -2}]})
    seen = eventually(lambda: mine("GET", f"/accounts/{him.id}/recipes"), "bob's recipe")[0]
    assert seen["id"] == offered["id"], "the same on every node"
    assert not seen["chosen"] and seen["id"] not in [x.id for x in a.lists()], "none is chosen by itself"
    assert mine("POST", f"/accounts/{him.id}/recipes", {"address": seen["address"]})["chosen"]
    mine.refused(404, "POST", f"/accounts/{me}/recipes", {"address": seen["address"]})
    mine.refused(404, "POST", f"/accounts/{him.id}/recipes", {"address": sent.uri})
    newer = his("PUT", f"/recipes/{offered['id']}", {"weights": [{"feature": "age", "weight": -3}]})

    def now():
        return next(r for r in mine("GET", "/recipes") if r["id"] == offered["id"])

    eventually(lambda: now()["gone"], "what bob took back")
    assert seen["id"] not in [x.id for x in a.lists()]
    assert mine("POST", f"/accounts/{him.id}/recipes", {"address": newer["address"]})["weights"][0]["weight"] == -3
    assert alice.ask("explain", sent.uri, "--recipe", "bob's")["terms"][0]["weight"] == -3, "known by its name since it was chosen"
    mine.refused(422, "PUT", f"/recipes/{offered['id']}", {"weights": weights})
    mine("DELETE", f"/recipes/{offered['id']}")
    mine("DELETE", f"/recipes/{renamed['id']}")
    mine.refused(422, "DELETE", "/recipes/1")
    assert [r["name"] for r in mine("GET", "/recipes")] == ["latest", "catch up", "quiet friends first"]


def people_and_their_keys(mine, alice, a, b, bob, him):
    """Who stands behind a name: digits to compare, what changed, and who looks like whom."""
    b.account_update_credentials(display_name="Bob", note="a bio", fields=[("site", "https://b.example"), ("tip", "bitcoin:one")])
    person = eventually(lambda: (p := mine("GET", f"/accounts/{him.id}"))["tips"] and p, "the profile")
    assert person["did"] == bob.identity and person["tips"] == ["bitcoin:one"] and person["bio"] == "a bio"
    assert re.fullmatch(r"(\d{5} ){5}\d{5}", person["digits"])
    assert person["links"] == [{"label": "site", "uri": "https://b.example"}] and person["following"]
    assert [d["here"] for d in person["devices"]] == [False] and person["looks_like"] == []
    # A program that sends back what it was given loses no tip address.
    fields = [(f["name"], f["value"]) for f in b.me().source["fields"]]
    assert ("tip", "bitcoin:one") in fields
    b.account_update_credentials(display_name="Ａlice", fields=[("site", "https://b.example"), ("tip", "bitcoin:two")])
    person = eventually(lambda: (p := mine("GET", f"/accounts/{him.id}"))["tips"] == ["bitcoin:two"] and p, "the change")
    kinds = [c["what"] for c in person["changes"]]
    assert kinds[-2:] == ["device-added", "began"] and kinds.count("tips") == 2 and kinds.count("renamed") == 2
    tips = next(c for c in person["changes"] if c["what"] == "tips")
    assert (tips["added"], tips["removed"]) == (["bitcoin:two"], ["bitcoin:one"])
    assert [(x["relation"], x["display_name"]) for x in person["looks_like"]] == [("you", "alice")]
    assert mine("GET", f"/accounts/{him.id}", token=False)["looks_like"] == [], "nobody follows without a token"
    b.account_update_credentials(display_name="bob")


def the_owner(mine, his, alice, a):
    """Policy, people and their devices, apps, the password: for tokens that may."""
    for method, path in (("GET", "/identities"), ("POST", "/identities"), ("GET", "/apps"), ("PUT", "/policy"), ("PUT", "/password"),
                         ("DELETE", "/apps/1")):
        mine.refused(403, method, path, {})  # Whatever an app was let in for.
    mine.token = apps.let_in(alice)
    was = mine("GET", "/policy")
    assert was["policy"] == "everything" and was["quotas"] == [0, 0, 0, 0]
    now = mine("PUT", "/policy", {"policy": "follows", "depth": 1, "budget": 1 << 30, "quotas": [{"hop": 4, "bytes": 1 << 20}]})
    assert (now["policy"], now["depth"], now["budget"], now["quotas"]) == ("follows", 1, 1 << 30, [0, 0, 0, 1 << 20])
    for bad in ({"policy": "none"}, {"depth": 9}, {"budget": 1}, {"budget": -1}, {"quotas": [{"hop": 0, "bytes": 1}]}, {"quotas": [{}]}):
        mine.refused(422, "PUT", "/policy", bad)
    assert mine("PUT", "/policy", {"policy": "everything", "budget": was["budget"], "quotas": [{"hop": 4, "bytes": 0}]})["quotas"][3] == 0

    made = mine("POST", "/identities", {"name": "work"})
    words = alice.data / "recovery-words-work.txt"
    assert made["words_file"] == str(words) and words.exists()
    mine.refused(422, "POST", "/identities", {"name": "work"})
    mine.refused(422, "POST", "/identities", {"name": "../up"})
    assert mine("PATCH", f"/identities/{made['id']}", {"name": "job"})["name"] == "job"
    words = alice.data / "recovery-words-job.txt"
    assert words.exists(), "the words go with the name"
    people = {p["name"]: p for p in mine("GET", "/identities")}
    assert set(people) == {"alice", "job"} and people["alice"]["current"] and people["job"]["state"] == "writable"

    # A new device, and the old one is revoked: what it wrote stays.
    old = people["job"]["device"]
    given = mine("POST", f"/identities/{made['id']}/token")
    other = Own(alice, a, mine.asked)
    other.token = given["access_token"]
    assert [p["current"] for p in other("GET", "/identities")] == [False, True]
    mine.refused(422, "POST", f"/identities/{made['id']}/devices", {"words": "abandon " * 24})
    fresh = mine("POST", f"/identities/{made['id']}/devices", {"words": words.read_text(), "alone": True})
    assert fresh["device"] != old
    mine.refused(422, "POST", f"/identities/{made['id']}/revocations", {"words": words.read_text(), "device": fresh["device"], "alone": True})
    revoked = mine("POST", f"/identities/{made['id']}/revocations", {"words": words.read_text(), "device": old, "alone": True})
    devices = {d["log"]: d for d in mine("GET", f"/accounts/{made['id']}")["devices"]}
    assert devices[old]["revoked_from"] == revoked["from"] > 0 and devices[fresh["device"]]["here"]

    # Apps: what is ended is out at once, and its stream, too.
    phone = sign_in(alice)
    shown = mine("GET", "/apps")
    assert [x["name"] for x in shown if x["current"]] == ["Starling"] and all(x["page"] == x["current"] for x in shown)
    tests = [x for x in shown if x["name"] == "starling tests"]
    assert len(tests) == 2 and all(x["accounts"] == ["alice"] for x in tests)
    with stream(alice, phone.access_token) as heard:
        assert heard.readline().startswith(b":")
        for third in tests:
            mine("DELETE", f"/apps/{third['id']}")
        assert ended(heard), "the stream of an app that was ended"
    with pytest.raises(mastodon.MastodonUnauthorizedError):
        phone.me()
    mine.refused(404, "DELETE", f"/apps/{third['id']}")
    other("POST", "/logout")
    other.refused(401, "POST", "/logout")

    phone = sign_in(alice)
    mine.refused(403, "PUT", "/password", {"current": "wrong", "password": "a new password"})
    mine.refused(422, "PUT", "/password", {"current": apps.password(alice), "password": "short"})
    was = apps.password(alice)
    with stream(alice, phone.access_token) as heard:
        assert heard.readline().startswith(b":")
        mine("PUT", "/password", {"current": was, "password": "a new password"})
        assert ended(heard), "all else has to be let in anew"
    with pytest.raises(mastodon.MastodonUnauthorizedError):
        phone.me()
    assert mine("GET", "/apps"), "who set it stays in"
    assert not (alice.data / "first-password.txt").exists()
    mine("PUT", "/password", {"current": "a new password", "password": was, "keep_sessions": True})


def stream(one, token):
    request = urllib.request.Request(apps.web(one) + "/api/v1/streaming/user", headers={"Authorization": f"Bearer {token}"})
    return urllib.request.urlopen(request, timeout=10)


def ended(heard):
    """Whether a stream ends within some seconds."""
    try:
        while heard.readline():
            pass
    except (http.client.IncompleteRead, ConnectionError):
        pass
    return True


def bring_and_take(mine, alice):
    """An archive goes in, everything comes out; both while other things are asked."""
    tweets = [{"tweet": {"id_str": str(n), "created_at": "Wed Nov 25 18:46:13 +0000 2020", "full_text": f"past {n}"}} for n in range(30)]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("data/tweets.js", "window.YTD.tweets.part0 = " + json.dumps(tweets))
        out.writestr("data/picture.bin", bytes(300_000))

    def over(kind):
        return node.wait_until(lambda: (j := mine("GET", f"/{kind}s")) and j[0]["state"] != "running" and j[0], kind, 30, 0.05)

    mine.kind = "application/octet-stream"
    mine.refused(422, "POST", "/imports?service=myspace", packed.getvalue())
    mine.refused(401, "POST", "/imports?service=twitter", packed.getvalue(), token=False)
    assert mine("POST", "/imports?service=twitter", packed.getvalue())["kind"] == "import"
    done = over("import")
    assert (done["state"], done["done"], done["known"]) == ("done", 30, 0), done
    mine("POST", "/imports?service=twitter", packed.getvalue())
    assert (again := over("import"))["known"] == 30 and again["done"] == 0, again
    mine("POST", "/imports?service=mastodon", packed.getvalue())
    bad = over("import")
    assert bad["state"] == "failed" and bad["error"] and "/proc" not in bad["error"]

    mine.kind = "application/json"
    # Refused by its head alone: nothing of it comes to the disk.
    assert head_alone(alice, mine.token, f"Content-Length: {1 << 45}") == 413
    assert head_alone(alice, mine.token, "Transfer-Encoding: chunked") == 411
    assert head_alone(alice, "nobody", f"Content-Length: {1 << 20}") == 401

    job = mine("POST", "/exports")
    done = over("export")
    assert done["state"] == "done" and done["posts"] >= 30, done
    data = mine("GET", f"/exports/{job['id']}/file", raw=True)
    assert len(data) == done["bytes"]
    with zipfile.ZipFile(io.BytesIO(data)) as found:
        assert found.testzip() is None
        names = found.namelist()
        assert {"index.html", "posts.jsonl", "posts-1.html"} <= set(names)
        assert sum(n.startswith("proofs/") for n in names) == done["done"]
        assert "past 29" in found.read("posts-1.html").decode()
        proof = found.read(next(n for n in names if n.startswith("proofs/"))).decode()
    assert mine("POST", "/verify", {"proof": proof})["ok"]
    mine.refused(404, "GET", "/exports/5/file")


def head_alone(one, token, field):
    """The status of an answer to an import of which only the head was sent."""
    host = apps.web(one).removeprefix("http://")
    name, port = host.split(":")
    with socket.create_connection((name, int(port)), timeout=20) as wire:
        wire.sendall(
            f"POST /api/starling/v1/imports?service=twitter HTTP/1.1\r\nHost: {host}\r\n"
            f"Authorization: Bearer {token}\r\n{field}\r\n\r\n".encode())
        return int(wire.makefile("rb").readline().split()[1])


def test_a_full_desk(room):
    """Ten thousand mutes are as many as may be: that is said, and nothing is wrong with the disk."""
    alice = serve(room, "alice")
    for name in ("bob", "carol"):
        alice.ask("init", name)
    a = sign_in(alice)
    bob, carol = (eventually(lambda n=n: a.search_v2(n).accounts, n)[0] for n in ("bob", "carol"))
    a.account_mute(bob)
    alice.stop()
    with sqlite3.connect(alice.data / "desk.sqlite") as desk:
        (account,) = desk.execute("SELECT account FROM rows WHERE kind = 7").fetchone()
        desk.executemany("INSERT INTO rows VALUES (?, 7, ?, 0, '')", ((account, n) for n in range(1, 10_000)))
    desk.close()
    alice.start("--no-lan", "--web", "127.0.0.1:0")
    a = sign_in(alice)
    with pytest.raises(mastodon.MastodonAPIError) as full:
        a.account_mute(carol)
    assert full.value.args[1] == 422 and "as many as may be" in full.value.args[3], full.value.args
    a.account_mute(bob, duration=60)  # One that is there already is changed.
    assert [m["mute_expires_at"] is not None for m in a.mutes() if m.id == bob.id] == [True]
    a.account_unmute(bob)
    a.account_mute(carol)


def test_the_description_is_openapi():
    openapi_spec_validator.validate(DESCRIPTION)


def test_without_a_token(town):
    alice, _, a, _ = town
    sent = a.status_post("Here")
    own = Own(alice, a, set())
    for path in ("/status", "/peers", "/mesh", "/setup", "/setup/words", f"/posts/{sent.id}/holders", "/recipes", f"/posts/{sent.id}/explain", "/labels"):
        with pytest.raises(urllib.error.HTTPError) as refused:
            own("GET", path, token=False)
        assert refused.value.code == 401 and json.loads(refused.value.read())["error"], path


def test_the_same_order_in_two_processes(town, tmp_path):
    """What a recipe makes of the same entries does not depend on the process, nor on how its index grew."""
    alice, bob, a, b = town
    him = eventually(lambda: a.search_v2(bob.identity).accounts, "bob")[0]
    a.account_follow(him)
    for n in range(12):
        a.status_post(f"alice {n}")
        if n % 3 == 0:
            sent = b.status_post(f"bob {n}")
            got = eventually(lambda: a.status(sent.id), "the post")
            a.status_favourite(got) if n % 2 else a.status_reply(got, f"answer {n}")
    at = ["--at", int(a.timeline_home()[0].created_at.timestamp() * 1000) + 3_600_000]
    names = ["latest", "catch up", "quiet friends first"]

    def orders(ask):
        return [[(p["address"], p["score"]) for p in ask("timeline", "--recipe", name, *at, "--limit", 100)["posts"]] for name in names]

    running = orders(alice.ask)
    assert len(running[0]) > 12 and len({tuple(o) for o in map(tuple, running)}) == 3, "three orders"
    assert orders(alice.ask) == running
    alice.stop()
    (alice.data / "feed.sqlite").unlink()
    assert orders(alice.ask) == running, "another process, another index"
