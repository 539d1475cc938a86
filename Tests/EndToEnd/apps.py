"""Real clients of the Mastodon API for tests: signed in, and two nodes to use them on."""

import json
import pathlib
import urllib.parse
import urllib.request

import mastodon
import node

REDIRECT = "urn:ietf:wg:oauth:2.0:oob"
SCOPES = ["read", "write", "follow", "push"]


def serve(room, name, *words, **more):
    """A node that serves apps on a free port."""
    made = room.node(name, **more)
    made.start("--no-lan", "--web", "127.0.0.1:0", *words)
    return made


def serve_two(room, first, second):
    """Two nodes that serve apps and are connected."""
    one = serve(room, first)
    other = serve(room, second, "--join", one.invite)
    node.wait_until(lambda: other.peers(), "a connection", pause=0.05)
    return one, other


def web(one):
    return one.greeting["web"]


def password(one):
    """The words that a first start wrote down for its owner."""
    return pathlib.Path(one.greeting["password"]).read_text().split("\n")[0]


def sign_in(one, name=None, scopes=SCOPES):
    """Mastodon.py, signed in as a person who has an account on the node."""
    key, secret = mastodon.Mastodon.create_app(
        "starling tests", api_base_url=web(one), redirect_uris=REDIRECT, scopes=scopes
    )
    client = mastodon.Mastodon(client_id=key, client_secret=secret, api_base_url=web(one), ratelimit_method="throw")
    client.log_in(username=name or one.name, password=password(one), scopes=scopes, allow_http=True)
    return client


def let_in(one, link=None):
    """The token that the node's own page gets for the code of a link."""
    code = (link or one.ask("web")["link"]).split("#code=")[1]
    fields = {"grant_type": "authorization_code", "client_id": "web", "code": code}
    request = urllib.request.Request(web(one) + "/oauth/token", urllib.parse.urlencode(fields).encode())
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)["access_token"]


def own_api(one):
    """Asks the node's own extensions as its page does."""
    token = let_in(one)

    def ask(method, path, body=None):
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{web(one)}/api/starling/v1{path}", data, headers, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    return ask


def eventually(ask, what, seconds=node.PATIENCE):
    """What a client gives, once it gives something; errors while a post is on its way count as nothing."""

    def look():
        try:
            return ask()
        except mastodon.MastodonNotFoundError:
            return None

    return node.wait_until(look, what, seconds, 0.05)
