"""AWS's own clients against what the stage says of ECS and ELB.

Arguments: the endpoint, a deployment id, the port of the test listener. The
stage has been asked for one fault of each of six operations.
"""
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

endpoint, deployment, port = sys.argv[1:]


def client(service):
    return boto3.client(
        service,
        aws_access_key_id="AKIDREHEARSAL",
        aws_secret_access_key="rehearsal",
        aws_session_token="rehearsal",
        region_name="eu-central-1",
        endpoint_url=endpoint,
        config=Config(retries={"max_attempts": 0}),
    )


def refused(status, code, call, modelled=None, **arguments):
    """The call must fail with this code, and this modelled exception."""
    try:
        call(**arguments)
    except ClientError as error:
        assert error.response["Error"]["Code"] == code, error.response
        metadata = error.response["ResponseMetadata"]
        assert metadata["HTTPStatusCode"] == status, error.response
        assert metadata["RequestId"], error.response
        assert modelled is None or type(error) is modelled, type(error)
    else:
        raise AssertionError("expected " + code)


codedeploy, ecs, elb = client("codedeploy"), client("ecs"), client("elbv2")

# faults, each met once
refused(400, "AccessDeniedException", ecs.describe_services, cluster="shop", services=["x"])
refused(400, "Throttling", elb.describe_rules, ListenerArn="x")
refused(500, "InternalFailure", elb.describe_load_balancers)
refused(403, "AccessDenied", elb.describe_target_groups)

refused(403, "InvalidClientTokenId", elb.describe_listeners, ListenerArns=["x"])
refused(403, "SignatureDoesNotMatch", elb.describe_target_health, TargetGroupArn="x")

# CodeDeploy
info = codedeploy.get_deployment(deploymentId=deployment)["deploymentInfo"]
group = dict(
    applicationName=info["applicationName"], deploymentGroupName=info["deploymentGroupName"]
)
answer = codedeploy.get_deployment_group(**group)["deploymentGroupInfo"]
pair = answer["loadBalancerInfo"]["targetGroupPairInfoList"][0]
assert pair == info["loadBalancerInfo"]["targetGroupPairInfoList"][0], pair
refused(
    400,
    "ApplicationDoesNotExistException",
    codedeploy.get_deployment_group,
    codedeploy.exceptions.ApplicationDoesNotExistException,
    **{**group, "applicationName": "x"},
)
refused(
    400,
    "DeploymentGroupDoesNotExistException",
    codedeploy.get_deployment_group,
    codedeploy.exceptions.DeploymentGroupDoesNotExistException,
    **{**group, "deploymentGroupName": "x"},
)
cluster, service = codedeploy.list_deployment_targets(deploymentId=deployment)["targetIds"][0].split(":")

# ECS
described = ecs.describe_services(cluster=cluster, services=[service, "missing"])
assert described["failures"][0]["reason"] == "MISSING", described
sets = described["services"][0]["taskSets"]
(green,) = [each for each in sets if each.get("externalId") == deployment]
assert green["startedBy"] == "CODE_DEPLOY" and green["status"] == "ACTIVE", green
assert green["stabilityStatus"] == "STEADY_STATE" and green["runningCount"] == 1, green
assert green["createdAt"].year >= 2024, green
assert [each["status"] for each in sets if "externalId" not in each] == ["PRIMARY"], sets
target_group = green["loadBalancers"][0]["targetGroupArn"]
refused(
    400,
    "ClusterNotFoundException",
    ecs.describe_services,
    ecs.exceptions.ClusterNotFoundException,
    cluster="x",
    services=["x"],
)
definition = ecs.describe_task_definition(taskDefinition=green["taskDefinition"])["taskDefinition"]
assert definition["revision"] == 42, definition
(container,) = [
    each
    for each in definition["containerDefinitions"]
    if each["name"] == green["loadBalancers"][0]["containerName"]
]
assert ":green-1.1.0@sha256:" in container["image"], container
assert container["environment"] == [{"name": "APP_VERSION", "value": "green-1.1.0"}], container
refused(
    400,
    "ClientException",
    ecs.describe_task_definition,
    ecs.exceptions.ClientException,
    taskDefinition="x:1",
)

# ELB
(test,) = pair["testTrafficRoute"]["listenerArns"]
(listener,) = elb.describe_listeners(ListenerArns=[test])["Listeners"]
assert listener["Port"] == int(port), listener
(action,) = listener["DefaultActions"]
weights = {each["TargetGroupArn"]: each["Weight"] for each in action["ForwardConfig"]["TargetGroups"]}
assert weights.pop(target_group) == 1 and set(weights.values()) == {0}, action
assert "TargetGroupArn" not in action, action
refused(
    400,
    "ListenerNotFound",
    elb.describe_listeners,
    elb.exceptions.ListenerNotFoundException,
    ListenerArns=["x"],
)
assert len(elb.describe_listeners(LoadBalancerArn=listener["LoadBalancerArn"])["Listeners"]) == 2
(production,) = pair["prodTrafficRoute"]["listenerArns"]
(rule,) = elb.describe_rules(ListenerArn=production)["Rules"]
assert rule["IsDefault"] is True and rule["Priority"] == "default", rule
assert rule["Actions"][0]["TargetGroupArn"].split("/")[1] == "storefront-blue", rule
one, default = elb.describe_rules(ListenerArn=test)["Rules"]
assert one["IsDefault"] is False and one["Conditions"][0]["Values"] == ["/api/*"], one
assert default["IsDefault"] is True, default
health = elb.describe_target_health(TargetGroupArn=target_group)["TargetHealthDescriptions"]
assert [each["TargetHealth"]["State"] for each in health] == ["healthy"], health
refused(
    400,
    "TargetGroupNotFound",
    elb.describe_target_health,
    elb.exceptions.TargetGroupNotFoundException,
    TargetGroupArn="x",
)
(named,) = elb.describe_target_groups(Names=["storefront-green"])["TargetGroups"]
assert named["TargetGroupArn"] == target_group, named
(by_arn,) = elb.describe_target_groups(TargetGroupArns=[target_group])["TargetGroups"]
assert by_arn["TargetGroupName"] == "storefront-green", by_arn
(balancer,) = elb.describe_load_balancers(LoadBalancerArns=[listener["LoadBalancerArn"]])["LoadBalancers"]
assert balancer["State"]["Code"] == "active" and balancer["CreatedTime"].year == 2026, balancer
refused(
    400,
    "LoadBalancerNotFound",
    elb.describe_load_balancers,
    elb.exceptions.LoadBalancerNotFoundException,
    Names=["x"],
)
refused(400, "InvalidAction", elb.describe_tags, ResourceArns=["x"])
