locals {
  # Known before the bucket is there, so that a plan shows who may read it.
  bucket = "${var.name}-artifacts-${local.account}-${data.aws_region.this.id}"
  # CodePipeline's own beginning of the keys of its artifacts.
  prefix = "${substr(var.name, 0, 20)}/"

  connection_arn = var.connection == null ? one(aws_codeconnections_connection.this[*].arn) : var.connection.arn

  buildspec = yamlencode({
    version = "0.2"
    env     = { shell = "bash" }
    phases = {
      build = {
        # Each command stands for itself: no variable, folder or option of the
        # shell goes from one to the next, and each fails by its own exit code.
        commands = [
          "aws ecr get-login-password | docker login --username AWS --password-stdin \"$${IMAGE%%/*}\"",
          # Tags never move, so that a second run of a commit takes its image.
          <<-EOT
            tag="$CODEBUILD_RESOLVED_SOURCE_VERSION"
            if ! aws ecr describe-images --repository-name "$REPOSITORY" --image-ids "imageTag=$tag" >/dev/null 2>&1; then
              docker build --build-arg "VERSION=$tag" --tag "$IMAGE:$tag" "$CONTEXT" && docker push "$IMAGE:$tag"
            fi
          EOT
          ,
          # The release's own check files and what lies beside them, under the
          # tag of its image.
          "if [ -d \"$CONTEXT/smoke-tests\" ]; then aws s3 cp --recursive --no-progress \"$CONTEXT/smoke-tests\" \"s3://$BUCKET/checks/$CODEBUILD_RESOLVED_SOURCE_VERSION/\"; fi",
          "mkdir -p \"$CODEBUILD_SRC_DIR/greenlight\"",
          # By its tag, which never moves: the gate finds the check files by it.
          "printf '{\"ImageURI\":\"%s\"}' \"$IMAGE:$CODEBUILD_RESOLVED_SOURCE_VERSION\" > \"$CODEBUILD_SRC_DIR/greenlight/imageDetail.json\"",
          "cat > \"$CODEBUILD_SRC_DIR/greenlight/appspec.yaml\" <<'END'\n${trimspace(var.app_spec)}\nEND\n",
          "cat > \"$CODEBUILD_SRC_DIR/greenlight/taskdef.json\" <<'END'\n${var.task_definition_template}\nEND\n",
        ]
      }
    }
    # Three small files: CodeDeploy's action takes 3 MB at most.
    artifacts = {
      base-directory = "greenlight"
      files          = ["appspec.yaml", "imageDetail.json", "taskdef.json"]
    }
  })
}

resource "aws_codeconnections_connection" "this" {
  count = var.connection == null ? 1 : 0

  name          = var.name
  provider_type = "GitHub"
}

resource "aws_ecr_repository" "this" {
  #checkov:skip=CKV_AWS_136:encrypted with AES-256; a customer key costs per month and adds nothing here
  name                 = var.name
  image_tag_mutability = "IMMUTABLE"
  force_delete         = !var.protect

  image_scanning_configuration {
    scan_on_push = true
  }
}

resource "aws_ecr_lifecycle_policy" "this" {
  repository = aws_ecr_repository.this.name
  policy = jsonencode({
    rules = [{
      rulePriority = 1
      description  = "Keep the last ${var.keep_images} images"
      selection    = { tagStatus = "any", countType = "imageCountMoreThan", countNumber = var.keep_images }
      action       = { type = "expire" }
    }]
  })
}

resource "aws_s3_bucket" "artifacts" {
  #checkov:skip=CKV_AWS_18:every object is written and read by two roles, which CloudTrail names
  #checkov:skip=CKV_AWS_144:artifacts are built again rather than replicated
  #checkov:skip=CKV_AWS_145:encrypted with S3's key; a customer key costs per month and adds nothing here
  #checkov:skip=CKV2_AWS_62:nothing waits for an object here
  bucket        = local.bucket
  force_destroy = !var.protect
}

resource "aws_s3_bucket_public_access_block" "artifacts" {
  bucket                  = aws_s3_bucket.artifacts.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_server_side_encryption_configuration" "artifacts" {
  bucket = aws_s3_bucket.artifacts.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

# CodePipeline works with versions.
resource "aws_s3_bucket_versioning" "artifacts" {
  bucket = aws_s3_bucket.artifacts.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_policy" "artifacts" {
  bucket = aws_s3_bucket.artifacts.id
  policy = data.aws_iam_policy_document.artifacts.json

  depends_on = [aws_s3_bucket_public_access_block.artifacts]
}

# Check files stay: an old version that is deployed again brings its own.
resource "aws_s3_bucket_lifecycle_configuration" "artifacts" {
  bucket = aws_s3_bucket.artifacts.id

  rule {
    id     = "expire-artifacts"
    status = "Enabled"

    filter {
      prefix = local.prefix
    }

    expiration {
      days = 30
    }

    noncurrent_version_expiration {
      noncurrent_days = 7
    }
  }

  rule {
    id     = "abort-uploads"
    status = "Enabled"

    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
  }

  depends_on = [aws_s3_bucket_versioning.artifacts]
}

resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_158:encrypted with AWS's key; a customer key costs per month and adds nothing here
  #checkov:skip=CKV_AWS_338:how long logs are kept is `log_retention_days`
  name              = "/codebuild/${var.name}"
  retention_in_days = var.log_retention_days
}

resource "aws_codebuild_project" "this" {
  #checkov:skip=CKV_AWS_316:docker builds images only in privileged mode
  #checkov:skip=CKV_AWS_147:encrypted with AWS's key; the image in it goes to the repository anyway
  name          = var.name
  description   = "Builds the image of ${var.name}"
  service_role  = aws_iam_role.build.arn
  build_timeout = 30

  artifacts {
    type = "CODEPIPELINE"
  }

  source {
    type      = "CODEPIPELINE"
    buildspec = local.buildspec
  }

  environment {
    type            = var.architecture == "ARM64" ? "ARM_CONTAINER" : "LINUX_CONTAINER"
    compute_type    = "BUILD_GENERAL1_SMALL"
    image           = var.architecture == "ARM64" ? "aws/codebuild/amazonlinux2-aarch64-standard:3.0" : "aws/codebuild/amazonlinux2-x86_64-standard:5.0"
    privileged_mode = true

    dynamic "environment_variable" {
      for_each = {
        BUCKET     = aws_s3_bucket.artifacts.id
        CONTEXT    = var.context
        IMAGE      = aws_ecr_repository.this.repository_url
        REPOSITORY = aws_ecr_repository.this.name
      }

      content {
        name  = environment_variable.key
        value = environment_variable.value
      }
    }
  }

  logs_config {
    cloudwatch_logs {
      group_name = aws_cloudwatch_log_group.this.name
    }
  }

  depends_on = [aws_iam_role_policy.build]
}

resource "aws_codepipeline" "this" {
  #checkov:skip=CKV_AWS_219:encrypted with S3's key; a customer key costs per month and adds nothing here
  name          = var.name
  role_arn      = aws_iam_role.pipeline.arn
  pipeline_type = "V2"
  # A newer push replaces one that waits: a group runs one deployment at a time.
  execution_mode = "SUPERSEDED"

  artifact_store {
    type     = "S3"
    location = aws_s3_bucket.artifacts.id
  }

  stage {
    name = "Source"

    action {
      name             = "GitHub"
      category         = "Source"
      owner            = "AWS"
      provider         = "CodeStarSourceConnection"
      version          = "1"
      output_artifacts = ["source"]

      configuration = {
        ConnectionArn        = local.connection_arn
        FullRepositoryId     = var.repository
        BranchName           = var.branch
        OutputArtifactFormat = "CODE_ZIP"
        DetectChanges        = "true"
      }
    }
  }

  stage {
    name = "Build"

    action {
      name             = "Image"
      category         = "Build"
      owner            = "AWS"
      provider         = "CodeBuild"
      version          = "1"
      input_artifacts  = ["source"]
      output_artifacts = ["release"]

      configuration = {
        ProjectName = aws_codebuild_project.this.name
      }
    }
  }

  stage {
    name = "Deploy"

    action {
      name            = "BlueGreen"
      category        = "Deploy"
      owner           = "AWS"
      provider        = "CodeDeployToECS"
      version         = "1"
      input_artifacts = ["release"]

      configuration = {
        ApplicationName                = var.codedeploy.application_name
        DeploymentGroupName            = var.codedeploy.deployment_group_name
        TaskDefinitionTemplateArtifact = "release"
        TaskDefinitionTemplatePath     = "taskdef.json"
        AppSpecTemplateArtifact        = "release"
        AppSpecTemplatePath            = "appspec.yaml"
        Image1ArtifactName             = "release"
        Image1ContainerName            = "IMAGE1_NAME"
      }
    }
  }

  depends_on = [aws_iam_role_policy.pipeline]
}

resource "aws_sns_topic" "this" {
  #checkov:skip=CKV_AWS_26:CloudWatch and EventBridge cannot publish under AWS's key, a customer key costs per month, and secrets are redacted in what the gate says
  name = "${var.name}-deployments"
}

resource "aws_sns_topic_policy" "this" {
  arn    = aws_sns_topic.this.arn
  policy = data.aws_iam_policy_document.notify.json
}

resource "aws_sns_topic_subscription" "this" {
  for_each = var.notify_emails

  topic_arn = aws_sns_topic.this.arn
  protocol  = "email"
  endpoint  = each.value
}

resource "aws_cloudwatch_event_rule" "failed" {
  name        = "${var.name}-failed"
  description = "A pipeline run or a deployment of ${var.name} failed"
  event_pattern = jsonencode({
    source        = ["aws.codepipeline", "aws.codedeploy"]
    "detail-type" = ["CodePipeline Pipeline Execution State Change", "CodeDeploy Deployment State-change Notification"]
    detail = {
      state = ["FAILED", "FAILURE", "STOP"]
      "$or" = [
        { pipeline = [var.name] },
        { application = [var.codedeploy.application_name] },
      ]
    }
  })
}

resource "aws_cloudwatch_event_target" "failed" {
  rule = aws_cloudwatch_event_rule.failed.name
  arn  = aws_sns_topic.this.arn
}
