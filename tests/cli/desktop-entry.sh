#!/bin/bash
# --desktop-entry: the entry for the menus that starts an application in its profile; what it leaves
# alone; that it is undone.
. "$(dirname "$0")/../lib.sh"

export HOME=$T/home XDG_DATA_DIRS=$T/none:$T/local:$T/system XDG_CONFIG_HOME=$T/config
unset XDG_DATA_HOME
mkdir -p home local/applications system/applications config/zbox/profiles
mine=$HOME/.local/share/applications
for name in viewer writer browser 'odd'; do echo 'unshare-all' >"config/zbox/profiles/$name.profile"; done
cat >system/applications/org.example.Viewer.desktop <<'X'
# a comment
[Desktop Entry]
Name=Viewer
Name[de]=Betrachter
Exec = /usr/bin/viewer --page=%i %U
TryExec=viewer
Icon=viewer
MimeType=application/pdf;image/png;
DBusActivatable=true
Actions=new;

[Desktop Action new]
Name=New
Exec=viewer --new
X
printf '[Desktop Entry]\nName=W\nExec="/opt/of ours/writer" %%F\n' >system/applications/writer.desktop
printf '[Desktop Entry]\nName=Local\nExec=writer --local' >local/applications/writer.desktop
printf '[Desktop Entry]\nName=B2\nExec=browser\n' >system/applications/b2.desktop
printf '[Desktop Entry]\nName=B1\nExec=browser\n' >system/applications/b1.desktop
printf '[Desktop Entry]\nName=None\nExec=other %%u\n' >system/applications/other.desktop
printf '[Desktop Entry]\nName=Link\nURL=x\n' >system/applications/link.desktop
zbox=$(realpath "$ZBOX")

# ---- written ----

gives 'by the name of the entry' 0 "$mine/org.example.Viewer.desktop" -- zbox --desktop-entry org.example.Viewer
is 'all of it, zbox in front of each command, no start by the bus' "$(cat "$mine/org.example.Viewer.desktop")" "# a comment
[Desktop Entry]
X-Zbox=true
Name=Viewer
Name[de]=Betrachter
Exec=\"$zbox\" --quiet --profile viewer -- /usr/bin/viewer --page=%i %U
TryExec=viewer
Icon=viewer
MimeType=application/pdf;image/png;
Actions=new;

[Desktop Action new]
Name=New
Exec=\"$zbox\" --quiet --profile viewer -- viewer --new"
gives 'by the name of the command' 0 "$mine/org.example.Viewer.desktop" -- zbox --desktop-entry viewer
is 'again: the same' "$(grep -c . "$mine/org.example.Viewer.desktop")" 13
gives 'the first folder wins' 0 "$mine/writer.desktop" -- zbox --desktop-entry writer
contains 'a last line without its end' "$(cat "$mine/writer.desktop")" 'profile writer -- writer --local'
gives 'the first by name' 0 "$mine/b1.desktop" -- zbox --desktop-entry browser
rm local/applications/writer.desktop
ok 'a command in quotes' zbox --desktop-entry writer
contains 'stays as it is' "$(cat "$mine/writer.desktop")" '-- "/opt/of ours/writer" %F'
ln "$zbox" "$T/o\"d \$% d" 2>/dev/null || cp "$zbox" "$T/o\"d \$% d"
ok 'zbox under an odd name' "$T/o\"d \$% d" --desktop-entry writer
contains 'is quoted' "$(cat "$mine/writer.desktop")" "Exec=\"$T/o\\\\\"d \\\\\$%% d\" --quiet"
is 'nothing beside them' "$(ls -A "$mine")" "$(printf 'b1.desktop\norg.example.Viewer.desktop\nwriter.desktop')"

# ---- refused ----

refuses 'no such application' 125 'there is no entry for nosuch' -- zbox --desktop-entry nosuch
refuses 'no profile for it' 125 'there is no profile for other' -- zbox --desktop-entry other
refuses 'no command' 125 'there is no profile for link' -- zbox --desktop-entry link
for name in '' . ../viewer /etc/passwd; do
	refuses "no name: '$name'" 125 'is no name of an application' -- zbox --desktop-entry "$name"
done
printf '[Desktop Entry]\nExec=mine\n' >"$mine/writer.desktop"
refuses 'one of the user' 125 'was not written by zbox' -- zbox --desktop-entry writer
refuses 'is not removed' 125 'was not written by zbox' -- zbox --desktop-entry writer --remove
is 'and stays' "$(cat "$mine/writer.desktop")" "$(printf '[Desktop Entry]\nExec=mine')"
rm "$mine/writer.desktop" && ln -s "$T/target" "$mine/writer.desktop"
ok 'a link is replaced' zbox --desktop-entry writer
if [ -e "$T/target" ]; then flunk 'not followed'; else pass 'not followed'; fi

# ---- undone ----

gives 'by the name of the command' 0 "$mine/org.example.Viewer.desktop" -- zbox --desktop-entry viewer --remove
refuses 'twice' 125 'No such file or directory' -- zbox --desktop-entry viewer --remove
rm system/applications/b1.desktop
gives 'by its own name, when the application has gone' 0 "$mine/b1.desktop" -- zbox --desktop-entry b1 --remove
refuses '--remove of nothing' 125 '--remove requires --desktop-entry' -- zbox --ro-bind /usr /usr --remove echo ran
is 'the others stay' "$(ls -A "$mine")" writer.desktop
finish
