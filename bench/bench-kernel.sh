#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Response times beside busy loops on a real kernel, in half an hour. Leaves build/kernel.json, and
# what is known of every late burst in build/kernel-late.jsonl.
#
#     bench/bench-kernel.sh [--kernel 6.1|6.12] [OPTION OF cgburst-bench kernel...]
#
# --kernel says which one the guest runs, if it takes a guest; the default is 6.12.
set -euo pipefail
. "$(dirname "$0")/where.sh"

kernel=6.12
if [ "${1:-}" = --kernel ]; then
        kernel=${2:?"--kernel: 6.1 or 6.12"}
        shift 2
fi
cd "$top"
run_somewhere --kernel "$kernel" --timeout 7200 --fetch build/kernel.json --fetch build/kernel-late.jsonl -- \
        kernel --json build/kernel.json --late-trace build/kernel-late.jsonl --repeats 5 --bursts 20 --converge "$@"
