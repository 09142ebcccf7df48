# ctest: TIMEOUT 600
"""The demo's pages in Chromium, led by ChromeDriver over each version of HTTP; screenshots are kept in screenshots/ of the build."""
import html
import http.server
import json
import os
import ssl
import sys
import tempfile
import threading
import unittest
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from chromium import CHROMIUM, public_key_hash  # noqa: E402
from session import SANITIZED, Server  # noqa: E402
from webdriver import CHROMEDRIVER, WebDriver  # noqa: E402

SCREENSHOTS = os.path.join(os.environ.get("PARLEY_BUILD", "build"), "screenshots")

# How well a person can see each text: the least contrast (WCAG 2.2, 1.4.3), and what has it. Backgrounds here are plain colours.
CONTRAST = r"""
const channels = text => text.match(/[\d.]+/g).map(Number);
const light = ([r, g, b]) => [r, g, b].map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
const ground = e => { for (; e; e = e.parentElement) { const c = channels(getComputedStyle(e).backgroundColor); if (c.length < 4 || c[3] > 0) return c; }
                      return [255, 255, 255]; };
let least = [21, ''];
for (const e of document.querySelectorAll('body *')) {
  const own = [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) || e.matches('input:not([type=hidden]), button');
  if (!own || !e.getClientRects().length || e.matches('.hidden')) continue;
  const [a, b] = [light(channels(getComputedStyle(e).color)), light(ground(e))].sort((x, y) => y - x);
  const contrast = (a + 0.05) / (b + 0.05);
  if (contrast < least[0]) least = [contrast, e.outerHTML.slice(0, 120)];
}
return least;
"""


class Site(unittest.TestCase):
    """The demo, and a browser that speaks one version of HTTP to it."""
    version = None

    @classmethod
    def setUpClass(cls):
        cls.server = Server(secure=True)
        cls.origin = "https://localhost:%d" % cls.server.https_port
        with open(cls.server.certificate) as file:
            key = public_key_hash(file.read())
        speaks = {"http/1.1": ("--disable-http2", "--disable-quic"), "h2": ("--disable-quic",),
                  "h3": ("--origin-to-force-quic-on=localhost:%d" % cls.server.https_port,)}[cls.version]
        cls.browser = WebDriver("--ignore-certificate-errors-spki-list=" + key, "--host-resolver-rules=MAP localhost 127.0.0.1", *speaks,
                                patience=240 if SANITIZED else 90)

    @classmethod
    def tearDownClass(cls):
        cls.browser.__exit__()
        code = cls.server.stop()
        assert code == 0, cls.server.messages

    def setUp(self):
        self.browser.go("about:blank")
        self.browser.devtools("Network.clearBrowserCookies")
        self.browser.devtools("Page.setBypassCSP", enabled=False)
        self.browser.devtools("Emulation.setScriptExecutionDisabled", value=False)

    def go(self, path):
        self.browser.go(self.origin + path)
        self.assertEqual(self.browser.protocol(), self.version, path)

    def submit(self, selector="main form button"):
        self.browser.leave(lambda: self.browser.find(selector).click())
        self.assertEqual(self.browser.protocol(), self.version, self.browser.url)

    def fill(self, **fields):
        for name, value in fields.items():
            self.browser.find("[name=%s]" % name).fill(value)

    def says(self, text, where="main"):
        self.assertIn(text, self.browser.text(where))

    def at(self, path):
        self.assertEqual(self.browser.url, self.origin + path)

    def ask_as_program(self, method, path, value=None):
        request = urllib.request.Request(self.origin.replace("localhost", "127.0.0.1") + path, method=method,
                                         data=None if value is None else json.dumps(value).encode(),
                                         headers={"Content-Type": "application/json", "Accept": "application/json"})
        trust = ssl.create_default_context(cafile=self.server.authority)
        with urllib.request.urlopen(request, context=trust, timeout=60) as response:
            return response.read()


class Flows:
    def test_the_counter(self):
        for visit in ("first visit", "been here 2 times", "been here 3 times"):
            self.go("/visits")
            self.says(visit)
        self.submit("main form button")
        self.at("/visits")
        self.says("first visit")
        cookie = self.browser.cookies()["visits"]
        self.assertTrue(cookie["httpOnly"] and cookie["secure"], cookie)

    def test_logging_in_and_out(self):
        self.go("/account")
        self.at("/login")
        self.fill(name="Ada <b>", password="wrong")
        self.submit()
        self.says("not the password", "[role=alert]")
        self.fill(password="parley")
        self.submit()
        self.at("/account")
        self.says("Hello, Ada <b>", "h1")
        cookie = self.browser.cookies()["__Host-session"]
        self.assertTrue(cookie["httpOnly"] and cookie["secure"], cookie)
        self.submit("form[action='/logout'] button")
        self.at("/login?out")
        self.assertNotIn("__Host-session", self.browser.cookies())
        self.go("/account")
        self.at("/login")

    def test_a_new_id_at_login(self):
        self.order()
        before = self.browser.cookies()["__Host-session"]["value"]
        self.go("/login")
        self.fill(name="Ada", password="parley")
        self.submit()
        self.says("2 copies of HTTP/3")  # what it remembers stays
        self.assertNotEqual(self.browser.cookies()["__Host-session"]["value"], before)

    def order(self):
        self.go("/order")
        for choice in ("http3", "cloth"):
            self.browser.find("[value=%s]" % choice).click()
        self.fill(copies="2")
        self.submit()
        self.says("2 copies of HTTP/3, bound in cloth.", ".lead")
        self.fill(name="Ada", address="1 Hill Road")
        self.submit()

    def test_an_order_of_two_pages(self):
        self.order()
        self.at("/order/done")
        self.says("Thank You, Ada", "h1")
        self.says("2 copies of HTTP/3, bound in cloth.")

    def test_choices_that_were_changed_on_the_way(self):
        self.go("/order")
        self.submit()
        self.browser.evaluate("const e = document.querySelector('[name=choices]');"
                              "e.value = (e.value[0] == 'A' ? 'B' : 'A') + e.value.slice(1)")
        self.fill(name="Eve", address="Here")
        self.submit()
        self.says("400", ".status")
        self.says("changed on their way")

    def test_customers(self):
        self.go("/customers/new")
        self.fill(name="Zoë <i>", address="5 Search Lane")
        self.submit()
        self.says("The customer was added.", "[role=status]")
        path = self.browser.url.removeprefix(self.origin).partition("?")[0]
        self.go("/customers")
        self.fill(q="search LANE")
        self.submit("[role=search] button")
        self.assertEqual([row.text for row in self.browser.all("tbody th")], ["Zoë <i>"])
        self.go(path + "/edit")
        self.assertEqual(self.browser.find("[name=name]").property("value"), "Zoë <i>")
        self.fill(name="Zoë", address="6 Search Lane")
        self.submit()
        self.at(path + "?done=saved")
        self.assertEqual(json.loads(self.ask_as_program("GET", path))["Address"], "6 Search Lane")
        self.go(path + "/remove")
        self.submit()
        self.at("/customers?done=removed")
        self.go(path)
        self.says("404", ".status")

    def test_who_was_slower_is_told(self):
        self.ask_as_program("PUT", "/customers/700", {"CustID": 700, "Name": "First", "Address": "A"})
        self.go("/customers/700/edit")
        self.ask_as_program("PUT", "/customers/700", {"CustID": 700, "Name": "Second", "Address": "B"})
        self.fill(name="Third")
        self.submit()
        self.says("Second", "[role=alert]")
        self.assertEqual(json.loads(self.ask_as_program("GET", "/customers/700"))["Name"], "Second")
        self.submit()  # once more, having seen it
        self.assertEqual(json.loads(self.ask_as_program("GET", "/customers/700"))["Name"], "Third")

    def test_faults_are_told_beside_their_field(self):
        self.go("/customers/new")
        self.browser.evaluate("document.querySelector('form.fields').noValidate = true")
        self.fill(name="Ada")
        self.submit()
        self.says("Address must not be empty.", "#address-fault")
        self.assertEqual(self.browser.find("[name=name]").property("value"), "Ada")

    def test_forged_requests(self):
        self.go("/visits")
        self.go("/visits")
        self.browser.evaluate("document.querySelector('[name=csrf_token]').remove()")
        self.submit()
        self.says("403", ".status")
        attack = ("<form method=post action='%s/visits/forget'><button>Win a prize</button></form>" % self.origin).encode()

        class Attacker(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(attack)

            def log_message(self, *_):
                pass

        with http.server.HTTPServer(("127.0.0.1", 0), Attacker) as elsewhere:
            thread = threading.Thread(target=elsewhere.serve_forever)
            thread.start()
            try:
                self.browser.go("http://127.0.0.1:%d/" % elsewhere.server_address[1])
                self.submit("button")
            finally:
                elsewhere.shutdown()
                thread.join()
        self.says("403", ".status")
        self.go("/visits")
        self.says("been here 3 times")  # nothing was forgotten

    def test_files_up_and_down(self):
        content = os.urandom(3 << 20)
        with tempfile.TemporaryDirectory(prefix="parley-test-") as folder:
            path = os.path.join(folder, "a picture & <more>.bin")
            with open(path, "wb") as file:
                file.write(content)
            self.go("/files")
            self.browser.find("[name=file]").type(path)
            self.submit()
        self.at("/files?done=sent")
        self.says("a picture & <more>.bin", "tbody th")
        self.says("3 MiB", "tbody .size")
        self.browser.devtools("Page.setBypassCSP", enabled=True)  # what the test evaluates may fetch
        self.go("/files")
        link = self.browser.find("tbody a").property("href")
        got = self.browser.wait_for("fetch(arguments[0], {headers: arguments[1]}).then(r => r.arrayBuffer().then(b => [r.status, b.byteLength,"
                                    " [...new Uint8Array(b.slice(0, 8))], r.headers.get('Content-Range')]))", link, {})
        self.assertEqual(got, [200, len(content), list(content[:8]), None])
        got = self.browser.wait_for("fetch(arguments[0], {headers: arguments[1]}).then(r => r.arrayBuffer().then(b => [r.status, b.byteLength,"
                                    " [...new Uint8Array(b.slice(0, 8))], r.headers.get('Content-Range')]))", link, {"Range": "bytes=1000-1999"})
        self.assertEqual(got, [206, 1000, list(content[1000:1008]), "bytes 1000-1999/%d" % len(content)])
        self.submit("tbody form button")
        self.at("/files?done=removed")
        self.says("No files yet", ".empty")

    def test_live(self):
        self.go("/live")
        self.browser.until("connected", lambda: self.browser.text("#state") == "Connected.")
        first = int(self.browser.text("#requests").replace(",", ""))
        self.ask_as_program("GET", "/customers")
        self.browser.until("more requests", lambda: int(self.browser.text("#requests").replace(",", "")) > first)
        self.browser.until("bars", lambda: len(self.browser.all("#chart rect")) >= 2)
        self.assertGreaterEqual(int(self.browser.text("#connections")), 1)

    def test_the_page_tells_by_what_it_came(self):
        shown = {"http/1.1": "HTTP/1.1", "h2": "HTTP/2", "h3": "HTTP/3"}[self.version]
        for path in ("/", "/session", "/no/such/page"):
            self.go(path)
            self.assertEqual(self.browser.text("footer .came"), shown)


@unittest.skipUnless(CHROMIUM and CHROMEDRIVER, "chromium or chromedriver is not installed")
class Http11(Flows, Site):
    version = "http/1.1"


@unittest.skipUnless(CHROMIUM and CHROMEDRIVER, "chromium or chromedriver is not installed")
class Http2(Flows, Site):
    version = "h2"

    def test_without_scripts(self):
        self.browser.devtools("Emulation.setScriptExecutionDisabled", value=True)
        self.browser.go(self.origin + "/live")
        self.browser.until("its own refresh", lambda: self.browser.text("#requests") not in ("", "0"))
        first = self.browser.text("#requests")
        self.browser.until("another number", lambda: self.browser.text("#requests") != first)

    def test_looks(self):
        """Every page in both colours, on a desk and on a phone: nothing sticks out, and every text can be read."""
        os.makedirs(SCREENSHOTS, exist_ok=True)
        for number, name in ((1, "Ada King"), (42, "Grace Hopper"), (100, "David Smith")):
            self.ask_as_program("PUT", "/customers/%d" % number, {"CustID": number, "Name": name, "Address": "%d Hill Road" % number})
        self.order()
        self.screens("order_done", "/order/done")
        self.go("/order")
        self.submit()
        self.screens("order_delivery")
        self.go("/customers/new")
        self.browser.evaluate("document.querySelector('form.fields').noValidate = true")
        self.submit()
        self.screens("faults")
        self.screens("login", "/login")
        self.fill(name="Ada", password="parley")
        self.submit()
        self.go("/files")
        with tempfile.NamedTemporaryFile(prefix="picture-", suffix=".jpg") as file:
            file.write(bytes(2_500_000))
            file.flush()
            self.browser.find("[name=file]").type(file.name)
            self.submit()
        for path in ("/", "/customers", "/customers/100", "/customers/100/edit", "/customers/100/remove", "/order", "/files", "/live", "/visits",
                     "/account", "/session", "/no/such/page"):
            self.screens(path.strip("/").replace("/", "_") or "home", path)

    def screens(self, name, path=None):
        if path:
            self.go(path)
        for scheme in ("light", "dark"):
            self.browser.devtools("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme},
                                                                          {"name": "prefers-reduced-motion", "value": "reduce"}])
            for width in (360, 1000):
                self.browser.devtools("Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=width < 500)
                with self.subTest(name, scheme=scheme, width=width):
                    self.assertLessEqual(self.browser.evaluate("return document.documentElement.scrollWidth"), width)
                    contrast, of = self.browser.evaluate(CONTRAST)
                    self.assertGreaterEqual(contrast, 4.5, html.unescape(of))
                height = min(self.browser.evaluate("return document.documentElement.scrollHeight"), 3000)
                self.browser.devtools("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 500)
                self.browser.screenshot(os.path.join(SCREENSHOTS, "%s_%s_%d.png" % (name, scheme, width)))
        self.browser.devtools("Emulation.clearDeviceMetricsOverride")

    def test_by_keyboard_alone(self):
        """From the top of the login page to being logged in, with the key Tab and what one types; where one is can be seen."""
        self.go("/login")
        press = lambda text: self.browser.call("POST", "actions", {"actions": [{"type": "key", "id": "keyboard", "actions": [  # noqa: E731
            {"type": kind, "value": key} for key in text for kind in ("keyDown", "keyUp")]}]})
        seen = []
        for _ in range(30):
            press("\ue004")  # Tab
            name, outline = self.browser.evaluate("const e = document.activeElement; return [e.name || e.textContent.trim(), getComputedStyle(e).outlineStyle]")
            self.assertNotEqual(outline, "none", name)
            seen.append(name)
            if name == "name":
                press("Ada")
            elif name == "password":
                press("parley")
            elif name == "Log in":
                break
        self.assertEqual(seen[0], "To the content")
        self.assertEqual(seen[-3:], ["name", "password", "Log in"])
        self.browser.leave(lambda: press("\ue006"))  # Return
        self.says("Hello, Ada", "h1")


@unittest.skipUnless(CHROMIUM and CHROMEDRIVER, "chromium or chromedriver is not installed")
class Http3(Flows, Site):
    version = "h3"


if __name__ == "__main__":
    unittest.main()
