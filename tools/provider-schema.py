#!/usr/bin/env python3
"""Holds the module's arguments against the next major version of the provider.

    provider-schema.py SCHEMA          check terraform/ against the committed names,
                                       and against the deprecations of SCHEMA,
                                       which `terraform providers schema -json`
                                       writes
    provider-schema.py --slim WHEEL    write these names from the wheel of the
                                       Python package cdktn-provider-aws

The names are those of provider 6.69.1 (cdktn-provider-aws 25.8.1), for the
resources in use: what they are given, and under `read` what they tell. They carry no types and no deprecations; those of provider
5.100 are in its own schema, and 6 adds the few below.
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
# Attributes that version 6 deprecates and 5.100 does not yet, from its upgrade
# guide, for the resources in use.
DEPRECATED_IN_6 = {"data aws_region": {"name"}}
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


def deprecated(content, schema, place):
    """The arguments in use that the provider wants to be rid of."""
    for name, inner in arguments(content):
        block = schema.get("block_types", {}).get(name, {}).get("block", {})
        if schema.get("attributes", {}).get(name, {}).get("deprecated") or block.get("deprecated"):
            yield f"{place}: `{name}` is deprecated"
        if inner is not None:
            yield from deprecated(inner, block, f"{place}.{name}")


def read(schemas, told):
    """The attributes that are read of resources, and are deprecated or gone."""
    for path in sorted(path for folder in (".", "modules/*", "examples/*") for path in TERRAFORM.glob(f"{folder}/*.tf")):
        for data, kind, attribute in re.findall(r"(data\.)?\b(aws_\w+)\.\w+(?:\[[^]]*\])?\.(\w+)", path.read_text()):
            kind = f"{'data' if data else 'resource'} {kind}"
            flags = schemas(kind).get("attributes", {}).get(attribute, {})
            if flags.get("deprecated") or attribute in DEPRECATED_IN_6.get(kind, ()):
                yield f"{path.relative_to(TERRAFORM)}: `{attribute}` of {kind} is deprecated"
            if attribute not in told.get(kind, ()):
                yield f"{path.relative_to(TERRAFORM)}: `{attribute}` of {kind} is not in provider 6, or `--slim` has to be run again"


def check(schema):
    known = json.loads(NAMES.read_text())
    told = known.pop("read")
    (provider,) = json.loads(Path(schema).read_text())["provider_schemas"].items()
    kinds = {"resource": "resource_schemas", "data": "data_source_schemas"}

    def block(kind):
        sort, name = kind.split()
        return provider[1][kinds[sort]][name]["block"]

    problems, count = list(read(block, told)), 0
    for kind, name, place, content in used():
        if not name.startswith("aws_"):
            continue
        count += 1
        if f"{kind} {name}" not in known:
            problems.append(f"{place}: `{name}` is not in provider 6, or `--slim` has to be run again")
            continue
        problems += unknown(content, known[f"{kind} {name}"], place)
        problems += deprecated(content, block(f"{kind} {name}"), place)
    if problems:
        sys.exit("\n".join(problems))
    print(f"provider 6: every argument of {count} resources and data sources is there, and every attribute that is read; none is deprecated")


def slim(wheel):
    package = zipfile.ZipFile(wheel)
    known, told = {}, {}
    for kind, name in sorted({(kind, name) for kind, name, _, _ in used()}):
        module = re.sub("^aws_", "", name)
        path = f"cdktn_provider_aws/{'data_aws_' if kind == 'data' else ''}{module}/__init__.py"
        classes = {node.name: node for node in ast.parse(package.read(path)).body if isinstance(node, ast.ClassDef)}
        config = next(each for each in classes if each.endswith("Config") and "lifecycle" in fields(classes[each]))
        known[f"{kind} {name}"] = {field: inner for field, inner in struct(classes, config).items() if field not in META}
        # Of the resource and its configuration, the shorter name is the resource's.
        resource = min((each for each in classes if "lifecycle" in fields(classes[each])), key=len)
        told[f"{kind} {name}"] = sorted(properties(classes[resource]))
    known["read"] = told
    NAMES.write_text(json.dumps(known, indent=None, separators=(",", ":"), sort_keys=True) + "\n")


def properties(node):
    """What a resource tells."""
    for each in node.body:
        if isinstance(each, ast.FunctionDef) and any(ast.unparse(decorator) == "builtins.property" for decorator in each.decorator_list) and not each.name.endswith("_input"):
            yield each.name.rstrip("_")


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
    slim(sys.argv[2]) if sys.argv[1:2] == ["--slim"] else check(sys.argv[1])
