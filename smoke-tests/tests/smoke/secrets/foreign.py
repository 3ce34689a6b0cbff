"""Writes a secret as the programs of others do, and one way inside another.

Prints a JSON list of names and texts, each beside what comes of another secret.
"""

import base64
import binascii
import html
import html.entities
import json
import sys
from urllib.parse import quote, quote_plus

SECRETS = sys.argv[1:3]


def inside(text):
    """A JSON string without its quotes."""
    return text[1:-1]


def table(characters, write):
    return lambda text: "".join(write(c) if c in characters else c for c in text)


def in_lines(text, width, end):
    return end.join(text[at : at + width] for at in range(0, len(text), width))


def standard(text):
    return base64.b64encode(text.encode()).decode()


def units(text):
    raw = text.encode("utf-16-be")
    return "".join("\\u%04x" % (raw[at] << 8 | raw[at + 1]) for at in range(0, len(raw), 2))


WAYS = {
    "json.dumps": lambda text: inside(json.dumps(text)),
    "json.dumps with ensure_ascii=False": lambda text: inside(json.dumps(text, ensure_ascii=False)),
    # django.utils.html.escapejs
    "escapejs": table(
        "\\'\"><&=-;`\u2028\u2029" + "".join(map(chr, range(32))),
        lambda c: "\\u%04X" % ord(c),
    ),
    # JSON_HEX_TAG | JSON_HEX_AMP | JSON_HEX_APOS | JSON_HEX_QUOT, and slashes
    "json_encode": lambda text: table("<>&'", lambda c: "\\u%04X" % ord(c))(
        inside(json.dumps(text)).replace('\\"', "\\u0022").replace("/", "\\/")
    ),
    # as Gson writes it by default
    "toJson": lambda text: table("<>&='", lambda c: "\\u%04x" % ord(c))(
        inside(json.dumps(text, ensure_ascii=False))
    ),
    "units": units,
    "html.escape": html.escape,
    "xmlcharrefreplace": lambda text: html.escape(text).encode("ascii", "xmlcharrefreplace").decode(),
    "names": lambda text: "".join(
        "&%s;" % html.entities.codepoint2name[ord(c)] if ord(c) in html.entities.codepoint2name else c
        for c in text
    ),
    "decimal": lambda text: "".join("&#%d;" % ord(c) for c in text),
    "decimal with zeros": lambda text: "".join("&#%07d;" % ord(c) for c in text),
    "hexadecimal": lambda text: "".join("&#x%X;" % ord(c) for c in text),
    "quote": quote,
    "quote with safe": lambda text: quote(text, safe="/+&"),
    "quote of all": lambda text: "".join("%%%02x" % byte for byte in text.encode()),
    "quote_plus": quote_plus,
    "b64encode": standard,
    "urlsafe_b64encode": lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "encodebytes": lambda text: base64.encodebytes(text.encode()).decode(),
    "64 columns": lambda text: in_lines(standard(text), 64, "\n"),
    "76 columns and CRLF": lambda text: in_lines(standard(text), 76, "\r\n"),
    "hexlify": lambda text: binascii.hexlify(text.encode()).decode(),
}

found = []


def add(name, write):
    found.append((name, *map(write, SECRETS)))


def around(secret):
    return "it is " + secret + " and nobody else who reads this should find it"


for name, way in WAYS.items():
    add(name, way)
    add(name + " of a longer text", lambda secret: way(around(secret)))
    for outer, again in WAYS.items():
        add(name + " in " + outer, lambda secret: again(way(around(secret))))
print(json.dumps(found))
