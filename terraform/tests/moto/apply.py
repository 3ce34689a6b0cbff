"""Applies the root or an example to a moto server with the real provider.

apply, a second plan that has nothing to do; deployments, real or simulated; a
third plan that has nothing to do, destroy, and nothing is left.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.update(AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test", AWS_DEFAULT_REGION="eu-central-1")
os.environ.pop("AWS_PROFILE", None)
os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"

import boto3
import build
import deployment
import front_door
import gate
import listeners
import placeholder
import roles
import team
from server import Server

HERE = Path(__file__).resolve().parent
TERRAFORM = HERE.parent.parent
OFFICE = "198.51.100.0/24"
PACKAGE = HERE.parent / "fixtures" / "package.zip"

# With the default of 25 retries an error of moto's would hang for minutes.
PROVIDER = """provider "aws" {
  max_retries                 = 3
  s3_use_path_style           = true
  skip_credentials_validation = true
  skip_metadata_api_check     = true
}
"""


class Stage:
    """One example, one server, one folder that goes away."""

    def __init__(self, example, folder):
        self.server = Server()
        os.environ["AWS_ENDPOINT_URL"] = self.server.url
        shutil.copytree(TERRAFORM, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".terraform*", "*.tfstate*", "*.tftest.hcl"))
        self.folder = Path(folder) / example
        # An example has a provider, the root has none.
        self.override = self.folder / ("moto.tf" if example == "." else "moto_override.tf")
        self.override.write_text(PROVIDER)
        self.variables = {"package": str(PACKAGE)}
        # Of a pipeline that is there already, what it has.
        self.theirs = {}
        self.told = {}

    def tell(self, module):
        """An example tells everything that its module does."""
        (self.folder / "moto_told.tf").write_text(f'output "told" {{\n  value = module.{module}\n}}\n')

    def listen(self, module):
        """The rehearsal's load balancer listens where the applied one does."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.test_port = free.getsockname()[1]
        if module:
            self.override.write_text(PROVIDER + f'module "{module}" {{\n  test_port = {self.test_port}\n}}\n')

    def client(self, service):
        return boto3.client(service)

    def terraform(self, *words, accept=(0,)):
        done = subprocess.run([os.environ.get("TERRAFORM", "terraform"), *words, "-no-color"], cwd=self.folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if done.returncode not in accept:
            sys.exit(f"terraform {' '.join(words)}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def arguments(self):
        return [f"-var={name}={value if isinstance(value, str) else json.dumps(value)}" for name, value in self.variables.items()]

    def write(self):
        """The variables where `make deploy` finds them."""
        (self.folder / "terraform.tfvars.json").write_text(json.dumps(self.variables))

    def apply(self):
        self.terraform("init", "-input=false")
        self.terraform("apply", "-auto-approve", "-input=false", *self.arguments())
        self.ask()

    def ask(self):
        """What was applied, by the names of the outputs."""
        told = self.output()
        self.told = {**told, **told.get("told", {}), **self.theirs}

    def nothing_to_do(self, when):
        plan = self.terraform("plan", "-input=false", "-detailed-exitcode", *self.arguments(), accept=(0, 2))
        if plan.returncode != 0:
            sys.exit(f"the plan {when} is not empty:\n{plan.stdout}")

    def output(self):
        return {name: each["value"] for name, each in json.loads(self.terraform("output", "-json").stdout).items()}

    def destroy(self):
        # `make clean` may have been there before.
        self.variables["package"] = "gone.zip"
        self.terraform("destroy", "-auto-approve", "-input=false", *self.arguments())

    def inventory(self):
        """What is there, as the API tells it."""
        page = lambda service, call, key, **given: self.client(service).get_paginator(call).paginate(**given).build_full_result()[key]
        there = {
            "load balancers": [each["LoadBalancerArn"] for each in page("elbv2", "describe_load_balancers", "LoadBalancers")],
            "target groups": [each["TargetGroupArn"] for each in page("elbv2", "describe_target_groups", "TargetGroups")],
            "functions": [each["FunctionName"] for each in page("lambda", "list_functions", "Functions")],
            "roles": [each["RoleName"] for each in page("iam", "list_roles", "Roles")],
            "log groups": [each["logGroupName"] for each in page("logs", "describe_log_groups", "logGroups")],
            "alarms": [each["AlarmName"] for each in page("cloudwatch", "describe_alarms", "MetricAlarms")],
            "repositories": [each["repositoryName"] for each in page("ecr", "describe_repositories", "repositories")],
            "networks": [each["VpcId"] for each in page("ec2", "describe_vpcs", "Vpcs")],
            "groups": [each["GroupId"] for each in page("ec2", "describe_security_groups", "SecurityGroups")],
            "addresses": [each["PublicIp"] for each in self.client("ec2").describe_addresses()["Addresses"]],
            "gateways": [each["NatGatewayId"] for each in page("ec2", "describe_nat_gateways", "NatGateways") if each["State"] != "deleted"],
            "buckets": [each["Name"] for each in self.client("s3").list_buckets()["Buckets"]],
            "topics": [each["TopicArn"] for each in page("sns", "list_topics", "Topics")],
            "rules": [each["Name"] for each in page("events", "list_rules", "Rules")],
            "clusters": [arn for arn in page("ecs", "list_clusters", "clusterArns") if self.client("ecs").describe_clusters(clusters=[arn])["clusters"][0]["status"] == "ACTIVE"],
            "certificates": [each["CertificateArn"] for each in page("acm", "list_certificates", "CertificateSummaryList")],
            "services": [arn for cluster in self.client("ecs").list_clusters()["clusterArns"] for arn in self.client("ecs").list_services(cluster=cluster)["serviceArns"] if self.client("ecs").describe_services(cluster=cluster, services=[arn])["services"][0]["status"] == "ACTIVE"],
            "scaling": [each["ResourceId"] for each in page("application-autoscaling", "describe_scalable_targets", "ScalableTargets", ServiceNamespace="ecs")] + [each["PolicyName"] for each in page("application-autoscaling", "describe_scaling_policies", "ScalingPolicies", ServiceNamespace="ecs")],
            "records": [f"{each['Type']} {each['Name']}" for zone in page("route53", "list_hosted_zones", "HostedZones") for each in page("route53", "list_resource_record_sets", "ResourceRecordSets", HostedZoneId=zone["Id"])],
            "subscriptions": [each["Endpoint"] for each in page("sns", "list_subscriptions", "Subscriptions")],
            "others": [f"{kind} {name}" for kind, name in self.server.store.things if kind in ("application", "deployment group", "deployment config", "pipeline", "project", "connection")],
        }
        return {kind: sorted(names) for kind, names in there.items()}


def shop(stage):
    stage.variables |= {"repository": "example/shop", "test_cidrs": {"office": OFFICE}, "notify_emails": ["team@example.com"]}


def secrets(stage, **more):
    """What check files read, and the application."""
    secret = stage.client("secretsmanager").create_secret(Name="shop/smoke", SecretString=json.dumps({"password": "correct-horse"}), **more)["ARN"]
    stage.client("ssm").put_parameter(Name="/shop/customer", Value="demo@example.com", Type="String")
    return {"secret_arns": [secret], "parameter_arns": ["arn:aws:ssm:eu-central-1:123456789012:parameter/shop/customer"]}


def complete_tls(stage):
    """With a domain and its zone, an identity and what check files and application
    read, under a key of the team's; on another port, healthy below a folder."""
    zone = stage.client("route53").create_hosted_zone(Name="example.test", CallerReference="1")["HostedZone"]["Id"].rsplit("/", 1)[-1]
    shop(stage)
    stage.variables["tls"] = {"domain_name": "shop.example.test", "zone": {"id": zone}}
    stage.variables["identity"] = {"origin": "header:x-app-version"}
    key = stage.client("kms").create_key()["KeyMetadata"]["Arn"]
    stage.variables["hook"] = secrets(stage)
    (secret,), (parameter,) = stage.variables["hook"].values()
    stage.variables |= {"secrets": {"PASSWORD": f"{secret}:password::", "CUSTOMER": parameter}, "secrets_kms_key_arns": [key]}
    stage.variables |= {"container_port": 3000, "health_check_path": "/health/?deep=1"}
    stage.listen("greenlight")
    stage.tell("greenlight")


def release_and_judge(stage):
    """A push becomes an image, and the gate judges what CodeDeploy makes of it."""
    (made,) = stage.client("acm").list_certificates()["CertificateSummaryList"]
    listeners.speak(stage, {80: "HTTP", 443: "HTTPS", stage.test_port: "HTTPS"}, made["CertificateArn"])
    (record,) = [each for each in stage.client("route53").list_resource_record_sets(HostedZoneId=stage.variables["tls"]["zone"]["id"])["ResourceRecordSets"] if each["Type"] == "A"]
    assert record["Name"] == "shop.example.test." and record["AliasTarget"]["DNSName"].rstrip(".").endswith(stage.told["load_balancer_dns_name"]), record
    listeners.closed(stage, stage.test_port, {OFFICE} | listeners.nat_ranges(stage))
    checked = roles.prove(stage)
    placeholder.prove(stage, 3000, "/health/?deep=1")
    release = build.prove(stage, [Path(os.environ["CHECKS"]) / "storefront.yaml", HERE / "checks" / "credentials.yaml"])
    revision, app_spec = build.revision(stage, release)
    gate.prove(stage, revision, app_spec)
    build.unpublish(stage, build.TAG)
    gate.prove_fallback(stage, revision, app_spec)
    return checked + "a release built, judged by the real hook with its role, by its own check files and without, "


def root(stage):
    """Everything switched the other way, and production's protection."""
    shop(stage)
    certificate = stage.client("acm").request_certificate(DomainName="shop.example.test")["CertificateArn"]
    key = stage.client("kms").create_key()["KeyMetadata"]["Arn"]
    stage.client("s3").create_bucket(Bucket="team-logs", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    read = secrets(stage)
    stage.variables |= {
        "name": "shop",
        "tls": {"domain_name": "shop.example.test", "certificate": {"arn": certificate}},
        "connection": {"arn": "arn:aws:codestar-connections:eu-central-1:123456789012:connection/0a1b2c3d"},
        "zones": 3,
        "nat": "per_zone",
        "architecture": "ARM64",
        "package_architecture": "arm64",
        "traffic": {"type": "linear", "percentage": 25, "interval": 1},
        "scaling": {"min": 3, "max": 9, "requests": 500},
        "secrets": {"PASSWORD": read["secret_arns"][0], "CUSTOMER": read["parameter_arns"][0]},
        "execute_command": True,
        "container_insights": True,
        "access_logs_bucket": "team-logs",
        "hook": {**read, "kms_key_arns": [key], "notify_on": "always", "metrics": "off"},
        "protect": True,
        "initial_image": "public.ecr.aws/example/shop:1",
        "keep_images": 5,
    }


def move_and_unprotect(stage):
    listeners.speak(stage, {80: "HTTP", 443: "HTTPS", 8443: "HTTPS"}, stage.variables["tls"]["certificate"]["arn"])
    nat = listeners.nat_ranges(stage)
    assert len(nat) == 3, nat
    listeners.closed(stage, 8443, {OFFICE} | nat)
    checked = roles.prove(stage)
    (first,) = placeholder.task(stage)["containerDefinitions"]
    assert first["image"] == "public.ecr.aws/example/shop:1" and not first.get("command"), first
    kept = json.loads(stage.client("ecr").get_lifecycle_policy(repositoryName="shop")["lifecyclePolicyText"])
    assert [each["selection"]["countNumber"] for each in kept["rules"]] == [5], kept
    deployment.simulate(stage)
    stage.nothing_to_do("after deployments")
    attributes = stage.client("elbv2").describe_load_balancer_attributes(LoadBalancerArn=listeners.balancer(stage)["LoadBalancerArn"])["Attributes"]
    assert {"Key": "deletion_protection.enabled", "Value": "true"} in attributes, attributes
    assert traffic(stage) == ("shop-linear-25-every-1", ["shop-linear-25-every-1"], True), traffic(stage)
    stage.variables |= {"protect": False, "traffic": {"type": "canary", "percentage": 20, "interval": 3}, "stop_on_alarm": False}
    stage.apply()
    assert traffic(stage) == ("shop-canary-20-every-3", ["shop-canary-20-every-3"], False), traffic(stage)
    return checked + "two deployments simulated, protection, way of the traffic and alarms changed, "


def traffic(stage):
    """How the group moves traffic, every configuration that is there, and whether
    alarms stop a deployment."""
    configs = [name for kind, name in stage.server.store.things if kind == "deployment config"]
    group = deployment.group(stage)
    return group["deploymentConfigName"], configs, group["alarmConfiguration"].get("enabled", False)


def hook_only(stage):
    stage.listen(None)
    stage.tell("hook")
    team.build(stage)


def judge_the_teams(stage):
    """The gate alone, with the check files and the topic of the team."""
    stage.told |= {"hook_function_name": stage.told["function_name"], "reports_url": stage.output()["reports_url"]}
    checked = roles.prove(stage)
    gate.prove(stage, *team.release(stage))
    return checked + "a team's release judged by the real hook with its role, "


def ecs_existing_vpc(stage):
    vpc, subnets = team.network(stage, 9)
    stage.variables |= {"repository": "example/shop", "vpc_id": vpc, "private_subnet_ids": subnets}
    stage.listen("greenlight")
    stage.tell("greenlight")


def judge_inside(stage):
    """A release, judged over plain HTTP inside the network."""
    listeners.speak(stage, {80: "HTTP", stage.test_port: "HTTP"})
    (gates,) = stage.client("ec2").describe_security_groups(Filters=[{"Name": "group-name", "Values": [stage.told["hook_function_name"]]}])["SecurityGroups"]
    listeners.closed(stage, stage.test_port, set(), {gates["GroupId"]})
    checked = roles.prove(stage)
    bucket, prefix = build.place(stage, build.TAG)
    stage.client("s3").put_object(Bucket=bucket, Key=f"{prefix}storefront.yaml", Body=(Path(os.environ["CHECKS"]) / "storefront.yaml").read_bytes())
    definition = deployment.next_of(stage, f"{stage.told['ecr_repository_url']}:{build.TAG}")
    gate.prove(stage, *deployment.registered(stage, definition, stage.told["app_spec"]))
    return checked + "a release judged by the real hook over plain HTTP, "


def front(stage):
    """Through `make deploy` and `make destroy`, without a domain."""
    resources = front_door.prove(stage)
    return f"{resources} objects made, two deployments simulated, and all removed by `make deploy` and `make destroy`, "


def applied(between, apply=Stage.apply):
    """apply, whatever comes between, destroy; and no plan finds work to do."""

    def run(stage):
        apply(stage)
        stage.nothing_to_do("after the apply")
        resources = len(stage.terraform("state", "list").stdout.split())
        did = between(stage)
        stage.nothing_to_do("after what came between")
        stage.destroy()
        return f"{resources} objects applied, {did}nothing to do, "

    return run


STAGES = {
    "root": (".", root, applied(move_and_unprotect)),
    "complete": ("examples/complete", lambda stage: stage.tell("greenlight"), front),
    "complete-tls": ("examples/complete", complete_tls, applied(release_and_judge)),
    "hook-only": ("examples/hook-only", hook_only, applied(judge_the_teams, front_door.deploy)),
    "ecs-existing-vpc": ("examples/ecs-existing-vpc", ecs_existing_vpc, applied(judge_inside, front_door.deploy)),
}


def main(name):
    began = time.monotonic()
    example, prepare, run = STAGES[name]
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage(example, folder)
        prepare(stage)
        stage.before = stage.inventory()
        did = run(stage)
        if stage.terraform("state", "list").stdout.strip():
            sys.exit("the state is not empty after destroy")
        left = {kind: sorted(set(names) - set(stage.before[kind])) for kind, names in stage.inventory().items()}
        left = {kind: names for kind, names in left.items() if names}
        if left:
            sys.exit(f"destroy left behind: {left}")
        stage.server.stop()
    print(f"{name}: {did}nothing left ({time.monotonic() - began:.0f} s)")


if __name__ == "__main__":
    main(sys.argv[1])
