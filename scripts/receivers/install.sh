#!/usr/bin/env bash
# Puts the programs that receive OTLP in test/processes/otlp-receivers.test.ts into .cache/receivers of the project:
#
#   victoria-metrics  Debian trixie's package, from the mirror that this machine's own apt names. Its sources and lists stay as they are.
#   otelcol           an OpenTelemetry Collector made of the parts in otelcol/manifest.yaml, by the Collector's builder. Needs Go 1.25;
#                    two to six minutes from nothing.
#
# `install.sh otelcol` does that one alone. What is there already is left alone; what cannot be had is said, and the exit code is 1.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=$(cd "$here/../.." && pwd)/.cache/receivers
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
mkdir -p "$cache"
# so that an older toolchain does not fetch another one
export GOTOOLCHAIN=local

cannot() {
  echo "install.sh: no $1: $2" >&2
  return 1
}

# URIs of deb822 files and of one-line files that end like the main archive's: no security, no third party.
mirror_of_this_machine() {
  find /etc/apt \( -name '*.list' -o -name '*.sources' \) -exec cat {} + |
    sed -n 's/^URIs:[[:space:]]*//p; s/^deb[[:space:]]\{1,\}\(\[[^]]*\][[:space:]]*\)\{0,1\}\([^[:space:]]*\).*/\2/p' |
    tr ' ' '\n' | grep -m 1 '/debian/\{0,1\}$'
}

install_victoria_metrics() {
  local name=victoria-metrics mirror keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  [ -x "$cache/$name" ] && { echo "$name already in $cache"; return; }
  command -v apt-get >/dev/null || { cannot $name "it comes as a Debian package, and there is no apt-get"; return; }
  mirror=$(mirror_of_this_machine) || { cannot $name "apt's sources on this machine name no Debian mirror"; return; }
  [ -r $keyring ] || { cannot $name "$keyring is missing (Debian: debian-archive-keyring)"; return; }
  local apt=$work/apt
  mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/parts"
  echo "deb [signed-by=$keyring] $mirror trixie main" >"$apt/sources.list"
  local options=(
    -q -o Dir::Etc::sourcelist="$apt/sources.list" -o Dir::Etc::sourceparts="$apt/parts" -o Dir::State::lists="$apt/lists"
    -o Dir::Cache="$apt/cache" -o APT::Sandbox::User=root -o Acquire::Languages=none
    -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false
  )
  apt-get update "${options[@]}" || { cannot $name "apt-get update from $mirror failed"; return; }
  (cd "$apt" && apt-get download "${options[@]}" $name) || { cannot $name "trixie has no such package for this machine"; return; }
  dpkg -x "$apt"/$name*.deb "$apt/unpacked" || { cannot $name "the package could not be unpacked"; return; }
  "$apt/unpacked/usr/bin/$name" -version >/dev/null || { cannot $name "trixie's program does not run on this system"; return; }
  install -m 755 "$apt/unpacked/usr/bin/$name" "$cache/$name"
  echo "$name in $cache"
}

install_otelcol() {
  local name=otelcol parts=$here/otelcol
  cmp -s "$parts/manifest.yaml" "$cache/otelcol.yaml" && [ -x "$cache/$name" ] && { echo "$name already in $cache"; return; }
  command -v go >/dev/null || { cannot $name "its builder needs Go, and there is no go"; return; }
  # The builder writes the program and no more: its `go mod tidy` would also want whatever the tests of the parts import.
  # go.mod and go.sum are kept beside the manifest.
  local builder
  builder=go.opentelemetry.io/collector/cmd/builder@v$(sed -n 's/^  version: //p' "$parts/manifest.yaml")
  (
    cd "$work" && go run "$builder" --config "$parts/manifest.yaml" --skip-get-modules --skip-compilation &&
      cp "$parts"/go.{mod,sum} src/ && cd src && nice go build -trimpath -buildvcs=false -ldflags='-s -w' -o ../$name .
  ) || { cannot $name "the build failed; it needs Go 1.25 and a module proxy"; return; }
  install -m 755 "$work/$name" "$cache/$name" && cp "$parts/manifest.yaml" "$cache/otelcol.yaml"
  echo "$name in $cache"
}

failed=0
[ $# -gt 0 ] || set -- victoria-metrics otelcol
for receiver; do
  case $receiver in
    victoria-metrics) install_victoria_metrics || failed=1 ;;
    otelcol) install_otelcol || failed=1 ;;
    *) cannot "$receiver" "known are victoria-metrics and otelcol" || failed=1 ;;
  esac
done
exit $failed
