"""The way in for the owner's browser, and the first run, as the page asks for it: links, words, steps, neighbours."""

import json
import pathlib
import re
import urllib.error
import urllib.parse
import urllib.request

import apps
import node
import pytest
from apps import eventually, let_in, serve, sign_in


@pytest.fixture
def one(room):
    return serve(room, "one")


def ask(one, method, path, body=None, token=None, **fields):
    """Status and JSON of one request; `fields` are further fields of its head."""
    headers = {k.replace("_", "-"): v for k, v in fields.items()}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    data = None
    if isinstance(body, bytes):
        data = body
    elif body is not None:
        data, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
    request = urllib.request.Request(apps.web(one) + path, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        return refused.code, json.loads(refused.read())


def setup(one, method, path="", body=None, token=None, **fields):
    return ask(one, method, "/api/starling/v1/setup" + path, body, token, **fields)


def grant(one, code, client="web", **fields):
    body = {"grant_type": "authorization_code", "client_id": client, "code": code}
    return ask(one, "POST", "/oauth/token", body, **fields)


# The link


def test_a_link_lets_in_once(one):
    link = one.greeting["link"]
    assert re.fullmatch(re.escape(apps.web(one)) + r"/#code=[A-Za-z0-9_-]{43}", link)
    code = link.split("=")[1]
    status, given = grant(one, code)
    assert status == 200 and given["token_type"] == "Bearer" and "write" in given["scope"].split()
    assert ask(one, "GET", "/api/v1/accounts/verify_credentials", token=given["access_token"])[1]["uri"] == one.identity
    status, refused = grant(one, code)
    assert status == 400 and refused["error"] == "invalid_grant" and "starling web" in refused["error_description"]
    assert setup(one, "GET", token=given["access_token"])[0] == 200, "the token that it gave stays good"


def test_links_that_let_nobody_in(one):
    code = one.ask("web")["link"].split("=")[1]
    for wrong in (code[:-1] + ("A" if code[-1] != "A" else "B"), code + "A", "A" * 43, "é" * 20, "x" * 5000):
        status, refused = grant(one, wrong)
        assert status == 400 and refused["error"] == "invalid_grant", wrong[:50]
    assert grant(one, "")[1]["error"] == "invalid_request"
    assert grant(one, code, Origin="https://elsewhere.example")[0] == 401, "a page of another origin"
    assert grant(one, code, Sec_Fetch_Site="cross-site")[0] == 401
    key, secret = apps.mastodon.Mastodon.create_app("other", api_base_url=apps.web(one), redirect_uris=apps.REDIRECT)
    body = {"grant_type": "authorization_code", "client_id": key, "client_secret": secret, "code": code}
    assert ask(one, "POST", "/oauth/token", body)[1]["error"] == "invalid_grant", "the code is for the page alone"
    assert ask(one, "POST", "/oauth/token", {"grant_type": "client_credentials", "client_id": "web"})[0] == 400
    asked = f"/oauth/authorize?response_type=code&client_id=web&redirect_uri={urllib.parse.quote(apps.web(one))}"
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(apps.web(one) + asked)
    assert refused.value.code == 400, "nobody is sent to the page by OAuth"
    assert grant(one, code)[0] == 200, "nothing of that has used it up"


def test_the_newest_links_count(one):
    links = [one.ask("web")["link"] for _ in range(20)]
    assert len(set(links)) == 20
    assert grant(one, links[0].split("=")[1])[0] == 400, "16 wait at most"
    assert grant(one, links[-1].split("=")[1])[0] == 200


def test_the_page_takes_the_password_too(one):
    def trade(password):
        body = {"grant_type": "password", "client_id": "web", "password": password, "scope": "read write"}
        return ask(one, "POST", "/oauth/token", body)

    assert trade("not it at all")[1]["error"] == "invalid_grant"
    status, given = trade(apps.password(one))
    assert status == 200 and setup(one, "GET", token=given["access_token"])[0] == 200
    body = {"client_id": "web", "token": given["access_token"]}
    assert ask(one, "POST", "/oauth/revoke", body)[0] == 200
    assert setup(one, "GET", token=given["access_token"])[0] == 401, "logged out"


def test_the_command_says_why_there_is_no_link(room):
    quiet = room.node("quiet")
    quiet.run("web").fails(says="starling run")
    quiet.start()
    quiet.run("web").fails(says="--no-web")
    assert "link" not in quiet.greeting


# The words


def words_of(one):
    text = pathlib.Path(one.greeting["words"]).read_text()
    return dict((int(n), w) for n, w in re.findall(r"(\d+)\. ([a-z]+)", text))


def test_the_words_are_confirmed_and_go(one):
    token = let_in(one)
    status, told = setup(one, "GET", "/words", token=token)
    known = words_of(one)
    assert status == 200 and told["words"] == [known[n] for n in range(1, 25)]
    asked = told["ask"]
    assert len(set(asked)) == 3 and asked == sorted(asked) and set(asked) <= set(range(1, 25))
    assert setup(one, "GET", "/words", token=token)[1]["ask"] == asked, "a page that is loaded again asks the same"
    right = [known[n] for n in asked]
    for wrong, at in (([right[0], "zebra", right[2]], [asked[1]]), ([right[1], right[0], right[2]], asked[:2])):
        status, refused = setup(one, "POST", "/words", {"words": wrong}, token)
        assert status == 422 and refused["error"] and refused["wrong"] == at
    for broken in ({}, {"words": []}, {"words": right[:2]}, {"words": right + ["a"]}, {"words": "a"}):
        assert setup(one, "POST", "/words", broken, token)[0] == 422, broken
    assert pathlib.Path(one.greeting["words"]).exists()
    status, done = setup(one, "POST", "/words", {"words": [right[0].upper(), f"  {right[1]} ", right[2]]}, token)
    assert (status, done) == (200, {"removed": True})
    assert not pathlib.Path(one.greeting["words"]).exists()
    assert setup(one, "GET", "/words", token=token)[0] == 404
    assert setup(one, "POST", "/words", {"words": right}, token)[0] == 404
    assert {s["name"]: s["state"] for s in setup(one, "GET", token=token)[1]["steps"]}["words"] == "done"


def test_nobody_guesses_words_for_ever(one):
    token = let_in(one)
    setup(one, "GET", "/words", token=token)
    tries = [setup(one, "POST", "/words", {"words": ["a", "b", "c"]}, token)[0] for _ in range(12)]
    assert tries == [422] * 10 + [429] * 2
    assert pathlib.Path(one.greeting["words"]).exists()


def test_who_may_not_see_the_words(one):
    token = let_in(one)
    app = sign_in(one).access_token
    for path, method in (("", "GET"), ("/words", "GET"), ("/words", "POST"), ("", "PATCH")):
        body = {} if method in ("POST", "PATCH") else None
        assert setup(one, method, path, body)[0] == 401, "without a token"
        assert setup(one, method, path, body, app)[0] == 403, "an app, whatever its scopes are"
        assert setup(one, method, path, body, token, Origin="https://elsewhere.example")[0] == 403
        assert setup(one, method, path, body, token, Sec_Fetch_Site="same-site")[0] == 403
    assert setup(one, "GET", "/words", token=token, X_Forwarded_For="203.0.113.9")[0] == 403, "through a proxy"
    assert "words_file" in setup(one, "GET", token=token)[1]
    assert setup(one, "GET", token=token, Forwarded="for=203.0.113.9")[1]["words_file"] is None
    request = urllib.request.Request(
        apps.web(one) + "/api/starling/v1/setup/words", headers={"Authorization": f"Bearer {token}"}
    )
    with urllib.request.urlopen(request) as answer:
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Access-Control-Allow-Origin"] is None


def test_a_file_that_was_changed(one):
    token = let_in(one)
    path = pathlib.Path(one.greeting["words"])
    path.write_text("my cat walked over this\n")
    status, refused = setup(one, "GET", "/words", token=token)
    assert status == 409 and str(path) in refused["error"]
    path.unlink()
    path.mkdir()
    assert setup(one, "GET", "/words", token=token)[0] == 503


# The steps


def states(one, token):
    told = setup(one, "GET", token=token)[1]
    return told["left"], {s["name"]: s["state"] for s in told["steps"]}


def test_the_steps(room, one):
    token = let_in(one)
    left, steps = states(one, token)
    assert not left and list(steps) == ["name", "words", "neighbours", "follows", "post"]
    assert set(steps.values()) == {"open"}
    assert setup(one, "PATCH", "", {"step": "follows", "state": "skipped"}, token)[0] == 200
    assert setup(one, "PATCH", "", {"step": "name", "state": "done", "left": True}, token)[0] == 200
    one.stop()
    one.start("--no-lan", "--web", "127.0.0.1:0")
    left, steps = states(one, token)
    assert left and steps["follows"] == "skipped" and steps["name"] == "done", "a restart forgets nothing"
    setup(one, "PATCH", "", {"left": False, "step": "follows", "state": "open"}, token)
    assert states(one, token)[0] is False and states(one, token)[1]["follows"] == "open"
    for wrong in ({"step": "nonsense", "state": "done"}, {"step": "name", "state": "maybe"}, {"step": "words", "state": "done"},
                  {"left": "perhaps"}, {"step": "name"}):
        assert setup(one, "PATCH", "", wrong, token)[0] == 422, wrong
    one.post("First")
    two = serve(room, "two", "--join", one.invite)
    one.wait_for_peers()
    assert states(one, token)[1]["post"] == "done" and states(one, token)[1]["neighbours"] == "done"
    assert states(two, let_in(two))[1]["neighbours"] == "done"


# Neighbours, and whom to follow


def test_invite_join_forget(room, one):
    two = serve(room, "two")
    a, b = let_in(one), let_in(two)
    status, invite = ask(one, "POST", "/api/starling/v1/invite", {}, a)
    assert status == 200 and invite["invite"].startswith("starling://") and "secret=" in invite["invite"]
    assert len(invite["qr"]) == len(invite["qr"][0]) >= 21 and set("".join(invite["qr"])) == {"0", "1"}
    assert all(row[:7] == "1111111" for row in (invite["qr"][0], invite["qr"][6])), "the corner of a code"
    middle = len(invite["invite"]) // 2
    pasted = invite["invite"][:middle] + "\n  " + invite["invite"][middle:] + "\n"
    status, joined = ask(two, "POST", "/api/starling/v1/mesh/neighbours", {"invite": pasted}, b)
    assert status == 200 and joined["mutual"] and joined["follows"] == one.identity, "line ends are a mail program's"

    def mesh(which, token):
        return ask(which, "GET", "/api/starling/v1/mesh", token=token)[1]

    def met():
        seen = mesh(two, b)["neighbours"]
        return seen[0] if seen and seen[0]["writers"] else None

    peer = eventually(met, "the neighbour and who it writes for")
    assert peer["writers"][0]["uri"] == one.identity and peer["kept"] and peer["place"] == "machine"
    assert peer["bytesIn"] > 0 and peer["bytesOut"] > 0
    eventually(lambda: mesh(one, a)["authors"], "the follow back")
    assert eventually(lambda: [x for x in mesh(two, b)["authors"] if x["current"]], "the author")[0]["account"]["uri"] == one.identity
    before = mesh(one, a)["totals"]["postsOut"]
    one.post("Flows")
    eventually(lambda: mesh(two, b)["neighbours"][0]["postsIn"] > peer["postsIn"], "a post that flows")
    assert mesh(one, a)["totals"]["postsOut"] > before
    newest = mesh(one, a)["newest"]
    assert newest["text"] == "Flows"
    held = eventually(
        lambda: (h := ask(one, "GET", f"/api/starling/v1/posts/{newest['id']}/holders", token=a)[1])["holders"] and h, "a holder")
    assert held["peers"] == 1 and held["holders"][0]["writers"][0]["uri"] == two.identity

    node_of_one = peer["node"]
    status, gone = ask(two, "DELETE", f"/api/starling/v1/mesh/neighbours/{node_of_one}", token=b)
    assert status == 200 and gone["node"] == node_of_one
    eventually(lambda: not mesh(two, b)["neighbours"], "the end of the connection")
    assert not mesh(two, b)["away"]
    assert ask(two, "DELETE", f"/api/starling/v1/mesh/neighbours/{node_of_one}", token=b)[0] == 404
    two.stop()
    two.start("--no-lan", "--web", "127.0.0.1:0")
    assert not mesh(two, b)["away"] and not mesh(two, b)["neighbours"], "a restart does not remember it"
    assert mesh(two, b)["authors"], "whom one follows stays"


def test_wrong_neighbours(one):
    token = let_in(one)

    def join(body):
        return ask(one, "POST", "/api/starling/v1/mesh/neighbours", body, token)

    key = one.invite.split("//")[1].split("@")[0]
    for wrong in ({}, {"invite": "hello"}, {"invite": one.invite}, {"invite": "starling://z6Mk@x:1"},
                  {"invite": one.invite, "node": key}, {"node": "z6Mkbad"}, {"invite": one.invite + "?secret=zz"}):
        status, refused = join(wrong)
        assert status == 422 and refused["error"], wrong
    assert join({"node": "z6MkjAeP7nmhvJgBpv3U3qFpUWScJo4n5XPMTmDVU8uFcY2N"})[0] == 404, "nobody heard of it here"
    assert ask(one, "DELETE", "/api/starling/v1/mesh/neighbours/nonsense", token=token)[0] == 422
    for path in ("/api/starling/v1/invite", "/api/starling/v1/mesh/neighbours"):
        assert ask(one, "POST", path, {})[0] == 401
        assert ask(one, "POST", path, {}, sign_in(one, scopes=["read"]).access_token)[0] == 403
    assert ask(one, "GET", "/api/starling/v1/mesh")[0] == 401


def test_suggestions(room, one):
    """Neighbours first, then friends of friends, then whoever writes; never oneself, nor whom one follows or put away."""
    two = serve(room, "two", "--join", one.invite)
    three = serve(room, "three", "--join", two.invite)
    client = sign_in(one)
    three.post("From three")
    two.post("From two")

    def told():
        answer = ask(one, "GET", "/api/v2/suggestions", token=client.access_token)[1]
        return answer if {x["account"]["uri"] for x in answer} >= {two.identity, three.identity} else None

    found = eventually(told, "both as suggestions")
    assert found[0]["account"]["uri"] == two.identity and found[0]["starling"]["reason"] == "neighbour"
    assert one.identity not in {x["account"]["uri"] for x in found}
    assert [x["uri"] for x in ask(one, "GET", "/api/v1/suggestions", token=client.access_token)[1]] == [
        x["account"]["uri"] for x in found
    ], "the older form"
    sign_in(two).account_follow(eventually(lambda: sign_in(two).search_v2(three.identity).accounts, "three")[0])
    client.account_follow(found[0]["account"]["id"])
    after = eventually(
        lambda: [x for x in ask(one, "GET", "/api/v2/suggestions", token=client.access_token)[1] if x["starling"]["friends"] == 1],
        "a friend's friend",
    )
    assert [x["account"]["uri"] for x in after] == [three.identity], "whom one follows is suggested no more"
    assert ask(one, "DELETE", f"/api/v1/suggestions/{after[0]['account']['id']}", token=client.access_token)[0] == 200
    assert ask(one, "GET", "/api/v2/suggestions", token=client.access_token)[1] == []


# Codes


def picture(rows, scale=4, margin=4):
    """A QR code's modules as grey values, and the side in pixels."""
    wide = [[255] * margin + [0 if x == "1" else 255 for x in row] + [255] * margin for row in rows]
    side = len(wide[0])
    wide = [[255] * side] * margin + wide + [[255] * side] * margin
    return bytes(p for row in wide for _ in range(scale) for p in row for _ in range(scale)), side * scale


def form(width, height, grey):
    lines = [b"--x\r\nContent-Disposition: form-data; name=\"%s\"\r\n\r\n%d\r\n" % (k, v) for k, v in ((b"width", width), (b"height", height))]
    lines.append(b'--x\r\nContent-Disposition: form-data; name="picture"; filename="a"\r\n\r\n' + grey + b"\r\n--x--\r\n")
    return b"".join(lines)


@pytest.mark.skipif(not pathlib.Path("/usr/bin/ZXingReader").exists(), reason="zxing-cpp-tools is not installed")
def test_codes_are_read_again(one, chance):
    token = let_in(one)

    def read(width, height, grey):
        return ask(one, "POST", "/api/starling/v1/qr/read", form(width, height, grey), token,
                   Content_Type="multipart/form-data; boundary=x")

    invite = ask(one, "POST", "/api/starling/v1/invite", {}, token)[1]
    grey, side = picture(invite["qr"])
    assert read(side, side, grey) == (200, {"text": invite["invite"]})
    turned = bytes(grey[x * side + (side - 1 - y)] for y in range(side) for x in range(side))
    assert read(side, side, turned) == (200, {"text": invite["invite"]}), "held sideways"
    assert read(300, 300, chance.randbytes(90_000)) == (200, {"text": None}), "no code in noise"
    for width, height, grey in ((10, 10, b"x" * 100), (300, 299, bytes(90_000)), (-1, -90_000, bytes(90_000)),
                                (2**62, 4, bytes(90_000)), (900, 600, bytes(540_000))):
        assert read(width, height, grey)[0] in (413, 422), (width, height)
    assert not list(one.data.rglob("*.pgm")), "no picture stays"
    text = ask(one, "POST", "/api/starling/v1/qr", {"text": "bitcoin:äöü"}, token)[1]["rows"]
    assert read(picture(text)[1], picture(text)[1], picture(text)[0])[1]["text"] == "bitcoin:äöü"
    assert ask(one, "POST", "/api/starling/v1/qr", {"text": "x" * 1025}, token)[0] == 422
    assert ask(one, "POST", "/api/starling/v1/qr", {"text": ""}, token)[0] == 422
