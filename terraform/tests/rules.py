"""What must be true of the text of terraform/, whatever it does.

    rules.py    in a copy of terraform/; REPOSITORY is where it came from
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import hcl2

TERRAFORM = Path(__file__).resolve().parents[1]
REPOSITORY = Path(os.environ["REPOSITORY"])
FOLDERS = [TERRAFORM, *sorted(TERRAFORM.glob("modules/*")), *sorted(path for path in TERRAFORM.glob("examples/*") if (path / "main.tf").exists())]
REASON = re.compile(r"checkov:skip=(\w+)(.*)")


def main():
    problems = [f"terraform/{problem}" for folder in FOLDERS for problem in of_folder(folder)]
    problems += [*reasons(), *traps(), *whole_example(), *passed_through(), *front_door(), *loud_skip()]
    if problems:
        sys.exit("\n".join(problems))
    print("rules: no module calls another, each validation has its run, each suppression its reason, each trap its proof; the root tells its modules all that they can be told; examples/complete takes what the module takes, each example what make says, and a skip is loud")


def of_folder(folder):
    place = folder.relative_to(TERRAFORM)
    validations = {}
    for path in sorted(folder.glob("*.tf")):
        text = hcl2.loads(path.read_text())
        if "modules" in folder.parts and "module" in text:
            yield f"{place}/{path.name}: a module calls another one; the root composes them"
        for kind, wanted in (("variable", {"type", "description"}), ("output", {"description"})):
            for name, content in ((name.strip('"'), content) for block in text.get(kind, []) for name, content in block.items()):
                if not wanted <= set(content):
                    yield f"{place}/{path.name}: `{name}` has no {' or no '.join(sorted(wanted - set(content)))}"
                if kind == "variable":
                    validations[name] = len(content.get("validation", []))
    used = "".join(path.read_text() for path in folder.glob("*.tf"))
    for name in validations:
        if not re.search(rf"\bvar\.{name}\b", re.sub(rf'^variable "{name}" \{{\n.*?^\}}', "", used, flags=re.M | re.S)):
            yield f"{place}/variables.tf: nothing uses `{name}`"
    # One value that each of them refuses.
    runs = re.findall(r"expect_failures\s*=\s*\[var\.(\w+)\]", "".join(path.read_text() for path in folder.glob("tests/*.tftest.hcl")))
    for name, rules in validations.items():
        if runs.count(name) < rules:
            yield f"{place}/variables.tf: `{name}` has {rules} validations and {runs.count(name)} runs with expect_failures"


def reasons():
    for path in sorted(TERRAFORM.rglob("*")):
        if path.name == "Dockerfile" or path.suffix == ".tf" and ".terraform" not in path.parts:
            for name, reason in REASON.findall(path.read_text()):
                if len(reason.lstrip(":").split()) < 3:
                    yield f"{path.relative_to(TERRAFORM)}: {name} is suppressed without a reason"


def traps():
    """Each trap of README.md is shown by something that is there."""
    runs = set(re.findall(r'^run "(\w+)"', "".join(path.read_text() for path in TERRAFORM.rglob("*.tftest.hcl") if ".terraform" not in path.parts), re.M))
    for row in re.findall(r"^\|.*\|$", (TERRAFORM / "tests" / "README.md").read_text(), re.M)[2:]:
        shown = re.findall(r"`([^`]+)`", row.split("|")[-2])
        if not shown:
            yield f"terraform/tests/README.md: nothing shows what becomes of{row.split('|')[1]}"
        for name in shown:
            if name not in runs and not (REPOSITORY / "terraform" / "tests" / name).is_file():
                yield f"terraform/tests/README.md: there is no `{name}`"


# What examples/complete says in its own words.
OWN_WORDS = {"name", "package"}
OWN_DEFAULTS = OWN_WORDS | {"scaling", "traffic"}


def variables(folder):
    """The variables of a folder: the text of each, and its parts."""
    text = (folder / "variables.tf").read_text()
    texts = dict(re.findall(r'^variable "(\w+)" \{\n(.*?)^\}', text, re.M | re.S))
    parts = {name.strip('"'): content for block in hcl2.loads(text)["variable"] for name, content in block.items()}
    return {name: (texts[name], parts[name]) for name in texts}


def whole_example():
    """examples/complete hands over every variable of the module, under its name.
    Where its type is `any`, it knows the members of the module's type."""
    complete = TERRAFORM / "examples" / "complete"
    theirs = variables(complete)
    (call,) = (block["greenlight"] if "greenlight" in block else block['"greenlight"'] for block in hcl2.loads((complete / "main.tf").read_text())["module"])
    for name, (text, parts) in variables(TERRAFORM).items():
        place = f"terraform/examples/complete: `{name}`"
        if name not in theirs:
            yield f"{place} is a variable of the module and not of the example"
            continue
        own_text, own = theirs[name]
        if call.get(name) not in ("${var.%s}" % name, ["${var.%s}" % name]):
            yield f"{place} is not handed over"
        if name not in OWN_WORDS and own["description"] != parts["description"]:
            yield f"{place} is described in other words than in the module"
        if name not in OWN_DEFAULTS and own.get("default") != parts.get("default"):
            yield f"{place} has another default than in the module"
        if own["type"] == parts["type"]:
            continue
        members = re.findall(r"^    (\w+) += ", text.split("validation {")[0], re.M)
        found = re.search(r'setsubtract\(.*, \[("[^]]*)\]', own_text)
        known = re.findall(r'"(\w+)"', found[1]) if found else None
        if known != members:
            yield f"{place} is not of the module's type, and knows {known} instead of {members}"


def passed_through():
    """The root hands over whatever its modules can be told."""
    calls = {name.strip('"'): content for block in hcl2.loads((TERRAFORM / "main.tf").read_text())["module"] for name, content in block.items()}
    for folder in (folder for folder in FOLDERS if folder.parent.name == "modules"):
        for name in sorted(set(variables(folder)) - set(calls[folder.name.replace("-", "_")])):
            yield f"terraform/main.tf: `{name}` of modules/{folder.name} is not handed over"


def front_door():
    """What `make deploy` and `make destroy` say by `-var` is a variable of each example."""
    said = set(re.findall(r"-var (\w+)=", re.sub(r"^#.*", "", (TERRAFORM / "terraform.mk").read_text(), flags=re.M)))
    for folder in (folder for folder in FOLDERS if folder.parent.name == "examples"):
        for name in sorted(said - set(variables(folder))):
            yield f"terraform/examples/{folder.name}: `make deploy` says `{name}`, which is no variable of it"
        if f"\n{folder.name})\n" not in (REPOSITORY / "tools" / "announce.sh").read_text():
            yield f"tools/announce.sh: what terraform/examples/{folder.name} makes and costs is not said"


def loud_skip():
    """Without Terraform a person is told so, and CI stops."""
    words = ["make", "-C", str(REPOSITORY), "test-terraform", "TERRAFORM=no-such-terraform"]
    for ci in ("", "true"):
        done = subprocess.run(words, env={**os.environ, "CI": ci}, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        skipped = "SKIPPED: NOTHING of terraform/ was tested: terraform is missing" in done.stdout
        if (done.returncode == 0, skipped) != (not ci, not ci):
            yield f"make test-terraform without Terraform, CI={ci}: {done.returncode}\n{done.stdout}"


if __name__ == "__main__":
    main()
