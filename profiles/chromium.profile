# chromium: the browser, with a home of its own that is kept
#
#   zbox chromium
#
# As firefox, see there.

for chromium chromium-browser

include browser
home private:chromium
