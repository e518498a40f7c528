# Completion of sysctr for fish: sysctr itself says what may stand where.
function __sysctr_complete
    set -l words (commandline -opc)
    set -l cur (commandline -ct)
    for line in (sysctr __complete $words[2..-1] "$cur" 2> /dev/null)
        if string match -q ':*' -- $line
            set -l prefix (string split -m 1 ' ' -- $line)[2]
            for path in (__fish_complete_path (string sub -s (math (string length -- "$prefix") + 1) -- "$cur"))
                echo "$prefix$path"
            end
        else
            echo $line
        end
    end
end
complete -c sysctr -f -a '(__sysctr_complete)'
