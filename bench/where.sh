# SPDX-License-Identifier: LGPL-2.1-or-later
#
# To be sourced: where a measurement can be made. Sets $top and $bench.

top=$(cd "$(dirname "$0")/.." && pwd)
bench=$top/build/bench/cgburst-bench

if [ ! -x "$bench" ]; then
        echo "$0: $bench is missing; make builds it" >&2
        exit 1
fi

# Here, if groups with the cpu controller can be made here; else in a guest. Says which, and why.
# The words before "--" are for the guest, those after it for cgburst-bench.
run_somewhere() {
        local guest=() why
        while [ "$1" != -- ]; do
                guest+=("$1")
                shift
        done
        shift
        if why=$("$bench" "$1" --check 2>&1); then
                echo "On this host: it lets us make control groups with the cpu controller." >&2
                exec "$bench" "$@"
        fi
        echo "In a guest (QEMU, Debian's kernel), since this host does not let us: ${why#cgburst-bench: }." >&2
        exec "$top/tests/vm/guest" "${guest[@]}" -- "$bench" "$@"
}
