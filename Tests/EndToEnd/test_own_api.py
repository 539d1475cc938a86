"""What no other network shows: proofs, tallies, recounts, reasons, labels; and the file that describes it."""

import json
import re
import urllib.error
import urllib.request

import apps
import jsonschema
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

    def __call__(self, method, path, body=None, token=True):
        name = re.sub(r"/z6Mk\w+", "/{node}", re.sub(r"/\d+", "/{id}", path.split("?")[0]))
        self.asked.add((method.lower(), name))
        headers = {"Content-Type": self.kind} | ({"Authorization": f"Bearer {self.token}"} if token else {})
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            raw = answer.read()
            return json.loads(raw) if "json" in answer.headers["Content-Type"] else raw.decode()


@pytest.fixture
def town(room):
    alice = serve(room, "alice")
    bob = serve(room, "bob", "--join", alice.invite)
    return alice, bob, sign_in(alice), sign_in(bob)


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

    described = {(m, p) for p, item in DESCRIPTION["paths"].items() for m in item if m not in ("parameters", "description")}
    assert asked == described, "every operation of the description was asked, and no other"


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
