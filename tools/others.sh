#!/usr/bin/env bash
# Says which Debian packages are missing to build Hurl from its source.
set -eu

missing=()
command -v pkg-config >/dev/null || missing+=(pkg-config)
command -v cc >/dev/null || missing+=(gcc)
for pair in libxml-2.0:libxml2-dev libcurl:libcurl4-openssl-dev openssl:libssl-dev; do
  pkg-config --exists "${pair%%:*}" 2>/dev/null || missing+=("${pair##*:}")
done
# libxml2 is read by bindgen, which loads libclang.
if ! compgen -G '/usr/lib/llvm-*/lib/libclang*.so*' >/dev/null \
  && ! compgen -G '/usr/lib*/libclang*.so*' >/dev/null \
  && ! compgen -G '/usr/lib/*/libclang*.so*' >/dev/null \
  && [ -z "${LIBCLANG_PATH:-}" ]; then
  missing+=(libclang-dev)
fi
if [ "${#missing[@]}" -gt 0 ]; then
  echo "make: Hurl cannot be built here: install ${missing[*]}" >&2
  echo "  sudo apt-get install ${missing[*]}" >&2
  exit 1
fi
