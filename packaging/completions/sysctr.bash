# Completion of sysctr for bash: sysctr itself says what may stand where.
_sysctr() {
    local words line directive prefix path cur drop= mark
    # COMP_WORDS is cut at colons and equals signs, which images and options have.
    read -ra words <<< "${COMP_LINE:0:COMP_POINT}"
    [[ ${COMP_LINE:0:COMP_POINT} == *[[:space:]] ]] && words+=("")
    cur=${words[-1]}
    # Readline puts the answer behind the last of these.
    for mark in : =; do
        if [[ $COMP_WORDBREAKS == *$mark* && $cur == *$mark* ]]; then
            prefix=${cur%"${cur##*"$mark"}"}
            [[ ${#prefix} -gt ${#drop} ]] && drop=$prefix
        fi
    done
    COMPREPLY=()
    while IFS= read -r line; do
        if [[ $line == :* ]]; then
            directive=${line%% *} prefix=
            [[ $line == *' '* ]] && prefix=${line#* }
            compopt -o filenames
            [[ $directive == :directory ]] && mark=-d || mark=-f
            while IFS= read -r path; do
                path=$prefix$path
                COMPREPLY+=("${path#"$drop"}")
            done < <(compgen "$mark" -- "${cur#"$prefix"}")
        else
            line=${line%%$'\t'*}
            COMPREPLY+=("${line#"$drop"}")
        fi
    done < <(sysctr __complete "${words[@]:1}" 2> /dev/null)
    [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[:=] ]] && compopt -o nospace
    return 0
}
complete -F _sysctr sysctr
