"""What CodeDeploy does to a stack, through the API: a task set of the new
version, the two listeners, the number of tasks.
"""

import yaml

OTHER = {"blue": "green", "green": "blue"}


def service(stage):
    named = {"cluster": stage.told["cluster_name"], "services": [stage.told["service_name"]]}
    return stage.client("ecs").describe_services(**named)["services"][0]


def start(stage, deployment, revision, app_spec, colour):
    """Before the hook: green is there, and the test listener leads to it."""
    properties = app_spec["Resources"][0]["TargetService"]["Properties"]
    assert properties["TaskDefinition"] == revision
    network = properties["NetworkConfiguration"]["AwsvpcConfiguration"]
    group = stage.told["target_groups"][colour]["arn"]
    stage.task_set = stage.client("ecs").create_task_set(
        cluster=stage.told["cluster_name"],
        service=stage.told["service_name"],
        externalId=deployment,
        taskDefinition=revision,
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {"subnets": network["Subnets"], "securityGroups": network["SecurityGroups"], "assignPublicIp": network["AssignPublicIp"]}},
        loadBalancers=[{"targetGroupArn": group, "containerName": properties["LoadBalancerInfo"]["ContainerName"], "containerPort": properties["LoadBalancerInfo"]["ContainerPort"]}],
        scale={"value": 100, "unit": "PERCENT"},
    )["taskSet"]["taskSetArn"]
    stage.client("elbv2").register_targets(TargetGroupArn=group, Targets=[{"Id": "10.0.128.10", "Port": 8080}])
    forward(stage, "test_listener_arn", colour)


def finish(stage, colour):
    """After it: production follows, and auto scaling has scaled since."""
    named = {"cluster": stage.told["cluster_name"], "service": stage.told["service_name"]}
    forward(stage, "production_listener_arn", colour)
    stage.client("ecs").update_service_primary_task_set(**named, primaryTaskSet=stage.task_set)
    stage.client("ecs").update_service(**named, desiredCount=5)


def forward(stage, listener, colour):
    """As CodeDeploy leaves a listener: a weighted forward to both groups."""
    groups = [{"TargetGroupArn": stage.told["target_groups"][each]["arn"], "Weight": 100 if each == colour else 0} for each in OTHER]
    stage.client("elbv2").modify_listener(ListenerArn=stage.told[listener], DefaultActions=[{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}])


def registered(stage, definition, app_spec):
    """The ARN under which CodePipeline registers a task definition, and the
    AppSpec with it."""
    # Moto starts no task set of a container that does not say it by itself.
    definition["containerDefinitions"][0]["memory"] = int(definition["memory"])
    arn = stage.client("ecs").register_task_definition(**definition)["taskDefinition"]["taskDefinitionArn"]
    return arn, yaml.safe_load(app_spec.replace("<TASK_DEFINITION>", arn))


def simulate(stage):
    """Two whole deployments: to green, and the next one back to blue."""
    ecs = stage.client("ecs")
    now = ecs.describe_task_definition(taskDefinition=service(stage)["taskDefinition"])["taskDefinition"]
    fields = ("family", "requiresCompatibilities", "networkMode", "cpu", "memory", "executionRoleArn", "taskRoleArn", "containerDefinitions")
    for number, colour in enumerate(("green", "blue"), 1):
        definition = {field: now[field] for field in fields}
        definition["containerDefinitions"][0]["image"] = f"example/shop:{number}"
        revision, app_spec = registered(stage, definition, stage.told["app_spec"])
        start(stage, f"d-SIMULATED{number}", revision, app_spec, colour)
        finish(stage, colour)
