"""What CodePipeline and ECS do with their roles on the way of a release, which
nothing here does: the calls, on the resources that the applied pipeline and its
task definition name, held against the roles that they have.
"""

import held

PLACE = "eu-central-1:123456789012"


def applied(stage):
    return next(thing for (kind, _), thing in stage.server.store.things.items() if kind == "pipeline")


def artifacts(stage):
    """Where CodePipeline keeps its artifacts: under the beginning of its name."""
    pipeline = applied(stage)
    return f"arn:aws:s3:::{pipeline['artifactStore']['location']}/{pipeline['name'][:20]}"


def actions(stage):
    """What each action of the pipeline is told, by its provider."""
    return {action["actionTypeId"]["provider"]: action["configuration"] for each in applied(stage)["stages"] for action in each["actions"]}


def prove(stage, definition):
    """One run with a task definition that it registers."""
    told = actions(stage)
    source, deploy = told["CodeStarSourceConnection"], told["CodeDeployToECS"]
    bucket = artifacts(stage).partition("/")[0]
    application = f"arn:aws:codedeploy:{PLACE}:application:{deploy['ApplicationName']}"
    group = f"arn:aws:codedeploy:{PLACE}:deploymentgroup:{deploy['ApplicationName']}/{deploy['DeploymentGroupName']}"
    (made,) = (thing for (kind, _), thing in stage.server.store.things.items() if kind == "deployment group")
    config = f"arn:aws:codedeploy:{PLACE}:deploymentconfig:{made['deploymentConfigName']}"
    project = f"arn:aws:codebuild:{PLACE}:project/{told['CodeBuild']['ProjectName']}"
    tasks = {"iam:PassedToService": "ecs-tasks.amazonaws.com"}
    held.note(
        stage,
        "CodePipeline",
        *((f"{service}:UseConnection", source["ConnectionArn"], {"codeconnections:FullRepositoryId": source["FullRepositoryId"]}) for service in ("codeconnections", "codestar-connections")),
        *((f"s3:{action}", bucket, {}) for action in ("GetBucketLocation", "GetBucketVersioning")),
        *((f"s3:{action}Object", f"{artifacts(stage)}/{name}/AbCdEf", {}) for action, name in (("Put", "source"), ("Get", "release"))),
        ("s3:GetObjectVersion", f"{artifacts(stage)}/release/AbCdEf", {}),
        *((f"codebuild:{action}", project, {}) for action in ("StartBuild", "BatchGetBuilds")),
        *((f"codedeploy:{action}", application, {}) for action in ("GetApplication", "GetApplicationRevision", "RegisterApplicationRevision")),
        *((f"codedeploy:{action}", group, {}) for action in ("CreateDeployment", "GetDeployment")),
        ("codedeploy:GetDeploymentConfig", config, {}),
        ("ecs:RegisterTaskDefinition", "*", {}),
        *(("iam:PassRole", definition[field], tasks) for field in ("executionRoleArn", "taskRoleArn")),
    )
    # AWS's guide has it list the bucket, and does not say what for.
    held.hold(stage, "CodePipeline", applied(stage)["roleArn"], own={"s3:ListBucket"})
    started(stage, definition)


def started(stage, definition):
    """What ECS does with the execution role, before the application runs."""
    (container,) = definition["containerDefinitions"]
    registry, _, repository = container["image"].rpartition(":")[0].partition("/")
    image = f"arn:aws:ecr:{PLACE}:repository/{repository}"
    assert registry == "123456789012.dkr.ecr.eu-central-1.amazonaws.com", registry
    log = f"arn:aws:logs:{PLACE}:log-group:{container['logConfiguration']['options']['awslogs-group']}:log-stream:app/1"
    read = {"secretsmanager": "GetSecretValue", "ssm": "GetParameters"}
    named = [":".join(each["valueFrom"].split(":")[:7]) for each in container["secrets"]]
    services = {arn.split(":")[2] for arn in named}
    held.note(
        stage,
        "ECS",
        ("ecr:GetAuthorizationToken", "*", {}),
        *((f"ecr:{action}", image, {}) for action in ("BatchCheckLayerAvailability", "BatchGetImage", "GetDownloadUrlForLayer")),
        *((f"logs:{action}", log, {}) for action in ("CreateLogStream", "PutLogEvents")),
        *((f"{arn.split(':')[2]}:{read[arn.split(':')[2]]}", arn, {}) for arn in named),
        *(("kms:Decrypt", key, {"kms:ViaService": f"{service}.eu-central-1.amazonaws.com"}) for key in stage.variables.get("secrets_kms_key_arns", []) for service in sorted(services)),
    )
    held.hold(stage, "ECS", definition["executionRoleArn"])
