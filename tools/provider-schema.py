#!/usr/bin/env python3
"""Holds the module's arguments against the next major version of the provider.

    provider-schema.py                 check terraform/ against the committed names
    provider-schema.py --slim WHEEL    write these names from the wheel of the
                                       Python package cdktn-provider-aws

The names are those of provider 6.69.1 (cdktn-provider-aws 25.8.1), for the
resources in use. They carry no types and no deprecations.
"""

import ast
import json
import re
import sys
import zipfile
from pathlib import Path

import hcl2

TERRAFORM = Path(__file__).resolve().parent.parent / "terraform"
NAMES = TERRAFORM / "tests" / "provider-6.json"
# Terraform's own, and those of the resources' life.
META = {"count", "for_each", "depends_on", "lifecycle", "provider", "provisioner", "connection"}


def used():
    """Every resource and data source with its blocks: kind, name, place, content."""
    files = sorted(path for folder in (".", "modules/*", "examples/*") for path in TERRAFORM.glob(f"{folder}/*.tf"))
    for path in files:
        text = hcl2.loads(path.read_text())
        for kind in ("resource", "data"):
            for block in text.get(kind, []):
                for name, instances in block.items():
                    for instance, content in instances.items():
                        yield kind, name.strip('"'), f"{path.relative_to(TERRAFORM)}: {name}.{instance}", content


def arguments(content):
    """Names of a block's arguments, and of the blocks inside it."""
    for name, value in content.items():
        name = name.strip('"')
        if name.startswith("__") or name in META:
            continue
        if name == "dynamic":
            for each in value:
                for label, block in each.items():
                    for inner in block["content"]:
                        yield label.strip('"'), inner
            continue
        blocks = [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
        if not blocks:
            yield name, None
        for each in blocks:
            yield name, each


def unknown(content, known, place):
    for name, inner in arguments(content):
        if name not in known:
            yield f"{place}: `{name}` is not in provider 6"
        elif inner is not None and isinstance(known[name], dict):
            yield from unknown(inner, known[name], f"{place}.{name}")


def check():
    known = json.loads(NAMES.read_text())
    problems, count = [], 0
    for kind, name, place, content in used():
        count += 1
        if f"{kind} {name}" not in known:
            problems.append(f"{place}: `{name}` is not in provider 6, or `--slim` has to be run again")
            continue
        problems += unknown(content, known[f"{kind} {name}"], place)
    if problems:
        sys.exit("\n".join(problems))
    print(f"provider 6: every argument of {count} resources and data sources is there")


def slim(wheel):
    package = zipfile.ZipFile(wheel)
    known = {}
    for kind, name in sorted({(kind, name) for kind, name, _, _ in used()}):
        module = re.sub("^aws_", "", name)
        path = f"cdktn_provider_aws/{'data_aws_' if kind == 'data' else ''}{module}/__init__.py"
        classes = {node.name: node for node in ast.parse(package.read(path)).body if isinstance(node, ast.ClassDef)}
        config = next(each for each in classes if each.endswith("Config") and "lifecycle" in fields(classes[each]))
        known[f"{kind} {name}"] = {field: inner for field, inner in struct(classes, config).items() if field not in META}
    NAMES.write_text(json.dumps(known, indent=None, separators=(",", ":"), sort_keys=True) + "\n")


def fields(node):
    """The arguments of a struct's constructor, with their annotations."""
    for each in node.body:
        if isinstance(each, ast.FunctionDef) and each.name == "__init__":
            return {argument.arg: ast.unparse(argument.annotation) if argument.annotation else "" for argument in each.args.kwonlyargs}
    return {}


def struct(classes, name, above=()):
    found = {}
    for field, annotation in fields(classes[name]).items():
        inner = [each for each in re.findall(r"\w+", annotation) if each in classes and fields(classes[each])]
        field = field.rstrip("_")
        # Some blocks hold themselves; three levels of them are enough.
        found[field] = struct(classes, inner[0], (*above, name)) if inner and above.count(inner[0]) < 3 else True
    return found


if __name__ == "__main__":
    slim(sys.argv[2]) if sys.argv[1:2] == ["--slim"] else check()
