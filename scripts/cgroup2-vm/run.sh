#!/usr/bin/env bash
# Runs a command in a virtual machine whose only cgroup hierarchy is v2, for machines that have v1. The machine's own root
# is mounted over 9p under a Debian kernel, so paths, node and the checkout are the same inside. Writes go to memory and are
# lost; /run is empty, other mounts than the root's own are not there. Software emulation: boots in about 5 s, computes some
# ten times slower than the machine itself.
#
#   scripts/cgroup2-vm/run.sh [-e NAME=VALUE]... COMMAND [ARG]...
#   scripts/cgroup2-vm/run.sh -e ROUNDS=3 node test/x.ts --json
#   scripts/cgroup2-vm/run.sh sh -c 'mkdir /sys/fs/cgroup/a; echo 64M > /sys/fs/cgroup/a/memory.max; cat /proc/pressure/memory'
#
# The command runs as root in the caller's working directory with the caller's PATH and no other variable than those of -e;
# memory controller on for children of /sys/fs/cgroup, PSI on, no swap, no network but lo. Its stdout and stderr both come
# out on stdout; its exit code is run.sh's own. Further codes: 125 the machine cannot be started here (what is missing is
# said on stderr; ./install.sh brings it), 124 timed out, 123 the machine died before the command ended.
#
#   VM_MEMORY   MB of the machine, default 1024        VM_TIMEOUT  seconds until it is killed, default 300
#   VM_CPUS     default 2                              VM_WRITE    most that can be written, default 256m
#   PLIMSOLL_VM_KERNEL_DIR   a folder with boot/vmlinuz-* and lib/modules/*; default .cache/cgroup2-vm, then /
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
project=$(cd "$here/../.." && pwd)
tools=$PATH:/usr/sbin:/sbin

unusable() { echo "cgroup2-vm: $1" >&2; exit 125; }

environment=()
while [ "${1:-}" = -e ]; do environment+=("$2"); shift 2; done
[ $# -gt 0 ] || { sed -n '2,20s/^# \{0,1\}//p' "$0" >&2; exit 2; }
for tool in qemu-system-x86_64 cpio modprobe gzip timeout; do
  PATH=$tools command -v "$tool" >/dev/null || unusable "$tool is missing; run $here/install.sh"
done
[ -x /bin/busybox ] || unusable "/bin/busybox (busybox-static) is missing; run $here/install.sh"
case $PWD in /run | /run/*) unusable "the working directory $PWD is not visible inside" ;; esac

# The newest full kernel of the first folder that has one.
base= image=
for base in "${PLIMSOLL_VM_KERNEL_DIR:-$project/.cache/cgroup2-vm}" ""; do
  kernel=$(ls "$base/lib/modules" 2>/dev/null | grep -v cloud | sort -V | tail -1 || true)
  image=$base/boot/vmlinuz-$kernel
  [ -n "$kernel" ] && [ -r "$image" ] && break
  image=
done
[ -n "$image" ] || unusable "no full Debian kernel; run $here/install.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/root/bin" "$work/root/mods"
for module in virtio_pci 9pnet_virtio 9p overlay; do
  PATH=$tools modprobe -d "$base/" -S "$kernel" --show-depends "$module" || unusable "kernel $kernel in $base/ has no $module"
done | awk '/^insmod/ && !seen[$2]++ {print $2}' > "$work/modules"
while read -r file; do
  case $file in
    *.xz) xz -dc "$file" > "$work/root/mods/$(basename "$file" .xz)" ;;
    *.zst) zstd -qdc "$file" > "$work/root/mods/$(basename "$file" .zst)" ;;
    *) cp "$file" "$work/root/mods/" ;;
  esac
  name=$(basename "$file"); name=${name%.xz}; echo "/mods/${name%.zst}" >> "$work/root/modules.order"
done < "$work/modules"
cp /bin/busybox "$work/root/bin/busybox"
cp "$here/init" "$work/root/init"
chmod +x "$work/root/init"
# The command travels as a script, so that no argument or variable is limited by the kernel's command line.
{
  echo '#!/bin/bash'
  printf 'export %q\n' "PATH=$PATH" "HOME=${HOME:-/root}" "${environment[@]}"
  printf 'cd %q || exit 126\n' "$PWD"
  printf '%q ' "$@"
  echo
} > "$work/root/command"
echo "${VM_WRITE:-256m}" > "$work/root/write-size"
(cd "$work/root" && find . | cpio -o -H newc 2>/dev/null | gzip -1) > "$work/initrd.gz"

# Kernel messages and the command's output share the serial line; the last line tells the command's exit code.
marker=cgroup2-vm-exit-$$-$RANDOM
status=0
PATH=$tools timeout --kill-after=5 "${VM_TIMEOUT:-300}" qemu-system-x86_64 -accel tcg,thread=multi -cpu max \
  -smp "${VM_CPUS:-2}" -m "${VM_MEMORY:-1024}" -display none -no-reboot -nodefaults -serial stdio -monitor none \
  -kernel "$image" -initrd "$work/initrd.gz" \
  -append "console=ttyS0 panic=-1 quiet loglevel=0 psi=1 vm_marker=$marker" \
  -virtfs local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap < /dev/null |
  tr -d '\r' | tee "$work/output" | grep --line-buffered -v "^$marker " || status=${PIPESTATUS[0]}
[ "$status" -ne 124 ] && [ "$status" -ne 137 ] || { echo "cgroup2-vm: not finished after ${VM_TIMEOUT:-300} s" >&2; exit 124; }
code=$(sed -n "s/^$marker \([0-9]*\)$/\1/p" "$work/output")
[ -n "$code" ] || { echo "cgroup2-vm: the machine ended before the command did" >&2; exit 123; }
exit "$code"
