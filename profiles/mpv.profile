# mpv: the video player, for files and without a network
#
#   zbox mpv film.mkv
#
# Only the files that are named come in, read-only, without subtitles beside them: give the folder
# for those, --ro-bind "$PWD" "$PWD". For streams: --net slirp.

for mpv

include desktop
home private:mpv
files
? ro-bind /etc/mpv /etc/mpv
