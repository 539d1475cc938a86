"""Every documented method of Mastodon.py, asked once of a real node: it works, or there is validly nothing, or it is
refused with a proper error."""

import datetime
import inspect

import mastodon
import pytest
from apps import eventually, serve, sign_in
from test_apps import picture

# What is no request to a server, or has its place in other tests.
ELSEWHERE = {
    "create_app", "log_in", "auth_request_url", "create_account", "clear_caches", "decode_blurhash", "fetch_next",
    "fetch_previous", "fetch_remaining", "filters_apply", "generate_media_edit_attributes", "get_approx_server_time",
    "get_async_refresh_info", "get_async_refresh_status", "await_async_refresh", "get_pagination_info",
    "get_status_length", "get_supported_version", "make_poll", "pagination_iterator", "pagination_page_iterator",
    "persistable_login_credentials", "push_subscription_decrypt_push", "push_subscription_generate_keys",
    "retrieve_mastodon_version", "set_language", "verify_minimum_version", "timeline_is_available",
    "stream_open_websocket", "revoke_access_token",
    # Mastodon.py asks for it over https only.
    "oauth_userinfo",
}
# Whom a square that no one owns has none of: moderators, servers to block, a push service, requests to follow.
REFUSED_PREFIXES = ("admin_", "push_subscription", "annual_report", "collection")
REFUSED = {
    "account_endorse", "account_unendorse", "account_pin", "account_unpin", "account_remove_from_followers",
    "account_collections", "account_in_collections",
    "announcement_dismiss", "announcement_reaction_create", "announcement_reaction_delete", "conversations_read",
    "domain_block", "domain_unblock", "email_resend_confirmation", "featured_tag_create", "featured_tag_delete",
    "follow_request_authorize", "follow_request_reject", "follows", "report", "scheduled_status",
    "scheduled_status_delete", "scheduled_status_update", "status_translate", "suggestion_delete", "tag_feature",
    "tag_unfeature", "tag_follow", "tag_unfollow", "notification_request", "accept_notification_request",
    "dismiss_notification_request", "accept_multiple_notification_requests", "dismiss_multiple_notification_requests",
    "status_quote_revoke", "status_update_quote_approval_policy", "instance_terms_of_service", "poll_vote",
    "profile_update", "profile",
}
# Asked last: they take away what the others look at.
LAST = ["notifications_dismiss", "dismiss_grouped_notification", "notifications_clear", "delete_filter_keyword_v2",
        "delete_filter_status_v2", "delete_filter_v2", "filter_delete", "list_accounts_delete", "list_delete",
        "account_delete_avatar", "account_delete_header", "status_delete"]


class Walk:
    """A client, and things of every kind to ask it about."""

    def __init__(self, a, b):
        self.client = a
        self.mine = a.status_post("Mine #tag")
        self.poll = b.status_post("Which?", poll=b.make_poll(["a", "b"], 3600)).poll
        bob = eventually(lambda: a.search_v2("bob").accounts, "bob is known")[0]
        a.account_follow(bob)
        alice = b.search_v2("alice").accounts[0]
        b.account_follow(alice)
        b.status_post(f"Hello @{alice.acct} #tag")
        self.told = eventually(lambda: len(n := a.notifications()) > 1 and n, "notifications")[0]
        self.his = self.told.status or self.mine
        self.bob = bob
        self.list = a.list_create("friends")
        self.filter = a.create_filter_v2("words", ["home"], "warn", keywords_attributes=[{"keyword": "x", "whole_word": True}])
        self.word = a.filter_keywords_v2(self.filter)[0]
        self.hidden = a.add_filter_status_v2(self.filter, self.mine)
        self.old = a.filter_create("phrase", ["home"])
        self.media = a.media_post(picture(8, 8), mime_type="image/png").id

    def arguments(self, name):
        far = datetime.datetime.now(datetime.timezone.utc)
        special = {
            "account_update_credentials": {"display_name": "Alice"},
            "add_filter_keyword_v2": {"filter_id": self.filter, "keyword": "y"},
            "admin_create_email_domain_block": {"domain": "example.org"},
            "create_filter_v2": {"title": "more", "context": ["home"], "filter_action": "warn"},
            "filter_create": {"phrase": "p", "context": ["home"]},
            "filter_update": {"id": self.old, "phrase": "q", "context": ["home"]},
            "follows": {"uri": "bob@example.org"},
            "account_mute": {"id": self.bob, "duration": 1},
            "instance_nodeinfo": {},
            "markers_get": {"timeline": ["home"]},
            "markers_set": {"timelines": ["home"], "last_read_ids": [self.mine.id]},
            "media_post": {"media_file": picture(), "mime_type": "image/png"},
            "media_update": {"id": self.media, "description": "d"},
            "poll": {"id": self.poll}, "poll_vote": {"id": self.poll, "choices": [7]},
            "push_subscription_set": {"endpoint": "https://example.org", "encrypt_params": {"pubkey": b"x", "auth": b"y"}},
            "scheduled_status_update": {"id": 1, "scheduled_at": far},
            "status_pin": {"id": self.mine}, "status_unpin": {"id": self.mine}, "status_source": {"id": self.mine},
            "status_update": {"id": self.mine, "status": "Mine, changed #tag"}, "status_delete": {"id": self.mine},
            "status_reply": {"to_status": self.his, "status": "Yes"},
            "update_filter_v2": {"filter_id": self.filter, "title": "other"},
            "list_create": {"title": "more"}, "list_update": {"id": self.list, "title": "best friends"},
            "list_accounts_add": {"id": self.list, "account_ids": [self.bob]},
            "list_accounts_delete": {"id": self.list, "account_ids": [self.bob]},
            "admin_dimensions": {"start_at": far, "end_at": far, "languages": True},
            "admin_measures": {"start_at": far, "end_at": far, "active_users": True},
            "admin_retention": {"start_at": far, "end_at": far},
            "admin_account_moderate": {"id": self.bob, "action": "none"},
            "admin_create_canonical_email_block": {"email": "a@example.org"},
            "notifications_dismiss": {"id": self.told}, "timeline": {"timeline": "home"},
            "status_quote_revoke": {"id": self.mine, "quoting_status_id": self.his},
        }
        if name in special:
            return special[name]
        general = {
            "id": self.kind_of_id(name), "ids": [self.bob] if name == "accounts" else [self.mine], "acct": self.bob.acct,
            "account_id": self.bob, "q": "Hello", "comment": "c", "filter_id": self.filter, "status_id": self.mine,
            "keyword_id": self.word, "filter_status_id": self.hidden, "group_key": f"one-{self.told.id}", "year": 2026,
            "name": "tag", "hashtag": "tag", "domain": "example.org", "email": "a@example.org", "ip": "192.0.2.1",
            "severity": "noop", "reaction": "👍", "url": "https://example.org", "status": "Another", "action": "none",
            "scheduled_at": far, "quote_approval_policy": "public", "collection_id": 1, "item_id": 1, "text": "t",
            "media_file": None,
        }
        method = getattr(mastodon.Mastodon, name)
        wanted = [p for p in list(inspect.signature(method).parameters.values())[1:] if p.default is p.empty]
        return {p.name: general[p.name] for p in wanted}

    def kind_of_id(self, name):
        if name.startswith("status"):
            return self.his
        if name.startswith("account") or name in ("blocks", "mutes"):
            return self.bob
        if name.startswith(("list", "timeline_list")):
            return self.list
        if name in ("filter", "filter_delete", "filter_update"):
            return self.old
        if name == "timeline_list":
            return self.list
        if name == "media":
            return self.media
        return 1

    def ask(self, name):
        """What became of it: `works`, `empty`, `refused`, `newer`, and words."""
        try:
            answer = getattr(self.client, name)(**self.arguments(name))
        except mastodon.MastodonVersionError as error:
            return "newer", str(error)
        except mastodon.MastodonServerError as error:
            return "BROKEN", repr(error)
        except mastodon.MastodonAPIError as error:
            text = str(error)
            return ("BROKEN" if "nothing at this address" in text or "cannot be done with" in text else "refused"), text
        except mastodon.MastodonError as error:
            return "BROKEN", repr(error)
        return ("works" if answer or answer is None else "empty"), ""


class Quiet(mastodon.StreamListener):
    pass


def streams(walk, name):
    words = {"stream_hashtag": {"tag": "tag"}, "stream_list": {"id": walk.list}}.get(name, {})
    if name == "stream_healthy":
        return "works" if walk.client.stream_healthy() else "BROKEN"
    handle = getattr(walk.client, name)(listener=Quiet(), run_async=True, timeout=20, **words)
    alive = handle.is_alive()
    handle.close()
    return "works" if alive else "BROKEN"


def test_every_method(room):
    alice = serve(room, "alice")
    bob = serve(room, "bob", "--join", alice.invite)
    walk = Walk(sign_in(alice), sign_in(bob))
    names = [n for n, f in inspect.getmembers(mastodon.Mastodon, inspect.isfunction) if not n.startswith("_") and f.__doc__]
    names = [n for n in names if n not in LAST] + [n for n in LAST if n in names]
    table = {}
    for name in names:
        if name in ELSEWHERE:
            table[name] = ("elsewhere", "no request, or in other tests")
        elif name.startswith("stream_"):
            table[name] = (streams(walk, name), "")
        else:
            table[name] = walk.ask(name)
    for name, (kind, words) in table.items():
        print(f"{name:44} {kind:10} {words[:110]}")
    kinds = sorted({k for k, _ in table.values()})
    print({k: sum(k == found for found, _ in table.values()) for k in kinds})
    assert not [n for n, (k, _) in table.items() if k == "BROKEN"]
    refused = {n for n, (k, _) in table.items() if k == "refused" and not n.startswith(REFUSED_PREFIXES)}
    assert refused <= REFUSED, refused - REFUSED
