output "vpc_id" {
  description = "The VPC."
  value       = aws_vpc.this.id
}

output "public_subnet_ids" {
  description = "One public subnet per zone."
  value       = [for key in keys(local.zones) : aws_subnet.public[key].id]
}

output "private_subnet_ids" {
  description = "One private subnet per zone, with a way out through NAT."
  value       = [for key in keys(local.zones) : aws_subnet.private[key].id]

  # What starts there wants the way out at once.
  depends_on = [aws_route.nat, aws_route_table_association.private]
}

output "nat_public_ips" {
  description = "The addresses from which the private subnets are seen outside, by NAT gateway."
  value       = { for key, address in aws_eip.nat : key => address.public_ip }
}
