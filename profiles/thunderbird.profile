# thunderbird: the mail program, with a home of its own that is kept
#
#   zbox thunderbird
#
# The network is user-mode: the Internet, but neither what listens on this machine nor its private
# surroundings. A mail server there is opened by --net-open lan. What is attached or saved has to be
# in the home inside, $XDG_DATA_HOME/zbox/thunderbird/home.

for thunderbird

include browser
home private:thunderbird
? ro-bind /etc/thunderbird /etc/thunderbird
