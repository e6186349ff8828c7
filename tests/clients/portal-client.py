#!/usr/bin/python3
"""portal-client.py: asks the portal for a file, as a program in a sandbox does, and prints where it
is to be found."""
import sys
from gi.repository import Gio, GLib

PORTAL = "org.freedesktop.portal.Desktop"
bus = Gio.bus_get_sync(Gio.BusType.SESSION)
loop = GLib.MainLoop()
sender = bus.get_unique_name()[1:].replace(".", "_")
request = f"/org/freedesktop/portal/desktop/request/{sender}/zbox"
status = 1


def answered(_connection, _sender, _path, _interface, _signal, arguments):
    global status
    for uri in arguments[1].get("uris", []):
        print(Gio.File.new_for_uri(uri).get_path())
        status = 0
    loop.quit()


bus.signal_subscribe(PORTAL, "org.freedesktop.portal.Request", "Response", request, None,
                     Gio.DBusSignalFlags.NONE, answered)
options = {"handle_token": GLib.Variant("s", "zbox")}
bus.call_sync(PORTAL, "/org/freedesktop/portal/desktop", "org.freedesktop.portal.FileChooser",
              "OpenFile", GLib.Variant("(ssa{sv})", ("", "A file", options)), None,
              Gio.DBusCallFlags.NONE, 30000, None)
GLib.timeout_add_seconds(60, loop.quit)
loop.run()
sys.exit(status)
