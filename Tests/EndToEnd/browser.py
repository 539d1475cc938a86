"""A real browser for tests of the web page: windows that watch what may never happen.

A window fails its test when the page says an error, breaks its own policy, runs a script that is
none of its own, or asks any host but its node for anything.
"""

import json
import os
import pathlib
import re
import shutil

import apps
import axe_playwright_python
import node
import playwright.sync_api as driver

AXE = pathlib.Path(axe_playwright_python.__file__).with_name("axe.min.js")
PICTURES = node.ROOT / ".build" / "screenshots"
PATIENCE = 20_000
driver.expect.set_options(timeout=15_000)
# What a browser itself writes when an answer is an error, which the page tells its reader.
EXPECTED = re.compile(r"Failed to load resource: the server responded with a status of 4\d\d")
# Within the page: what breaks its policy, and what tries to run.
WATCH = """
    window.watched = { violations: [], alarms: [], shift: 0 };
    addEventListener('securitypolicyviolation', (event) => {
        watched.violations.push(`${event.effectiveDirective} ${event.blockedURI} ${event.sample}`);
    });
    for (const name of ['alert', 'confirm', 'prompt', 'print']) {
        window[name] = (...words) => watched.alarms.push([name, ...words].join(' '));
    }
    new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) {
            if (!entry.hadRecentInput) watched.shift += entry.value;
        }
    }).observe({ type: 'layout-shift', buffered: true });
"""


def missing():
    """Why there is no browser here; None where there is one."""
    return None if path() else "no Chromium: apt-get install chromium"


def path():
    return os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


class Chromium:
    """One browser for all tests of a run; each window has a profile of its own."""

    def __init__(self):
        self.driver = driver.sync_playwright().start()
        # In a container, root has no sandbox to give.
        words = ["--no-sandbox"] if os.geteuid() == 0 else []
        self.browser = self.driver.chromium.launch(
            executable_path=path(), args=[*words, "--disable-dev-shm-usage"], handle_sigint=False)

    def close(self):
        self.browser.close()
        self.driver.stop()


class Window:
    """A profile of a browser that shows the page of one node."""

    def __init__(self, chromium, one, width=1280, height=900, scheme="light", language="en-GB", **more):
        self.node, self.origin = one, apps.web(one)
        self.errors, self.strangers, self.bytes = [], [], 0
        self.context = chromium.browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, locale=language,
            accept_downloads=True, **more)
        self.context.set_default_timeout(PATIENCE)
        self.context.add_init_script(WATCH)
        self.context.on("request", self._asked)
        self.page = self.open()

    # What may never happen

    def open(self):
        """One more tab."""
        page = self.context.new_page()
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.errors.append(f"error: {error}"))
        return page

    def _said(self, message):
        if message.type == "error" and not EXPECTED.match(message.text):
            self.errors.append(f"console: {message.text}")

    def _asked(self, request):
        if not request.url.startswith((self.origin + "/", "blob:", "data:")) and request.url != "about:blank":
            self.strangers.append(request.url)

    def check(self):
        """Fails when something happened that may never happen."""
        for page in self.context.pages:
            seen = page.evaluate("window.watched ?? { violations: [], alarms: [] }")
            assert not seen["violations"], seen["violations"]
            assert not seen["alarms"], seen["alarms"]
        assert not self.strangers, f"asked other hosts: {self.strangers}"
        assert not self.errors, self.errors
        return self

    def close(self):
        self.context.close()

    # Doing

    def sign_in(self, path="/"):
        """By the owner's password, as somebody does who reads it in the node's file; the first steps
        are left for another day."""
        apps.own_api(self.node)("PATCH", "/setup", {"left": True})
        self.page.goto(self.origin + path)
        self.page.get_by_label(re.compile("Password|Mot de passe")).fill(apps.password(self.node))
        self.page.locator("form button[type=submit]").click()
        self.page.locator(".ways ul").wait_for(state="attached")
        self.page.locator("#main h1").first.wait_for(state="attached")
        return self

    def go(self, path):
        self.page.goto(self.origin + path)
        self.page.locator("#main h1").first.wait_for(state="attached")
        return self

    def post(self, text):
        """Writes a post at the writing desk."""
        self.page.locator(".prompt").click()
        self.page.locator(".dialog textarea").first.fill(text)
        self.page.locator(".dialog button[type=submit]").click()
        self.page.locator(".dialog").wait_for(state="detached")

    def article(self, text):
        """The first post that says a text itself (not one that quotes it), on whatever view is open."""
        words = f":has-text({json.dumps(text, ensure_ascii=False)})"
        own = f":has(> .post-row > .post-body > :is(.post-text, .warning){words})"
        return self.page.locator(f"#main .post:is({own}, :has(> .above{words}))").first

    def act(self, text, name):
        """Presses one of the buttons below a post."""
        self.article(text).locator(f'[data-act="{name}"]').click()

    def choose(self, text, label):
        """Chooses from a post's menu."""
        self.act(text, "more")
        self.page.get_by_role("menuitem", name=label).click()

    def see(self, text):
        """Waits for a post with a text, asking for what waits at the top where that is needed."""

        def look():
            if self.article(text).is_visible():
                return True
            pill = self.page.locator(".pill:visible")
            if pill.count():
                pill.first.click()
            return False

        node.wait_until(look, f"{text!r} on the page of {self.node.name}", pause=0.1)
        return self.article(text)

    def wait(self, expression, what):
        """Until something is so within the page."""
        return node.wait_until(lambda: self.page.evaluate(expression), what, pause=0.05)

    def settle(self):
        """Until lists and pictures are there."""
        self.wait(
            "!document.querySelector('[aria-busy=true]') && [...document.images].every((one) => "
            "one.complete || one.loading === 'lazy')", f"quiet at {self.page.url}")
        return self

    # Judging

    def fits(self):
        """Nothing stands out at the side."""
        wide, window = self.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert wide <= window, f"{wide} pixels wide in a window of {window} at {self.page.url}"

    def shift(self):
        return self.page.evaluate("watched.shift")

    def audit(self, what=""):
        """What axe-core finds wrong for people with disabilities: nothing."""
        # The driver puts it beside the page: the page's own policy would not let it in.
        self.page.evaluate(AXE.read_text())
        found = self.page.evaluate(
            "axe.run(document, { resultTypes: ['violations'], runOnly: { type: 'tag', values: "
            "['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] } })")
        words = [
            f"{one['id']}: {one['help']}\n    " + "\n    ".join(
                f"{thing['target']} {thing['failureSummary']}" for thing in one["nodes"][:3])
            for one in found["violations"]
        ]
        assert not words, f"axe on {what or self.page.url}:\n" + "\n".join(words)

    def picture(self, name, full=False):
        """Keeps a picture for people to look at."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=PICTURES / f"{name}.png", full_page=full)
