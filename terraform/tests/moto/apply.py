"""Applies an example to a moto server with the real provider.

apply, a second plan that has nothing to do, a deployment as CodeDeploy makes
it, a third plan that has nothing to do, destroy, and nothing is left.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.update(AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test", AWS_DEFAULT_REGION="eu-central-1")
os.environ.pop("AWS_PROFILE", None)
os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"

import boto3
import gate
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

WITHOUT_PROOF = """
module "greenlight" {
  proof = "off"
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
        if self.terraform("state", "list").stdout.strip():
            sys.exit("the state is not empty after destroy")

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


def deploy(stage):
    """A deployment, as CodeDeploy leaves it: every field that it owns moved."""
    told = stage.output()["greenlight"]
    ecs, elb = stage.client("ecs"), stage.client("elbv2")
    cluster, service = told["cluster_name"], told["service_name"]
    blue, green = (told["target_groups"][colour]["arn"] for colour in ("blue", "green"))
    network = ecs.describe_services(cluster=cluster, services=[service])["services"][0]["networkConfiguration"]
    revision = ecs.register_task_definition(
        family=service,
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        cpu="256",
        memory="512",
        containerDefinitions=[{"name": service, "image": "shop@sha256:0", "memory": 512, "portMappings": [{"containerPort": 8080}]}],
    )["taskDefinition"]["taskDefinitionArn"]
    task_set = ecs.create_task_set(
        cluster=cluster,
        service=service,
        externalId="d-ABCDEF123",
        taskDefinition=revision,
        launchType="FARGATE",
        networkConfiguration=network,
        loadBalancers=[{"targetGroupArn": green, "containerName": service, "containerPort": 8080}],
        scale={"value": 100, "unit": "PERCENT"},
    )["taskSet"]["taskSetArn"]
    # Both listeners end as weighted forwards, which Terraform never wrote.
    forward = [{"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": green, "Weight": 100}, {"TargetGroupArn": blue, "Weight": 0}]}}]
    for listener in (told["test_listener_arn"], told["production_listener_arn"]):
        elb.modify_listener(ListenerArn=listener, DefaultActions=forward)
    ecs.update_service_primary_task_set(cluster=cluster, service=service, primaryTaskSet=task_set)
    # And auto scaling has scaled since.
    ecs.update_service(cluster=cluster, service=service, desiredCount=5)
    there = ecs.describe_services(cluster=cluster, services=[service])["services"][0]
    assert there["desiredCount"] == 5
    actions = elb.describe_listeners(ListenerArns=[told["production_listener_arn"]])["Listeners"][0]["DefaultActions"]
    assert {each["TargetGroupArn"]: each["Weight"] for each in actions[0]["ForwardConfig"]["TargetGroups"]} == {green: 100, blue: 0}
    return "a deployment made, "


def deploy_and_judge(stage):
    did = deploy(stage)
    if not os.environ.get("BOOTSTRAP"):
        return did
    gate.prove(stage)
    return did + "judged by the real hook with its role, "


def deploy_and_read(stage):
    """With the proof that is the default, which the hook cannot make here."""
    did = deploy(stage)
    told = stage.output()["greenlight"]
    service = stage.client("ecs").describe_services(cluster=told["cluster_name"], services=[told["service_name"]])["services"][0]["serviceArn"]
    applied = stage.client("lambda").get_function_configuration(FunctionName=told["hook_function_name"])
    proof = applied["Environment"]["Variables"]["SMOKE_PROOF"]
    assert proof == "full", f"the default proof is `{proof}`"
    statements = json.loads(gate.only_policy(stage, applied["Role"].rsplit("/", 1)[-1]))["Statement"]
    (services,) = [each["Resource"] for each in statements if each["Action"] == "ecs:DescribeServices"]
    assert services == service, f"the gate may look at {services}, and the service is {service}"
    return did


def complete(stage):
    # The hook runs on this stack, and CodeDeploy's deployment targets, which the
    # proof reads, are nowhere here.
    stage.override.write_text(PROVIDER + WITHOUT_PROOF)
    shop(stage)


def shop(stage):
    stage.variables |= {"repository": "example/shop", "test_cidrs": {"office": "198.51.100.0/24"}, "notify_emails": ["team@example.com"]}


def complete_tls(stage):
    zone = stage.client("route53").create_hosted_zone(Name="example.com", CallerReference="1")["HostedZone"]["Id"].rsplit("/", 1)[-1]
    shop(stage)
    stage.variables["tls"] = {"domain_name": "shop.example.com", "zone_id": zone}


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


STAGES = {
    "complete": (complete, deploy_and_judge),
    "complete-tls": (complete_tls, deploy_and_read),
    "hook-only": (hook_only, None),
    "ecs-existing-vpc": (ecs_existing_vpc, None),
}


def main(name):
    began = time.monotonic()
    prepare, between = STAGES[name]
    did = ""
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage(name.removesuffix("-tls"), folder)
        prepare(stage)
        before = stage.inventory()
        stage.apply()
        stage.nothing_to_do("after the apply")
        resources = len(stage.terraform("state", "list").stdout.split())
        if between:
            did = between(stage)
            stage.nothing_to_do("after a deployment")
        stage.destroy()
        left = {kind: sorted(set(names) - set(before[kind])) for kind, names in stage.inventory().items()}
        left = {kind: names for kind, names in left.items() if names}
        if left:
            sys.exit(f"destroy left behind: {left}")
        stage.server.stop()
    print(f"{name}: {resources} objects applied, {did}nothing to do, nothing left ({time.monotonic() - began:.0f} s)")


if __name__ == "__main__":
    main(sys.argv[1])
