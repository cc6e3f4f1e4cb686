#!/usr/bin/env python3
"""The Grafana dashboard asks only for what pgskew export -f openmetrics gives, and can be imported.

    check_dashboard.py --bin DIR --dashboard FILE
"""
import argparse
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
import openmetrics  # noqa: E402
from programs import Programs, Tally  # noqa: E402

# Everything a collector can see.
COLUMNS = ("chunk_count document_count collection_count size_bytes table_bytes index_bytes toast_bytes chunks_last_hour"
           " chunks_last_day chunks_last_week last_created live_tuples dead_tuples tuples_inserted tuples_updated"
           " tuples_deleted").split()
SELECTOR = re.compile(r"(pgskew_\w+)(?:\{([^}]*)\})?")
COMMON = {"database", "table", "source"}


def exported(tally, programs, scratch):
    """Name -> labels that its samples have, of a moment where everything was observed."""
    lines = ["taken_at,partition_num," + ",".join(COLUMNS)]
    for p in range(3):
        lines.append("2026-11-20T06:00:00Z,%d,%s" % (p, ",".join(
            "2026-11-01T00:00:00Z" if column == "last_created" else str(100 + p) for column in COLUMNS)))
    (scratch / "all.csv").write_text("\n".join(lines) + "\n", encoding="ascii")
    got = programs.collect("import-history", "-q", "-o", scratch / "all.db", scratch / "all.csv")
    tally.expect(got.code == 0, "a history of everything", got)
    samples, _ = openmetrics.parse(programs.pgskew("export", "-f", "openmetrics", scratch / "all.db").out)
    labels = {}
    for name, values in samples.items():
        for key in values:
            for label, value in key:
                labels.setdefault(name, {}).setdefault(label, set()).add(value)
    return labels


def check_expression(tally, labels, what, expression):
    names = SELECTOR.findall(expression)
    tally.expect(names, what + " asks for a metric", expression)
    for name, selector in names:
        if not tally.expect(name in labels, "%s: %s is exported" % (what, name)):
            continue
        for label, how, value in re.findall(r'(\w+)(=~|=)"([^"]*)"', selector):
            if label in COMMON:
                tally.expect((how, value) == ("=~", "$" + label), "%s: %s by its variable" % (what, label), value)
            else:
                tally.expect(value in labels[name].get(label, ()), "%s: %s has %s=%s" % (what, name, label, value))
        tally.expect(not selector or COMMON == COMMON & set(re.findall(r"(\w+)=", selector)),
                     "%s: every variable counts" % what, selector)
    for label in re.findall(r"(?:by|without|ignoring) \((\w+)\)", expression):
        tally.expect(any(label in labels.get(name, ()) for name, _ in names), "%s: label %s" % (what, label))


def check_syntax(tally, scratch, expressions):
    """promtool reads every expression as a rule."""
    if not shutil.which("promtool"):
        tally.skip("expressions by promtool", "promtool is not installed")
        return
    rules = [{"record": "test:%d" % i, "expr": re.sub(r"\$\w+", "x", text)} for i, text in enumerate(expressions)]
    (scratch / "rules.json").write_text(json.dumps({"groups": [{"name": "test", "rules": rules}]}), encoding="ascii")
    got = subprocess.run(["promtool", "check", "rules", scratch / "rules.json"], capture_output=True, check=False)
    tally.expect(got.returncode == 0, "promtool reads every expression", got.stdout + got.stderr)


def check_panels(tally, panels):
    taken = set()
    tally.expect(len({panel["id"] for panel in panels}) == len(panels), "every panel has an id of its own")
    for panel in panels:
        place = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"])
                 for y in range(place["y"], place["y"] + place["h"])}
        tally.expect(not cells & taken and place["x"] + place["w"] <= 24, "%s has a place" % panel["title"], place)
        taken |= cells
        names = [target["refId"] for target in panel["targets"]]
        tally.expect(names and len(set(names)) == len(names), "%s: a name for each query" % panel["title"], names)
        sources = {json.dumps(part["datasource"]) for part in [panel] + panel["targets"]}
        tally.expect(sources == {'{"type": "prometheus", "uid": "${datasource}"}'}, "%s: its source" % panel["title"])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", required=True, help="directory that holds pgskew and pgskew-collect")
    parser.add_argument("--dashboard", required=True, type=pathlib.Path)
    options = parser.parse_args()
    tally = Tally()
    dashboard = json.loads(options.dashboard.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as directory:
        scratch = pathlib.Path(directory)
        labels = exported(tally, Programs(options.bin), scratch)
        expressions = []
        for panel in dashboard["panels"]:
            for target in panel["targets"]:
                expressions.append(target["expr"])
                check_expression(tally, labels, panel["title"], target["expr"])
                for label in re.findall(r"{{(\w+)}}", target["legendFormat"]):
                    names = [name for name, _ in SELECTOR.findall(target["expr"])]
                    tally.expect(label in labels.get(names[0], ()), "%s: legend %s" % (panel["title"], label))
        check_syntax(tally, scratch, expressions)
        check_panels(tally, dashboard["panels"])
        variables = {v["name"]: v for v in dashboard["templating"]["list"]}
        tally.expect(set(variables) == COMMON | {"datasource"}, "the variables", sorted(variables))
        for name in COMMON:
            asked = re.fullmatch(r"label_values\((\w+), (\w+)\)", variables[name]["query"]["query"])
            tally.expect(asked and asked.group(1) in labels and asked.group(2) == name, "variable %s" % name)
            tally.expect(variables[name]["allValue"] == ".*", "%s may be missing" % name)
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
