output "url" {
  description = "Where the gate puts its reports, as `reports` of modules/hook takes it."
  value       = "s3://${local.bucket}/reports/"
}

output "bucket_name" {
  description = "The bucket."
  value       = aws_s3_bucket.this.id
}
