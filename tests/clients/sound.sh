#!/bin/bash
# Sound: what a program inside plays reaches a real PulseAudio server, and PipeWire answers where it
# was given; not where it was not.
# timeout: 240
. "$(dirname "$0")/common.sh"

WHAT='sound'
has pulseaudio pactl pacat parec pipewire pw-cli python3 || { finish; exit; }

touch "$T/stamp"
export XDG_RUNTIME_DIR=$T/run HOME=$T/home XDG_CONFIG_HOME=$T/home/.config
unset PULSE_SERVER PULSE_RUNTIME_PATH PIPEWIRE_REMOTE PIPEWIRE_RUNTIME_DIR DBUS_SESSION_BUS_ADDRESS
mkdir -p "$T/run/pulse" "$HOME" && chmod 700 "$T/run" "$T/run/pulse"

# A server whose loudspeaker is a sink that can be listened to.
pulseaudio -n --daemonize=no --disallow-exit --exit-idle-time=-1 --use-pid-file=no \
	-L 'module-null-sink sink_name=speaker rate=44100 channels=1 format=s16le' \
	-L 'module-native-protocol-unix' >pulse.log 2>&1 &
helpers+=($!)
cat >pipewire.conf <<'X'
context.properties = { core.daemon = true core.name = pipewire-0 }
context.spa-libs = { support.* = support/libspa-support }
context.modules = [ { name = libpipewire-module-protocol-native } { name = libpipewire-module-access args = { } } ]
X
pipewire -c "$PWD/pipewire.conf" >pipewire.log 2>&1 &
helpers+=($!)
ok 'twin: outside, PulseAudio answers' poll 30 pactl info
ok 'twin: outside, PipeWire answers' poll 30 pw-cli info 0

# A tone of 441 Hz, and how much of it there is in what was heard: 441 periods of 100 samples a second.
cat >tone.py <<'X'
import array, math, sys
if sys.argv[1] == "make":
    tone = array.array("h", (int(12000 * math.sin(2 * math.pi * i / 100)) for i in range(44100 * 40)))
    sys.stdout.buffer.write(tone.tobytes()); sys.exit()
data = open(sys.argv[2], "rb").read()
heard = array.array("h", data[:len(data) // 2 * 2])
loud = [s for s in heard if s]
crossings = sum(1 for a, b in zip(loud, loud[1:]) if a < 0 <= b)
print("a tone" if len(loud) > 22050 and max(loud) > 8000 and abs(len(loud) / max(crossings, 1) - 100) < 5 else
      f"{len(heard)} samples, {len(loud)} loud, {crossings} crossings")
X
python3 tone.py make >tone.raw
format=(--latency-msec=50 --rate=44100 --channels=1 --format=s16le)
# heard COMMAND...: what comes out of the loudspeaker while it runs; its messages are in the file said
heard() {
	local player recorder
	parec "${format[@]}" -d speaker.monitor >heard.raw 2>/dev/null &
	recorder=$!
	"$@" >said 2>&1 </dev/null &
	player=$!
	poll 40 is_heard
	kill "$player" "$recorder" 2>/dev/null
	wait "$player" "$recorder" 2>/dev/null
	python3 tone.py hear heard.raw
}
is_heard() { [ "$(python3 tone.py hear heard.raw)" = 'a tone' ]; }
inside() { "$ZBOX" --ro-bind /usr /usr --ro-bind tone.raw /tone.raw "$@"; }
play=(pacat --playback "${format[@]}" /tone.raw)

is '--audio: what is played is heard' "$(heard inside --audio "${play[@]}")" 'a tone'
is '--audio: with another number inside' "$(heard inside --audio --uid 1234 "${play[@]}")" 'a tone'
gives '--audio: the server is this one' 0 'Default Sink: speaker' -- \
	inside --audio sh -c 'pactl info | grep "^Default Sink"'
run inside "${play[@]}"
isnt 'without it nothing is played' "$status" 0
contains 'because there is no server' "$err" 'Connection refused'
ok '--pipewire: it answers' inside --pipewire pw-cli info 0
nok 'without it, not' inside --audio pw-cli info 0
nok '--pipewire is no PulseAudio' inside --pipewire pactl info

stop_helpers
for pid in "${helpers[@]}"; do wait "$pid" 2>/dev/null; done
helpers=()
is 'nothing was left on the host' "$(changed_since "$T/stamp")" ''
finish
