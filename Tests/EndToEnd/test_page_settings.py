"""Settings and what stands behind a name, in a real browser."""

import json
import re
import zipfile

import apps
import mastodon
import node
import pytest
from playwright.sync_api import expect

SECTIONS = ["profile", "look", "orders", "orders/new", "hidden", "people", "access", "storage", "moving"]


@pytest.fixture
def pair(room):
    """Ada, who follows Ben on another node."""
    ada, ben = apps.serve_two(room, "ada", "ben")
    ada.post("Ada looks at the sea")
    ben.post("Ben mends his boat")
    ada.wait_for_entries(6)
    ada.ask("follow", ben.identity)
    return ada, ben


def open_published(window, who, words):
    """What somebody on another node publishes, as soon as their page has it, opened."""

    def offered():
        window.go(f"/@{who.name}@{who.identity.split(':')[2][:14]}")
        window.page.locator(".fold").first.wait_for()
        return window.page.get_by_text(words).count()

    node.wait_until(offered, words, pause=0.3)
    window.page.get_by_text(words).click()


def toasted(window, text):
    expect(window.page.locator("#toasts")).to_contain_text(text)


def order(window):
    """The first words of each post of Home."""
    expect(window.page.locator("#main .post").first).to_be_visible()
    return [one.split()[0] for one in window.page.locator("#main .post .post-text").all_inner_texts()]


def test_an_order_of_ones_own_changes_home(pair, windows):
    ada = windows(pair[0]).sign_in()
    ada.see("Ben mends")
    ada.go("/p/settings/orders")
    ada.page.get_by_role("link", name="Make an order").click()
    steps = "Steps between you and its author"
    first = ada.page.locator(".preview li").first
    expect(first).to_contain_text("Ben")
    ada.page.get_by_label(steps, exact=True).fill("-10")
    expect(first).to_contain_text("Ada")
    first.locator("summary").click()
    expect(first.locator("tbody")).to_contain_text("× -10")
    ada.page.get_by_role("button", name=f"More for: {steps}").click()
    expect(ada.page.get_by_label(steps, exact=True)).to_have_value("-5")
    ada.page.get_by_label("Name", exact=True).fill("me first")
    ada.page.get_by_role("button", name="Publish and use it").click()
    toasted(ada, "is published")
    ada.go("/")
    expect(ada.page.get_by_role("radio", name="me first")).to_have_attribute("aria-checked", "true")
    assert order(ada)[0] == "Ada"

    # Edited, it is the same order for whoever had chosen it.
    ada.go("/p/settings/orders")
    ada.page.get_by_role("link", name="Edit", exact=True).click()
    ada.page.get_by_label(steps, exact=True).fill("10")
    ada.page.get_by_role("button", name="Save", exact=True).click()
    toasted(ada, "is saved")
    ada.go("/")
    expect(ada.page.get_by_role("radio", name="me first")).to_have_attribute("aria-checked", "true")
    assert order(ada)[0] == "Ben"

    # Taken back, Home is as it was.
    ada.go("/p/settings/orders")
    ada.page.get_by_role("button", name="Take back").click()
    ada.page.locator(".dialog").get_by_role("button", name="Take back").click()
    expect(ada.page.locator("#main")).not_to_contain_text("me first")
    ada.go("/")
    expect(ada.page.get_by_role("radio", name="Latest")).to_have_attribute("aria-checked", "true")


def test_an_order_of_somebody_else(pair, windows):
    ada, ben = (windows(one).sign_in() for one in pair)
    ben.go("/p/settings/orders/new")
    ben.page.get_by_label("Name", exact=True).fill("Ben's way")
    ben.page.get_by_label("Was passed on", exact=True).fill("7")
    ben.page.get_by_role("button", name="Publish").click()
    toasted(ben, "is published")
    open_published(ada, pair[1], "Publishes 1 order of Home")
    ada.page.get_by_role("button", name="Use it").click()
    toasted(ada, "stands at the top of Home")
    ada.go("/")
    expect(ada.page.get_by_role("radio", name="Ben's way")).to_be_visible()
    ada.go("/p/settings/orders")
    ada.page.get_by_role("button", name="Do not use it").click()
    expect(ada.page.locator("#main")).not_to_contain_text("Ben's way")


def test_what_is_hidden_says_why_and_can_be_ended(pair, windows):
    ada = windows(pair[0]).sign_in()
    ada.see("Ben mends")
    theirs = f"/@ben@{pair[1].identity.split(':')[2][:14]}"
    ada.go(theirs)
    ada.page.locator(".profile-top").get_by_role("button", name="More").click()
    ada.page.get_by_role("menuitem", name="Mute ben").click()
    ada.go("/")
    expect(ada.page.locator(".hidden-line").first).to_contain_text("You muted ben")
    ada.go("/p/settings/hidden")
    ada.page.get_by_role("button", name="Unmute ben").click()
    expect(ada.page.get_by_text("Nobody.").first).to_be_visible()

    ada.page.get_by_role("button", name="Add a filter").click()
    box = ada.page.locator(".dialog")
    box.get_by_label("Name of the filter").fill("boats")
    box.get_by_label("Words", exact=True).fill("boat\nship")
    box.get_by_role("button", name="Save").click()
    expect(ada.page.locator("#main")).to_contain_text("“boat”, “ship”")
    ada.go("/")
    expect(ada.page.locator(".hidden-line").first).to_contain_text("boats")
    ada.go("/p/settings/hidden")
    ada.page.get_by_role("button", name="Change", exact=True).click()
    box.get_by_label("Words", exact=True).fill("ship")
    box.get_by_role("button", name="Save").click()
    expect(ada.page.locator("#main")).not_to_contain_text("“boat”")
    ada.go("/")
    assert "Ben" in order(ada)
    ada.go("/p/settings/hidden")
    ada.page.get_by_role("button", name="Remove the filter boats").click()
    expect(ada.page.locator("#main")).to_contain_text("No filters yet.")


def test_labels_are_chosen_on_their_publishers_page(pair, windows):
    ada = windows(pair[0]).sign_in()
    ben = apps.sign_in(pair[1])
    entry = {"account_id": str(ben.me().id), "label": "sailor", "reason": "has a boat"}
    ben._Mastodon__api_request(
        "PUT", "/api/starling/v1/labels", {"name": "boats", "entries": [entry]}, use_json=True)
    open_published(ada, pair[1], "Publishes 1 list of labels")
    ada.page.get_by_text("1 entry").click()
    expect(ada.page.locator(".entries")).to_contain_text("sailor")
    ada.page.get_by_role("button", name="Use it").click()
    toasted(ada, "is used from now on")
    ada.go("/")
    expect(ada.page.locator(".hidden-line").first).to_contain_text("sailor")
    ada.go("/p/settings/hidden")
    ada.page.get_by_role("button", name="Do not use it").click()
    ada.go("/")
    expect(ada.page.locator("#main .post").first).to_be_visible()
    assert ada.page.locator(".hidden-line").count() == 0


def test_apps_and_the_password(pair, windows):
    one = pair[0]
    ada = windows(one).sign_in()
    phone = apps.sign_in(one)
    assert phone.me().username == "ada"
    ada.go("/p/settings/access")
    row = ada.page.locator(".line").filter(has_text="starling tests")
    expect(row).to_contain_text("May read, write in your name")
    row.get_by_role("button").click()
    ada.page.locator(".dialog").get_by_role("button", name="End it").click()
    toasted(ada, "ended")
    expect(row).to_have_count(0)
    with pytest.raises(mastodon.MastodonUnauthorizedError):
        phone.me()

    other = windows(one).sign_in()
    ada.go("/p/settings/access")
    expect(ada.page.locator("#main")).to_contain_text(re.compile(r"Signed in \d+ times"))
    ada.page.get_by_role("button", name="Sign out the others").click()
    ada.page.locator(".dialog").get_by_role("button", name="End it").click()
    expect(ada.page.locator("#main")).to_contain_text("Signed in 1 time")
    out(other)

    other = windows(one).sign_in()
    was = apps.password(one)
    ada.go("/p/settings/access")

    def change(current, new, again=None):
        ada.page.get_by_label("Password now").fill(current)
        ada.page.get_by_label("New password", exact=True).fill(new)
        ada.page.get_by_label("New password once more").fill(again or new)
        ada.page.get_by_role("button", name="Set password").click()

    change("wrong words", "quite another one")
    expect(ada.page.locator(".bad-words").last).to_contain_text("not the password")
    change(was, "quite another one", "not the same one")
    assert ada.page.evaluate("document.querySelector('form:invalid') !== null")
    change(was, "quite another one")
    toasted(ada, "The password is set.")
    expect(ada.page.locator("#main")).to_contain_text("Signed in 1 time")
    # The other browser is out, and says so; this one stays.
    out(other)
    ada.go("/")
    expect(ada.page.locator("#main .post").first).to_be_visible()
    ada.go("/p/settings/access")
    ada.page.get_by_role("button", name="Sign out", exact=True).last.click()
    expect(ada.page.locator("#login-password")).to_be_visible()
    ada.page.locator("#login-password").fill("quite another one")
    ada.page.get_by_role("button", name="Come in").click()
    expect(ada.page.locator("#main .post").first).to_be_visible()


def out(window):
    """The token is good no more: the page asks for the password."""
    window.page.goto(window.origin + "/p/settings/access")
    expect(window.page.locator("#login-password")).to_be_visible()


def test_language_and_colours_are_kept(pair, windows):
    ada = windows(pair[0]).sign_in("/")
    ada.go("/p/settings/look")
    ada.page.get_by_label("Dark").check()
    assert ada.page.evaluate("document.documentElement.dataset.theme") == "dark"
    ada.page.get_by_label("Français").click()
    expect(ada.page.locator("h1")).to_have_text("Apparence et langue")
    ada.go("/p/settings")
    expect(ada.page.locator("h1")).to_have_text("Réglages")
    seen = ada.page.evaluate("[document.documentElement.lang, document.documentElement.dataset.theme]")
    assert seen == ["fr", "dark"]
    ada.go("/p/settings/look")
    ada.page.get_by_label("Comme mon système").click()
    ada.page.get_by_label("Comme mon navigateur").click()
    expect(ada.page.locator("h1")).to_have_text("Look and language")


def test_a_profile_and_who_stands_behind_a_name(pair, windows):
    ada, ben = (windows(one).sign_in() for one in pair)
    ben.go("/p/settings/profile")
    # The first letter is Cyrillic.
    ben.page.get_by_label("Name", exact=True).fill("Аda")
    ben.page.get_by_label("About you").fill("I have a boat.")
    ben.page.get_by_role("button", name="Add an address").click()
    ben.page.get_by_label("Payment address").fill("javascript:alert(1)")
    ben.page.get_by_role("button", name="Add an address").click()
    ben.page.get_by_label("Payment address").last.fill("bitcoin:bc1qtest")
    ben.page.get_by_role("button", name="Save profile").click()
    toasted(ben, "is saved")
    theirs = f"/@ada@{pair[1].identity.split(':')[2][:14]}"

    def changed():
        ada.go(f"/@x@{pair[1].identity.split(':')[2][:14]}")
        ada.page.locator(".fold").first.wait_for()
        return ada.page.get_by_role("button", name="Tip (bitcoin)").count()

    node.wait_until(changed, "Ben's profile", pause=0.3)
    warning = ada.page.locator(".note.is-loud")
    expect(warning).to_contain_text("This is not you. Your key begins with")
    expect(warning).to_contain_text(pair[1].identity.split(":")[2][4:10])
    assert ada.page.locator("a[href^='javascript:']").count() == 0

    ada.page.get_by_role("button", name="Tip (bitcoin)").click()
    box = ada.page.locator(".dialog")
    expect(box.locator("svg.qr")).to_be_visible()
    expect(box).to_contain_text("bitcoin:bc1qtest")
    expect(box.get_by_role("link", name="Open in a wallet")).to_have_attribute("href", "bitcoin:bc1qtest")
    ada.page.keyboard.press("Escape")
    ada.page.get_by_role("button", name="Tip (javascript)").click()
    expect(box.locator("svg.qr")).to_be_visible()
    expect(box.get_by_role("link")).to_have_count(0)
    ada.page.keyboard.press("Escape")

    ada.page.get_by_text("Key, devices, history").click()
    digits = ada.page.locator(".digits").inner_text()
    assert re.fullmatch(r"\d{30}", re.sub(r"\s", "", digits))
    expect(ada.page.locator(".changes")).to_contain_text("From ben to Аda")
    expect(ada.page.locator(".changes")).to_contain_text("Payment address added: bitcoin:bc1qtest")
    # The same digits on the other's own screen.
    ben.go(theirs.replace(theirs.split("@")[1], "x"))
    ben.page.get_by_text("Key, devices, history").click()
    assert ben.page.locator(".digits").inner_text() == digits
    expect(ben.page.locator("#main")).to_contain_text("this node")
    assert ben.page.locator(".note.is-loud").count() == 0, "nobody is warned of themselves"

    # What is saved again loses nothing.
    ben.go("/p/settings/profile")
    ben.page.get_by_role("button", name="Save profile").click()
    toasted(ben, "is saved")
    assert ben.page.get_by_label("Payment address").count() == 2
    ben.go("/p/settings/profile")
    expect(ben.page.get_by_label("Payment address").last).to_have_value("bitcoin:bc1qtest")


def test_people_and_their_devices(pair, windows):
    one = pair[0]
    ada = windows(one).sign_in()
    ada.go("/p/settings/people")
    ada.page.get_by_label("Name", exact=True).fill("work")
    ada.page.get_by_role("button", name="Make it").click()
    ada.page.wait_for_url("**/p/welcome")
    words = one.data / "recovery-words-work.txt"
    ada.go("/p/settings/people")
    card = ada.page.get_by_role("region", name="work", exact=True)
    expect(card).to_contain_text("You, now")
    card.get_by_role("button", name="Call it otherwise").click()
    box = ada.page.locator(".dialog")
    box.get_by_label("Name").fill("job")
    box.get_by_role("button", name="Save").click()
    card = ada.page.get_by_role("region", name="job", exact=True)
    expect(card).to_contain_text("Called job on this node")
    words = one.data / "recovery-words-job.txt"

    def ask(name):
        box.get_by_label("The 24 recovery words").fill(words.read_text())
        box.get_by_label("Nobody else can hold").check()
        box.get_by_role("button", name=name).click()
        expect(box).to_have_count(0)

    card.get_by_role("button", name="New device key").click()
    ask("New device key")
    expect(card.locator(".line")).to_have_count(2)
    card.get_by_role("button", name="Revoke").click()
    ask("Revoke")
    expect(card).to_contain_text("revoked from entry")
    ada.page.get_by_role("region", name="ada", exact=True).get_by_role("button", name="Go on as").click()
    ada.page.wait_for_url(ada.origin + "/")
    ada.see("Ada looks at the sea")


def test_the_disk(pair, windows):
    one = pair[0]
    ada = windows(one).sign_in()
    ada.go("/p/settings/storage")
    ada.page.get_by_label("Those near me").check()
    ada.page.get_by_label("How far").select_option("1")
    ada.page.get_by_label("Room on the disk").fill("2.5")
    ada.page.get_by_text("Limits for single authors").click()
    ada.page.get_by_label("All others").fill("8")
    ada.page.get_by_role("button", name="Save").click()
    toasted(ada, "Saved")
    ada.page.goto("about:blank")
    one.stop()
    now = one.ask("policy")
    assert (now["policy"], now["depth"], now["budget"], now["quotas"]) == ("follows", 1, 5 << 29, [0, 0, 0, 8 << 20])


def test_bring_and_take(pair, windows, tmp_path):
    one = pair[0]
    ada = windows(one).sign_in()
    ada.go("/p/settings/moving")
    tweets = [{"tweet": {"id_str": str(n), "created_at": "Wed Nov 25 18:46:13 +0000 2020", "full_text": f"past {n}"}} for n in range(3)]
    packed = tmp_path / "twitter.zip"
    with zipfile.ZipFile(packed, "w") as out:
        out.writestr("data/tweets.js", "window.YTD.tweets.part0 = " + json.dumps(tweets))
    for words in ("3 posts were brought along.", "3 were here already"):
        ada.page.get_by_label("Twitter").check()
        ada.page.get_by_label("Archive", exact=True).set_input_files(packed)
        ada.page.get_by_role("button", name="Bring it").click()
        expect(ada.page.locator("#main")).to_contain_text(words)
    ada.page.get_by_label("Mastodon").check()
    ada.page.get_by_label("Archive", exact=True).set_input_files(packed)
    ada.page.get_by_role("button", name="Bring it").click()
    expect(ada.page.locator(".bad-words").first).to_contain_text("has no posts of mastodon")
    ada.page.get_by_role("button", name="Write the file").click()
    with ada.page.expect_download() as got:
        ada.page.get_by_role("button", name="Download").click()
    got.value.save_as(tmp_path / "out.zip")
    with zipfile.ZipFile(tmp_path / "out.zip") as found:
        assert found.testzip() is None and "past 2" in found.read("posts-1.html").decode()


@pytest.mark.parametrize("width", [360, 1440])
@pytest.mark.parametrize("scheme,language", [("light", "en-GB"), ("dark", "fr-FR")])
def test_everybody_can_use_them(pair, windows, width, scheme, language):
    one, other = pair
    ada = windows(one, width=width, scheme=scheme, language=language).sign_in()
    apps.sign_in(one)
    client = apps.sign_in(other)
    client.account_update_credentials(display_name="Ada", fields=[("site", "https://ben.example"), ("tip", "bitcoin:bc1qtest")])
    found = []

    def look(name):
        """A picture for people, and what a program can judge."""
        ada.page.wait_for_timeout(300)
        ada.picture(f"{name}-{width}-{scheme}", full=True)
        for judge in (ada.fits, lambda: ada.audit(name)):
            try:
                judge()
            except AssertionError as error:
                found.append(str(error))

    ada.go("/p/settings")
    look("settings")
    for section in SECTIONS:
        ada.go(f"/p/settings/{section}")
        ada.page.locator(".settings .card").last.wait_for()
        look(f"settings-{section.replace('/', '-')}")

    def changed():
        ada.go(f"/@x@{other.identity.split(':')[2][:14]}")
        ada.page.locator(".fold").first.wait_for()
        return ada.page.locator(".note.is-loud").count()

    node.wait_until(changed, "the name", pause=0.3)
    ada.page.locator(".fold > summary").last.click()
    ada.page.locator(".digits").wait_for()
    look("person")
    ada.page.locator(".profile-more button").first.click()
    ada.page.locator("svg.qr").wait_for()
    look("tip")
    assert not found, "\n".join(found)
