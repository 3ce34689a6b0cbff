"""AWS as far as an apply needs it: moto, and a store for what moto lacks.

The store gives back what it was given. It proves that Terraform and its
provider agree with themselves, not that AWS would take every value.
"""

import io
import json
import re
import threading
import urllib.error
import urllib.request
import uuid
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

import calls
import policy
from calls import ACCOUNT, REGION
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.s3.models import FakeBucket
from werkzeug.serving import WSGIRequestHandler, make_server

PLACE = f"{REGION}:{ACCOUNT}"
# What a running deployment is asked and told.
OF_A_DEPLOYMENT = {"GetDeployment", "GetDeploymentTarget", "ListDeploymentTargets", "PutLifecycleEventHookExecutionStatus"}

# On AWS these requests come over TLS.
FakeBucket.get_permission = lambda bucket, action, resource: policy.decided(bucket.policy or b'{"Version": "2012-10-17", "Statement": []}', action, resource, {"aws:SecureTransport": "true"})


class Refused(Exception):
    """An error of the API: its code and its text."""


class Store:
    """What moto does not keep, by kind and name."""

    def __init__(self):
        self.things = {}

    def put(self, kind, name, thing):
        self.things[kind, name] = thing
        return thing

    def get(self, kind, name, error):
        if (kind, name) not in self.things:
            raise Refused(error, f"{kind} {name} is not there")
        return self.things[kind, name]

    def drop(self, kind, name):
        return self.things.pop((kind, name), None)


def codedeploy(store, operation, body):
    if operation == "CreateApplication":
        name = body["applicationName"]
        store.put("tags", f"arn:aws:codedeploy:{PLACE}:application:{name}", body.get("tags", []))
        store.put("application", name, {"applicationId": str(uuid.uuid4()), "applicationName": name, "computePlatform": body["computePlatform"], "createTime": 0, "linkedToGitHub": False})
        return {"applicationId": store.things["application", name]["applicationId"]}
    if operation == "GetApplication":
        return {"application": store.get("application", body["applicationName"], "ApplicationDoesNotExistException")}
    if operation == "DeleteApplication":
        store.drop("application", body["applicationName"])
        return {}
    group = f"{body.get('applicationName')}/{body.get('deploymentGroupName') or body.get('currentDeploymentGroupName')}"
    if operation == "CreateDeploymentGroup":
        body = {"computePlatform": "ECS", "deploymentGroupId": str(uuid.uuid4()), **body}
        store.put("tags", f"arn:aws:codedeploy:{PLACE}:deploymentgroup:{group}", body.pop("tags", []))
        store.put("deployment group", group, body)
        return {"deploymentGroupId": body["deploymentGroupId"]}
    if operation == "GetDeploymentGroup":
        return {"deploymentGroupInfo": store.get("deployment group", group, "DeploymentGroupDoesNotExistException")}
    if operation == "UpdateDeploymentGroup":
        store.get("deployment group", group, "DeploymentGroupDoesNotExistException").update(body)
        return {"hooksNotCleanedUp": []}
    if operation == "DeleteDeploymentGroup":
        store.drop("deployment group", group)
        return {"hooksNotCleanedUp": []}
    if operation == "CreateDeploymentConfig":
        config = {"deploymentConfigId": str(uuid.uuid4()), "createTime": 0, **body}
        store.put("deployment config", body["deploymentConfigName"], config)
        return {"deploymentConfigId": config["deploymentConfigId"]}
    if operation == "GetDeploymentConfig":
        return {"deploymentConfigInfo": store.get("deployment config", body["deploymentConfigName"], "DeploymentConfigDoesNotExistException")}
    if operation == "DeleteDeploymentConfig":
        store.drop("deployment config", body["deploymentConfigName"])
        return {}
    return tags(store, operation, body, "ResourceArn", "Tags")


def codepipeline(store, operation, body):
    if operation in ("CreatePipeline", "UpdatePipeline"):
        pipeline = body["pipeline"]
        name = pipeline["name"]
        store.put("tags", f"arn:aws:codepipeline:{PLACE}:{name}", body.get("tags", []))
        return {"pipeline": store.put("pipeline", name, {"version": 1, **pipeline}), "tags": body.get("tags", [])}
    if operation == "GetPipeline":
        name = body["name"]
        pipeline = store.get("pipeline", name, "PipelineNotFoundException")
        return {"pipeline": pipeline, "metadata": {"pipelineArn": f"arn:aws:codepipeline:{PLACE}:{name}", "created": 0, "updated": 0}}
    if operation == "DeletePipeline":
        store.drop("pipeline", body["name"])
        return {}
    return tags(store, operation, body, "resourceArn", "tags")


def codebuild(store, operation, body):
    if operation in ("CreateProject", "UpdateProject"):
        name = body["name"]
        arn = f"arn:aws:codebuild:{PLACE}:project/{name}"
        project = {"arn": arn, "created": 0, "lastModified": 0, "badge": {}, "encryptionKey": f"arn:aws:kms:{PLACE}:alias/aws/s3", "queuedTimeoutInMinutes": 480, "projectVisibility": "PRIVATE", "cache": {"type": "NO_CACHE"}, **body}
        return {"project": store.put("project", name, project)}
    if operation == "BatchGetProjects":
        names = [name.rsplit("/", 1)[-1] for name in body["names"]]
        found = [store.things["project", name] for name in names if ("project", name) in store.things]
        return {"projects": found, "projectsNotFound": []}
    if operation == "DeleteProject":
        store.drop("project", body["name"].rsplit("/", 1)[-1])
        return {}
    return {}


def connections(store, operation, body):
    if operation == "CreateConnection":
        arn = f"arn:aws:codeconnections:{PLACE}:connection/{uuid.uuid4()}"
        store.put("tags", arn, body.get("Tags", []))
        store.put("connection", arn, {"ConnectionArn": arn, "ConnectionName": body["ConnectionName"], "ProviderType": body["ProviderType"], "OwnerAccountId": ACCOUNT, "ConnectionStatus": "PENDING"})
        return {"ConnectionArn": arn, "Tags": body.get("Tags", [])}
    if operation == "GetConnection":
        return {"Connection": store.get("connection", body["ConnectionArn"], "ResourceNotFoundException")}
    if operation == "DeleteConnection":
        store.drop("connection", body["ConnectionArn"])
        return {}
    return tags(store, operation, body, "ResourceArn", "Tags")


def tags(store, operation, body, arn, key):
    if operation == "ListTagsForResource":
        return {key: store.things.get(("tags", body[arn]), [])}
    if operation == "TagResource":
        store.put("tags", body[arn], body.get(key) or body.get("Tags") or body.get("tags"))
        return {}
    if operation == "UntagResource":
        return {}
    raise Refused("InvalidAction", f"{operation} is not known here")


OWN = {
    "CodeDeploy_20141006": codedeploy,
    "CodePipeline_20150709": codepipeline,
    "CodeBuild_20161006": codebuild,
    "CodeConnections_20231201": connections,
}


class Quiet(WSGIRequestHandler):
    def log_request(self, *_):
        """A line for each call would hide what matters."""


class Server:
    """Everything behind one address, until `stop`."""

    def __init__(self):
        self.store = Store()
        # Which role an access key belongs to, and who made which call.
        self.roles = {}
        self.made = []
        # A rehearsal that stands for CodeDeploy while it deploys.
        self.rehearsal = None
        self.moto = DomainDispatcherApplication(create_backend_app)
        self.http = make_server("127.0.0.1", 0, self, threaded=True, request_handler=Quiet)
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        self.thread = threading.Thread(target=self.http.serve_forever, daemon=True)
        self.thread.start()

    def stop(self):
        self.http.shutdown()
        self.thread.join()

    def __call__(self, environ, start_response):
        target = environ.get("HTTP_X_AMZN_TARGET") or environ.get("HTTP_X_AMZ_TARGET", "")
        service, _, operation = target.rpartition(".")
        service = service.rsplit(".", 1)[-1]
        path = environ["PATH_INFO"]
        body = self.body(environ)
        self.note(environ, operation, body)
        if service == "CodeDeploy_20141006" and operation in OF_A_DEPLOYMENT:
            return self.rehearsed(environ, body, start_response)
        if service in OWN:
            return self.own(OWN[service], operation, body, start_response)
        kept = self.keep(service, operation, path, environ["REQUEST_METHOD"], body)
        if kept is not None:
            return answer(start_response, 200, kept)
        return self.patched(body, environ, start_response)

    def note(self, environ, operation, body):
        """Calls that somebody made with the keys of a role."""
        key, service = calls.scope(environ)
        if key in self.roles:
            self.made.append((self.roles[key], *calls.described(environ, service, operation, body)))

    def rehearsed(self, environ, body, start_response):
        """The rehearsal's answer, with the names of what was applied."""
        headers = {name: environ["HTTP_" + name.upper().replace("-", "_")] for name in ("authorization", "x-amz-date", "x-amz-target")}
        asked = json.dumps(renamed(body, {theirs: ours for ours, theirs in self.rehearsal.names.items()})).encode()
        request = urllib.request.Request(self.rehearsal.url, asked, headers | {"content-type": "application/x-amz-json-1.1"})
        try:
            with urllib.request.urlopen(request, timeout=10) as said:
                return answer(start_response, said.status, renamed(json.load(said), self.rehearsal.names))
        except urllib.error.HTTPError as refused:
            return answer(start_response, refused.code, json.load(refused))

    def body(self, environ):
        """The JSON of a request, which moto may read once more."""
        raw = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(raw)
        try:
            return json.loads(raw)
        except ValueError:
            return {name: values[0] for name, values in parse_qs(raw.decode("latin-1")).items()}

    def own(self, api, operation, body, start_response):
        try:
            return answer(start_response, 200, api(self.store, operation, body))
        except Refused as refused:
            code, message = refused.args
            return answer(start_response, 400, {"__type": code, "message": message})

    # Fields that moto takes and forgets.

    def keep(self, service, operation, path, method, body):
        store = self.store
        if not isinstance(body, dict):
            return None
        if service == "AnyScaleFrontendService":
            if operation == "RegisterScalableTarget":
                arn = f"arn:aws:application-autoscaling:{PLACE}:scalable-target/{body['ResourceId'].replace('/', '-')}"
                store.put("scalable target", body["ResourceId"], arn)
                store.put("tags", arn, body.get("Tags", {}))
            if operation == "ListTagsForResource":
                return {"Tags": store.things.get(("tags", body["ResourceARN"]), {})}
        if operation == "CreateService":
            fields = ("healthCheckGracePeriodSeconds", "availabilityZoneRebalancing", "enableExecuteCommand")
            store.put("service fields", body["serviceName"], {name: body[name] for name in fields if name in body})
        if method == "POST" and re.fullmatch(r"/2015-03-31/functions/?", path) and "LoggingConfig" in body:
            store.put("logging", body["FunctionName"], body["LoggingConfig"])
        return None

    def patched(self, asked, environ, start_response):
        """Moto's answer, with the forgotten fields put back."""
        store = self.store
        said = {}

        def remember(status, headers, exc_info=None):
            said.update(status=status, headers=headers)

        raw = b"".join(self.moto(environ, remember))
        try:
            body = json.loads(raw)
        except ValueError:
            body = None
        if isinstance(body, dict):
            for each in body.get("services", []) + [body.get("service")]:
                if isinstance(each, dict) and "serviceName" in each:
                    each.update(store.things.get(("service fields", each["serviceName"]), {}))
            for each in body.get("ScalableTargets", []):
                each["ScalableTargetARN"] = store.things.get(("scalable target", each["ResourceId"]))
            function = body.get("Configuration", body)
            if isinstance(function, dict) and "FunctionName" in function:
                kept = store.things.get(("logging", function["FunctionName"]))
                if kept is not None:
                    function["LoggingConfig"] = kept
            raw = json.dumps(body).encode()
        elif isinstance(asked, dict) and "SecurityGroup" in str(asked.get("Action")):
            raw = self.descriptions(asked, raw.decode()).encode()
        headers = [(name, value) for name, value in said["headers"] if name.lower() != "content-length"]
        start_response(said["status"], headers + [("content-length", str(len(raw)))])
        return [raw]


    def descriptions(self, asked, xml):
        """What a rule that names a group is for, which moto forgets."""
        text = asked.get("IpPermissions.1.Groups.1.Description")
        if text:
            for rule in re.findall(r"<securityGroupRuleId>([^<]+)<", xml):
                self.store.put("rule description", rule, text)

        def described(match):
            text = self.store.things.get(("rule description", match[1]))
            return match[0] if text is None else f"{match[0]}<description>{escape(text)}</description>"

        return re.sub(r"<securityGroupRuleId>([^<]+)</securityGroupRuleId>", described, xml)


def renamed(value, names):
    """The same with every text that is a name replaced by the other one."""
    if isinstance(value, dict):
        return {key: renamed(each, names) for key, each in value.items()}
    if isinstance(value, list):
        return [renamed(each, names) for each in value]
    return names.get(value, value) if isinstance(value, str) else value


def answer(start_response, status, body):
    raw = json.dumps(body).encode()
    start_response(f"{status} {'OK' if status == 200 else 'Refused'}", [("content-type", "application/x-amz-json-1.1"), ("content-length", str(len(raw)))])
    return [raw]
