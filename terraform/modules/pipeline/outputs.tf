output "pipeline_name" {
  description = "The pipeline."
  value       = aws_codepipeline.this.name
}

output "connection_arn" {
  description = "The connection to GitHub; a new one is pending until somebody completes it in the console."
  value       = local.connection_arn
}

output "ecr_repository_arn" {
  description = "The image repository."
  value       = aws_ecr_repository.this.arn
}

output "ecr_repository_url" {
  description = "Where images are pushed."
  value       = aws_ecr_repository.this.repository_url
}

output "bucket_arn" {
  description = "Bucket of artifacts and check files."
  value       = aws_s3_bucket.artifacts.arn
}

output "artifact_arns" {
  description = "The pipeline's artifacts, among which CodeDeploy finds the revision."
  value       = ["${aws_s3_bucket.artifacts.arn}/${local.prefix}*"]
}

output "checks_url" {
  description = "Where the releases' own check files lie, by the tag of their image."
  value       = "s3://${local.bucket}/checks/"
}

output "topic_arn" {
  description = "The topic that hears of failures."
  value       = aws_sns_topic.this.arn
}

output "buildspec" {
  description = "What the build runs."
  value       = local.buildspec
}
