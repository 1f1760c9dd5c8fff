#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Runs in the guest: two groups with two busy loops each, for five seconds, and prints by how
# much the first one, of weight $1, was ahead of the second one, of weight $2.

top=/sys/fs/cgroup/weights
mkdir $top && echo +cpu >$top/cgroup.subtree_control || exit 1
for weight in "$1" "$2"; do
	mkdir "$top/$weight"
	echo "$weight" >"$top/$weight/cpu.weight"
	for _ in 1 2; do
		sh -c 'echo $$ >"$1/cgroup.procs"; while :; do :; done' sh "$top/$weight" &
	done
done
usage() { sed -n 's/^usage_usec //p' "$top/$1/cpu.stat"; }
sleep 1
ahead=$(usage "$1") behind=$(usage "$2")
sleep 5
ahead=$(($(usage "$1") - ahead)) behind=$(($(usage "$2") - behind))
echo 1 >$top/cgroup.kill
awk "BEGIN { printf \"%.2f\\n\", $ahead / $behind }"
