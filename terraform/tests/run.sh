#!/usr/bin/env bash
# All tests of terraform/, on a copy, so that nothing is left in the checkout.
# TERRAFORM is the program, TOOLS the folder with moto and checkov, BINARIES the
# folder with bootstrap, rehearsal and smoke for this machine.
set -euo pipefail
cd "$(dirname "$0")/.."
terraform=${TERRAFORM:-terraform} python=$TOOLS/bin/python
export TF_IN_AUTOMATION=1 CHECKPOINT_DISABLE=1 PYTHONDONTWRITEBYTECODE=1
# The `make` that is tested here has nothing of the one that runs the tests.
unset MAKEFLAGS MFLAGS MAKELEVEL
# Nothing here may reach a real account.
unset AWS_PROFILE AWS_ENDPOINT_URL AWS_SESSION_TOKEN
export PATH=$TOOLS/bin:$PATH
REPOSITORY=$(cd .. && pwd)
export REPOSITORY CHECKS=$REPOSITORY/smoke-tests/checks
export BOOTSTRAP=$BINARIES/bootstrap REHEARSAL=$BINARIES/rehearsal SMOKE=$BINARIES/smoke
export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_REGION=eu-central-1 AWS_EC2_METADATA_DISABLED=true
began=$SECONDS
say() { printf '%4ds  %s\n' $((SECONDS - began)) "$*"; }

work=$(mktemp -d)
jobs_started=()
finish() {
    for job in "${jobs_started[@]}"; do kill "$job" 2>/dev/null || true; done
    rm -rf "$work"
}
trap finish EXIT

"$terraform" fmt -check -recursive -diff .
say "formatted"

mkdir "$work/terraform"
tar --exclude=.terraform --exclude='*.tfstate*' --exclude=.terraform.lock.hcl -cf - . | tar -xf - -C "$work/terraform"
cd "$work/terraform"

# The provider: from the registry; where that cannot be reached, from a folder
# of providers on this machine.
mkdir -p "$TOOLS/plugins"
export TF_PLUGIN_CACHE_DIR=$TOOLS/plugins TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE=1
if ! "$terraform" init -input=false -backend=false >"$work/init" 2>&1; then
    found=$(find / -xdev -type d -path '*/hashicorp/aws/5.*/*_*' -not -path "$TOOLS/*" 2>/dev/null | head -n 1) || true
    [ -n "$found" ] || { cat "$work/init" >&2; echo "the AWS provider is neither to be downloaded nor on this machine" >&2; exit 1; }
    unset TF_PLUGIN_CACHE_DIR
    TF_CLI_ARGS_init=-plugin-dir=$(cd "$found/../../../../.." && pwd)
    export TF_CLI_ARGS_init
    "$terraform" init -input=false -backend=false >"$work/init" 2>&1 || { cat "$work/init" >&2; exit 1; }
fi
for folder in modules/* examples/complete examples/hook-only examples/ecs-existing-vpc; do
    "$terraform" -chdir="$folder" init -input=false -backend=false >"$work/init" 2>&1 || { cat "$work/init" >&2; exit 1; }
done
for folder in . modules/* examples/complete examples/hook-only examples/ecs-existing-vpc; do
    "$terraform" -chdir="$folder" validate >"$work/validate" 2>&1 || { echo "$folder" >&2; cat "$work/validate" >&2; exit 1; }
done
say "valid: the root, $(ls modules | wc -l) modules, three examples"

# The applies mostly wait for the provider, so that they run beside the rest.
stages=(root complete complete-tls ecs-existing-vpc hook-only)
for stage in "${stages[@]}"; do
    TERRAFORM=$terraform "$python" tests/moto/apply.py "$stage" >"$work/$stage.log" 2>&1 &
    jobs_started+=($!)
done

for folder in . modules/* examples/complete; do
    "$terraform" -chdir="$folder" test -no-color >"$work/test" 2>&1 || { echo "$folder" >&2; cat "$work/test" >&2; exit 1; }
    say "mocks, $folder: $(tail -n 1 "$work/test")"
done

say "$("$python" tests/rules.py)"

"$python" "$REPOSITORY/tools/terraform-docs.py" --check
say "the tables of README.md are current"

"$terraform" providers schema -json >"$work/schema"
say "$("$python" "$REPOSITORY/tools/provider-schema.py" "$work/schema")"

"$python" tests/sample_app.py >"$work/sample" 2>&1 || { cat "$work/sample" >&2; exit 1; }
say "$(tail -n 1 "$work/sample")"

"$TOOLS/bin/checkov" --directory . --framework terraform dockerfile --compact --quiet --skip-download --skip-path '\.terraform/' >"$work/checkov" 2>&1 || { cat "$work/checkov" >&2; exit 1; }
say "checkov: no finding without a written reason"

failed=0
for index in "${!stages[@]}"; do
    if wait "${jobs_started[$index]}"; then
        say "moto, $(tail -n 1 "$work/${stages[$index]}.log")"
    else
        failed=1
        echo "moto, ${stages[$index]}:" >&2
        cat "$work/${stages[$index]}.log" >&2
    fi
done
jobs_started=()
say "all of it"
exit "$failed"
