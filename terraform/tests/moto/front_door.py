"""Runs `make deploy` and `make destroy` of the repository on an example, as a
person does: without credentials, without a yes, and then for good.
"""

import os
import pty
import subprocess
import sys
from pathlib import Path

import deployment
import listeners
import placeholder

REPOSITORY = Path(os.environ["REPOSITORY"])


# What an example makes and what it costs, in the words of `make deploy`.
SAID = {
    "complete": ("a VPC with a NAT gateway", "0.11 US dollars an hour"),
    "ecs-existing-vpc": ("in a VPC that is there", "0.05 US dollars an hour"),
    "hook-only": ("lets it ask the gate", "less than 0.001 US dollars an hour"),
}


def make(stage, target, *words, environment=None, answer=None):
    """The exit code and everything that was printed; `answer` is typed."""
    words = ["make", "-C", str(REPOSITORY), target, f"TERRAFORM={os.environ.get('TERRAFORM', 'terraform')}", f"EXAMPLE={stage.folder}", f"ZIP={stage.variables['package']}", "VARS=-no-color", *words]
    keys, terminal = pty.openpty() if answer else (None, subprocess.DEVNULL)
    environment = {**os.environ, **(environment or {})}
    process = subprocess.Popen(words, env={name: value for name, value in environment.items() if value is not None}, stdin=terminal, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if answer:
        os.write(keys, answer.encode())
    said = process.communicate()[0]
    if answer:
        os.close(keys)
        os.close(terminal)
    return process.returncode, said


def expect(code, said, wanted, *words):
    for word in words:
        if word not in said:
            sys.exit(f"expected `{word}` in what make says:\n{said}")
    if (code == 0) != wanted:
        sys.exit(f"make ended with {code}:\n{said}")


def deploy(stage):
    """Applies an example by `make deploy`, which says what that example is."""
    stage.write()
    code, said = make(stage, "deploy", "AUTO=yes")
    expect(code, said, True, *SAID[stage.folder.name], "Apply complete!")
    stage.ask()


def prove(stage):
    stage.variables |= {"repository": "example/shop"}
    stage.write()
    nobody = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None, "AWS_PROFILE": None, "HOME": str(stage.folder)}
    # Once with AWS's command line, and once where there is none.
    bare = stage.folder / "bare"
    bare.mkdir()
    for tool in ("make", "bash", "uname", "cat", "terraform", "id"):
        found = subprocess.run(["bash", "-c", f"type -P {tool}"], text=True, stdout=subprocess.PIPE).stdout.strip()
        if found:
            (bare / tool).symlink_to(found)
    for target in ("deploy", "destroy"):
        code, said = make(stage, target, "AUTO=yes", environment={**nobody, "PATH": str(bare)})
        expect(code, said, False, "there are no AWS credentials", "AWS_PROFILE")
        code, said = make(stage, target, "AUTO=yes", environment={**nobody, "AWS_EC2_METADATA_DISABLED": "true"})
        expect(code, said, False, "AWS does not know you", "AWS_PROFILE")
        code, said = make(stage, target)
        expect(code, said, False, "nobody is there to say yes", "AUTO=yes")
        code, said = make(stage, target, answer="n\n")
        expect(code, said, False, "Go on? [y/N]", "nothing was done")
        if target == "deploy":
            code, said = make(stage, "--dry-run", target, "ZIP=", environment={"CHECKS": None})
            expect(code, said, True, "cp -R terraform/checks ", "apply -var package=")
    if (stage.folder / "terraform.tfstate").exists():
        sys.exit("something was done without a yes")

    # Once to make's question, once to Terraform's.
    code, said = make(stage, "deploy", answer="y\nyes\n")
    expect(code, said, True, "AWS account 123456789012", *SAID["complete"], "Enter a value", "Apply complete!")
    stage.nothing_to_do("after `make deploy`")
    stage.ask()
    assert "reads and changes" in stage.output()["transport"], stage.output()
    assert f"Complete the connection {stage.told['connection_arn']}" in stage.output()["next_step"], stage.output()
    listeners.speak(stage, {80: "HTTP", 8443: "HTTP"})
    listeners.closed(stage, 8443, listeners.nat_ranges(stage))
    placeholder.prove(stage, 8080, "/healthz")
    deployment.simulate(stage)
    stage.nothing_to_do("after deployments")
    resources = len(stage.terraform("state", "list").stdout.split())

    # The zip may be gone, after `make clean`.
    stage.variables["package"] = "gone.zip"
    code, said = make(stage, "destroy", "AUTO=yes")
    expect(code, said, True, "AWS account 123456789012", "There is no way back", "It costs nothing", "Destroy complete!")
    return resources
