#!/usr/bin/env bash
# Installs what run.sh needs on Debian or Ubuntu (as root): qemu, busybox, cpio, kmod, and a full kernel image unpacked into
# .cache/cgroup2-vm of the project. The `-cloud-` flavour of the kernel has no 9p and does not do. Safe to run again:
# what is there already is left alone.
set -euo pipefail
cache=${PLIMSOLL_VM_KERNEL_DIR:-$(cd "$(dirname "$0")/../.." && pwd)/.cache/cgroup2-vm}

wanted=()
command -v qemu-system-x86_64 >/dev/null || wanted+=(qemu-system-x86)
[ -x /bin/busybox ] || wanted+=(busybox-static)
command -v cpio >/dev/null || wanted+=(cpio)
PATH=$PATH:/usr/sbin:/sbin command -v depmod >/dev/null || wanted+=(kmod)
if [ ${#wanted[@]} -gt 0 ]; then
  apt-get update -q
  DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${wanted[@]}"
fi

if compgen -G "$cache/boot/vmlinuz-*" >/dev/null; then
  echo "kernel already in $cache"
  exit 0
fi
package=$(apt-cache depends linux-image-amd64 2>/dev/null | sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p' | head -1)
# Ubuntu: the virtual image carries 9p in linux-modules; without a Debian name there is nothing to download.
[ -n "$package" ] || { echo "install.sh: apt knows no linux-image-amd64; put a kernel with 9p under $cache (boot/, lib/modules/)" >&2; exit 1; }
download=$(mktemp -d)
trap 'rm -rf "$download"' EXIT
chmod 755 "$download" # apt downloads as the user _apt
(cd "$download" && apt-get download -q "$package")
mkdir -p "$cache"
dpkg -x "$download"/linux-image-*.deb "$download/unpacked"
cp -a "$download/unpacked/boot" "$cache/"
mkdir -p "$cache/lib"
cp -a "$download/unpacked/lib/modules" "$cache/lib/" 2>/dev/null || cp -a "$download/unpacked/usr/lib/modules" "$cache/lib/"
for modules in "$cache"/lib/modules/*; do
  PATH=$PATH:/usr/sbin:/sbin depmod -b "$cache" "$(basename "$modules")"
done
echo "kernel $(ls "$cache/lib/modules") in $cache"
