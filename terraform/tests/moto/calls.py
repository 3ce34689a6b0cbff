"""Which action on which resource a request to AWS is, as IAM names them."""

import re
from urllib.parse import parse_qs, unquote

ACCOUNT = "123456789012"
REGION = "eu-central-1"

# Who signs for which prefix of actions, where the two differ.
PREFIXES = {"monitoring": "cloudwatch"}


def scope(environ):
    """The access key and the service of a signature."""
    signed = re.search(r"Credential=([^/]+)/\d+/[^/]+/([^/]+)/aws4_request", environ.get("HTTP_AUTHORIZATION", ""))
    return signed.groups() if signed else (None, None)


def described(environ, service, operation, body):
    """Action, resource and the keys that conditions may ask for."""
    if service == "s3":
        return s3(environ)
    body = body if isinstance(body, dict) else {}
    operation = operation or body.get("Action", "")
    action = f"{PREFIXES.get(service, service)}:{operation}"
    return action, resource(action, body), {"aws:SecureTransport": "true", **conditions(action, body)}


def s3(environ):
    bucket, _, key = unquote(environ["PATH_INFO"]).lstrip("/").partition("/")
    asked = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    context = {"aws:SecureTransport": "true"}
    if not key:
        context["s3:prefix"] = asked.get("prefix", [""])[0]
        return "s3:ListBucket", f"arn:aws:s3:::{bucket}", context
    verb = {"GET": "Get", "HEAD": "Get", "PUT": "Put", "POST": "Put", "DELETE": "Delete"}[environ["REQUEST_METHOD"]]
    return f"s3:{verb}Object", f"arn:aws:s3:::{bucket}/{key}", context


def conditions(action, body):
    """What IAM knows of a call for which it has no resource."""
    if action == "ecs:CreateTaskSet":
        place = f"arn:aws:ecs:{REGION}:{ACCOUNT}"
        return {"ecs:cluster": f"{place}:cluster/{body['cluster']}", "ecs:service": f"{place}:service/{body['cluster']}/{body['service']}"}
    return {}


def resource(action, body):
    """The first resource that a call names."""
    place = f"{REGION}:{ACCOUNT}"
    if action == "ecs:DescribeServices":
        name = body["services"][0]
        return name if name.startswith("arn:") else f"arn:aws:ecs:{place}:service/{body['cluster'].rsplit('/', 1)[-1]}/{name}"
    if action == "ecs:UpdateServicePrimaryTaskSet":
        return f"arn:aws:ecs:{place}:service/{body['cluster']}/{body['service']}"
    if action == "ecs:DeleteTaskSet":
        return body["taskSet"]
    if action == "elasticloadbalancing:ModifyListener":
        return body["ListenerArn"]
    if action.startswith("ecr:") and "repositoryName" in body:
        return f"arn:aws:ecr:{place}:repository/{body['repositoryName']}"
    if action == "sns:Publish":
        return body["TopicArn"]
    if action == "secretsmanager:GetSecretValue":
        return body["SecretId"]
    if action == "ssm:GetParameters":
        return f"arn:aws:ssm:{place}:parameter/{body['Names'][0].lstrip('/')}"
    return "*"
