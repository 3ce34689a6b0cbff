#!/usr/bin/env python3
"""Writes the tables of inputs and outputs into terraform/README.md.

With --check it writes nothing and fails where the tables are not current.
"""

import json
import re
import sys
from pathlib import Path

import hcl2

TERRAFORM = Path(__file__).resolve().parent.parent / "terraform"
README = TERRAFORM / "README.md"


def blocks(folder, name, kind):
    """Names and contents of the blocks of a kind, in the order of the file."""
    text = (folder / name).read_text()
    for block in hcl2.loads(text).get(kind, []):
        for key, content in block.items():
            yield key.strip('"'), {field: plain(value) for field, value in content.items()}


def plain(value):
    """The parser wraps everything in lists."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def unquoted(text):
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text


def cell(text):
    return re.sub(r"\s+", " ", str(text)).replace("|", "\\|").strip()


def type_name(kind):
    """`object({…})` rather than all of its fields: the description has them."""
    kind = re.sub(r"\$\{(.*)\}", r"\1", str(kind), flags=re.S)
    kind = re.sub(r"object\(\{.*\}\)", "object", kind, flags=re.S)
    return cell(kind)


def default(content):
    if "default" not in content:
        return "required"
    value = content["default"]
    if value is None or value == "null":
        return "`null`"
    if isinstance(value, str):
        value = unquoted(value)
    return f"`{json.dumps(value)}`"


def inputs(folder):
    yield "| input | type | default | what it is |"
    yield "|---|---|---|---|"
    for name, content in blocks(folder, "variables.tf", "variable"):
        yield f"| `{name}` | `{type_name(content['type'])}` | {default(content)} | {cell(unquoted(content['description']))} |"


def outputs(folder):
    yield "| output | what it is |"
    yield "|---|---|"
    for name, content in blocks(folder, "outputs.tf", "output"):
        yield f"| `{name}` | {cell(unquoted(content['description']))} |"


def main(check):
    text = README.read_text()

    def table(match):
        folder = TERRAFORM / match[1]
        rows = [*inputs(folder), "", *outputs(folder)]
        return f"<!-- tables: {match[1]} -->\n" + "\n".join(rows) + "\n<!-- end -->"

    new = re.sub(r"<!-- tables: (\S+) -->\n.*?<!-- end -->", table, text, flags=re.S)
    if check:
        if new != text:
            sys.exit("terraform/README.md: the tables are not current: run `make terraform-docs`")
    else:
        README.write_text(new)


if __name__ == "__main__":
    main("--check" in sys.argv[1:])
