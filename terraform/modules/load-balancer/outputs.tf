output "arn" {
  description = "ARN of the load balancer."
  value       = aws_lb.this.arn
}

output "arn_suffix" {
  description = "The load balancer as CloudWatch metrics name it."
  value       = aws_lb.this.arn_suffix
}

output "dns_name" {
  description = "The load balancer's own name."
  value       = aws_lb.this.dns_name
}

output "security_group_id" {
  description = "Security group of the load balancer."
  value       = aws_security_group.this.id
}

output "production_listener_arn" {
  description = "The listener that customers reach."
  value       = aws_lb_listener.production.arn
}

output "test_listener_arn" {
  description = "The listener that the hook tests."
  value       = aws_lb_listener.test.arn
}

output "target_groups" {
  description = "The two target groups, `blue` and `green`: name, ARN and the name in CloudWatch metrics."
  value = {
    for colour, group in aws_lb_target_group.this : colour => {
      name       = group.name
      arn        = group.arn
      arn_suffix = group.arn_suffix
    }
  }

  # ECS refuses a target group that no listener names.
  depends_on = [aws_lb_listener.production, aws_lb_listener.test]
}

output "production_url" {
  description = "Where customers are served."
  value       = local.https ? "https://${var.tls.domain_name}" : "http://${aws_lb.this.dns_name}"
}

output "test_url" {
  description = "Base URL of the test listener, with the name on the certificate."
  value       = local.https ? "https://${var.tls.domain_name}:${var.test_port}" : "http://${aws_lb.this.dns_name}:${var.test_port}"
}
