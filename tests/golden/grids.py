"""Reads the tables of a page back: from aligned text, from Markdown, from HTML. Each grid is a list of rows,
{heading: text}."""
import html.parser
import re

INLINE = {"a", "b", "code", "i", "span", "time"}
RULE = re.compile(r"-+(?:  -+)*")


def of_text(text):
    """Columns are where the dashes are; for names of narrow characters only."""
    grids, lines = [], text.split("\n")
    for i, line in enumerate(lines):
        if i == 0 or not RULE.fullmatch(line):
            continue
        spans = [match.span() for match in re.finditer("-+", line)]
        spans[-1] = (spans[-1][0], None)
        cells = [[row[a:b].strip() for a, b in spans] for row in [lines[i - 1]] + body(lines[i + 1:])]
        grids.append([dict(zip(cells[0], row)) for row in cells[1:]])
    return grids


def body(lines):
    rows = []
    for line in lines:
        if not line or line.startswith("... and "):
            break
        rows.append(line)
    return rows


def of_markdown(text):
    grids, lines = [], text.split("\n")
    for i, line in enumerate(lines):
        if i == 0 or not re.fullmatch(r"\|(?: -+:? \|)+", line):
            continue
        rows = [lines[i - 1]]
        for row in lines[i + 1:]:
            if not row.startswith("|"):
                break
            rows.append(row)
        cells = [[re.sub(r"\\(.)", r"\1", cell).strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]] for row in rows]
        grids.append([dict(zip(cells[0], row)) for row in cells[1:]])
    return grids


class Page(html.parser.HTMLParser):
    """The tables of an HTML page, its text, and every element that it is made of."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.tables, self.words, self.elements = [], [], []
        self.cell = None
        self.feed(text)
        self.close()
        self.grids = [[dict(zip(rows[0], row)) for row in rows[1:]] for rows in self.tables if rows]
        self.text = "".join(self.words)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self.words.append(" " if tag in INLINE else "\n")
        if tag == "table":
            self.tables.append([])
        elif tag == "tr" and self.tables:
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.cell = []

    def handle_endtag(self, tag):
        if tag in ("td", "th") and self.cell is not None:
            self.tables[-1][-1].append("".join(self.cell).strip())
            self.cell = None

    def handle_data(self, data):
        self.words.append(data)
        if self.cell is not None:
            self.cell.append(data)


def of_html(text):
    return Page(text).grids
