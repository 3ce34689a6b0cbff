"""Holds every role that was applied against AWS's own list of what its actions
are: each action exists, and each statement names a resource that IAM knows for
the action. An ARN where IAM knows none is a permission that is never given;
a `*` where IAM knows one is too much. And nobody takes a role but the service
that it was given to.
"""

import json
import re
import sys

import gate
import policy
from policy_sentry.querying.actions import get_action_data

# Where the list and AWS's practice differ, and why.
TOLD_OTHERWISE = {
    # The list has no resource; SAM's own template and the CodeDeploy guide name
    # the deployment group.
    "codedeploy:PutLifecycleEventHookExecutionStatus",
    # One service under two names: which of them counts, the ARN says.
    "codeconnections:UseConnection",
    "codestar-connections:UseConnection",
}
WIDER = {
    # As in AWSCodeDeployRoleForECS: composite alarms are told to `*` only.
    "cloudwatch:DescribeAlarms",
    # Lambda asks for them with `*`, before there is anything to name; a Deny
    # keeps the function's code from them.
    *(action for action in gate.LAMBDAS_OWN if action.startswith("ec2:")),
}


def prove(stage):
    roles = [each["RoleName"] for each in stage.client("iam").get_paginator("list_roles").paginate().build_full_result()["Roles"]]
    ours = [role for role in roles if role not in stage.before["roles"]]
    problems = [problem for role in ours for problem in of_role(stage, role)]
    problems += [problem for role in ours for problem in of_trust(stage, role, uses(stage))]
    if problems:
        sys.exit("\n".join(problems))
    return f"{len(ours)} roles held against IAM's list, "


def of_role(stage, role):
    iam = stage.client("iam")
    for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        document = json.dumps(iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"])
        for statement in policy.statements(document):
            for action in statement["Action"] if statement["Effect"] == "Allow" else []:
                problem = of_action(action, statement["Resource"])
                if problem:
                    yield f"{role}: {statement['Sid']}: {action}: {problem}"


def uses(stage):
    """The service that works with each role, by what it was given to, and
    whether it says on whose behalf."""
    ecs, store = stage.client("ecs"), stage.server.store.things
    found = {function["Role"]: ("lambda", False) for function in stage.client("lambda").list_functions()["Functions"]}
    for arn in ecs.list_task_definitions()["taskDefinitionArns"]:
        definition = ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]
        found |= {definition[field]: ("ecs-tasks", field == "taskRoleArn") for field in ("executionRoleArn", "taskRoleArn") if field in definition}
    for kind, service, field in (("project", "codebuild", "serviceRole"), ("pipeline", "codepipeline", "roleArn"), ("deployment group", "codedeploy", "serviceRoleArn")):
        found |= {thing[field]: (service, True) for (each, _), thing in store.items() if each == kind}
    return {arn.rsplit("/", 1)[-1]: use for arn, use in found.items()}


def of_trust(stage, role, found):
    """Its service, and nobody else; on this account's behalf where AWS says so."""
    if role not in found:
        yield f"{role}: nothing works with it"
        return
    service, behalf = found[role]
    wanted = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": f"{service}.amazonaws.com"}}
    if behalf:
        wanted["Condition"] = {"StringEquals": {"aws:SourceAccount": "123456789012"}}
    trust = stage.client("iam").get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
    if trust["Statement"] != [wanted] and trust["Statement"] != wanted:
        yield f"{role}: expected {wanted} to take it, found {trust['Statement']}"


def of_action(action, resources):
    service, name = action.split(":")
    found = get_action_data(service, name)
    if not found or not any(each["action"].lower() == action.lower() for each in found[service]):
        return "IAM does not know it"
    formats = {each["resource_arn_format"] for each in found[service]} - {"*"}
    if resources == ["*"]:
        return f"it could name {sorted(formats)}" if formats and action not in WIDER else None
    if action in TOLD_OTHERWISE:
        return None
    if not formats:
        return f"IAM has no resource for it, so that {resources} denies it"
    for resource in resources:
        if not any(fits(resource, each) for each in formats):
            return f"{resource} is none of {sorted(formats)}"
    return None


def fits(resource, form):
    """Whether an ARN, wildcards included, can be one of a form."""
    pattern = re.sub(r"\\\$\\\{\w+\\\}", lambda _: "[^:]*", re.escape(form))
    # A log group's own `:*` stands for its streams.
    return re.fullmatch(pattern, resource) or (resource.endswith(":*") and re.fullmatch(pattern, resource[:-1] + "log-stream:x"))
