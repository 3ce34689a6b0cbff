#!/usr/bin/env bash
# Says what `make deploy` or `make destroy` is about to do, in which account,
# and what it costs, and asks. With a third argument it does not ask.
set -euo pipefail
what=$1 example=$2 auto=${3:-}

# Without keys Terraform would say so only after the package is built.
refuse() {
    echo "make: $1" >&2
    echo "Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or sign in with \`aws sso login\`; AWS_EC2_METADATA_DISABLED=false goes on with the role of this machine." >&2
    exit 1
}
account="your AWS account"
if command -v aws >/dev/null; then
    number=$(aws sts get-caller-identity --query Account --output text 2>&1) || refuse "AWS does not know you: ${number//$'\n'/ }"
    account="AWS account $number"
elif [ -z "${AWS_PROFILE:-}${AWS_ACCESS_KEY_ID:-}${AWS_WEB_IDENTITY_TOKEN_FILE:-}${AWS_CONTAINER_CREDENTIALS_RELATIVE_URI:-}${AWS_CONTAINER_CREDENTIALS_FULL_URI:-}" ] &&
    [ ! -e "${AWS_SHARED_CREDENTIALS_FILE:-${HOME:-}/.aws/credentials}" ] && [ ! -e "${AWS_CONFIG_FILE:-${HOME:-}/.aws/config}" ] &&
    [ "${AWS_EC2_METADATA_DISABLED:-}" != false ]; then
    refuse "there are no AWS credentials"
fi

# What each example makes, and what it costs; one of your own is yours to know.
case $(basename "$example") in
complete)
    makes="a VPC with a NAT gateway, a load balancer, two Fargate tasks, CodePipeline,
CodeBuild, CodeDeploy, ECR, the gate and its watchdog, roles, buckets, logs and
alarms"
    costs="about 0.11 US dollars an hour (2.60 a day) until \`make destroy\`,
most of it for NAT gateway, load balancer and tasks, and about 0.06 for each run
of the pipeline"
    ;;
ecs-existing-vpc)
    makes="in a VPC that is there an internal load balancer, two Fargate tasks,
CodePipeline, CodeBuild, CodeDeploy, ECR, the gate and its watchdog, roles,
buckets, logs and alarms"
    costs="about 0.05 US dollars an hour (1.20 a day) until \`make destroy\`,
for load balancer and tasks, and about 0.06 for each run of the pipeline"
    ;;
hook-only)
    makes="the gate and its watchdog, their roles, logs and alarms, a bucket for
reports, and a policy on CodeDeploy's role that lets it ask the gate"
    costs="less than 0.001 US dollars an hour until \`make destroy\`, and about
0.001 for each deployment"
    ;;
*)
    makes="what is in it"
    costs="what AWS charges for that"
    ;;
esac

case $what in
deploy)
    cat <<EOT
This applies $example to $account:
$makes.

It costs $costs.
terraform/README.md has the table. Terraform shows its plan before it changes
anything.
EOT
    ;;
destroy)
    cat <<EOT
This removes everything that $example made in $account:
$makes;
with them images, artifacts, published check files, reports and logs, as far as it
made them. There is no way back. It costs nothing, and afterwards nothing of it
costs anything; AWS may take half an hour to give back network interfaces of a
gate in a VPC. Terraform shows its plan before it removes anything.
EOT
    ;;
esac
[ -z "$auto" ] || exit 0
[ -t 0 ] || { echo "make: nobody is there to say yes; give AUTO=yes to go on without a question" >&2; exit 1; }
read -rp "Go on? [y/N] " reply
[ "$reply" = y ] || { echo "nothing was done" >&2; exit 1; }
