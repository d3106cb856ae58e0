#!/bin/sh
# boot.sh FOLDER: becomes the systemd of this machine, as process 1 of new pid, mount,
# ipc and uts namespaces, in a cgroup of its own. Only what is in memory, and FOLDER,
# can be written to: everything else is read-only. FOLDER is /run/test in there, and
# what lies in FOLDER/units are the units.
set -eu
folder=$1
[ "${2:-}" = inside ] || exec unshare --cgroup -- "$0" "$folder" inside
mount --make-rprivate /

mount -t tmpfs -o mode=755 none /run
mkdir -p /run/test /run/nodes /run/log/journal /run/systemd/system
mount --bind "$folder" /run/test
mount -t tmpfs -o mode=755 none /run/nodes
for node in null zero full random urandom tty; do
	: >"/run/nodes/$node"
	mount --bind "/dev/$node" "/run/nodes/$node"
done
mkdir /run/nodes/pts /run/nodes/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 none /run/nodes/pts
ln -s pts/ptmx /run/nodes/ptmx
mount -t tmpfs -o mode=1777 none /run/nodes/shm
mount --move /run/nodes /dev

# The machine: no proc of others, no sysctl, none of its units and settings of systemd.
mount -t proc none /proc
mount --bind /proc/sys /proc/sys
mount -t cgroup2 none /sys/fs/cgroup
mount -t tmpfs none /etc/systemd
mkdir /etc/systemd/system
cp /run/test/units/* /etc/systemd/system
printf '[Journal]\nStorage=volatile\nRateLimitBurst=0\n' >/etc/systemd/journald.conf
ln -s /dev/null /etc/systemd/system/systemd-journald-audit.socket
for unit in sysinit basic network-online; do
	printf '[Unit]\nDefaultDependencies=no\n' >"/etc/systemd/system/$unit.target"
done
cut -d ' ' -f 2 /proc/mounts | while read -r point; do
	case $point in
	/run | /run/* | /dev | /dev/* | /sys/fs/cgroup | /etc/systemd | /proc) ;;
	*) mount -o remount,bind,ro "$(printf %b "$point")" 2>/dev/null || : ;;
	esac
done
mount -t tmpfs -o mode=1777 none /tmp

cd /
exec env -i container=test PATH=/usr/sbin:/usr/bin:/sbin:/bin \
	/lib/systemd/systemd --unit=test.target --show-status=0 --log-target=journal </dev/null
