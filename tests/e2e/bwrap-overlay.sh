#!/bin/bash
# Overlays: what is seen, where writes go, what is refused.
. "$(dirname "$0")/../lib.sh"

if ! since 0.11; then
	finish
	exit
fi

mkdir a b
echo a >a/file; echo a >a/only-a; echo b >b/file; echo b >b/only-b

over=(--overlay-src a --overlay-src b)
gives '--ro-overlay: the last layer is on top' 0 'b a b' -- bwrap_usr "${over[@]}" --ro-overlay /o \
	sh -c 'echo $(cat /o/file /o/only-a /o/only-b)'
nok '--ro-overlay is read-only' bwrap_usr "${over[@]}" --ro-overlay /o touch /o/new
refuses '--ro-overlay wants two layers' 1 'bwrap: --ro-overlay requires at least two --overlay-src' -- \
	bwrap_usr --overlay-src a --ro-overlay /o echo ran
gives '--tmp-overlay' 0 'new b' -- bwrap_usr "${over[@]}" --tmp-overlay /o \
	sh -c 'echo new >/o/only-a; rm /o/only-b; echo $(cat /o/only-a /o/file)'
is 'the layers are not touched' "$(cat a/only-a b/only-b)" $'a\nb'
gives 'two of them do not see each other' 0 'x b' -- bwrap_usr "${over[@]}" --tmp-overlay /o \
	"${over[@]}" --tmp-overlay /p sh -c 'echo x >/o/file; echo $(cat /o/file /p/file)'
gives '--tmp-overlay of one layer' 0 a -- bwrap_usr --overlay-src a --tmp-overlay /o cat /o/file
refuses '--tmp-overlay wants a layer' 1 'bwrap: --tmp-overlay requires at least one --overlay-src' -- \
	bwrap_usr --tmp-overlay /o echo ran
mkdir up work
gives '--overlay' 0 new -- bwrap_usr "${over[@]}" --overlay up work /o \
	sh -c 'echo new >/o/only-a; rm /o/only-b; cat /o/only-a'
is 'changes are in the upper directory' "$(cat up/only-a)" new
is 'and nowhere else' "$(cat a/only-a b/only-b)" $'a\nb'
gives 'and are there the next time' 0 new -- \
	bwrap_usr "${over[@]}" --overlay up work /o sh -c 'cat /o/only-a; ! test -e /o/only-b || echo seen'
mkdir 'odd :,\name' && echo odd >'odd :,\name/file'
gives 'odd names' 0 odd -- bwrap_usr --overlay-src a --overlay-src 'odd :,\name' --ro-overlay /o cat /o/file
refuses '--overlay wants a layer' 1 'bwrap: --overlay requires at least one --overlay-src' -- \
	bwrap_usr --overlay up work /o echo ran
refuses '--overlay wants three words' 1 'bwrap: --overlay takes three arguments' -- \
	bwrap_usr --overlay-src a --overlay up work
refuses 'a missing layer' 1 "bwrap: Can't find source path none: No such file or directory" -- \
	bwrap_usr --overlay-src none --tmp-overlay /o echo ran
refuses 'something after --overlay-src' 1 'bwrap: --overlay-src must be followed by another --overlay-src or' -- \
	bwrap_usr --overlay-src a --dir /x echo ran
refuses 'nothing after --overlay-src' 1 'bwrap: --overlay-src must be followed by another --overlay-src or' -- \
	bwrap_usr --overlay-src a echo ran
refuses 'a layer inside the upper directory' 1 'bwrap: ' -- \
	bwrap_usr --overlay-src a --overlay a work /o echo ran
gives 'over a directory that was bound' 0 $'b\na' -- bwrap_usr --bind a /o "${over[@]}" --tmp-overlay /o \
	sh -c 'cat /o/file; cat /o/only-a; echo x >/o/only-a'
is 'whose files stay' "$(cat a/only-a)" a
if ours; then
	gives '--overlay-opt' 0 b -- bwrap_usr --overlay-opt index=off "${over[@]}" --ro-overlay /o cat /o/file
	refuses '--overlay-opt that the kernel does not know' 1 'bwrap: ' -- \
		bwrap_usr --overlay-opt zbox=none "${over[@]}" --ro-overlay /o echo ran
fi
finish
