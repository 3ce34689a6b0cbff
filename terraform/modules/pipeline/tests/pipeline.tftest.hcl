mock_provider "aws" {
  source = "../../tests/mocks"
}

variables {
  name                     = "shop"
  repository               = "example/shop"
  branch                   = "main"
  context                  = "app"
  architecture             = "X86_64"
  codedeploy               = { application_name = "shop", deployment_group_name = "shop-group", deployment_config_name = "CodeDeployDefault.ECSAllAtOnce" }
  app_spec                 = "version: 0.0"
  task_definition_template = "{\"image\":\"<IMAGE1_NAME>\"}"
  pass_role_arns           = ["arn:aws:iam::123456789012:role/shop-task"]
  log_retention_days       = 30
  protect                  = false
}

# Each has an ARN of its own, which a mock by type cannot give.
override_resource {
  target = aws_iam_role.build
  values = { arn = "arn:aws:iam::123456789012:role/build" }
}

override_resource {
  target = aws_iam_role.pipeline
  values = { arn = "arn:aws:iam::123456789012:role/pipeline" }
}

override_resource {
  target = aws_cloudwatch_log_group.this
  values = { arn = "arn:aws:logs:eu-central-1:123456789012:log-group:/codebuild/shop" }
}

run "the_build_hands_over_what_codedeploy_needs" {
  assert {
    condition     = toset(yamldecode(output.buildspec).artifacts.files) == toset(["appspec.yaml", "imageDetail.json", "taskdef.json"])
    error_message = "Three files, far below the 3 MB that the action takes."
  }

  assert {
    condition     = strcontains(output.buildspec, "<IMAGE1_NAME>")
    error_message = "Angle brackets as they are."
  }

  assert {
    condition     = one([for stage in aws_codepipeline.this.stage : stage.action[0].configuration if stage.name == "Deploy"]).Image1ContainerName == "IMAGE1_NAME"
    error_message = "The placeholder's name, without brackets."
  }

  assert {
    condition     = aws_codepipeline.this.pipeline_type == "V2" && one([for stage in aws_codepipeline.this.stage : stage.action[0].provider if stage.name == "Deploy"]) == "CodeDeployToECS"
    error_message = "CodeDeploy for ECS, in a V2 pipeline."
  }

  assert {
    condition     = aws_codepipeline.this.execution_mode == "SUPERSEDED"
    error_message = "A deployment group runs one deployment at a time."
  }
}

run "the_image_is_built_on_the_processor_of_the_tasks" {
  variables {
    architecture = "ARM64"
  }

  assert {
    condition     = aws_codebuild_project.this.environment[0].type == "ARM_CONTAINER" && strcontains(aws_codebuild_project.this.environment[0].image, "aarch64") && aws_codebuild_project.this.environment[0].privileged_mode
    error_message = "Docker, on Graviton."
  }
}

run "the_build_publishes_checks_and_touches_no_others" {
  assert {
    condition = { for statement in data.aws_iam_policy_document.build.statement : statement.sid => { actions = sort(statement.actions), resources = sort(statement.resources) } } == {
      WriteLogs          = { actions = tolist(["logs:CreateLogStream", "logs:PutLogEvents"]), resources = tolist(["arn:aws:logs:eu-central-1:123456789012:log-group:/codebuild/shop:*"]) }
      SignInToEcr        = { actions = tolist(["ecr:GetAuthorizationToken"]), resources = tolist(["*"]) }
      PushTheImage       = { actions = tolist(["ecr:BatchCheckLayerAvailability", "ecr:CompleteLayerUpload", "ecr:DescribeImages", "ecr:InitiateLayerUpload", "ecr:PutImage", "ecr:UploadLayerPart"]), resources = tolist(["arn:aws:ecr:eu-central-1:123456789012:repository/shop"]) }
      ReadTheSource      = { actions = tolist(["s3:GetObject", "s3:GetObjectVersion"]), resources = tolist(["arn:aws:s3:::shop-artifacts/shop/source/*"]) }
      HandOverTheRelease = { actions = tolist(["s3:PutObject"]), resources = tolist(["arn:aws:s3:::shop-artifacts/shop/release/*"]) }
      PublishTheChecks   = { actions = tolist(["s3:PutObject"]), resources = tolist(["arn:aws:s3:::shop-artifacts/checks/*"]) }
    }
    error_message = "The source in, the release out, and a place for check files that nobody else writes to."
  }

  assert {
    condition     = { for stage in aws_codepipeline.this.stage : stage.name => one(stage.action[0].output_artifacts) if stage.name != "Deploy" } == { Source = "source", Build = "release" }
    error_message = "CodePipeline keeps an artifact under its name."
  }
}

run "images_and_artifacts_are_kept_safe" {
  assert {
    condition     = aws_ecr_repository.this.image_tag_mutability == "IMMUTABLE" && aws_ecr_repository.this.image_scanning_configuration[0].scan_on_push
    error_message = "Tags do not move, images are scanned."
  }

  assert {
    condition     = one(data.aws_iam_policy_document.artifacts.statement[0].condition).variable == "aws:SecureTransport" && data.aws_iam_policy_document.artifacts.statement[0].effect == "Deny"
    error_message = "TLS only."
  }

  assert {
    condition     = one(aws_s3_bucket_server_side_encryption_configuration.artifacts.rule).apply_server_side_encryption_by_default[0].sse_algorithm == "AES256" && alltrue([for block in [aws_s3_bucket_public_access_block.artifacts] : block.block_public_acls && block.block_public_policy && block.ignore_public_acls && block.restrict_public_buckets])
    error_message = "Encrypted, and never public."
  }

  assert {
    condition     = jsondecode(aws_ecr_lifecycle_policy.this.policy).rules[0].selection.countNumber == 20 && [for rule in aws_s3_bucket_lifecycle_configuration.artifacts.rule : one(rule.filter).prefix if rule.id == "expire-artifacts"] == ["shop/"]
    error_message = "Old images and artifacts go; check files stay with the release that they judge."
  }

  assert {
    condition     = aws_s3_bucket.artifacts.force_destroy && aws_ecr_repository.this.force_delete
    error_message = "A workshop leaves nothing behind."
  }
}

run "the_pipeline_may_run_its_own_parts" {
  assert {
    condition = { for statement in data.aws_iam_policy_document.pipeline.statement : statement.sid => { actions = sort(statement.actions), resources = sort(statement.resources) } } == {
      ReadAndWriteArtifacts     = { actions = tolist(["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"]), resources = tolist(["arn:aws:s3:::shop-artifacts/shop/*"]) }
      FindArtifacts             = { actions = tolist(["s3:GetBucketLocation", "s3:GetBucketVersioning", "s3:ListBucket"]), resources = tolist(["arn:aws:s3:::shop-artifacts"]) }
      ReadTheSource             = { actions = tolist(["codeconnections:UseConnection", "codestar-connections:UseConnection"]), resources = tolist([aws_codeconnections_connection.this[0].arn]) }
      Build                     = { actions = tolist(["codebuild:BatchGetBuilds", "codebuild:StartBuild"]), resources = tolist(["arn:aws:codebuild:eu-central-1:123456789012:project/shop"]) }
      RegisterTheRevision       = { actions = tolist(["codedeploy:GetApplication", "codedeploy:GetApplicationRevision", "codedeploy:RegisterApplicationRevision"]), resources = tolist(["arn:aws:codedeploy:eu-central-1:123456789012:application:shop"]) }
      Deploy                    = { actions = tolist(["codedeploy:CreateDeployment", "codedeploy:GetDeployment"]), resources = tolist(["arn:aws:codedeploy:eu-central-1:123456789012:deploymentgroup:shop/shop-group"]) }
      ReadHowToDeploy           = { actions = tolist(["codedeploy:GetDeploymentConfig"]), resources = tolist(["arn:aws:codedeploy:eu-central-1:123456789012:deploymentconfig:CodeDeployDefault.ECSAllAtOnce"]) }
      RegisterTheTaskDefinition = { actions = tolist(["ecs:RegisterTaskDefinition"]), resources = tolist(["*"]) }
      GiveTasksTheirRoles       = { actions = tolist(["iam:PassRole"]), resources = tolist(["arn:aws:iam::123456789012:role/shop-task"]) }
    }
    error_message = "The deployment group's ARN for a deployment, the application's for a revision, both names of connections; only a task definition knows no resource."
  }

  assert {
    condition = { for statement in data.aws_iam_policy_document.pipeline.statement : statement.sid => { for each in statement.condition : each.variable => one(each.values) } if length(statement.condition) > 0 } == {
      ReadTheSource       = { "codeconnections:FullRepositoryId" = "example/shop", "codestar-connections:FullRepositoryId" = "example/shop" }
      GiveTasksTheirRoles = { "iam:PassedToService" = "ecs-tasks.amazonaws.com" }
    }
    error_message = "This repository, and roles for tasks only."
  }

  assert {
    condition     = endswith(aws_codepipeline.this.role_arn, "/pipeline") && endswith(aws_codebuild_project.this.service_role, "/build") && aws_iam_role_policy.pipeline.policy == data.aws_iam_policy_document.pipeline.json && aws_iam_role_policy.build.policy == data.aws_iam_policy_document.build.json
    error_message = "Each with its own role."
  }

  assert {
    condition     = { for name, document in data.aws_iam_policy_document.trust : name => [one(one(one(document.statement).principals).identifiers), one(one(one(document.statement).condition).values)] } == { codebuild = ["codebuild.amazonaws.com", "123456789012"], codepipeline = ["codepipeline.amazonaws.com", "123456789012"] }
    error_message = "Each service takes its own, on this account's behalf."
  }

  assert {
    condition     = aws_iam_role.build.name == "shop-build-eu-central-1" && aws_iam_role.pipeline.name == "shop-pipeline-eu-central-1"
    error_message = "Roles belong to the account, pipelines to a Region."
  }
}

run "failures_are_told_to_those_who_are_named" {
  variables {
    notify_emails = ["team@example.com"]
  }

  assert {
    condition     = aws_sns_topic_subscription.this["team@example.com"].topic_arn == aws_sns_topic.this.arn && aws_cloudwatch_event_target.failed.arn == aws_sns_topic.this.arn
    error_message = "Events go to the topic, and the topic to the address."
  }

  assert {
    condition     = jsondecode(aws_cloudwatch_event_rule.failed.event_pattern).detail["$or"] == [{ pipeline = ["shop"] }, { application = ["shop"] }]
    error_message = "Of this pipeline and this application only."
  }
}

run "eventbridge_may_publish_without_a_condition" {
  assert {
    condition     = [for statement in data.aws_iam_policy_document.notify.statement : length(statement.condition) if statement.sid == "FailedRuns"][0] == 0
    error_message = "EventBridge fills in no condition: the message would be dropped without a word."
  }
}

run "a_connection_of_the_team_is_used" {
  variables {
    connection = { arn = "arn:aws:codestar-connections:eu-central-1:123456789012:connection/1" }
    protect    = true
  }

  assert {
    condition     = length(aws_codeconnections_connection.this) == 0 && output.connection_arn == "arn:aws:codestar-connections:eu-central-1:123456789012:connection/1"
    error_message = "No second connection."
  }

  assert {
    condition     = !aws_s3_bucket.artifacts.force_destroy && !aws_ecr_repository.this.force_delete
    error_message = "Production keeps its images and artifacts."
  }
}

# One run for each validation.

run "a_name_too_long_for_a_bucket_is_refused" {
  command = plan

  variables {
    name = "the-pipeline-of-our-stores"
  }

  expect_failures = [var.name]
}

run "the_name_of_the_check_files_is_refused" {
  command = plan

  variables {
    name = "checks"
  }

  expect_failures = [var.name]
}

run "a_repository_with_a_host_is_refused" {
  command = plan

  variables {
    repository = "https://github.com/example/shop"
  }

  expect_failures = [var.repository]
}

run "no_branch_is_refused" {
  command = plan

  variables {
    branch = ""
  }

  expect_failures = [var.branch]
}

run "a_connection_that_is_no_arn_is_refused" {
  command = plan

  variables {
    connection = { arn = "github" }
  }

  expect_failures = [var.connection]
}

run "a_folder_outside_the_repository_is_refused" {
  command = plan

  variables {
    context = "../other"
  }

  expect_failures = [var.context]
}

run "an_address_without_at_is_refused" {
  command = plan

  variables {
    notify_emails = ["nobody"]
  }

  expect_failures = [var.notify_emails]
}

run "one_image_is_refused" {
  command = plan

  variables {
    keep_images = 1
  }

  expect_failures = [var.keep_images]
}
