# firefox: the browser, with a home of its own that is kept
#
#   zbox firefox
#
# Downloads land in that home, $XDG_DATA_HOME/zbox/firefox/home, and only from there can files be sent.
# To give it a folder, in firefox.local: bind ${HOME}/Downloads /home/user/Downloads

for firefox firefox-esr

include browser
home private:firefox
