#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Two minutes: an editor's work beside three builds; alone, with equal weights, and under cgburst.
#
#     bench/demo.sh [OPTION OF cgburst-bench demo...]
set -euo pipefail
. "$(dirname "$0")/where.sh"

run_somewhere --kernel 6.12 --timeout 900 -- demo "$@"
