# desktop: a program with windows
#
#   zbox --profile desktop -- some-program
#
# The programs of this machine, the display, sound, fonts and themes, a home of its own that is kept
# (in $XDG_DATA_HOME/zbox, under the program's name). No file of the caller's, no network, no session
# bus. What is not there is left out: --explain says what and why.
#
# Give files by name, at their own paths: --ro-bind "$PWD/letter.odt" "$PWD/letter.odt".

ro-bind /usr /usr
unshare-all
home private

wayland-try
x11-fallback
audio-try
gpu-try
fonts-try
themes-try

env DESKTOP_STARTUP_ID
env XDG_ACTIVATION_TOKEN
env GDK_SCALE
env GDK_DPI_SCALE
env QT_SCALE_FACTOR
setenv GIO_USE_VFS local
# there is no bus for it to look for
setenv NO_AT_BRIDGE 1
