# completion.bash - bash completion for settle(1); installed as bash-completion's "settle"
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash

# Completes into COMPREPLY the word WORD from the words of WORDS, and nothing else; PREFIX is what
# stands before it in the same word of bash's.
_settle_words() { # words word prefix
    compopt +o bashdefault +o default 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -P "$3" -W "$1" -- "$2")
}

# File names are left to bash itself (complete -o default), which knows about quotes and tildes.
_settle() {
    local options='-m -s -t -v -0 --mode= --stable= --timeout= --verbose --null --files-from= --plugin-path'
    options+=' --probe --json --status --recover --help --version'
    local modes='fsync writeback off'  # "deferred" is the plugin's
    local word=${COMP_WORDS[COMP_CWORD]}
    local before=${COMP_WORDS[COMP_CWORD - 1]}
    local i wants_folder=

    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        [[ ${COMP_WORDS[i]} == -- ]] && return
        [[ ${COMP_WORDS[i]} == --probe || ${COMP_WORDS[i]} == --status || ${COMP_WORDS[i]} == --recover ]] &&
            wants_folder=yes
    done

    # bash takes "--mode=off" for three words, unless COMP_WORDBREAKS has no "=".
    if [[ $word == = ]]; then
        word=
    elif [[ $before == = ]] && ((COMP_CWORD > 1)); then
        before=${COMP_WORDS[COMP_CWORD - 2]}
    fi

    if [[ $before == --mode || $before == -m ]]; then
        _settle_words "$modes" "$word" ''
    elif [[ $before == --stable || $before == --timeout || $before == -s || $before == -t ]]; then
        _settle_words '' "$word" ''  # a number: nothing to offer
    elif [[ $before == --files-from ]]; then
        return
    elif [[ $word == --mode=* ]]; then
        _settle_words "$modes" "${word#*=}" --mode=
    elif [[ $word == -m?* ]]; then
        _settle_words "$modes" "${word#-m}" -m
    elif [[ $word == -* ]]; then
        _settle_words "$options" "$word" ''
        if [[ ${COMPREPLY[*]} == *= ]]; then
            compopt -o nospace 2>/dev/null  # one that wants a value, and the only one
        fi
    elif [[ $wants_folder ]]; then
        compopt -o dirnames +o bashdefault +o default 2>/dev/null
    fi
}

complete -o bashdefault -o default -F _settle settle
