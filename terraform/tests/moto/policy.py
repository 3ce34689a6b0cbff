"""What a policy allows, as IAM evaluates it.

Moto's IAM matches actions and resources. It takes a condition that does not
hold for a denial, so that the conditions are looked at here.
"""

import fnmatch
import json

from moto.iam.access_control import IAMPolicy, PermissionResult


def permitted(policy, action, resource, context=None):
    """Whether one call may be made; \"no\" without an Allow, as on AWS."""
    return decided(policy, action, resource, context) == PermissionResult.PERMITTED


def decided(policy, action, resource, context=None):
    document = json.loads(policy)
    statements = document["Statement"]
    statements = statements if isinstance(statements, list) else [statements]
    holding = [{key: value for key, value in each.items() if key != "Condition"} for each in statements if holds(each.get("Condition", {}), context or {})]
    return IAMPolicy(json.dumps({**document, "Statement": holding})).is_action_permitted(action, resource)


def holds(conditions, context):
    """Every operator with every key; a key that the call does not have fails."""
    compare = {"StringEquals": str.__eq__, "StringEqualsIfExists": str.__eq__, "Bool": str.__eq__, "ArnEquals": fnmatch.fnmatchcase, "StringLike": fnmatch.fnmatchcase}
    for operator, keys in conditions.items():
        for key, patterns in keys.items():
            patterns = [patterns] if isinstance(patterns, str) else patterns
            if key not in context and operator.endswith("IfExists"):
                continue
            if key not in context or not any(compare[operator](context[key], pattern) for pattern in patterns):
                return False
    return True


def statements(policy):
    """Each statement, with lists where one may write a text."""
    found = json.loads(policy)["Statement"]
    for each in found if isinstance(found, list) else [found]:
        listed = {key: [each[key]] if isinstance(each[key], str) else each[key] for key in ("Action", "Resource") if key in each}
        yield {**each, **listed}


def allowed(policy):
    """Every action of an Allow."""
    return {action for each in statements(policy) if each["Effect"] == "Allow" for action in each["Action"]}
