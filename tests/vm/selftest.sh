#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Proves what tests/vm/guest promises, for each kernel, in about a minute each:
#
#     tests/vm/selftest.sh [KERNEL...]        (default: 6.1 6.12)
#
# The first half are checks from the outside: streams, status, files, time limits, signals. The
# second half looks at the guest from the inside, up to whether weights of 300 and 100 divide
# the processors three to one. Speaks TAP; the status is 1 if a check failed.

# Checks are given as words and looked at later:
# shellcheck disable=SC2016,SC2317

set -u
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
work=$(mktemp -d)
mark=vm-selftest-$$
trap 'rm -rf "$work" "${top:?}/$mark"' EXIT
number=0
failed=0

check() {	# check "behaviour" COMMAND...
	local title=$1
	shift
	number=$((number + 1))
	if "$@"; then
		echo "ok $number - $kernel: $title"
	else
		echo "not ok $number - $kernel: $title"
		sed 's/^/# out: /' "$work/out"
		sed 's/^/# err: /' "$work/err"
		failed=1
	fi
}

guest() {	# guest [OPTION...] -- COMMAND...; leaves $status, $work/out, $work/err
	"$here/guest" --kernel "$kernel" "$@" >"$work/out" 2>"$work/err"
	status=$?
}

inside() {	# inside SCRIPT: as guest, with a script on one argument
	guest -- sh -c "$1"
}

status_is() { [ "$status" -eq "$1" ]; }
out_is() { [ "$(cat "$work/out")" = "$1" ]; }
out_has() { grep -q -e "$1" "$work/out"; }
err_is() { [ "$(cat "$work/err")" = "$1" ]; }
err_has() { grep -q -e "$1" "$work/err"; }
nothing_left() { ! pgrep -f "guest=$mark|$mark" >/dev/null && [ -z "$(find "$cache" -name '.run-*' -newer "$work/before")" ]; }

outside_checks() {
	guest -- sh -c 'echo to stdout; echo to stderr >&2; exit 42'
	check "the exit status comes back" status_is 42
	check "standard output comes alone" out_is "to stdout"
	check "standard error comes alone" err_is "to stderr"

	guest -- sh -c 'kill -TERM $$'
	check "death by SIGTERM gives 143" status_is 143
	guest -- no-such-command
	check "an unknown command gives 127" status_is 127
	guest -- sh -c 'echo more >/dev/stderr; test ! -t 0 && cat && trap "echo caught" INT && kill -INT $$'
	check "standard input is empty, streams can be opened again, SIGINT can be caught" \
		eval 'status_is 0 && err_is more && out_is caught'

	guest -- sh -c 'for byte in 000 001 012 015 377; do printf "\\$byte"; done; head -c 3000000 /dev/zero'
	{ printf '\000\001\n\r\377'; head -c 3000000 /dev/zero; } >"$work/want"
	check "three megabytes of any bytes arrive unchanged" cmp -s "$work/want" "$work/out"

	guest -- sh -c 'sleep 1000 & echo done'
	check "a process left behind does not hold up the end" eval 'status_is 0 && out_is done'

	guest --env "ONE=a b" --env 'TWO=$x"'"'" -- sh -c 'printf "%s|%s|%s" "$ONE" "$TWO" "$0" "$@"' "c  d"
	check "--env and arguments keep blanks and quotes" out_is "a b|\$x\"'|c  d"

	guest -- sh -c 'pwd; test -x tests/vm/guest && echo here'
	check "the command runs in the checkout, at its path" out_is "$(printf '%s\nhere' "$top")"

	mkdir -p "$top/$mark/kept" && echo old >"$top/$mark/kept/old"
	guest --fetch "$mark" -- sh -c "cd $mark && mkdir new && seq 100000 >new/file && ln -s file new/link &&
		chmod 750 new/file && touch elsewhere ../$mark-not-wanted"
	seq 100000 >"$work/want"
	check "--fetch brings what is new" cmp -s "$work/want" "$top/$mark/new/link"
	check "--fetch keeps modes and other files, and brings nothing else" eval \
		'[ -x "$top/$mark/new/file" ] && [ -f "$top/$mark/elsewhere" ] && [ -f "$top/$mark/kept/old" ] &&
		 [ ! -e "$top/$mark-not-wanted" ]'

	guest --timeout 3 -- sh -c 'echo begun; sleep 100'
	check "time up gives 125 and says so, after passing on what there was" \
		eval 'status_is 125 && out_is begun && err_has "did not end within 3 s"'
	guest -- sh -c 'echo c >/proc/sysrq-trigger; sleep 10'
	check "a panic gives 125 and shows the console" eval 'status_is 125 && err_has "the guest died" && err_has panic'

	touch "$work/before"
	"$here/guest" --kernel "$kernel" -- sh -c "echo up; sleep 1000 # $mark" >"$work/out" 2>"$work/err" &
	local run=$!
	until grep -q up "$work/out" || ! kill -0 $run; do sleep 0.1; done
	kill -TERM $run
	wait $run
	status=$?
	check "SIGTERM ends all and leaves nothing" eval 'status_is 143 && nothing_left'

	"$here/guest" --kernel "$kernel" -- sh -c 'sleep 2; echo first' >"$work/first" 2>&1 &
	run=$!
	guest -- sh -c 'sleep 2; echo second'
	wait $run
	check "two runs at the same time do not meet" eval 'out_is second && [ "$(cat "$work/first")" = first ]'
}

inside_checks() {
	guest -- uname -r
	check "the kernel is a $kernel" out_has "^${kernel/./\\.}\\."
	inside 'cat /sys/fs/cgroup/cgroup.controllers /sys/fs/cgroup/cgroup.subtree_control |
		tr " " "\n" | grep -x -e cpu -e memory -e io -e cpuset | sort | uniq -c | tr -d "\n"'
	check "cpu, memory, io and cpuset are there, and on for groups at the top" \
		out_is "      2 cpu      2 cpuset      2 io      2 memory"
	inside 'cd /sys/fs/cgroup && mkdir mine && cat mine/cpu.weight mine/cpu.pressure mine/memory.pressure mine/io.pressure'
	check "a command can make groups at the top, with weights and pressure" \
		eval 'status_is 0 && out_has "^100$" && out_has "^some avg10="'
	inside 'systemctl is-system-running'
	check "systemd is running" out_has "running\|degraded"
	inside 'systemctl set-property --runtime system.slice CPUWeight=333 && cat /sys/fs/cgroup/system.slice/cpu.weight'
	check "systemd sets a weight" out_is 333
	inside 'nproc'
	check "there are two processors" out_is 2
	inside 'systemctl list-timers --no-legend'
	check "there are no timers" out_is ""
	guest -- date +%s
	check "the clock is right" eval '[ $(($(date +%s) - $(cat "$work/out"))) -le 10 ] && [ $(($(date +%s) - $(cat "$work/out"))) -ge 0 ]'
	inside 'a=$(cut -d . -f 1 /proc/uptime); sleep 3; b=$(cut -d . -f 1 /proc/uptime); echo $((b - a))'
	check "the monotonic clock runs at its pace" out_has "^[34]$"
	inside 'echo "int puts(const char *); int main(void) { puts(\"hello\"); return 3; }" >/tmp/hello.c &&
		gcc -o /tmp/hello /tmp/hello.c && /tmp/hello'
	check "gcc makes a program that runs" eval 'status_is 3 && out_is hello'
	guest --swap 256 -- sh -c 'grep SwapTotal /proc/meminfo'
	check "--swap gives swap" out_has "262140 kB"
	guest --user tester -- sh -c 'id -un; mkdir /sys/fs/cgroup/bed.service/command/own && systemctl --user show -p Version'
	check "--user has a group and a user manager of its own" eval 'status_is 0 && out_has "^tester$" && out_has "^Version=252"'
	guest -- sh tests/vm/weights.sh 300 100
	check "weights of 300 and 100 give $(cat "$work/out") : 1, between 2.6 and 3.4" \
		awk '{ exit !($1 >= 2.6 && $1 <= 3.4) }' "$work/out"
}

[ $# -gt 0 ] || set -- 6.1 6.12
cache=${CGBURST_VM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/cgburst/vm}
for kernel in "$@"; do
	"$here/guest" --prepare --kernel "$kernel" || exit 1
	outside_checks
	inside_checks
done
echo "1..$number"
exit $failed
