#!/usr/bin/env python3
"""The report as Chromium shows it: light, dark, on a phone and on paper.

    check_browser.py --bin DIR --fixtures DIR [--histories DIR] [--pictures DIR]

Every page must put nothing on the console, ask for nothing, not be wider than the window, have text with a contrast of
at least 4.5, and say on its first screen what the verdict is, what changed since last week, and what will cross next
with its probability. --pictures keeps what was seen. SKIPPED without chromium and chromedriver.
"""
import argparse
import base64
import gzip
import http.server
import pathlib
import re
import shutil
import sys
import tempfile
import threading

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "golden"))
from page import POLICY  # noqa: E402
from programs import Programs, Tally  # noqa: E402
from webdriver import CHROMIUM, DRIVER, Browser  # noqa: E402

SITUATIONS = ("balanced", "warning", "zipf_skewed", "hot_writes", "empty", "three_partitions", "nested_range")
LOOKS = {  # width, height, colour scheme, medium
    "light": (1280, 800, "light", "screen"),
    "dark": (1280, 800, "dark", "screen"),
    "narrow": (390, 844, "light", "screen"),
    "narrow-dark": (390, 844, "dark", "screen"),
    "print": (718, 1047, "light", "print"),  # A4 within its margins
    "print-dark": (718, 1047, "dark", "print"),
}


class Server(http.server.ThreadingHTTPServer):
    """Serves one page under the strictest policy, and remembers what else was asked for."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.page, self.asked = b"", []
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Security-Policy", POLICY)
        self.end_headers()
        self.wfile.write(self.server.page)

    def log_message(self, *_):
        pass


def make_pages(programs, tally, fixtures, histories, scratch):
    """{name: (HTML, whether it has a history)}"""
    paths = {name: (fixtures / name / "snapshot.db", False) for name in SITUATIONS}
    for source in sorted(histories.glob("*.csv.gz")):
        if source.name.endswith(".collections.csv.gz"):
            continue
        name = source.name[:-len(".csv.gz")]
        text, history = scratch / (name + ".csv"), scratch / (name + ".db")
        with gzip.open(source) as packed, open(text, "wb") as out:
            shutil.copyfileobj(packed, out)
        got = programs.collect("import-history", "-q", "-o", history, text)
        tally.expect(got.code == 0, name + " is imported", got)
        paths[name] = (history, True)
    pages = {}
    for name, (path, has_history) in paths.items():
        got = programs.pgskew("report", path)
        if tally.expect(got.code == 0, name + " is reported", got):
            pages[name] = (got.out, has_history)
    return pages


def check_first(tally, first, has_history, what):
    tally.expect(re.match(r"(Unbalanced|Uneven by chance|Warning|Incomplete|In balance|Empty):", first["verdict"]), what + ": verdict",
                 first["verdict"])
    first = {name: " ".join(words.split()) for name, words in first.items()}
    if has_history:
        tally.expect(re.search(r"Since .*\d{4}-\d\d-\d\d", first["week"]) and
                     re.search(r"(Unbalanced|In warning): |Nothing got out of balance", first["week"]),
                     what + ": change since last week", first["week"])
        tally.expect(re.search(r"Probability (< |> )?\d+ %", first["next"]) and
                     re.search(r"In about .* will probably be|Nothing is expected to cross", first["next"]),
                     what + ": next crossing with its probability", first["next"])


def check_page(tally, browser, server, name, raw, has_history, pictures):
    script = (HERE / "inspect.js").read_text(encoding="utf-8")
    server.page = raw
    for look, setting in LOOKS.items():
        what = "%s, %s" % (name, look)
        server.asked = []
        browser.look(*setting)
        browser.open("http://127.0.0.1:%d/report.html" % server.server_port)
        seen = browser.run(script)
        said = browser.said()
        tally.expect(server.asked == ["/report.html"], what + ": asks for nothing", server.asked)
        tally.expect_none(said, what + ": console")
        tally.expect_none(seen["found"], what)
        tally.expect(seen["texts"] > 50, what + ": there is something to read", seen["texts"])
        if setting[3] == "screen":
            check_first(tally, seen["first"], has_history, what)
        print("%s: %d texts, least contrast %.2f" % (what, seen["texts"], seen["least"]))
        if pictures:
            (pictures / ("%s.%s.png" % (name, look))).write_bytes(base64.b64decode(browser.picture()))
    paper = base64.b64decode(browser.paper())
    tally.expect(paper.startswith(b"%PDF-") and len(paper) > 10000, name + ": prints", len(paper))
    if pictures:
        (pictures / (name + ".pdf")).write_bytes(paper)


def check_that_it_can_fail(tally, browser, server):
    """A page with every fault this test is for is found out."""
    server.page = (b"<!DOCTYPE html><body style='background:#fff'><p style='color:#999;font-size:8px;width:2000px'>pale</p>"
                   b"<div style='height:3000px'></div><p id=verdict>v</p><p id=week>w</p><p id=next>n</p>"
                   b"<img src='/other.png'><script>1</script>")
    browser.look(*LOOKS["light"])
    browser.open("http://127.0.0.1:%d/faulty.html" % server.server_port)
    found = "\n".join(browser.run((HERE / "inspect.js").read_text(encoding="utf-8"))["found"])
    for word in ("too wide", "sticks out", "contrast 2.85", "small: pale", "verdict is not on the first screen"):
        tally.expect(word in found, "the inspection finds: " + word, found)
    tally.expect(len(browser.said()) >= 2, "the console tells of what the policy refuses")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", required=True, help="directory that holds pgskew and pgskew-collect")
    parser.add_argument("--fixtures", required=True)
    parser.add_argument("--histories", help="default: those of the fixtures")
    parser.add_argument("--pictures", help="keep pictures here")
    options = parser.parse_args()
    if not CHROMIUM or not DRIVER:
        print("SKIPPED: chromium or chromedriver is not installed")
        return 77
    programs, tally, fixtures = Programs(options.bin), Tally(), pathlib.Path(options.fixtures).resolve()
    pictures = pathlib.Path(options.pictures) if options.pictures else None
    if pictures:
        pictures.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as directory, Browser() as browser:
        histories = pathlib.Path(options.histories or fixtures / "histories")
        pages = make_pages(programs, tally, fixtures, histories, pathlib.Path(directory))
        server = Server()
        check_that_it_can_fail(tally, browser, server)
        for name, (raw, has_history) in pages.items():
            check_page(tally, browser, server, name, raw, has_history, pictures)
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
