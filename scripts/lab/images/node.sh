#!/bin/sh
# A node's life, from power-on: the rights that its Engine needs, then the Engine.
set -eu

for path in /proc/sys /sys; do
  if mountpoint -q "$path"; then mount -o remount,rw "$path"; fi
done

# NFS's place: the folders that the host's bootstrap would make.
install -d -o 1011 -g 1011 /mnt/nfs/webhook_jobs

# After a power cut the pid file names a process of the life before.
rm -rf /var/run/docker.pid /var/run/docker /var/run/containerd

# shellcheck disable=SC2086 # LAB_DNS is a list of words
exec dockerd --cgroup-parent "$LAB_CGROUP" --log-level warn ${LAB_DNS:-}
