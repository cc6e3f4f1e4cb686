"""Reads the text that OpenMetrics and the older Prometheus format have in common, and nothing beyond it: a
strict reader, written from the two specifications."""
import re
from decimal import Decimal

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
META = re.compile(r"# (TYPE|UNIT|HELP) (%s) (.+)" % NAME)
SAMPLE = re.compile(r"(%s)\{(.*)\} (\S+)" % NAME)
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)')
VALUE = re.compile(r"[+-]?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|Inf)")
UNESCAPED = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}


class Bad(ValueError):
    pass


def labels_of(text):
    labels, at = {}, 0
    while at < len(text):
        match = LABEL.match(text, at)
        if not match or match.group(1) in labels:
            raise Bad("labels %r" % text)
        labels[match.group(1)] = re.sub(r'\\["\\n]', lambda m: UNESCAPED[m.group()], match.group(2))
        at = match.end()
    if text.endswith(","):
        raise Bad("a comma at the end of %r" % text)
    return labels


def parse(data):
    """{name: {frozenset of label pairs: Decimal}}, and {name: {"TYPE": ..., "UNIT": ..., "HELP": ...}}. Every rule
    that either format has for the lines of a document is kept, or Bad is raised."""
    text = data.decode("utf-8")
    if not text.endswith("\n# EOF\n") and text != "# EOF\n":
        raise Bad("no # EOF at the end")
    samples, about, current = {}, {}, None
    for line in text.split("\n")[:-2]:
        meta, sample = META.fullmatch(line), SAMPLE.fullmatch(line)
        if meta:
            what, name, said = meta.groups()
            if name in samples or what in about.setdefault(name, {}):
                raise Bad("%s of %s comes twice or too late" % (what, name))
            about[name][what] = said
            current = name
        elif sample:
            name, labels, value = sample.group(1), labels_of(sample.group(2)), sample.group(3)
            if name != current or not VALUE.fullmatch(value):
                raise Bad("sample %r" % line)
            key = frozenset(labels.items())
            if key in samples.setdefault(name, {}):
                raise Bad("twice: %r" % line)
            samples[name][key] = Decimal(value.replace("Inf", "Infinity"))
        else:
            raise Bad("line %r" % line)
    for name, said in about.items():
        if name not in samples or "HELP" not in said:
            raise Bad("%s has no sample or no help" % name)
        if "UNIT" in said and not name.endswith("_" + said["UNIT"]):
            raise Bad("%s is not named after its unit" % name)
        if ("TYPE" in said) == name.endswith("_total") or said.get("TYPE", "gauge") != "gauge":
            raise Bad("type of %s" % name)
    return samples, about
