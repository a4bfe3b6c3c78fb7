#!/usr/bin/env bash
# Installs what run.sh needs, on Debian and as root: qemu, busybox, cpio, kmod, and a full kernel image unpacked into
# .cache/cgroup2-vm of the project. The `-cloud-` flavour of the kernel has no 9p and does not do. Safe to run again:
# what is there already is left alone.
set -euo pipefail
cache=${PLIMSOLL_VM_KERNEL_DIR:-$(cd "$(dirname "$0")/../.." && pwd)/.cache/cgroup2-vm}

wanted=()
command -v qemu-system-x86_64 >/dev/null || wanted+=(qemu-system-x86)
[ -x /bin/busybox ] || wanted+=(busybox-static)
command -v cpio >/dev/null || wanted+=(cpio)
PATH=$PATH:/usr/sbin:/sbin command -v depmod >/dev/null || wanted+=(kmod)
has_kernel() { compgen -G "$cache/boot/vmlinuz-*" >/dev/null; }
[ ${#wanted[@]} -eq 0 ] && has_kernel || apt-get update -q
if [ ${#wanted[@]} -gt 0 ]; then
  DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${wanted[@]}"
fi

if has_kernel; then
  echo "kernel already in $cache"
  exit 0
fi
package=$(apt-cache depends linux-image-amd64 2>/dev/null | sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p' | head -1)
# Ubuntu names its kernels otherwise and keeps 9p in another package.
[ -n "$package" ] || { echo "install.sh: apt knows no linux-image-amd64; put a kernel with 9p under $cache (boot/, lib/modules/)" >&2; exit 1; }
download=$(mktemp -d)
trap 'rm -rf "$download"' EXIT
(cd "$download" && apt-get download -q -o APT::Sandbox::User=root "$package")
dpkg -x "$download"/linux-image-*.deb "$download/unpacked"
# Of 400 MB only what run.sh loads: virtio, 9p, overlay and what they depend on.
for modules in "$download"/unpacked/{,usr/}lib/modules/*; do
  [ -d "$modules" ] || continue
  version=$(basename "$modules")
  for folder in drivers/virtio net/9p fs/9p fs/netfs fs/fscache fs/overlayfs; do
    [ -d "$modules/kernel/$folder" ] || continue
    mkdir -p "$cache/lib/modules/$version/kernel/$folder"
    cp -a "$modules/kernel/$folder/." "$cache/lib/modules/$version/kernel/$folder/"
  done
  cp "$modules"/modules.{order,builtin*} "$cache/lib/modules/$version/"
  PATH=$PATH:/usr/sbin:/sbin depmod -b "$cache" "$version"
  # Last, since it says that the rest is there.
  mkdir -p "$cache/boot"
  cp "$download/unpacked/boot/vmlinuz-$version" "$cache/boot/"
  echo "kernel $version in $cache"
done
