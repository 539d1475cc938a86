"""Posts, names and answers of an author who wants a script to run: the page shows them as text."""

import json
import re

import apps
import node
import pytest

VECTORS = node.SHARED / "vectors"
# What a post's text is made of, and nothing else.
ALLOWED = {"p", "br", "a"}


def payloads():
    """Script injection payloads and naughty strings, each as one line."""
    found = []
    path = VECTORS / "dompurify-xss" / "expect.json"
    if path.exists():
        found += [case["payload"] for case in json.loads(path.read_text())]
    path = VECTORS / "naughty-strings" / "blns.json"
    if path.exists():
        found += json.loads(path.read_text())
    lines = [plain(one) for one in found]
    return [one for one in dict.fromkeys(lines) if one and len(one.encode()) < 50_000]


def plain(text):
    """Without controls, which no post shows, and with spaces as a page shows them."""
    text = re.sub(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff\u2028\u2029]", " ", text.replace("\n", " "))
    return re.sub(r"\s+", " ", text).strip()


@pytest.mark.slow
def test_no_script_of_a_stranger_runs(room, windows):
    lines = payloads()
    if not lines:
        pytest.skip(f"no vectors in {VECTORS}")
    ada = apps.serve(room, "ada")
    mallory = apps.serve(room, "mallory", "--join", ada.invite)
    file = mallory.machine.folder / "lines.txt"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    mallory.ask("post", "--lines", file, seconds=180)
    client = apps.sign_in(mallory)
    script = "<img src=x onerror=alert(1)>"
    client.account_update_credentials(
        display_name="\u202eada\u202c" + script, note=f"<script>alert(1)</script> {script}",
        fields=[(script, "javascript:alert(1)"), ("site", 'https://example.invalid/"onmouseover="alert(1)')])
    poll = client.make_poll([script, "<svg onload=alert(2)>"], 3600)
    client.status_post(f"poll {script}", poll=poll, spoiler_text=f"warning {script}")
    first = client.status_post("first <b>hostile</b> #tag<script>alert(3)</script> https://example.invalid/'><script>alert(4)</script>")
    client.status_reply(first, f"answer {script}", untag=True)
    ada.ask("follow", mallory.identity)
    total = len(lines) + 3
    node.wait_until(lambda: ada.status()["entries"] >= total, "everything of Mallory", pause=0.2)

    window = windows(ada).sign_in()
    node.wait_until(
        lambda: window.page.evaluate("(void scrollTo(0, document.body.scrollHeight), document.querySelectorAll('.post').length)") >= total,
        f"{total} posts", pause=0.1)
    for button in window.page.locator(".post [data-act=warning], .post [data-act=long]").all():
        button.click()
    found = window.page.evaluate("""() => {
        const main = document.querySelector('#main');
        const all = [...main.querySelectorAll('*')];
        return {
            names: [...new Set([...main.querySelectorAll('.post-text *')].map((one) => one.localName))],
            listeners: all.flatMap((one) => one.getAttributeNames()).filter((name) => name.startsWith('on')),
            others: all.filter((one) => ['script', 'iframe', 'object', 'embed', 'style', 'base', 'link', 'math']
                .includes(one.localName) || one.localName === 'svg' && !one.classList.contains('icon')).length,
            addresses: [...main.querySelectorAll('a[href]')].map((one) => one.href),
            sources: [...main.querySelectorAll('[src]')].map((one) => one.src),
            texts: [...main.querySelectorAll('.post-text')].map((one) => one.textContent),
            people: [...main.querySelectorAll('bdi.name')].map((one) => one.textContent),
        };
    }""")
    assert set(found["names"]) <= ALLOWED, found["names"]
    assert not found["listeners"] and not found["others"], found["listeners"]
    assert all(re.match("https?://", one) for one in found["addresses"])
    assert all(one.startswith(window.origin + "/") for one in found["sources"])
    shown = {plain(one) for one in found["texts"]}
    missing = [one for one in lines if one not in shown]
    assert not missing, f"{len(missing)} are not shown as they were written, such as {missing[:3]}"
    assert "\u202e" not in "".join(found["people"])
    print(f"{len(lines)} payloads shown as text, {len(found['addresses'])} links, none of them a script")
    window.picture("hostile-home")
    # Wherever else their words stand.
    window.go("/p/search?q=hostile")
    window.see("hostile")
    window.article("hostile").locator(".post-time").click()
    window.page.locator(".is-main").wait_for()
    window.page.locator(".answers .post").first.wait_for()
    window.article("hostile").locator(".post-head .person").click()
    window.page.locator(".profile").wait_for()
    window.page.get_by_role("button", name=re.compile("follower")).click()
    window.page.locator(".dialog .person-row").first.wait_for()
    window.page.keyboard.press("Escape")
    window.picture("hostile-author")
    window.fits()
    window.audit("a hostile author's page")
