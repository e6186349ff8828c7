#!/bin/bash
# --doctor: the table, the JSON, the exit status.
. "$(dirname "$0")/../lib.sh"

run zbox --doctor
text=$out text_status=$status
run zbox --doctor=json
printf '%s\n' "$out" >json
is 'the same status in both forms' "$status" "$text_status"
ok 'valid JSON' python3 -m json.tool json
query() { python3 -c "import json,sys; d=json.load(open('json')); print($1)"; }
is 'the status follows from what is required' "$status" \
	"$(query "int(any(c['required'] and not c['works'] for c in d['checks']))")"
is 'and so does "works"' "$(query "d['works']")" "$(query "$status == 0")"
is 'what fails has a reason and a cure' \
	"$(query "all(c['reason'] and c['cure'] for c in d['checks'] if not c['works'])")" True
is 'what works has neither' \
	"$(query "any(c['reason'] or c['cure'] for c in d['checks'] if c['works'])")" False
is 'one line of text for each check' "$(grep -cE '^(works|FAILS) ' <<<"$text")" "$(query "len(d['checks'])")"
isnt 'there are checks' "$(query "len(d['checks'])")" 0
contains 'facts' "$text" 'max_user_namespaces'
is 'nothing stays mounted' "$(grep -c zbox /proc/self/mountinfo)" 0

finish
