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
    """`object({…})` rather than all of its members: they follow the description."""
    kind = re.sub(r"\$\{(.*)\}", r"\1", str(kind), flags=re.S)
    kind = re.sub(r"object\(\{.*\}\)", "object", kind, flags=re.S)
    return cell(kind)


def inside(text, opening):
    """What is between an opening bracket and its closing one."""
    depth = 0
    for index in range(opening, len(text)):
        depth += text[index] in "({["
        depth -= text[index] in ")}]"
        if depth == 0:
            return text[opening + 1 : index]
    raise ValueError(text)


def parts(text, separators):
    """A text cut at the separators that stand in no bracket."""
    found, depth = [""], 0
    for character in text:
        depth += character in "({["
        depth -= character in ")}]"
        if character in separators and depth == 0:
            found.append("")
        else:
            found[-1] += character
    return [part.strip() for part in found if part.strip()]


def members(kind):
    """The members of an object type: name, whether each is required, default."""
    for line in parts(inside(kind, kind.index("object({") + len("object(")), ",\n"):
        name, what = (part.strip() for part in line.split("=", 1))
        optional = what.startswith("optional(")
        what, *rest = parts(inside(what, what.index("(")), ",") if optional else [what]
        inner = f" {{ {', '.join(each for each, _, _ in members(what))} }}" if "object({" in what else ""
        yield name + inner, not optional, rest[0] if rest else "null"


def told(content, text):
    """The description, and of an object its members with their defaults."""
    said = cell(unquoted(content["description"]))
    kind = re.search(r"^  type += (.*)", text, re.M | re.S)[1]
    if not re.match(r"(map\(|list\()?object\(", kind):
        return said
    of = ", ".join(f"`{each}`" if required else f"`{each}` (`{cell(value)}`)" for each, required, value in members(kind))
    return f"{said} Members: {of}."


def texts(folder):
    """The text of each variable, as it is written."""
    return dict(re.findall(r'^variable "(\w+)" \{\n(.*?)^\}', (folder / "variables.tf").read_text(), re.M | re.S))


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
    written = texts(folder)
    for name, content in blocks(folder, "variables.tf", "variable"):
        yield f"| `{name}` | `{type_name(content['type'])}` | {default(content)} | {told(content, written[name])} |"


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
