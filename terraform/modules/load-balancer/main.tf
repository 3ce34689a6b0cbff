locals {
  https = var.tls != null
  # Whether there is an object, not what is in it: the ARN of a certificate that
  # the same apply makes is not known yet.
  makes_dns        = local.https ? var.tls.zone != null : false
  makes_cert       = local.https ? var.tls.certificate == null : false
  certificate_arn  = local.https ? (local.makes_cert ? one(aws_acm_certificate_validation.this[*].certificate_arn) : var.tls.certificate.arn) : null
  protocol         = local.https ? "HTTPS" : "HTTP"
  ssl_policy       = local.https ? "ELBSecurityPolicy-TLS13-1-2-2021-06" : null
  production_port  = local.https ? 443 : 80
  production_ports = local.https ? toset(["80", "443"]) : toset(["80"])
  production_rules = {
    for pair in setproduct(local.production_ports, var.production_cidrs) : "${pair[0]}-${pair[1]}" => { port = tonumber(pair[0]), cidr = pair[1] }
  }
}

resource "aws_security_group" "this" {
  name        = "${var.name}-alb"
  description = "Load balancer of ${var.name}"
  vpc_id      = var.vpc_id

  tags = { Name = "${var.name}-alb" }
}

resource "aws_vpc_security_group_ingress_rule" "production" {
  for_each = local.production_rules

  #checkov:skip=CKV_AWS_260:port 80 only redirects to 443, or is production where there is no certificate
  security_group_id = aws_security_group.this.id
  description       = "Customers"
  ip_protocol       = "tcp"
  from_port         = each.value.port
  to_port           = each.value.port
  cidr_ipv4         = each.value.cidr
}

# Nobody but the hook and those who are named reaches the test listener: it
# serves a version that nobody has approved yet.
resource "aws_vpc_security_group_ingress_rule" "test_cidr" {
  for_each = var.test_cidrs

  security_group_id = aws_security_group.this.id
  description       = "Test listener: ${each.key}"
  ip_protocol       = "tcp"
  from_port         = var.test_port
  to_port           = var.test_port
  cidr_ipv4         = each.value
}

resource "aws_vpc_security_group_ingress_rule" "test_group" {
  for_each = var.test_security_group_ids

  security_group_id            = aws_security_group.this.id
  description                  = "Test listener: ${each.key}"
  ip_protocol                  = "tcp"
  from_port                    = var.test_port
  to_port                      = var.test_port
  referenced_security_group_id = each.value
}

resource "aws_lb" "this" {
  #checkov:skip=CKV_AWS_150:deletion protection is `protect`, off for a workshop
  #checkov:skip=CKV_AWS_91:access logs need a bucket of the account; name it in `access_logs_bucket`
  #checkov:skip=CKV2_AWS_28:a web application firewall is the team's to choose; attach it to the output `arn`
  #checkov:skip=CKV2_AWS_20:port 80 redirects wherever there is a certificate
  name                       = var.name
  internal                   = var.internal
  load_balancer_type         = "application"
  security_groups            = [aws_security_group.this.id]
  subnets                    = var.subnet_ids
  drop_invalid_header_fields = true
  enable_deletion_protection = var.protect

  dynamic "access_logs" {
    for_each = var.access_logs_bucket == null ? [] : [var.access_logs_bucket]

    content {
      bucket  = access_logs.value
      prefix  = var.name
      enabled = true
    }
  }
}

resource "aws_lb_target_group" "this" {
  for_each = toset(["blue", "green"])

  #checkov:skip=CKV_AWS_378:TLS ends at the load balancer; the tasks accept its security group only
  name                 = "${var.name}-${each.key}"
  vpc_id               = var.vpc_id
  target_type          = "ip"
  protocol             = "HTTP"
  port                 = var.container_port
  deregistration_delay = var.deregistration_delay

  health_check {
    path                = var.health_check_path
    matcher             = "200"
    interval            = 10
    timeout             = 5
    healthy_threshold   = 2
    unhealthy_threshold = 3
  }

  lifecycle {
    # Tasks bring their own port. A change of it must not replace a target
    # group that a listener names.
    ignore_changes = [port]
  }
}

resource "aws_lb_listener" "production" {
  #checkov:skip=CKV_AWS_2:plain HTTP only where there is no domain, see `tls`
  #checkov:skip=CKV_AWS_103:the policy is TLS 1.3 and 1.2 wherever there is a certificate
  load_balancer_arn = aws_lb.this.arn
  port              = local.production_port
  protocol          = local.protocol
  ssl_policy        = local.ssl_policy
  certificate_arn   = local.certificate_arn

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this["blue"].arn
  }

  lifecycle {
    # CodeDeploy owns the action: every deployment rewrites it.
    ignore_changes = [default_action]
  }
}

resource "aws_lb_listener" "test" {
  #checkov:skip=CKV_AWS_2:plain HTTP only where there is no domain, see `tls`
  #checkov:skip=CKV_AWS_103:the policy is TLS 1.3 and 1.2 wherever there is a certificate
  load_balancer_arn = aws_lb.this.arn
  port              = var.test_port
  protocol          = local.protocol
  ssl_policy        = local.ssl_policy
  certificate_arn   = local.certificate_arn

  # Green from the start: a target group without a load balancer gets no
  # health checks, and ECS refuses to start a task set in it.
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this["green"].arn
  }

  lifecycle {
    # CodeDeploy owns the action: every deployment rewrites it.
    ignore_changes = [default_action]
  }
}

resource "aws_lb_listener" "redirect" {
  count = local.https ? 1 : 0

  #checkov:skip=CKV_AWS_2:it only redirects to 443
  #checkov:skip=CKV_AWS_103:it only redirects to 443
  load_balancer_arn = aws_lb.this.arn
  port              = 80
  protocol          = "HTTP"

  default_action {
    type = "redirect"

    redirect {
      port        = "443"
      protocol    = "HTTPS"
      status_code = "HTTP_301"
    }
  }
}

resource "aws_acm_certificate" "this" {
  count = local.makes_cert ? 1 : 0

  domain_name       = var.tls.domain_name
  validation_method = "DNS"

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_route53_record" "validation" {
  count = local.makes_cert ? 1 : 0

  zone_id         = var.tls.zone.id
  name            = one(aws_acm_certificate.this[0].domain_validation_options).resource_record_name
  type            = one(aws_acm_certificate.this[0].domain_validation_options).resource_record_type
  records         = [one(aws_acm_certificate.this[0].domain_validation_options).resource_record_value]
  ttl             = 60
  allow_overwrite = true
}

resource "aws_acm_certificate_validation" "this" {
  count = local.makes_cert ? 1 : 0

  certificate_arn         = aws_acm_certificate.this[0].arn
  validation_record_fqdns = [aws_route53_record.validation[0].fqdn]
}

resource "aws_route53_record" "this" {
  count = local.makes_dns ? 1 : 0

  zone_id = var.tls.zone.id
  name    = var.tls.domain_name
  type    = "A"

  alias {
    name                   = aws_lb.this.dns_name
    zone_id                = aws_lb.this.zone_id
    evaluate_target_health = true
  }
}
