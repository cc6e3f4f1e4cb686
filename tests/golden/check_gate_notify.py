#!/usr/bin/env python3
"""check --notify: told once when the verdict changes, whatever the command does; and the example that posts to a
Slack-compatible webhook, against an HTTP server of our own.

    check_gate_notify.py --bin DIR --fixtures DIR
"""
import http.server
import json
import os
import pathlib
import shutil
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True
from gate import NOW, run_gate  # noqa: E402
from programs import CLEAN  # noqa: E402
from validate import complaint, load_schema  # noqa: E402

OK, WARNING, CRITICAL, UNKNOWN = range(4)
SLACK = pathlib.Path(__file__).resolve().parents[2] / "src" / "dist" / "notify-slack.sh"


class Post:
    """A state, a command that keeps what it is told, and snapshots of every verdict."""

    def __init__(self, gate):
        self.gate, self.there = gate, gate.fresh("post")
        self.state = self.there / "state"
        self.healthy, self.warning = gate.snapshot([100] * 20), gate.snapshot([100] * 19 + [135])
        self.critical = gate.snapshot([100] * 19 + [200])

    def told(self):
        """What has been told since last asked: (before, now) of each."""
        log = self.there / "log"
        lines = log.read_text().split("\n")[:-1] if log.exists() else []
        if log.exists():
            log.unlink()
        return [tuple(line.split(",")) for line in lines]

    def run(self, what, path, code, *more, command=None, err="", state=None):
        command = command or "cat > document.json; echo $PGSKEW_VERDICT_BEFORE,$PGSKEW_VERDICT >> log; echo said"
        got, _ = self.gate.check(what, "--notify", command, "--state", state or self.state, *more, path, code=code, cwd=self.there)
        if err is not None:
            self.gate.tally.expect(got.err == err if not err else err in got.err, what + ": stderr", got.err)
        return got


def check_changes(gate):
    post, tally = Post(gate), gate.tally
    schema = load_schema(gate.fixtures.parent / "schemas" / "monitoring_result.schema.json")
    for what, path, code, want in [("the first verdict is OK", post.healthy, OK, []), ("still OK", post.healthy, OK, []),
                                   ("now CRITICAL", post.critical, CRITICAL, [("OK", "CRITICAL")]),
                                   ("still CRITICAL", post.critical, CRITICAL, []),
                                   ("now WARNING", post.warning, WARNING, [("CRITICAL", "WARNING")]),
                                   ("now UNKNOWN", "absent.db", UNKNOWN, [("WARNING", "UNKNOWN")]),
                                   ("still UNKNOWN", "absent.db", UNKNOWN, []),
                                   ("OK again", post.healthy, OK, [("UNKNOWN", "OK")])]:
        post.run(what, path, code, err="said\n" if want else "")
        tally.expect(post.told() == want, what + ": is told", want)
        if want:
            document = (post.there / "document.json").read_bytes()
            tally.expect(complaint(schema, document) is None, what + ": a MonitoringResult", complaint(schema, document))
            body = json.loads(document)
            found = "UNKNOWN" if body["status"] == "failed" else body["metrics"]["check"]["verdict"]
            tally.expect(found == want[0][1], what + ": of that verdict", found)
    tally.expect(post.state.stat().st_mode & 0o777 == 0o600 and post.state.stat().st_size < 64, "one small file")
    tally.expect(sorted(p.name for p in post.there.iterdir()) == ["document.json", "state"], "and nothing else")
    first = post.there / "first"
    post.run("the first verdict is WARNING", post.warning, WARNING, state=first, err="said\n")
    tally.expect(post.told() == [("", "WARNING")], "the first verdict is told where it is not OK")


def check_trouble(gate):
    post, tally = Post(gate), gate.tally
    post.run("a verdict to begin with", post.healthy, OK)
    for what, command, err in [("fails", "exit 7", "exit code 7"), ("is killed", "kill -9 $$", "signal 9"),
                               ("is not there", "/nonexistent/command", "exit code 127"), ("does not read", "exec <&-; exit 3", "exit code 3")]:
        got = post.run("a command that " + what, post.critical, CRITICAL, command=command, err=err)
        tally.expect("CRITICAL" in got.err and "tries again" in got.err, what + ": and says what follows", got.err)
    began = time.monotonic()
    post.run("a command that hangs", post.critical, CRITICAL, "--notify-timeout", "1", command="sleep 60", err="more than 1 s")
    post.run("and will not be ended", post.critical, CRITICAL, "--notify-timeout", "1",
             command="trap '' TERM; sleep 60 & wait; sleep 60", err="more than 1 s")
    tally.expect(time.monotonic() - began < 20, "a command that hangs is ended", time.monotonic() - began)
    post.run("the next run tells", post.critical, CRITICAL, err="said\n")
    tally.expect(post.told() == [("OK", "CRITICAL")], "what could not be told")
    post.run("a command that does not read, and is content", post.healthy, OK, command="exec <&-; exit 0")
    post.run("is content", post.healthy, OK)
    for what, state in (("a directory that is not there", "/nonexistent/state"), ("a directory", post.there)):
        got, _ = gate.check("a state in " + what, "--notify", "exit 0", "--state", state, post.healthy)
        tally.expect(got.code in (OK, UNKNOWN) and (got.err.count("\n") == 1 or got.code == UNKNOWN), what + ": is said", got)
    foreign = post.there / "foreign"
    for text in ("root:x:0:0\n", "pgskew-state 1 FINE\n", "pgskew-state 2 OK\n", "pgskew-state 1 OK", "x" * 1000, "pgskew-state 1 OK\n\0"):
        foreign.write_text(text)
        gate.check("a file that is no state", "--notify", "exit 0", "--state", foreign, post.healthy, code=UNKNOWN, says=("foreign",))
        tally.expect(foreign.read_text() == text, "is not touched")
    link = post.there / "link"
    link.symlink_to(foreign)
    gate.check("a link", "--notify", "exit 0", "--state", link, post.healthy, code=UNKNOWN)
    empty = post.there / "empty"
    empty.touch()
    post.run("an empty file is a state", post.critical, CRITICAL, state=empty, err="said\n")
    gate.check("data is never a command", "--notify", "cat > out", "--state", post.there / "quoted",
               gate.snapshot([100] * 9 + [900], names=["$(touch broken)", "`touch broken`", "; touch broken", "'", "\""] +
                             ["p%d" % i for i in range(5)]), code=CRITICAL, cwd=post.there)
    tally.expect(not (post.there / "broken").exists(), "data is never a command")


def check_together(gate):
    """Of many runs at once, one tells."""
    post, tally = Post(gate), gate.tally
    program = str(gate.programs.directory / "pgskew")
    argv = [program, "check", "--now", NOW, "--notify", "sleep 0.2; echo told >> log", "--state", str(post.state), str(post.critical)]
    runs = [subprocess.Popen(argv, cwd=post.there, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(8)]
    ended = [(run.communicate(timeout=120), run.returncode) for run in runs]
    tally.expect(all(code == CRITICAL and not err for (_, err), code in ended), "every run has its verdict", ended)
    tally.expect((post.there / "log").read_text() == "told\n", "one of them tells", (post.there / "log").read_text())


# ---- the example ----

class Hook(http.server.BaseHTTPRequestHandler):
    got, answer = [], 200

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        Hook.got.append((self.path, self.headers["Content-Type"], body))
        self.send_response(Hook.answer)
        self.end_headers()

    def log_message(self, *_):
        pass


def check_slack(gate):
    if not shutil.which("curl"):
        print("SKIPPED: curl is not installed")
        return
    post, tally = Post(gate), gate.tally
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = "http://127.0.0.1:%d/services/T0/B0/s3cr3t" % server.server_port
    secret = post.there / "webhook"
    secret.write_text(url + "\n")
    names = ["<!channel> & <http://x|y>", "quo\"te\\", "two\nlines", "\x1b[31m", "\u6587", "%s$(id)", '","name":"forged', "]}"]
    hostile = gate.snapshot([100] * 8 + [5000], names=names + ["plain"], table='public."a&b"')

    def send(what, path, code, env, err=""):
        Hook.got = []
        got, _ = gate.check(what, "--notify", str(SLACK), "--state", post.state, path, code=code, env={**CLEAN, **env}, cwd=post.there)
        tally.expect(got.err == err if not err else err in got.err, what + ": stderr", got.err)
        tally.expect("s3cr3t" not in got.err, what + ": keeps the URL", got.err)
        return Hook.got

    got = send("the URL from a file", hostile, CRITICAL, {"SLACK_WEBHOOK_FILE": str(secret)})
    tally.expect(len(got) == 1 and got[0][0] == "/services/T0/B0/s3cr3t" and got[0][1].startswith("application/json"), "is asked once", got)
    body = json.loads(got[0][2]) if got else {}
    text = body.get("text", "")
    lines = text.split("\n")
    tally.expect(set(body) == {"text", "mrkdwn"} and lines[0].startswith('pgskew: CRITICAL: public."a&amp;b" at 2025-10-20T10:15:00Z'),
                 "says the verdict", body)
    shown = [name.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") for name in names + ["plain"]]
    tally.expect(all("- %s: chunk skew" % name in text or "- %s: size skew" % name in text for name in shown), "says every name", text)
    tally.expect("<" not in text and ">" not in text, "mentions nobody", text)
    got = send("the URL from the environment", post.healthy, OK, {"SLACK_WEBHOOK_URL": url})
    tally.expect(len(got) == 1 and json.loads(got[0][2])["text"].startswith("pgskew: OK, was CRITICAL: public.chunks"), "is asked", got)
    got = send("a failure", "absent\x1b\"<.db", UNKNOWN, {"SLACK_WEBHOOK_URL": url})
    said = json.loads(got[0][2])["text"] if got else ""
    tally.expect(said.startswith("pgskew: UNKNOWN, was OK") and 'absent' in said and "&lt;.db" in said, "is told", said)
    many = gate.snapshot([100] * 30 + [900] * 30)
    said = json.loads(send("many findings", many, CRITICAL, {"SLACK_WEBHOOK_URL": url})[0][2])["text"]
    tally.expect(said.count("\n- ") == 11 and said.endswith("- and 50 more"), "are cut to ten", said)
    Hook.answer = 500
    for what, env in (("a server that refuses", {"SLACK_WEBHOOK_URL": url}), ("no URL", {}), ("a file that is not there", {"SLACK_WEBHOOK_FILE": "/nonexistent"}),
                      ("no web", {"SLACK_WEBHOOK_URL": "file:///etc/passwd"}), ("an option for curl", {"SLACK_WEBHOOK_URL": 'http://x"\noutput = "y'})):
        got = send(what, post.healthy, OK, env, err="tries again")
        tally.expect(len(got) == (what == "a server that refuses"), what + ": asked", got)
    tally.expect(not list(post.there.glob("y")), "curl is told nothing else")
    server.shutdown()


if __name__ == "__main__":
    assert os.access(SLACK, os.X_OK)
    sys.exit(run_gate(__doc__, (check_changes, check_trouble, check_together, check_slack)))
