"""What CodeDeploy does to a stack, through the API: a task set of the new
version, the two listeners, the number of tasks.
"""

import boto3
import held
import pipeline
import yaml

# What CodeDeploy may do beside what it does here: look at alarms, and move rules,
# of which the module makes none.
OWN = {"cloudwatch:DescribeAlarms", "elasticloadbalancing:ModifyRule"}
OTHER = {"blue": "green", "green": "blue"}
LISTENERS = ("production_listener_arn", "test_listener_arn")


def service(stage):
    named = {"cluster": stage.told["cluster_name"], "services": [stage.told["service_name"]]}
    return stage.client("ecs").describe_services(**named)["services"][0]


def group(stage):
    """The deployment group that Terraform made; a team's own has none here."""
    return next((thing for (kind, _), thing in stage.server.store.things.items() if kind == "deployment group"), None)


def client(stage, service):
    """With the keys of the deployment group's role."""
    if not group(stage):
        return stage.client(service)
    keys = held.take(stage, group(stage)["serviceRoleArn"], "CodeDeploy")
    return boto3.client(service, aws_access_key_id=keys["AccessKeyId"], aws_secret_access_key=keys["SecretAccessKey"], aws_session_token=keys["SessionToken"])


def start(stage, deployment, revision, app_spec, colour):
    """Before the hook: green is there, and the test listener leads to it."""
    ecs, elb = client(stage, "ecs"), client(stage, "elbv2")
    properties = app_spec["Resources"][0]["TargetService"]["Properties"]
    assert properties["TaskDefinition"] == revision
    network = properties["NetworkConfiguration"]["AwsvpcConfiguration"]
    place = {"cluster": stage.told["cluster_name"], "service": stage.told["service_name"]}
    into = stage.told["target_groups"][colour]
    ecs.describe_services(cluster=place["cluster"], services=[place["service"]])
    elb.describe_target_groups(Names=[into["name"]])
    for listener in LISTENERS:
        elb.describe_listeners(ListenerArns=[stage.told[listener]])
        elb.describe_rules(ListenerArn=stage.told[listener])
    stage.task_set = ecs.create_task_set(
        **place,
        externalId=deployment,
        taskDefinition=revision,
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {"subnets": network["Subnets"], "securityGroups": network["SecurityGroups"], "assignPublicIp": network["AssignPublicIp"]}},
        loadBalancers=[{"targetGroupArn": into["arn"], "containerName": properties["LoadBalancerInfo"]["ContainerName"], "containerPort": properties["LoadBalancerInfo"]["ContainerPort"]}],
        scale={"value": 100, "unit": "PERCENT"},
    )["taskSet"]["taskSetArn"]
    passed(stage, revision)
    # ECS registers the tasks by itself.
    stage.client("elbv2").register_targets(TargetGroupArn=into["arn"], Targets=[{"Id": "10.0.128.10", "Port": 8080}])
    forward(elb, stage, "test_listener_arn", colour)
    for hook in app_spec.get("Hooks", []):
        for function in hook.values():
            arn = stage.client("lambda").get_function_configuration(FunctionName=function)["FunctionArn"]
            stage.server.made.append(("CodeDeploy", "lambda:InvokeFunction", arn, {}))


def passed(stage, revision):
    """The roles of a task set are handed to its tasks."""
    definition = stage.client("ecs").describe_task_definition(taskDefinition=revision)["taskDefinition"]
    for role in {definition[field] for field in ("executionRoleArn", "taskRoleArn") if field in definition}:
        stage.server.made.append(("CodeDeploy", "iam:PassRole", role, {"iam:PassedToService": "ecs-tasks.amazonaws.com"}))


def finish(stage, colour):
    """After it: production follows, blue goes, and auto scaling has scaled since."""
    ecs = client(stage, "ecs")
    place = {"cluster": stage.told["cluster_name"], "service": stage.told["service_name"]}
    forward(client(stage, "elbv2"), stage, "production_listener_arn", colour)
    ecs.update_service_primary_task_set(**place, primaryTaskSet=stage.task_set)
    for each in service(stage)["taskSets"]:
        if each["taskSetArn"] != stage.task_set:
            ecs.delete_task_set(**place, taskSet=each["taskSetArn"])
    stage.client("ecs").update_service(**place, desiredCount=5)


def forward(elb, stage, listener, colour):
    """As CodeDeploy leaves a listener: a weighted forward to both groups."""
    groups = [{"TargetGroupArn": stage.told["target_groups"][each]["arn"], "Weight": 100 if each == colour else 0} for each in OTHER]
    elb.modify_listener(ListenerArn=stage.told[listener], DefaultActions=[{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}])


def registered(stage, definition, app_spec):
    """The ARN under which CodePipeline registers a task definition, and the
    AppSpec with it."""
    # Moto starts no task set of a container that does not say it by itself.
    definition["containerDefinitions"][0]["memory"] = int(definition["memory"])
    arn = stage.client("ecs").register_task_definition(**definition)["taskDefinition"]["taskDefinitionArn"]
    return arn, yaml.safe_load(app_spec.replace("<TASK_DEFINITION>", arn))


def next_of(stage, image):
    """The service's task definition with another image."""
    now = stage.client("ecs").describe_task_definition(taskDefinition=service(stage)["taskDefinition"])["taskDefinition"]
    fields = ("family", "requiresCompatibilities", "networkMode", "cpu", "memory", "executionRoleArn", "taskRoleArn", "containerDefinitions")
    definition = {field: now[field] for field in fields}
    definition["containerDefinitions"][0]["image"] = image
    return definition


def simulate(stage):
    """Two whole deployments: to green, and the next one back to blue."""
    for number, colour in enumerate(("green", "blue"), 1):
        definition = next_of(stage, f"example/shop:{number}")
        revision, app_spec = registered(stage, definition, stage.told["app_spec"])
        start(stage, f"d-SIMULATED{number}", revision, app_spec, colour)
        finish(stage, colour)
    revision = f"{pipeline.artifacts(stage)}/release/AbCdEf"
    held.note(stage, "CodeDeploy", ("s3:GetObject", revision, {}), ("s3:GetObjectVersion", revision, {}))
    held.hold(stage, "CodeDeploy", group(stage)["serviceRoleArn"], own=OWN)
