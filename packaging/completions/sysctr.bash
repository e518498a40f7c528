# Completion of sysctr for bash.
_sysctr() {
    local cur=${COMP_WORDS[COMP_CWORD]} verb=${COMP_WORDS[1]} words= user=
    [[ " ${COMP_WORDS[*]} " == *" --user "* ]] && user=--user
    if [ "$COMP_CWORD" -eq 1 ]; then
        words="install plan run update auto-update rollback rollout prune pin unpin uninstall diff list info history images pull lint fsck doctor start stop restart status logs recover exec mount umount version"
    elif [ "$verb" = images ] && [ "$COMP_CWORD" -eq 2 ]; then
        words="list info tag delete prune update verify version"
    elif [ "$verb" = rollout ] && [ "$COMP_CWORD" -eq 2 ]; then
        words="status release"
    elif [ "$verb" = plan ] && [ "$COMP_CWORD" -eq 2 ]; then
        words="install update rollback uninstall"
    else
        case $verb-$cur in
            install--*) words="--name --set --grant --json --runtime --rootfs --system-package --pull --auto-update --now --settle --no-healthcheck --display --root --lock-timeout --quiet --help" ;;
            run--*) words="--name --set --grant --runtime --pull --install --root --lock-timeout --quiet --help" ;;
            update--*) words="--all --rebase --set --grant --runtime --pull --auto-update --together --lock --settle --no-healthcheck --root --lock-timeout --quiet --help" ;;
            rollback--*) words="--settle --no-healthcheck --root --lock-timeout --quiet --help" ;;
            prune--*) words="--keep --root --lock-timeout --quiet --help" ;;
            auto-update--*) words="--dry-run --json --root --lock-timeout --quiet --help" ;;
            rollout--*) words="--lock --json --root --quiet --help" ;;
            plan--*) words="--name --set --grant --runtime --rootfs --system-package --pull --now --all --together --rebase --purge --json --detailed-exitcode --root --quiet --help" ;;
            diff--*) words="--image --set --json --root --quiet --help" ;;
            list--*) words="--all --names --no-heading --json --help" ;;
            history--*) words="--last --json --help" ;;
            pull--*) words="--name --keep-names --root --quiet --help" ;;
            exec--*) words="--tty --user --env --or-run --help" ;;
            mount--*) words="--storage --options --shared --json --root --quiet --help" ;;
            umount-*) words=$(sysctr --quiet mount 2>/dev/null | awk 'NR > 1 { print $1 }') ;;
            pull-* | install-*)
                [[ ${COMP_LINE} == *:* ]] && { mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return; } ;;
            lint--*) words="--json --strict --label --quiet --help" ;;
            doctor--*) words="--json --strict --root --quiet --help" ;;
            fsck--*) words="--repair --quick --json --root --quiet --help" ;;
            lint-*) mapfile -t COMPREPLY < <(compgen -d -- "$cur"); return ;;
            images-*) words=$(sysctr --quiet $user images list 2>/dev/null | awk 'NR > 1 { print ($1 == ">") ? $2 : $1 }') ;;
            plan-* | diff-* | run-* | update-* | rollback-* | prune-* | pin-* | unpin-* | uninstall-* | info-* | history-* | start-* | stop-* | restart-* | status-* | logs-* | exec-* | mount-*)
                words=$(sysctr --quiet $user list 2>/dev/null | awk 'NR > 1 { print $1 }') ;;
        esac
        case $cur in
            --*) words="$words --system --user" ;;
        esac
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
complete -F _sysctr sysctr
