#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What cgburst-bench refuses, before it has measured anything: `bench.sh CGBURST-BENCH`.
set -euo pipefail
bench=$1

# status, what has to be said, words...: without any right on this host, and at once.
refuses() {
        local wanted=$1 said=$2 status=0 output
        output=$(timeout 10 "$bench" "${@:3}" 2>&1 >/dev/null) || status=$?
        [ "$status" -eq "$wanted" ] || { echo "broken: ${*:3}: status $status and not $wanted: $output" >&2; exit 1; }
        [[ $output == *"$said"* ]] || { echo "broken: ${*:3}: does not say \"$said\": $output" >&2; exit 1; }
}

refuses 2 "unknown verb" nonsense
for verb in kernel memory sim sweep demo report karma overhead sim-memory scale; do
        refuses 2 "cgburst-bench $verb: unrecognized option" "$verb" --nonsense
done
refuses 2 "--burst 20,0" kernel --burst 20,0
refuses 2 "--step 0" kernel --step 0
refuses 2 "--step 0" sim gen:herd --step 0
refuses 2 "--cpus 0" sim gen:herd --cpus 0
refuses 2 "--workspaces 0" overhead --workspaces 0
refuses 1 "/nonexistent/out.json" kernel --json /nonexistent/out.json
refuses 1 "/nonexistent/out.json" scale --json /nonexistent/out.json
refuses 1 "/nonexistent/out.json" overhead --only law --json /nonexistent/out.json

status=0
"$bench" karma --seeds 1 >/dev/full 2>/dev/null || status=$?
[ "$status" -eq 1 ] || { echo "broken: figures that are lost are no success: status $status" >&2; exit 1; }
