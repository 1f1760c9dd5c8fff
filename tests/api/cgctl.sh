#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What cgctl says of itself, in its help, its manual page and its completion: `cgctl.sh TEST ARGUMENT...`, one test a call.
set -euo pipefail

fail() {
        echo "broken: $*" >&2
        exit 1
}

options() { grep -oE -- '--[a-z][a-z-]+' | sort -u; }

# Those that a verb's --help has a line for.
of_help() { "$cgctl" "$1" --help | grep -oE '^  (-[a-z], )?--[a-z-]+' | options; }

# Those that the page's synopsis has for a verb. What it calls common is a list of its own.
of_synopsis() {
        awk -v verb="$1" '/^\.Sh/ { on = $2 == "SYNOPSIS" } on && /^\.Nm/ { mine = 0 } on && $1 == ".Cm" && $2 == verb { mine = 1 } on && mine' "$page" |
                grep -oE 'Fl -[a-z-]+' | sed 's/Fl -/--/' | options || true
}

# Those that the page has an entry for, or tells of, behind its synopsis.
of_page() {
        awk '/^\.Sh/ { on = $2 != "SYNOPSIS" } on' "$page" | grep -oE 'Fl -[a-z-]+' | sed 's/Fl -/--/' | options
}

of_completion() {
        bash -c 'source "$1"; _cgctl_options "$2"' - "$completion" "$1" | options
}

verbs() { "$cgctl" --help | awk '/^  [a-z-]+  +[a-z]/ && $1 != "help" && $1 != "cgctl" { print $1 }'; }

# cgctl, page, completion: the three have the same options, verb by verb.
options-are-the-same-everywhere() {
        cgctl=$1 page=$2 completion=$3
        local verb common missing
        common=$(comm -12 <(of_help run) <(of_help restore))
        [ "$(verbs | wc -l)" -ge 6 ] || fail "cgctl --help does not list its verbs: $(verbs)"
        for verb in $(verbs); do
                diff <(of_help "$verb") <(of_completion "$verb") ||
                        fail "$verb: --help and completion differ (< help, > completion)"
                diff <(comm -23 <(of_help "$verb") <(echo "$common")) <(of_synopsis "$verb") ||
                        fail "$verb: --help and the synopsis of the page differ (< help, > synopsis)"
                missing=$(comm -23 <(of_help "$verb") <(of_page))
                [ -z "$missing" ] || fail "$verb: the page does not tell what these do: $missing"
        done
}

# cgctl: whoever prints to a full disk is told so.
output-that-is-lost-is-a-failure() {
        local words status
        for words in --help --version "help run" "run --help" "doctor --mount /"; do
                status=0
                # shellcheck disable=SC2086
                "$1" $words >/dev/full 2>/dev/null || status=$?
                [ "$status" -eq 1 ] || fail "cgctl $words >/dev/full: status $status"
        done
}

# pages...: what man(1) would complain of.
pages-render-without-warnings() {
        local complaints
        command -v man >/dev/null && command -v groff >/dev/null || {
                echo "skipped: there is no man, or no groff"
                exit 77
        }
        for page in "$@"; do
                complaints=$(MANWIDTH=80 man --warnings -l "$page" 2>&1 >/dev/null)
                [ -z "$complaints" ] || fail "$page: $complaints"
        done
}

# page, source: the page's section JSON names every field that it writes.
page-names-every-field() {
        local page=$1 fields missing
        fields=$(tr '\n' ' ' <"$2" | grep -oE '\b(json_)?add(_[a-z]+)?\([a-z_]+, +"[a-z_]+"' | grep -oE '"[a-z_]+"' | tr -d '"' | sort -u)
        [ "$(echo "$fields" | wc -l)" -ge 40 ] || fail "$2 writes fewer fields than there are: $fields"
        missing=$(comm -23 <(echo "$fields") \
                <(awk '/^\.Sh/ { on = $2 == "JSON" } on' "$page" | grep -E '^\.(It|Ql)' | grep -oE '[a-z_]+' | sort -u))
        [ -z "$missing" ] || fail "$page does not name the fields: $missing"
}

# page, headers...: the page names every function and every header.
page-names-every-function() {
        local page=$1 missing
        missing=$(comm -23 \
                <(grep -ohE '^CGB_PUBLIC [^;(]*\(' "${@:2}" | grep -oE 'cgb_[a-z0-9_]+ *\($' | tr -d ' (' | sort -u) \
                <(grep -E '^\.(It )?Fn ' "$page" | grep -oE 'cgb_[a-z0-9_]+' | sort -u))
        [ -z "$missing" ] || fail "$page does not name: $missing"
        for header in "${@:2}"; do
                grep -q "^\.In cgburst/$(basename "$header")$" "$page" || fail "$page does not name $(basename "$header")"
        done
}

"$@"
