mock_provider "aws" {
  source = "../../tests/mocks"
}

variables {
  name           = "shop"
  retention_days = 30
  protect        = false
}

run "reports_are_encrypted_private_and_gone_after_their_time" {
  assert {
    condition     = one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default[0].sse_algorithm == "AES256"
    error_message = "Encrypted."
  }

  assert {
    condition     = alltrue([for block in [aws_s3_bucket_public_access_block.this] : block.block_public_acls && block.block_public_policy && block.ignore_public_acls && block.restrict_public_buckets])
    error_message = "Never public."
  }

  assert {
    condition     = one(data.aws_iam_policy_document.this.statement[0].condition).variable == "aws:SecureTransport" && data.aws_iam_policy_document.this.statement[0].effect == "Deny"
    error_message = "TLS only."
  }

  assert {
    condition     = [for rule in aws_s3_bucket_lifecycle_configuration.this.rule : one(rule.expiration).days if rule.id == "expire-reports"] == [30]
    error_message = "Kept for their time."
  }

  assert {
    condition     = output.url == "s3://shop-reports-123456789012-eu-central-1/reports/" && aws_s3_bucket.this.force_destroy
    error_message = "The gate's prefix; a workshop leaves nothing behind."
  }
}

run "production_keeps_its_reports" {
  variables {
    protect = true
  }

  assert {
    condition     = !aws_s3_bucket.this.force_destroy
    error_message = "A destroy does not take them."
  }
}

# One run for each validation.

run "a_name_too_long_for_a_bucket_is_refused" {
  command = plan

  variables {
    name = "the-gate-of-our-storefronts-"
  }

  expect_failures = [var.name]
}

run "reports_that_are_never_kept_are_refused" {
  command = plan

  variables {
    retention_days = 0
  }

  expect_failures = [var.retention_days]
}
