# evince: the document viewer
#
#   zbox evince letter.pdf
#
# Only the documents that are named come in, read-only. Neither a network nor a bus.

for evince

include desktop
home private:evince
files
setenv GSETTINGS_BACKEND keyfile
cups-try
