#!/usr/bin/env bash
# Runs the fuzz targets, one after the other: tools/fuzz.sh SECONDS [TARGET …]
#
# Nightly is not needed: the engine has no unsafe code, so nothing is lost
# without a sanitizer, and everything else that cargo-fuzz asks of the compiler
# is stable.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=$1
shift
targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=(import markup parser planner predicate template)

# The engine's own lock file, so that what is fuzzed is what is shipped.
[ -f fuzz/Cargo.lock ] || cp Cargo.lock fuzz/Cargo.lock

# More seeds: the check files that ship, and every YAML block of the documents.
more=fuzz/target/seeds
rm -rf "$more" && mkdir -p "$more"
cp smoke-tests/checks/*.yaml "$more"
awk -v more="$more" '
  /^ *```yaml$/ { open = 1; file = more "/block-" ++count ".yaml"; next }
  /^ *```$/     { open = 0 }
  open          { print > file }' README.md docs/*.md
# The words of the language.
dictionary=fuzz/target/words.dict
grep -rohE '"[a-z_0-9]+"' crates/check-file/src/language/keys | sort -u > "$dictionary"

for target in "${targets[@]}"; do
  corpus=fuzz/corpus/$target
  mkdir -p "$corpus"
  seeds=("fuzz/seeds/$target")
  case $target in parser | planner) seeds+=("$more") ;; esac
  echo "fuzzing $target for $seconds s …"
  cargo fuzz run --sanitizer none "$target" "$corpus" "${seeds[@]}" -- \
    -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=16384 \
    -dict="$dictionary" -print_final_stats=1
done
