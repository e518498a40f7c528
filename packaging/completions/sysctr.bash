# Completion of sysctr for bash.
_sysctr() {
    local cur=${COMP_WORDS[COMP_CWORD]} verb=${COMP_WORDS[1]}
    if [ "$COMP_CWORD" -eq 1 ]; then
        mapfile -t COMPREPLY < <(compgen -W "install uninstall list info images pull lint start stop restart status logs version" -- "$cur")
        return
    fi
    case $verb in
        install) mapfile -t COMPREPLY < <(compgen -W "--system --name --set --runtime --pull --now --display --root --quiet --help" -- "$cur") ;;
        uninstall | info | start | stop | restart | status | logs)
            mapfile -t COMPREPLY < <(compgen -W "$(sysctr --quiet list 2>/dev/null | awk 'NR > 1 { print $1 }')" -- "$cur") ;;
        lint) mapfile -t COMPREPLY < <(compgen -d -W "--json --strict --quiet --help" -- "$cur") ;;
        images) mapfile -t COMPREPLY < <(compgen -W "list" -- "$cur") ;;
    esac
}
complete -F _sysctr sysctr
