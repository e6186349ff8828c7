#!/bin/bash
# --explain: the plan in its order, in both forms, with its origins; and that nothing is run.
. "$(dirname "$0")/../lib.sh"

# ---- text ----

run zbox_usr --explain --bind "$T" /data --tmpfs /data/x --setenv A "b
c" -- touch "$T/ran"
is 'it succeeds' "$status" 0
is 'says nothing on standard error' "$err" ''
if [ -e "$T/ran" ]; then flunk 'runs nothing'; else pass 'runs nothing'; fi
contains 'the user bind, with its words' "$out" "bind         $T on /data   [word 5]"
contains 'the base, with a reason' "$out" '/proc   [base: '
contains 'no raw newline of a value' "$out" 'A=b\nc'
order=$(grep -nE ' (/usr on /usr|/data|/data/x) ' <<<"$out" | grep -oE '/usr on|/data/x|on /data ' | tr '\n' ',')
is 'operations in their order' "$order" '/usr on,on /data ,/data/x,'
contains 'namespaces' "$out" 'network                   new'
run zbox_usr --explain --share-net -- true
contains 'a shared namespace' "$out" 'network                   shared'
run zbox_usr --explain --no-base -- true
lacks 'no base without it' "$out" '[base'

# ---- JSON ----

hostile=$(printf 'q"\\\n\001\377')
mkdir -p "$T/$hostile"
run zbox_usr --explain=json --bind "$T/$hostile" "/$hostile" --setenv "A" "$hostile" -- "$hostile"
printf '%s\n' "$out" >json
ok 'valid JSON whatever the names are' python3 -m json.tool json
query() { python3 -c "import json,sys; d=json.load(open('json')); print($1)"; }
is 'personality' "$(query "d['personality']")" zbox
is 'the last operation is the user bind' "$(query "d['mounts'][-1]['operation']")" bind
is 'read-only is told' "$(query "[m['read-only'] for m in d['mounts'] if m['destination']=='/usr']")" '[True]'
is 'each operation has an origin' "$(query "all(m['origin'] for m in d['mounts'])")" True
is 'the namespaces' "$(query "sorted(n for n,v in d['namespaces'].items() if v=='new')")" \
	"['cgroup', 'ipc', 'mount', 'network', 'pid', 'user', 'uts']"
is 'the descriptors' "$(query "d['descriptors']['kept']")" '[0, 1, 2]'

# ---- sockets ----

mkdir -p "$T/s/below"
python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("'"$T"'/s/below/door")'
run zbox_usr --explain=json --bind "$T/s" /s -- true
printf '%s\n' "$out" >json
is 'a socket below a bind is listed' "$(query "d['sockets']['paths']")" "['/s/below/door']"
run zbox_usr --explain=json --bind "$T/s" /s --tmpfs /s/below -- true
printf '%s\n' "$out" >json
is 'not where it is covered' "$(query "d['sockets']['paths']")" '[]'

finish
