"""Holds the calls that somebody made with a role's keys against that role: each
is allowed there and nowhere else, and nothing is allowed that nobody calls.
"""

import json
import sys

import policy


# Keys of a call that a role has to bind, besides the resource.
NARROWING = {"codeconnections:FullRepositoryId", "ecs:cluster", "ecs:service", "iam:PassedToService", "kms:ViaService"}


def take(stage, role, name):
    """Keys of a role; what is called with them is called by `name`."""
    keys = stage.client("sts").assume_role(RoleArn=role, RoleSessionName=name)["Credentials"]
    stage.server.roles[keys["AccessKeyId"]] = name
    return keys


def note(stage, name, *calls):
    """Calls that a service of AWS makes with the role, and nothing here does:
    each an action, its resource and what conditions may ask for."""
    stage.server.made += [(name, action, resource, context) for action, resource, context in calls]


def hold(stage, name, role, named=None, own=frozenset()):
    """`named` has the resources of actions whose calls do not name them; `own`
    is allowed for what a service of AWS does by itself."""
    document = role_policy(stage, role)
    made = [call[1:] for call in stage.server.made if call[0] == name]
    if not made:
        sys.exit(f"{name} made no call")
    for action, resource, context in made:
        resource = (named or {}).get(action) or known(stage, action, resource)
        if not policy.permitted(document, action, resource, context):
            sys.exit(f"{name} called {action} on {resource}, which its role does not allow")
        elsewhere = {**context, "s3:prefix": "another/"}
        if resource != "*" and policy.permitted(document, action, another(action, resource), elsewhere):
            sys.exit(f"{name} may call {action} on more than {resource}")
        for key in NARROWING & set(context):
            if policy.permitted(document, action, resource, {**context, key: "another"}):
                sys.exit(f"{name} may call {action} with any {key}")
    idle = policy.allowed(document) - {action for action, *_ in made} - own
    if idle:
        sys.exit(f"the role of {name} allows what nobody calls: {sorted(idle)}")


def another(action, resource):
    """A resource of the same kind that is somebody else's."""
    if action == "s3:ListBucket":
        return resource
    kind, slash, _ = resource.partition("/")
    return f"{kind}/another/thing" if slash else f"{resource}-another"


def known(stage, action, resource):
    """The ARN of a secret that was asked for by its name."""
    if action == "secretsmanager:GetSecretValue" and not resource.startswith("arn:"):
        return stage.client("secretsmanager").describe_secret(SecretId=resource)["ARN"]
    return resource


def role_policy(stage, role):
    iam = stage.client("iam")
    role = role.rsplit("/", 1)[-1]
    assert not iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"], "attached policies are not read here"
    (name,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
    return json.dumps(iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"])
