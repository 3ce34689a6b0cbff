#!/usr/bin/env bash
# Says what `make deploy` or `make destroy` is about to do and what it costs,
# and asks. With a third argument it does not ask.
set -euo pipefail
what=$1 example=$2 auto=${3:-}
case $what in
deploy)
    cat <<EOF
This builds the hook's package and applies $example to your AWS account:
a VPC with a NAT gateway, a load balancer, two Fargate tasks, CodePipeline,
CodeBuild, CodeDeploy, ECR, the gate and its watchdog, roles, logs and alarms.

It costs about 0.11 US dollars an hour (2.60 a day) until \`make destroy\`,
most of it for NAT gateway, load balancer and tasks; terraform/README.md has
the table. Terraform shows its plan before it changes anything.
EOF
    ;;
destroy)
    cat <<EOF
This removes everything that $example made in your AWS account: service, load
balancer, network, pipeline, images, artifacts, published check files and logs.
There is no way back. Terraform shows its plan before it removes anything.
EOF
    ;;
esac
[ -z "$auto" ] || exit 0
[ -t 0 ] || { echo "make: nobody is there to say yes; give AUTO=yes to go on without a question" >&2; exit 1; }
read -rp "Go on? [y/N] " reply
[ "$reply" = y ] || { echo "nothing was done" >&2; exit 1; }
