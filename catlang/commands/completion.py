"""``catlang completion``: prints a script by which a shell completes what is typed after ``catlang``.

The scripts know nothing of catlang: they hand the line to the hidden command ``catlang __complete`` and offer what it
prints, a candidate a line, behind a tab a few words about it. Behind ``/``, ``=`` and ``:`` more is to be typed, so no
blank is put there.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from catlang.arguments import Misuse, Options, meant

if TYPE_CHECKING:
    from collections.abc import Sequence

USAGE = """\
usage: catlang completion bash|zsh|fish

Prints a script that completes commands, options and their values, files, morphisms behind `FILE.cat::`, sizes behind
`-d`, and codes. To have it in every shell:

  bash  add `eval "$(catlang completion bash)"` to ~/.bashrc
  zsh   add `eval "$(catlang completion zsh)"` to ~/.zshrc, behind `compinit`
  fish  catlang completion fish > ~/.config/fish/completions/catlang.fish

Exit code: 0 printed, 2 not called like this.
"""

OPTIONS = Options(takes="shell")

BASH = r"""# Completion of catlang for bash: eval "$(catlang completion bash)"
_catlang() {
    local word
    COMPREPLY=()
    while IFS=$'\t' read -r word _; do
        COMPREPLY+=("$word")
    done < <("$1" __complete bash "${COMP_LINE:0:COMP_POINT}" "$COMP_WORDBREAKS" 2>/dev/null)
    if [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *[/=:] ]]; then
        compopt -o nospace 2>/dev/null
    fi
}
complete -F _catlang catlang
"""

ZSH = r"""#compdef catlang
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
"""

FISH = r"""# Completion of catlang for fish: catlang completion fish > ~/.config/fish/completions/catlang.fish
function __catlang_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    $words[1] __complete fish $words[2..-1] "$current" 2>/dev/null
end
complete -c catlang -f -a '(__catlang_complete)'
"""

SCRIPTS = {"bash": BASH, "zsh": ZSH, "fish": FISH}


def run(arguments: Sequence[str]) -> int:
    shells, _ = OPTIONS.read(arguments)
    if len(shells) != 1:
        raise Misuse("one shell at a time: `bash`, `zsh` or `fish`" if shells else
                     "no shell is named: `bash`, `zsh` or `fish`")
    script = SCRIPTS.get(shells[0])
    if script is None:
        raise Misuse(f"there is no script for `{shells[0]}`{meant(shells[0], [*SCRIPTS])}")
    sys.stdout.write(script)
    return 0
