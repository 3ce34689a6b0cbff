"""Runs the applied buildspec: each of its commands in a bash of its own, with AWS's
command line on moto under the keys of the build's role, and a docker that writes down
what it is asked for and puts a pushed image into moto's ECR.
"""

import json
import os
import re
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import deployment
import held
import pipeline
import yaml

DOCKER = '''#!{python}
import json, os, sys, boto3
words = sys.argv[1:]
with open(os.environ["RECORD"], "a") as record:
    record.write(json.dumps(["docker", *words]) + "\\n")
if words[0] == os.environ.get("BREAKS"):
    sys.exit("docker: broken on purpose")
if words[0] == "login":
    assert sys.stdin.read().strip() and words[1:4] == ["--username", "AWS", "--password-stdin"], words
if words[0] == "build":
    assert os.path.isfile(os.path.join(words[-1], "Dockerfile")), words
if words[0] == "push":
    repository, tag = words[1].rsplit("/", 1)[-1].split(":")
    manifest = {{"schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json", "config": {{"digest": "sha256:" + "0" * 64, "size": 1, "mediaType": "a"}}, "layers": []}}
    boto3.client("ecr").put_image(repositoryName=repository, imageTag=tag, imageManifest=json.dumps(manifest))
'''
AWS = '''#!/bin/bash
[ "$1 $2" != "${{BREAKS:-}}" ] || {{ echo "aws: broken on purpose" >&2; exit 254; }}
exec "{bin}/aws" "$@"
'''

# What the rehearsal's green calls itself.
TAG = "green-1.1.0"
HOOKS = {"BeforeInstall", "AfterInstall", "AfterAllowTestTraffic", "BeforeAllowTraffic", "AfterAllowTraffic"}


class Build:
    """One run of the build on a checkout of the application."""

    def __init__(self, stage, source, commit, breaks=""):
        project = applied(stage)
        role = project["serviceRole"]
        keys = held.take(stage, role, "the build")
        spec = yaml.safe_load(project["source"]["buildspec"])
        assert spec["version"] == "0.2" and spec["env"] == {"shell": "bash"} and list(spec["phases"]) == ["build"], spec
        with tempfile.TemporaryDirectory() as folder:
            tools = Path(folder) / "tools"
            tools.mkdir()
            for name, text in (("docker", DOCKER), ("aws", AWS)):
                (tools / name).write_text(text.format(python=sys.executable, bin=Path(sys.executable).parent))
                (tools / name).chmod(stat.S_IRWXU)
            record = Path(folder) / "record"
            record.touch()
            environment = {
                "PATH": f"{tools}:/usr/bin:/bin",
                "HOME": folder,
                "RECORD": str(record),
                "BREAKS": breaks,
                "CODEBUILD_SRC_DIR": str(source),
                "CODEBUILD_RESOLVED_SOURCE_VERSION": commit,
                "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
                "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
                "AWS_SESSION_TOKEN": keys["SessionToken"],
                "AWS_DEFAULT_REGION": "eu-central-1",
                "AWS_ENDPOINT_URL": stage.server.url,
                **{each["name"]: each["value"] for each in project["environment"]["environmentVariables"]},
            }
            # Whatever CodeBuild lets a shell keep from one command to the next:
            # here it keeps nothing.
            self.code, self.output = 0, ""
            for command in spec["phases"]["build"]["commands"]:
                done = subprocess.run(["bash", "-c", command], cwd=source, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
                self.code, self.output = done.returncode, self.output + done.stdout
                if self.code:
                    break
            self.asked = [json.loads(line) for line in record.read_text().splitlines()]
        base = source / spec["artifacts"]["base-directory"]
        self.artifact = {name: (base / name).read_text() for name in spec["artifacts"]["files"] if (base / name).is_file()}
        self.environment = environment

    def did(self, word):
        return [words for words in self.asked if words[1] == word]


def applied(stage):
    """The project, as Terraform made it."""
    return next(thing for (kind, _), thing in stage.server.store.things.items() if kind == "project")


def published(stage, tag):
    """The check files of a release, by their names."""
    bucket, prefix = place(stage, tag)
    found = stage.client("s3").list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
    return sorted(each["Key"].removeprefix(prefix) for each in found)


def place(stage, tag):
    """Where the check files of a release are: bucket and prefix."""
    bucket, prefix = re.match(r"s3://([^/]+)/(.*)", stage.told["checks_url"]).groups()
    return bucket, f"{prefix}{tag}/"


def unpublish(stage, tag):
    """As if the release had come without check files."""
    bucket, prefix = place(stage, tag)
    for each in stage.client("s3").list_object_versions(Bucket=bucket, Prefix=prefix)["Versions"]:
        stage.client("s3").delete_object(Bucket=bucket, Key=each["Key"], VersionId=each["VersionId"])


def prove(stage, checks):
    """A release, the same once more, one without checks, and the ways to fail."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder)
        (source / "Dockerfile").write_text("FROM scratch\n")
        nested = source / "smoke-tests" / "orders"
        nested.mkdir(parents=True)
        (nested / "order.schema.json").write_text("{}")
        for file in checks:
            (source / "smoke-tests" / file.name).write_text(file.read_text())

        tag = TAG
        for what, breaks in (("the sign-in", "ecr get-login-password"), ("the sign-in", "login"), ("the image", "build"), ("the push", "push"), ("the check files", "s3 cp")):
            broken = Build(stage, source, f"broken-{breaks.replace(' ', '-')}", breaks)
            assert broken.code != 0 and not broken.artifact, f"{what} broke, and the build went on:\n{broken.output}"
            if breaks in ("build", "push"):
                assert not published(stage, f"broken-{breaks}"), "check files without an image"

        first = Build(stage, source, tag)
        assert first.code == 0, first.output
        assert [words[1] for words in first.asked] == ["login", "build", "push"], first.asked
        assert f"VERSION={tag}" in first.did("build")[0], first.asked
        names = sorted(["orders/order.schema.json", *(file.name for file in checks)])
        assert published(stage, tag) == names, f"expected {names}, found {published(stage, tag)}"
        judge(stage, first, tag)

        again = Build(stage, source, tag)
        assert again.code == 0, again.output
        assert [words[1] for words in again.asked] == ["login"], "the tag never moves: a second run takes the image that is there"
        assert again.artifact == first.artifact

        for path in sorted((source / "smoke-tests").rglob("*"), reverse=True):
            path.unlink() if path.is_file() else path.rmdir()
        (source / "smoke-tests").rmdir()
        bare = Build(stage, source, "bare")
        assert bare.code == 0 and not published(stage, "bare"), bare.output
    with_the_role(stage)
    held.hold(stage, "the build", applied(stage)["serviceRole"])
    return first


def with_the_role(stage):
    """What CodeBuild does with the role, and docker, which is none here."""
    log = f"arn:aws:logs:eu-central-1:123456789012:log-group:{applied(stage)['logsConfig']['cloudWatchLogs']['groupName']}:log-stream:1"
    repository = f"arn:aws:ecr:eu-central-1:123456789012:repository/{stage.told['ecr_repository_url'].rsplit('/', 1)[-1]}"
    artifacts = pipeline.artifacts(stage)
    held.note(
        stage,
        "the build",
        *((f"logs:{action}", log, {}) for action in ("CreateLogStream", "PutLogEvents")),
        *((f"s3:{action}", f"{artifacts}/source/AbCdEf", {}) for action in ("GetObject", "GetObjectVersion")),
        ("s3:PutObject", f"{artifacts}/release/AbCdEf", {}),
        *((f"ecr:{action}", repository, {}) for action in ("BatchCheckLayerAvailability", "CompleteLayerUpload", "InitiateLayerUpload", "UploadLayerPart")),
    )


def judge(stage, build, tag):
    """The three files, as CodePipeline's CodeDeployToECS and CodeDeploy read them."""
    told = stage.told
    assert set(build.artifact) == {"appspec.yaml", "imageDetail.json", "taskdef.json"}, build.artifact
    assert sum(map(len, build.artifact.values())) < 3_000_000
    image = json.loads(build.artifact["imageDetail.json"])
    assert image == {"ImageURI": f"{told['ecr_repository_url']}:{tag}"}, image
    repository = told["ecr_repository_url"].rsplit("/", 1)[-1]
    assert stage.client("ecr").describe_images(repositoryName=repository, imageIds=[{"imageTag": tag}])["imageDetails"]

    assert build.artifact["taskdef.json"].count("<IMAGE1_NAME>") == 1
    definition = json.loads(build.artifact["taskdef.json"].replace("<IMAGE1_NAME>", image["ImageURI"]))
    (container,) = definition["containerDefinitions"]
    first = stage.client("ecs").describe_task_definition(taskDefinition=deployment.service(stage)["taskDefinition"])["taskDefinition"]
    assert all(definition[field] == first[field] for field in ("executionRoleArn", "taskRoleArn")), definition
    assert definition["taskRoleArn"].endswith(f"/{told['task_role_name']}") and definition["executionRoleArn"].endswith(f"/{told['execution_role_name']}"), definition
    # With tags CodePipeline would need one permission more.
    assert "tags" not in definition
    # The execution role makes no log groups.
    group = container["logConfiguration"]["options"]["awslogs-group"]
    assert group in [each["logGroupName"] for each in stage.client("logs").describe_log_groups(logGroupNamePrefix=group)["logGroups"]]

    assert build.artifact["appspec.yaml"].count("<TASK_DEFINITION>") == 1
    spec = yaml.safe_load(build.artifact["appspec.yaml"])
    assert set(spec) == {"version", "Resources", "Hooks"} and spec["version"] == "0.0", spec
    ((name, target),) = spec["Resources"][0].items()
    assert len(spec["Resources"]) == 1 and name == "TargetService" and target["Type"] == "AWS::ECS::Service"
    properties = target["Properties"]
    assert set(properties) <= {"TaskDefinition", "LoadBalancerInfo", "PlatformVersion", "NetworkConfiguration", "CapacityProviderStrategy"}
    assert properties["TaskDefinition"] == "<TASK_DEFINITION>"
    assert properties["LoadBalancerInfo"] == {"ContainerName": container["name"], "ContainerPort": container["portMappings"][0]["containerPort"]}
    network = properties["NetworkConfiguration"]["AwsvpcConfiguration"]
    assert set(network) == {"Subnets", "SecurityGroups", "AssignPublicIp"} and network["AssignPublicIp"] == "DISABLED"
    stage.client("ec2").describe_subnets(SubnetIds=network["Subnets"])
    stage.client("ec2").describe_security_groups(GroupIds=network["SecurityGroups"])
    for hook in spec["Hooks"]:
        ((event, function),) = hook.items()
        assert event in HOOKS, event
        stage.client("lambda").get_function_configuration(FunctionName=function)


def revision(stage, build):
    """What CodePipeline registers, and the AppSpec with its ARN."""
    image = json.loads(build.artifact["imageDetail.json"])["ImageURI"]
    definition = json.loads(build.artifact["taskdef.json"].replace("<IMAGE1_NAME>", image))
    pipeline.prove(stage, definition)
    return deployment.registered(stage, definition, build.artifact["appspec.yaml"])
