"""AWS's own client against the CodeDeploy API of the stage.

Arguments: the endpoint, a deployment id, its execution id, and the id of a
deployment of Lambda. The stage has been asked for two faults of GetDeployment.
"""
import datetime
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

endpoint, deployment, execution, on_lambda = sys.argv[1:]
client = boto3.client(
    "codedeploy",
    aws_access_key_id="AKIDREHEARSAL",
    aws_secret_access_key="rehearsal",
    aws_session_token="rehearsal",
    region_name="eu-central-1",
    endpoint_url=endpoint,
    config=Config(retries={"max_attempts": 0}),
)


def refused(code, call, **arguments):
    """The call must fail with this modelled exception."""
    try:
        call(**arguments)
    except ClientError as error:
        assert error.response["Error"]["Code"] == code, error.response
        assert type(error) is getattr(client.exceptions, code, ClientError)
        assert error.response["ResponseMetadata"]["RequestId"]
    else:
        raise AssertionError("expected " + code)


refused("UnrecognizedClientException", client.get_deployment, deploymentId=deployment)
refused("InvalidSignatureException", client.get_deployment, deploymentId=deployment)

info = client.get_deployment(deploymentId=deployment)["deploymentInfo"]
assert info["status"] == "InProgress" and info["createTime"].year >= 2024, info
pair = info["loadBalancerInfo"]["targetGroupPairInfoList"][0]
assert pair["testTrafficRoute"]["listenerArns"], pair
target = client.list_deployment_targets(deploymentId=deployment)["targetIds"][0]
answer = client.get_deployment_target(deploymentId=deployment, targetId=target)
sets = answer["deploymentTarget"]["ecsTarget"]["taskSetsInfo"]
assert [each["taskSetLabel"] for each in sets] == ["Blue", "Green"], sets
assert all(each["identifer"] for each in sets), sets

events = answer["deploymentTarget"]["ecsTarget"]["lifecycleEvents"]
(event,) = [each for each in events if each["status"] == "InProgress"]
assert event["lifecycleEventName"] == "AfterAllowTestTraffic", event
age = datetime.datetime.now(datetime.timezone.utc) - event["startTime"]
assert age < datetime.timedelta(minutes=5), event
ended = [each["lifecycleEventName"] for each in events if each["status"] == "Succeeded"]
assert ended == ["BeforeInstall", "Install", "AfterInstall", "AllowTestTraffic"], events
assert all(each["startTime"] <= each["endTime"] for each in events if "endTime" in each), events
answer = client.get_deployment_target(deploymentId=on_lambda, targetId=target)["deploymentTarget"]
assert answer["deploymentTargetType"] == "LambdaTarget" and "ecsTarget" not in answer, answer
assert [each["status"] for each in answer["lambdaTarget"]["lifecycleEvents"]].count("InProgress") == 1

put = client.put_lifecycle_event_hook_execution_status
verdict = dict(deploymentId=deployment, lifecycleEventHookExecutionId=execution, status="Succeeded")
refused("DeploymentIdRequiredException", put, status="Failed")
refused("InvalidDeploymentIdException", put, **{**verdict, "deploymentId": "x"})
refused("DeploymentDoesNotExistException", put, **{**verdict, "deploymentId": "d-000000000"})
refused("InvalidLifecycleEventHookExecutionStatusException", put, **{**verdict, "status": "Skipped"})
refused(
    "InvalidLifecycleEventHookExecutionIdException",
    put,
    **{**verdict, "lifecycleEventHookExecutionId": "x"},
)
refused("UnknownOperationException", client.list_applications)
assert put(**verdict)["lifecycleEventHookExecutionId"] == execution
refused("LifecycleEventAlreadyCompletedException", put, **verdict)
