#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The rules of ARCHITECTURE.md, as tests: `rules.sh RULE ARGUMENT...`, one rule a call.
set -euo pipefail

fail() {
        echo "broken rule: $*" >&2
        exit 1
}

# The objects of the policy need nobody but each other and four functions on memory. Under a sanitizer or with coverage the compiler adds calls of its own.
policy-calls-nobody() {
        local archive=$1 needed
        if nm "$archive" 2>/dev/null | grep -E '__(asan|ubsan|gcov)_' >/dev/null; then
                echo "skipped: an instrumented build calls its own runtime"
                exit 77
        fi
        needed=$(comm -23 \
                <(nm -u "$archive" | awk '$1 == "U" { print $2 }' | sort -u) \
                <(nm --defined-only "$archive" | awk 'NF == 3 { print $3 }' | sort -u) |
                grep -vxE 'mem(cpy|set|move|cmp)|_GLOBAL_OFFSET_TABLE_' || true)
        [ -z "$needed" ] || fail "lib/policy calls: $needed"
}

declared() {
        cat "$@" | tr '\n' ' ' | grep -oE 'CGB_PUBLIC [^;(]*\(' | grep -oE 'cgb_[a-z0-9_]+ *\($' | tr -d ' (' | sort -u
}

# map, headers..., library: the three name the same functions.
map-matches-headers() {
        local map=$1 library=${*: -1}
        local headers=("${@:2:$#-2}")
        diff <(declared "${headers[@]}") <(grep -oE '\bcgb_[a-z0-9_]+;' "$map" | tr -d ';' | sort -u) ||
                fail "the symbol map and the headers differ (< headers, > map)"
        diff <(declared "${headers[@]}") <(nm -D --defined-only "$library" | awk '{ print $3 }' | grep -oE '^cgb_[a-z0-9_]+' | sort -u) ||
                fail "the library and the headers differ (< headers, > library)"
}

# Examples and bench show what an embedder can do, so they may know no more than one.
only-public-headers() {
        local found
        found=$(grep -rnE '#include *[<"][^>"]*(lib/|kernel/|backend/|context\.h|state\.h|fixed\.h)' "$1/examples" --include='*.[ch]' || true)
        [ -z "$found" ] || fail "an example includes a private header:
$found"
        found=$(grep -nE 'include_directories|internal_dep' "$1"/examples/meson.build "$1"/examples/*/meson.build | grep -E 'internal|\blib\b' || true)
        [ -z "$found" ] || fail "an example is built with private headers:
$found"
}

# A declaration without the end of a docstring on the line before it.
every-function-is-documented() {
        local undocumented
        undocumented=$(awk '/^CGB_PUBLIC/ && before !~ /\*\/$/ { print FILENAME ": " $0 } { before = $0 }' "$@")
        [ -z "$undocumented" ] || fail "not documented:
$undocumented"
}

# As .clang-format says, by the version that Debian 12 has: each has its own idea of some lines.
sources-are-formatted() {
        local formatter=$1 version unformatted
        version=$("$formatter" --version | grep -oE 'version [0-9]+' || true)
        if [ "$version" != "version 14" ]; then
                echo "skipped: $formatter is ${version:-of no version}, and not 14"
                exit 77
        fi
        unformatted=$(find "$2"/{bench,examples,include,lib,tests} -name '*.[ch]' -print0 |
                xargs -0 "$formatter" --dry-run -Werror 2>&1 | grep -oE '^[^:]+:[0-9]+' || true)
        [ -z "$unformatted" ] || fail "make format changes these lines:
$unformatted"
}

"$@"
