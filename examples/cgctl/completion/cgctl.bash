# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Completion of cgctl(1) for bash. Installed as .../bash-completion/completions/cgctl, which bash-completion loads on demand;
# by hand: source this file.
#
# Nothing in here needs the functions of bash-completion, but where they are loaded the command of "cgctl run" is
# completed as it is by itself.

_cgctl_verb()
{
        local word
        for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
                case $word in
                run | daemon | status | doctor | restore | check-config | help)
                        echo "$word"
                        return
                        ;;
                esac
        done
}

_cgctl_options()
{
        local common="--help --parent --mount --state-dir --backend"
        case $1 in
        run) echo "--shares --name --join --systemd --lane --memory-floor --memory-max $common" ;;
        daemon) echo "--config --step --depth --memory --calls-per-second --dry-run --verbose $common" ;;
        status) echo "--watch --json $common" ;;
        doctor) echo "--json $common" ;;
        restore) echo "--config $common" ;;
        check-config) echo "--help" ;;
        esac
}

# Prints the place of the first word of the command that "cgctl run" is to run, if the cursor is in it.
_cgctl_command_start()
{
        local i=2
        while ((i <= COMP_CWORD)); do
                case ${COMP_WORDS[i]} in
                --)
                        ((i < COMP_CWORD)) && echo $((i + 1))
                        return
                        ;;
                --shares | --name | --lane | --memory-floor | --memory-max | --parent | --mount | --state-dir | --backend)
                        # bash takes "--name=x" for three words.
                        [[ ${COMP_WORDS[i + 1]} == "=" ]] && ((i++))
                        ((i += 2))
                        ;;
                -*) ((i++)) ;;
                *)
                        echo "$i"
                        return
                        ;;
                esac
        done
}

_cgctl_mount()
{
        local i
        for ((i = 1; i < COMP_CWORD; i++)); do
                if [[ ${COMP_WORDS[i]} == --mount ]]; then
                        [[ ${COMP_WORDS[i + 1]} == "=" ]] && ((i++))
                        echo "${COMP_WORDS[i + 1]}"
                        return
                fi
        done
        echo "${CGBURST_MOUNT:-/sys/fs/cgroup}"
}

# Groups below the mount, as --parent wants them.
_cgctl_groups()
{
        local mount group
        mount=$(_cgctl_mount)
        for group in "$mount/$1"*/; do
                [[ -d $group ]] && group=${group#"$mount"/} && echo "${group%/}"
        done
}

_cgctl_value_of()
{
        case $1 in
        --parent) mapfile -t COMPREPLY < <(compgen -W "$(_cgctl_groups "$2")" -- "$2") ;;
        --config) mapfile -t COMPREPLY < <(compgen -f -- "$2") ;;
        --mount | --state-dir) mapfile -t COMPREPLY < <(compgen -d -- "$2") ;;
        --backend) mapfile -t COMPREPLY < <(compgen -W "auto cgroupfs libcgroup systemd" -- "$2") ;;
        --lane) mapfile -t COMPREPLY < <(compgen -W "interactive batch" -- "$2") ;;
        --shares | --name | --memory-floor | --memory-max | --step | --depth | --calls-per-second) COMPREPLY=() ;;
        *) return 1 ;;
        esac
}

_cgctl()
{
        local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} verb start
        verb=$(_cgctl_verb)
        COMPREPLY=()

        if [[ -z $verb ]]; then
                mapfile -t COMPREPLY < <(compgen -W "run daemon status doctor restore check-config help --version --help" -- "$current")
                return
        fi
        if [[ $verb == help ]]; then
                mapfile -t COMPREPLY < <(compgen -W "run daemon status doctor restore check-config" -- "$current")
                return
        fi
        if [[ $verb == run ]]; then
                start=$(_cgctl_command_start)
                if [[ -n $start ]] && declare -F _command_offset >/dev/null; then
                        _command_offset "$start"
                        return
                elif [[ -n $start ]]; then
                        mapfile -t COMPREPLY < <(compgen -c -f -- "$current")
                        return
                fi
        fi

        if [[ $current == "=" ]]; then
                current=""
        elif [[ $previous == "=" ]]; then
                previous=${COMP_WORDS[COMP_CWORD - 2]}
        fi
        _cgctl_value_of "$previous" "$current" && return
        if [[ $verb == check-config && $current != -* ]]; then
                mapfile -t COMPREPLY < <(compgen -f -- "$current")
                return
        fi
        mapfile -t COMPREPLY < <(compgen -W "$(_cgctl_options "$verb")" -- "$current")
}

complete -F _cgctl cgctl
