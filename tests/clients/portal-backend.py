#!/usr/bin/python3
"""portal-backend.py FILE LOG: a backend of xdg-desktop-portal without any window.

Whatever file is asked for, the user "chooses" FILE; who asked is written to LOG, one line a call.
"""
import sys
from gi.repository import Gio, GLib

NAME = "org.freedesktop.impl.portal.desktop.zboxtest"
INTERFACE = """<node><interface name="org.freedesktop.impl.portal.FileChooser">
<method name="OpenFile"><arg type="o" direction="in"/><arg type="s" direction="in"/>
<arg type="s" direction="in"/><arg type="s" direction="in"/><arg type="a{sv}" direction="in"/>
<arg type="u" direction="out"/><arg type="a{sv}" direction="out"/></method>
</interface></node>"""


def called(_connection, _sender, _path, _interface, method, arguments, invocation):
    with open(sys.argv[2], "a", encoding="utf-8") as log:
        print(method, "by", arguments[1] or "nobody", file=log)
    chosen = GLib.Variant("as", [Gio.File.new_for_path(sys.argv[1]).get_uri()])
    writable = GLib.Variant("b", True)
    invocation.return_value(GLib.Variant("(ua{sv})", (0, {"uris": chosen, "writable": writable})))


bus = Gio.bus_get_sync(Gio.BusType.SESSION)
bus.register_object("/org/freedesktop/portal/desktop",
                    Gio.DBusNodeInfo.new_for_xml(INTERFACE).interfaces[0], called, None, None)
Gio.bus_own_name_on_connection(bus, NAME, Gio.BusNameOwnerFlags.NONE, None, None)
GLib.MainLoop().run()
