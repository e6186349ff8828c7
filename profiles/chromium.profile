# chromium: the browser, with a home of its own that is kept
#
#   zbox chromium
#
# As firefox, see there; but a second start opens its page in the browser that runs (--join), for
# which Firefox would need a session bus.

for chromium chromium-browser

include browser
home private:chromium
name chromium
join
