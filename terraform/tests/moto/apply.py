"""Applies an example to a moto server with the real provider.

apply, a second plan that has nothing to do; a release that is built, deployed
and judged; a third plan that has nothing to do, destroy, and nothing is left.
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
import front_door
import gate
import roles
from server import Server

HERE = Path(__file__).resolve().parent
TERRAFORM = HERE.parent.parent
PACKAGE = HERE.parent / "fixtures" / "package.zip"
TRUST = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "codedeploy.amazonaws.com"}}]})

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
        self.folder = Path(folder) / "examples" / example
        self.override = self.folder / "moto_override.tf"
        self.override.write_text(PROVIDER)
        self.variables = {"package": str(PACKAGE)}

    def client(self, service):
        return boto3.client(service)

    def terraform(self, *words, accept=(0,)):
        done = subprocess.run([os.environ.get("TERRAFORM", "terraform"), *words, "-no-color"], cwd=self.folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if done.returncode not in accept:
            sys.exit(f"terraform {' '.join(words)}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def arguments(self):
        return [f"-var={name}={value if isinstance(value, str) else json.dumps(value)}" for name, value in self.variables.items()]

    def apply(self):
        self.terraform("init", "-input=false")
        self.terraform("apply", "-auto-approve", "-input=false", *self.arguments())

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
            "others": [f"{kind} {name}" for kind, name in self.server.store.things if kind in ("application", "deployment group", "deployment config", "pipeline", "project", "connection")],
        }
        return {kind: sorted(names) for kind, names in there.items()}


def shop(stage):
    stage.variables |= {"repository": "example/shop", "test_cidrs": {"office": "198.51.100.0/24"}, "notify_emails": ["team@example.com"]}


def complete_tls(stage):
    """With a domain, an identity and what the check files read."""
    zone = stage.client("route53").create_hosted_zone(Name="example.test", CallerReference="1")["HostedZone"]["Id"].rsplit("/", 1)[-1]
    shop(stage)
    stage.variables["tls"] = {"domain_name": "shop.example.test", "zone": {"id": zone}}
    stage.variables["identity"] = {"origin": "header:x-app-version"}
    secret = stage.client("secretsmanager").create_secret(Name="shop/smoke", SecretString=json.dumps({"password": "correct-horse"}))["ARN"]
    stage.client("ssm").put_parameter(Name="/shop/customer", Value="demo@example.com", Type="String")
    stage.variables["hook"] = {"secret_arns": [secret], "parameter_arns": ["arn:aws:ssm:eu-central-1:123456789012:parameter/shop/customer"]}
    # The rehearsal's load balancer listens where the applied one does.
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        stage.test_port = free.getsockname()[1]
    stage.override.write_text(PROVIDER + f"""
module "greenlight" {{
  test_port = {stage.test_port}
}}
""")


def release_and_judge(stage):
    """A push becomes an image, and the gate judges what CodeDeploy makes of it."""
    checked = roles.prove(stage)
    release = build.prove(stage, [Path(os.environ["CHECKS"]) / "storefront.yaml", HERE / "checks" / "credentials.yaml"])
    gate.prove(stage, release)
    return checked + "a release built, judged twice by the real hook with its role, "


def hook_only(stage):
    stage.client("iam").create_role(RoleName="team-codedeploy", AssumeRolePolicyDocument=TRUST)
    stage.variables |= {
        "codedeploy_application": "storefront",
        "codedeploy_deployment_group": "storefront",
        "codedeploy_role_name": "team-codedeploy",
        "ecs_service_arn": "arn:aws:ecs:eu-central-1:123456789012:service/storefront/storefront",
        "target": "https://shop.example.com:8443",
        "connect_to": "shop-1.eu-central-1.elb.amazonaws.com",
    }


def ecs_existing_vpc(stage):
    ec2 = stage.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnets = [ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.9.{index}.0/24", AvailabilityZone=f"eu-central-1{zone}")["Subnet"]["SubnetId"] for index, zone in enumerate("ab")]
    stage.variables |= {"repository": "example/shop", "vpc_id": vpc, "private_subnet_ids": subnets}


def front(stage):
    """Through `make deploy` and `make destroy`, without a domain."""
    resources = front_door.prove(stage)
    return f"{resources} objects made and removed by `make deploy` and `make destroy`, "


def applied(between):
    """apply, whatever comes between, destroy; and no plan finds work to do."""

    def run(stage):
        stage.apply()
        stage.nothing_to_do("after the apply")
        resources = len(stage.terraform("state", "list").stdout.split())
        did = between(stage)
        stage.nothing_to_do("after what came between")
        stage.destroy()
        return f"{resources} objects applied, {did}nothing to do, "

    return run


STAGES = {
    "complete": ("complete", lambda stage: None, front),
    "complete-tls": ("complete", complete_tls, applied(release_and_judge)),
    "hook-only": ("hook-only", hook_only, applied(roles.prove)),
    "ecs-existing-vpc": ("ecs-existing-vpc", ecs_existing_vpc, applied(roles.prove)),
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
