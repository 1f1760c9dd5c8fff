#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Everything that is measured, in about half an hour on two CPUs. Leaves build/report.html for people and build/bench.json for
# programs; the JSON of each part lies in build/results.
#
#     bench/bench-all.sh [--traces DIR] [--only "VERB..."]
#
# DIR has traces for the simulated node (*.csv, *.csv.xz). Ctrl-C ends the part that is under way; the page is made of what was
# finished before.
set -euo pipefail
. "$(dirname "$0")/where.sh"

# What is measured, in this order, and about how long it takes, in minutes.
parts=(karma:0 sim:3 sim-memory:0 sweep:2 overhead:2 scale:2 kernel:5 memory:16)
traces=
only=

while [ $# -gt 0 ]; do
        case $1 in
        --traces) traces=$(realpath "${2:?"--traces: wants a folder"}") ;;
        --only) only=${2:?"--only: wants verbs of cgburst-bench"} ;;
        *) sed -n '3,11s/^# \{0,1\}//p' "$0" >&2 && exit 2 ;;
        esac
        shift 2
done
if [ -n "$traces" ] && [ ! -d "$traces" ]; then
        echo "$0: --traces $traces: is no folder" >&2
        exit 2
fi
cd "$top"
results=build/results
mkdir -p "$results"

# Of its own JSON: NAME.json is there only if the verb has come to its end.
to_json() {
        local name=$1
        shift
        "$@" >"$results/$name.new" && mv "$results/$name.new" "$results/$name.json"
}

# Verbs of the real kernel write a file, here or in the guest.
on_kernel() {
        local verb=$1
        shift
        (run_somewhere --timeout 1800 --fetch "$results/$verb.new" -- "$verb" --json "$results/$verb.new" "$@") &&
                mv "$results/$verb.new" "$results/$verb.json"
}

policies=equal,quota,quota_burst,gitpod1,gitpod2,ec2,koordinator,arbiter2,uresourced,karma,cgburst,oracle
generators=(gen:interactive gen:one-against-many gen:tenants gen:gamers gen:herd)

# How a trace is replayed: devday and bitbrains as docs/algorithm.md has them, others on four CPUs. A line a run.
setups_of() {
        case $(basename "$1") in
        devday.*) printf '%s\n' cpus=4 cpus=4,hogs=3,lanes=siblings cpus=4,hogs=6,lanes=siblings ;;
        bitbrains.*) echo cpus=32 ;;
        *) echo cpus=4 ;;
        esac
}

# And under which policies. Those left out for bitbrains hold some of its machines so far below what they want that thousands of
# jobs wait at once, which takes five minutes and more to compute, for each of them.
policies_of() {
        case $(basename "$1") in
        bitbrains.*) echo equal,quota,quota_burst,gitpod2,koordinator,arbiter2,uresourced,cgburst,oracle ;;
        *) echo "$policies" ;;
        esac
}

# A line a run: a trace file, a comma, a setup.
trace_runs() {
        local file setup
        [ -n "$traces" ] || return 0
        find "$traces" -maxdepth 1 \( -name '*.csv' -o -name '*.csv.xz' \) | sort | while read -r file; do
                for setup in $(setups_of "$file"); do
                        echo "$file,$setup"
                done
        done
}

measure_sim() {
        local run pair options number=0
        to_json sim "$bench" sim "${generators[@]}" --policy "$policies" --json || return
        to_json sim.series "$bench" sim gen:one-against-many --hogs 3 --policy cgburst --series 10 --json || return
        for run in "${runs[@]}"; do
                number=$((number + 1))
                options=()
                for pair in $(cut -d , -f 2- --output-delimiter ' ' <<<"$run"); do
                        options+=("--${pair%%=*}" "${pair#*=}")
                done
                to_json "sim.trace$number" "$bench" sim "${run%%,*}" "${options[@]}" --policy "$(policies_of "${run%%,*}")" --json || return
        done
}

measure_karma() {
        to_json karma "$bench" karma --json
}

measure_sim-memory() {
        to_json sim-memory "$bench" sim-memory --json sleepers wave sandbox leak
}

measure_sweep() {
        to_json sweep "$bench" sweep --vary fast=3,15 --vary slow_strength=1,3 --vary debt_strength=0.5,1,3 --json \
                gen:interactive gen:hogs gen:one-against-many gen:tenants gen:gamers,gain=1.1 gen:herd "${runs[@]}"
}

measure_kernel() {
        on_kernel kernel --step 1 --repeats 1 --bursts 20 --converge
}

# The law alone is arithmetic: it is measured on this machine, and not in a guest.
measure_overhead() {
        "$bench" overhead --only law --json "$results/overhead.law.new" && mv "$results"/overhead.law.{new,json} || return
        on_kernel overhead --only step --repeats 7
}

measure_scale() {
        on_kernel scale --repeats 7
}

memory_somewhere() {
        (run_somewhere --swap 1024 --timeout 1800 -- memory --patience 60 --json)
}

measure_memory() {
        to_json memory memory_somewhere
}

wanted() {
        [ -z "$only" ] || [[ " $only " == *" $1 "* ]]
}

mapfile -t runs < <(trace_runs)
failed=()
interrupted=
trap 'interrupted=yes' INT TERM
began=$SECONDS
number=0
for part in "${parts[@]}"; do
        verb=${part%%:*}
        number=$((number + 1))
        wanted "$verb" && "$bench" "$verb" --help >/dev/null 2>&1 || continue
        rm -f "$results/$verb".json "$results/$verb".*.json
        echo "[$number/${#parts[@]}] $verb, about ${part##*:} min; $(((SECONDS - began) / 60)) min passed" >&2
        "measure_$verb" || failed+=("$verb") # one that fails does not end the others
        [ -z "$interrupted" ] || break
done
trap - INT TERM

rm -f "$results"/*.new
shopt -s nullglob
files=("$results"/*.json)
[ ${#files[@]} -gt 0 ] || { echo "$0: nothing was finished; there is no page" >&2; exit 1; }
"$bench" report "${files[@]}" --output build/report.html --json build/bench.json
echo "build/report.html and build/bench.json, after $(((SECONDS - began) / 60)) min" >&2
[ -z "$interrupted" ] || { echo "$0: interrupted; the page has what was finished before" >&2; exit 130; }
[ ${#failed[@]} -eq 0 ] || { echo "$0: failed: ${failed[*]}; what they say is above" >&2; exit 1; }
