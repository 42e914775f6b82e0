#compdef catlang
# Completion of catlang for zsh: eval "$(catlang completion zsh)"
_catlang() {
    local -a whole parts
    local word text
    while IFS=$'\t' read -r word text; do
        if [[ $word == *[/=:] ]]; then
            parts+=("$word")
        else
            whole+=("$word")
        fi
    done < <("${words[1]}" __complete zsh "${(@Q)words[2,CURRENT]}" 2>/dev/null)
    (( ${#parts} )) && compadd -S '' -- "${parts[@]}"
    (( ${#whole} )) && compadd -- "${whole[@]}"
    (( ${#parts} + ${#whole} ))
}
if [[ ${funcstack[1]} == _catlang ]]; then
    _catlang "$@"
else
    compdef _catlang catlang
fi
