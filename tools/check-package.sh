#!/usr/bin/env bash
# Holds the package against what is promised of it: below 10 MB, with the
# binary at its root and the check files beside it.
set -euo pipefail
package=$1
most=10000000
size=$(wc -c <"$package")
echo "package: $size bytes (at most $most)"
[ "$size" -le "$most" ] || { echo "the package is too large" >&2; exit 1; }
names=$(python3 -m zipfile -l "$package")
echo "$names"
for name in 'bootstrap' 'checks/.+\.ya?ml'; do
    grep -qE "^$name +" <<<"$names" || { echo "\`$name\` is not in the package" >&2; exit 1; }
done
