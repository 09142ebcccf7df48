"""A browser, led as a person would use it: ChromeDriver, which speaks WebDriver (W3C), JSON over HTTP."""
import base64
import http.client
import json
import os
import re
import shutil
import subprocess
import tempfile
import time

from chromium import CHROMIUM

CHROMEDRIVER = shutil.which("chromedriver")
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # WebDriver §12.2: the name under which an element's reference stands


class Trouble(AssertionError):
    """What the driver says that went wrong."""


class Element:
    def __init__(self, driver, reference):
        self.driver, self.path = driver, "element/" + reference
        self.reference = {ELEMENT: reference}

    def click(self):
        self.driver.call("POST", self.path + "/click", {})

    def type(self, text):
        """Presses keys; for a file's field, `text` is its path."""
        self.driver.call("POST", self.path + "/value", {"text": text})

    def fill(self, text):
        self.driver.call("POST", self.path + "/clear", {})
        self.type(text)

    @property
    def text(self):
        return self.driver.call("GET", self.path + "/text")

    def property(self, name):
        return self.driver.call("GET", self.path + "/property/" + name)


class WebDriver:
    """With a profile of its own. Use it in a `with`. What is looked for may take `patience` seconds to be there."""

    def __init__(self, *options, patience=120):
        self.patience = patience
        self.profile = tempfile.TemporaryDirectory(prefix="parley-webdriver-", ignore_cleanup_errors=True)
        self.log = open(os.path.join(self.profile.name, "log"), "w+b")
        self.process = subprocess.Popen([CHROMEDRIVER, "--port=0", "--log-level=WARNING"], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=self.log, env={**os.environ, "HOME": self.profile.name})
        self.session = None
        try:
            self._begin(options)
        except BaseException:
            self.__exit__()
            raise

    def _begin(self, options):
        port = None
        for line in self.process.stdout:  # it ends when the driver does
            if found := re.search(rb"successfully on port (\d+)", line):
                port = int(found.group(1))
                break
        if port is None:
            raise Trouble("chromedriver did not start")
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2 * self.patience)
        arguments = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--hide-scrollbars",
                     "--disable-background-networking", "--disable-component-update", "--disable-sync",
                     "--user-data-dir=" + os.path.join(self.profile.name, "profile"), *options]
        wishes = {"browserName": "chrome", "timeouts": {"pageLoad": 1000 * self.patience, "script": 1000 * self.patience},
                  "goog:chromeOptions": {"binary": CHROMIUM, "args": arguments}}
        self.session = self.ask("POST", "/session", {"capabilities": {"alwaysMatch": wishes}})["sessionId"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.session:
            try:
                self.call("DELETE", "")  # ends the browser
            except (Trouble, OSError, http.client.HTTPException):
                pass
            self.connection.close()
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.log.close()
        self.profile.cleanup()

    def ask(self, method, path, content=None):
        self.connection.request(method, path, None if content is None else json.dumps(content), {"Content-Type": "application/json"})
        response = self.connection.getresponse()
        value = json.loads(response.read())["value"]
        if response.status != 200:
            raise Trouble("%s %s: %s: %s" % (method, path, value["error"], value["message"].split("\n")[0]))
        return value

    def call(self, method, path, content=None):
        return self.ask(method, ("/session/%s/%s" % (self.session, path)).rstrip("/"), content)

    def devtools(self, method, **parameters):
        return self.call("POST", "goog/cdp/execute", {"cmd": method, "params": parameters})

    def go(self, url):
        """Loads a page, whole."""
        self.call("POST", "url", {"url": url})

    @property
    def url(self):
        return self.call("GET", "url")

    @property
    def title(self):
        return self.call("GET", "title")

    def until(self, what, condition):
        """Tries until it holds; gives its value."""
        end = time.monotonic() + self.patience
        while True:
            try:
                value = condition()
            except Trouble:  # a page that is just being left
                value = None
            if value:
                return value
            if time.monotonic() > end:
                raise AssertionError("%s did not come true, at %s: %s" % (what, self.url, self.text("body")[:500]))
            time.sleep(0.02)

    def all(self, selector):
        found = self.call("POST", "elements", {"using": "css selector", "value": selector})
        return [Element(self, each[ELEMENT]) for each in found]

    def find(self, selector):
        """The first element that a CSS selector finds, once there is one."""
        return self.until(selector, lambda: self.all(selector))[0]

    def text(self, selector):
        return self.find(selector).text

    def leave(self, act):
        """Does what leads to another page, and waits for that one."""
        self.evaluate("window.stays = true")
        act()
        self.until("another page", lambda: self.evaluate("return !window.stays && document.readyState === 'complete'"))

    def evaluate(self, script, *arguments):
        """What a script returns."""
        return self.call("POST", "execute/sync", {"script": script, "args": list(arguments)})

    def wait_for(self, expression, *arguments):
        """The value of a promise."""
        return self.call("POST", "execute/async", {"script": "const done = arguments[arguments.length - 1]; (%s).then(done)" % expression,
                                                   "args": list(arguments)})

    def cookies(self):
        return {each["name"]: each for each in self.call("GET", "cookie")}

    def protocol(self):
        """By what the page came: h3, h2, http/1.1 (Resource Timing, nextHopProtocol)."""
        return self.evaluate("return performance.getEntriesByType('navigation')[0].nextHopProtocol")

    def screenshot(self, path):
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.call("GET", "screenshot")))
