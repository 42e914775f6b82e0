# Completion of catlang for fish: catlang completion fish > ~/.config/fish/completions/catlang.fish
function __catlang_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    $words[1] __complete fish $words[2..-1] "$current" 2>/dev/null
end
complete -c catlang -f -a '(__catlang_complete)'
