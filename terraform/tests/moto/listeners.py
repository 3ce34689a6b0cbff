"""Who reaches which listener, and under which certificate, as the API tells it."""

import sys


def expect(found, expected, what):
    if found != expected:
        sys.exit(f"{what}: expected {expected}, found {found}")


def balancer(stage):
    elb = stage.client("elbv2")
    (test,) = elb.describe_listeners(ListenerArns=[stage.told["test_listener_arn"]])["Listeners"]
    return elb.describe_load_balancers(LoadBalancerArns=[test["LoadBalancerArn"]])["LoadBalancers"][0]


def speak(stage, ports, certificate=None):
    """Each listener speaks its protocol, under one certificate or none."""
    found = stage.client("elbv2").describe_listeners(LoadBalancerArn=balancer(stage)["LoadBalancerArn"])["Listeners"]
    expect({each["Port"]: each["Protocol"] for each in found}, ports, "the listeners")
    named = {each["CertificateArn"] for listener in found for each in listener.get("Certificates", [])}
    expect(named, {certificate} if certificate else set(), "their certificates")


def closed(stage, port, cidrs, groups=()):
    """Nobody else reaches the test listener, and it reaches the tasks only."""
    named = balancer(stage)["SecurityGroups"]
    rules = stage.client("ec2").describe_security_group_rules(Filters=[{"Name": "group-id", "Values": named}])["SecurityGroupRules"]
    into = [each for each in rules if not each["IsEgress"] and each["FromPort"] <= port <= each["ToPort"]]
    expect({each["CidrIpv4"] for each in into if "CidrIpv4" in each}, set(cidrs), "the ranges that reach the test listener")
    expect({each["ReferencedGroupInfo"]["GroupId"] for each in into if "ReferencedGroupInfo" in each}, set(groups), "the groups that reach it")
    out = {each.get("ReferencedGroupInfo", {}).get("GroupId", each.get("CidrIpv4")) for each in rules if each["IsEgress"]}
    tasks = stage.client("ecs").describe_services(cluster=stage.told["cluster_name"], services=[stage.told["service_name"]])["services"][0]
    expect(out, set(tasks["networkConfiguration"]["awsvpcConfiguration"]["securityGroups"]), "what the load balancer reaches")


def nat_ranges(stage):
    """The gateways' addresses, which the gate comes from."""
    gateways = stage.client("ec2").describe_nat_gateways()["NatGateways"]
    return {f"{address['PublicIp']}/32" for each in gateways if each["State"] == "available" for address in each["NatGatewayAddresses"]}
