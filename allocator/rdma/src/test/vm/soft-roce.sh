#!/bin/sh
# Runs a command in a small virtual machine that has one RDMA device: Soft-RoCE (rdma_rxe) on a dummy network interface.
#
#   soft-roce.sh WORK_FOLDER COMMAND [ARGUMENT…]
#
# The machine sees this host's files read-only, and writes to a memory of its own that ends with it; only WORK_FOLDER is
# shared for writing, and /disk is an ext4 of 1 GiB. The device's address is 10.77.0.1. The exit code is the command's, 125 if the machine could not run it.
# Needs no privileges. Debian packages: qemu-system-x86 busybox-static cpio kmod iproute2 rdma-core ibverbs-providers
# e2fsprogs, and a kernel that has rdma_rxe: SOFT_ROCE_KERNEL names the folder in which a linux-image package (no cloud kernel) was unpacked;
# without it the package is fetched once by apt-get download and unpacked in WORK_FOLDER/kernel.
set -eu

fail() {
    echo "soft-roce: $*" >&2
    exit 125
}

[ $# -ge 2 ] || fail "usage: soft-roce.sh WORK_FOLDER COMMAND [ARGUMENT...]"
mkdir -p "$1"
work=$(cd "$1" && pwd)
shift
for tool in mke2fs qemu-system-x86_64 cpio modprobe rdma ip busybox; do
    command -v "$tool" >/dev/null || fail "no $tool: install qemu-system-x86 busybox-static cpio kmod iproute2 rdma-core ibverbs-providers e2fsprogs"
done

kernel=${SOFT_ROCE_KERNEL:-$work/kernel}
if ! ls "$kernel"/boot/vmlinuz-* >/dev/null 2>&1; then
    image=$(apt-cache depends linux-image-amd64 | sed -n 's/.*Depends: \(linux-image-.*\)/\1/p' | head -n 1)
    [ -n "$image" ] || fail "apt knows no linux-image-amd64: unpack a kernel with rdma_rxe and name its folder in SOFT_ROCE_KERNEL"
    mkdir -p "$kernel"
    (cd "$kernel" && apt-get download "$image" && dpkg -x "$image"_*.deb .) || fail "cannot fetch $image"
fi
vmlinuz=$(ls "$kernel"/boot/vmlinuz-* | head -n 1)
release=${vmlinuz##*/vmlinuz-}
modules=$kernel/lib/modules/$release
[ -e "$modules/modules.dep" ] || depmod -b "$kernel" "$release"

# The first file system: busybox and the modules that reach the host's files.
root=$work/initramfs
rm -rf "$root"
mkdir -p "$root/bin" "$root/modules" "$root/proc" "$root/sys" "$root/dev" "$root/host" "$root/memory" "$root/new"
cp "$(command -v busybox)" "$root/bin/busybox"
load() {
    modprobe -d "$kernel" -S "$release" --show-depends "$1" | sed -n 's/^insmod \([^ ]*\).*/\1/p'
}
: >"$root/modules/order"
for module in virtio_pci virtio_blk ext4 9pnet_virtio 9p overlay dummy crc32_generic rdma_rxe rdma_ucm ib_uverbs; do
    for file in $(load "$module"); do
        name=$(basename "$file")
        if [ ! -e "$root/modules/$name" ]; then
            cp "$file" "$root/modules/$name"
            echo "$name" >>"$root/modules/order"
        fi
    done
done

quoted=
for argument in "$@"; do
    quoted="$quoted '$(printf '%s' "$argument" | sed "s/'/'\\\\''/g")'"
done
cat >"$work/command.sh" <<COMMAND
cd '$(pwd)'
export PATH='$PATH'
$quoted
COMMAND
rm -f "$work/status"

cat >"$root/init" <<INIT
#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
while read -r name; do insmod /modules/\$name || echo "soft-roce: \$name was not loaded"; done </modules/order
mount -t 9p -o trans=virtio,version=9p2000.L,msize=1048576,cache=loose,ro host /host
mount -t tmpfs memory /memory
mkdir -p /memory/upper /memory/scratch
mount -t overlay -o lowerdir=/host,upperdir=/memory/upper,workdir=/memory/scratch overlay /new
mount --bind /proc /new/proc
mount --bind /sys /new/sys
mount --bind /dev /new/dev
mkdir -p /new/dev/shm /new/dev/pts
mount -t tmpfs shm /new/dev/shm
mount -t tmpfs tmp /new/tmp
mount -t tmpfs run /new/run
mkdir -p /new/disk
mount -t ext4 /dev/vda /new/disk
mkdir -p '/new$work'
mount -t 9p -o trans=virtio,version=9p2000.L,msize=1048576 work '/new$work'
chroot /new /bin/sh -c '
    ip link set lo up
    ip link add dummy0 type dummy 2>/dev/null
    ip link set dummy0 up
    ip address add 10.77.0.1/24 dev dummy0
    rdma link add rxe0 type rxe netdev dummy0 && rdma link show
    ulimit -l unlimited
    sh "$work/command.sh"
    echo \$? >"$work/status"
'
sync
poweroff -f
INIT
chmod +x "$root/init"
(cd "$root" && find . | cpio -o -H newc --quiet | gzip -1) >"$work/initramfs.gz"

rm -f "$work/disk"
truncate -s 1G "$work/disk"
PATH=$PATH:/sbin:/usr/sbin mke2fs -q -t ext4 -F "$work/disk"

# Emulated: the KVM of a nested host opens and cannot boot.
timeout "${SOFT_ROCE_SECONDS:-900}" qemu-system-x86_64 -accel tcg,thread=multi -cpu max -smp 2 -m "${SOFT_ROCE_MEMORY:-3072}" \
    -kernel "$vmlinuz" -initrd "$work/initramfs.gz" -append "console=ttyS0 quiet panic=-1" \
    -virtfs "local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap" \
    -virtfs "local,path=$work,mount_tag=work,security_model=none" \
    -drive "file=$work/disk,format=raw,if=virtio" \
    -nic none -nographic -no-reboot </dev/null || fail "the machine did not end by itself"
[ -s "$work/status" ] || fail "the machine ended before the command did"
exit "$(cat "$work/status")"
