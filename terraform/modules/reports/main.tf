data "aws_caller_identity" "this" {}
data "aws_region" "this" {}

locals {
  # Known before the bucket is there, so that a plan shows what the gate may do.
  bucket = "${var.name}-reports-${data.aws_caller_identity.this.account_id}-${data.aws_region.this.id}"
}

resource "aws_s3_bucket" "this" {
  #checkov:skip=CKV_AWS_18:one role writes here, which CloudTrail names
  #checkov:skip=CKV_AWS_21:a report is written once, under the id of its deployment
  #checkov:skip=CKV_AWS_144:a report is of use until the next deployment, and the log has it too
  #checkov:skip=CKV_AWS_145:encrypted with S3's key; a customer key costs per month, and secrets are redacted
  #checkov:skip=CKV2_AWS_62:nothing waits for an object here
  bucket        = local.bucket
  force_destroy = !var.protect
}

resource "aws_s3_bucket_public_access_block" "this" {
  bucket                  = aws_s3_bucket.this.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

data "aws_iam_policy_document" "this" {
  statement {
    sid       = "TlsOnly"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.this.arn, "${aws_s3_bucket.this.arn}/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_s3_bucket_policy" "this" {
  bucket = aws_s3_bucket.this.id
  policy = data.aws_iam_policy_document.this.json

  depends_on = [aws_s3_bucket_public_access_block.this]
}

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    id     = "expire-reports"
    status = "Enabled"

    filter {
      prefix = "reports/"
    }

    expiration {
      days = var.retention_days
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
}
