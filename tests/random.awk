# random.awk - a makefile made at random, of the recipe lines that it reads
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Variables: seed; plugin, the path to load, or nothing: the makefile has the same lines then, "load" as a comment.
# Its first lines, "# run ARGUMENT...", say what make is to be called with, one after the other; "# mode MODE" says with
# what SETTLE_MODE.

function chance(probability) {
    return rand() < probability
}

function one_of(list, words, count) {
    count = split(list, words, "|")
    return words[1 + int(rand() * count)]
}

function perhaps(probability, text) {
    if (chance(probability))
        print text
}

# Some of the targets before number I, each with a space before it.
function some_before(i, probability, k, text) {
    for (k = 0; k < i; k++)
        if (chance(probability))
            text = text " " target[k]
    return text
}

function print_recipe(k) {
    for (k = 1 + int(rand() * 4); k > 0; k--)
        print "\t" one_of("||||@|-|+|@-|-@") recipe[1 + int(rand() * recipes)]
}

function print_settings(one_shell) {
    one_shell = chance(.15)
    if (one_shell)
        print ".ONESHELL:"
    perhaps(.2, ".DELETE_ON_ERROR:")
    perhaps(.12, ".POSIX:")
    perhaps(.1, ".NOTPARALLEL:")
    perhaps(.1, ".SECONDEXPANSION:")
    perhaps(.1, ".SILENT:")
    perhaps(.1, ".EXPORT_ALL_VARIABLES:")
    perhaps(.1, ".SHELLFLAGS = -ec")
    perhaps(.15, "export FOR_ALL = all $(@)")
    if (chance(.3))  # make wants one word of it with .ONESHELL
        print "SHELL = " one_of("/bin/bash" (one_shell ? "" : "|/usr/bin/env sh"))
}

function print_target(i, name, op, prerequisites) {
    name = target[i]
    op = chance(.07) ? "::" : chance(.07) ? "&:" : ":"
    if (annotated == "each" || (annotated == "some" && chance(.5)))
        print name ": private SETTLE = " one_of("$@|$@|$@ extra$(@F)|./$@|$(abspath $@)|$(@D)/$(@F)|$(@D)/$(shell echo $(@F))")
    perhaps(.08, name ": export FOR_ONE = " i)
    perhaps(.06, name ": .SHELLFLAGS = -c")
    prerequisites = some_before(i, .3)
    if (i > 0 && chance(.1))
        prerequisites = prerequisites " | " target[0]
    print name (op == "&:" ? " " name ".g " : "") op prerequisites
    print_recipe()
    if (op == "&:")
        print "\t@echo grouped >" name ".g"
    if (op == "::" && chance(.7)) {
        print name "::" some_before(i, .2)
        print "\techo second >>$@"
    }
}

{
    recipe[++recipes] = $0
}

END {
    srand(seed)
    count = split(one_of("-k,|,|-k,-k|-n,-k,-q|-i,|-s -k -j3 -O,-s|-t,-k|-k -B,-k|-k --trace,"), runs, ",")
    for (i = 1; i <= count; i++)
        print "# run " runs[i]
    print "# mode " one_of("fsync|fsync|deferred|writeback|off")
    count = 3 + int(rand() * 7)
    for (i = 0; i < count; i++)
        target[i] = one_of("t|d/t|u|x.") i
    annotated = one_of("all|each|pattern|some")
    print_settings()
    print (plugin == "" ? "# " : "") "load " plugin
    if (annotated == "all")
        print "SETTLE = $@"
    if (annotated == "pattern")
        print "%: private SETTLE = $@"
    print "all: " target[count - 3], target[count - 2], target[count - 1]
    for (i = 0; i < count; i++)
        print_target(i)
    perhaps(.15, ".PHONY: " target[int(rand() * count)])
    perhaps(.1, ".IGNORE: " target[int(rand() * count)])
    perhaps(.1, ".PRECIOUS: " target[int(rand() * count)])
    perhaps(.1, ".INTERMEDIATE: " target[int(rand() * count)])
}
