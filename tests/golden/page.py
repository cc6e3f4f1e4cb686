"""An HTML report from outside: is it well-formed, harmless and self-contained? And what does it show?"""
import re
import xml.etree.ElementTree as ElementTree

ELEMENTS = set("html head meta title style body header main nav section div p h1 h2 h3 a b i code span time "
               "ul li table thead tbody tr th td svg path details summary".split())
ATTRIBUTES = set("lang charset http-equiv content name class id style href scope tabindex role aria-label "
                 "aria-hidden height viewBox preserveAspectRatio d datetime".split())
POLICY = "default-src 'none'; style-src 'unsafe-inline'"
STYLE = re.compile(r"(height|flex):[0-9]+(px)?")
VISIBLE_CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
MOST_BYTES = 3_000_000


class Page:
    def __init__(self, raw):
        self.raw = raw.decode("utf-8")
        self.root = ElementTree.fromstring(self.raw)  # well-formed, or it raises

    def all(self, name):
        return list(self.root.iter(name))

    def by_id(self, name):
        return next((e for e in self.root.iter() if e.get("id") == name), None)

    def text(self, name):
        """The words of the element with that id, as they are read."""
        element = self.by_id(name)
        return None if element is None else " ".join("".join(element.itertext()).split())

    def table(self, section, which=0):
        """Rows of a table of a section, the headings first."""
        tables = list(self.by_id(section).iter("table"))
        return [["".join(cell.itertext()) for cell in row] for row in tables[which].iter("tr")]

    def heat(self):
        """(rows, columns) and the colour of each cell of the heat map: {(row, column): class}."""
        svg = next(e for e in self.by_id("heat").iter("svg"))
        columns, height = (int(n) for n in svg.get("viewBox").split()[2:])
        rows = len([p for p in svg.iter("path") if p.get("class") == "hit"])
        cells = {}
        for path in svg.iter("path"):
            if path.get("class") == "hit":
                continue
            for left, top, right in re.findall(r"M(\d+) (\d+)H(\d+)v", path.get("d")):
                for column in range(int(left), int(right)):
                    cell = (int(top) * rows // height, column)
                    if cell in cells:
                        raise ValueError("cell %s has two colours" % (cell,))
                    cells[cell] = int(path.get("class")[1:])
        return rows, columns, cells

    def heat_names(self):
        svg = next(e for e in self.by_id("heat").iter("svg"))
        return ["".join(title.itertext()) for title in svg.iter("title")]


def faults(raw):
    """What is wrong with the bytes of a report, as sentences."""
    try:
        page = Page(raw)
    except (UnicodeDecodeError, ElementTree.ParseError) as fault:
        return ["not well-formed: %s" % fault]
    found = []
    if len(raw) >= MOST_BYTES:
        found.append("%d bytes" % len(raw))
    if not page.raw.startswith("<!DOCTYPE html>\n"):
        found.append("no doctype")
    metas = {m.get("http-equiv"): m.get("content") for m in page.all("meta")}
    if metas.get("Content-Security-Policy") != POLICY:
        found.append("policy is %s" % metas.get("Content-Security-Policy"))
    ids = [e.get("id") for e in page.root.iter() if e.get("id")]
    if len(ids) != len(set(ids)):
        found.append("an id is there twice")
    for element in page.root.iter():
        if element.tag not in ELEMENTS and not (element.tag == "title" and element.text):
            found.append("element %s" % element.tag)
        for name, value in element.attrib.items():
            if name not in ATTRIBUTES:
                found.append("attribute %s" % name)
            if name == "href" and (value[:1] != "#" or value[1:] not in ids):
                found.append("link to %s" % value)
            if name == "style" and not STYLE.fullmatch(value):
                found.append("style %s" % value)
    style = "".join(e.text for e in page.all("style"))
    found += ["style sheet has %s" % word for word in ("url(", "@import", "http", "expression") if word in style]
    found += ["control character %r" % c for c in VISIBLE_CONTROL.findall(page.raw)]
    return found
