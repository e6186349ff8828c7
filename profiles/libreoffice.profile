# libreoffice: the office programs
#
#   zbox libreoffice letter.odt
#
# The documents that are named come in, writable; new ones land in the home that is kept,
# $XDG_DATA_HOME/zbox/libreoffice/home. For a folder of documents, in libreoffice.local:
# bind ${HOME}/Documents ${HOME}/Documents. Neither a network nor a bus.

for libreoffice soffice localc lodraw loimpress lowriter

include desktop
home private:libreoffice
files=rw
cups-try
? ro-bind /etc/libreoffice /etc/libreoffice
? ro-bind /var/lib/libreoffice /var/lib/libreoffice
