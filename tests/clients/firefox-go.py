#!/usr/bin/python3
"""Starts Firefox without a window, opens a page as the address bar would, and prints what became of
it: the title of the page, or the name of Firefox's own error page. By its remote protocol.

firefox-go.py URL"""
import json
import os
import re
import socket
import subprocess
import sys
import time

PORT = 2828
browser = subprocess.Popen(["firefox-esr", "--headless", "--no-remote", "--marionette", "about:blank"],
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
for _ in range(600):
    try:
        line = socket.create_connection(("127.0.0.1", PORT), 60)
        break
    except OSError:
        time.sleep(0.1)
else:
    sys.exit("firefox-go: it does not listen")
stream = line.makefile("rb")


def hear():
    length = b""
    while (byte := stream.read(1)) != b":":
        length += byte
        if not byte:
            sys.exit("firefox-go: it has ended")
    return json.loads(stream.read(int(length)))


def ask(number, command, **words):
    text = json.dumps([0, number, command, words]).encode()
    line.sendall(b"%d:%s" % (len(text), text))
    return hear()[2:]


hear()
ask(1, "WebDriver:NewSession")
start = time.monotonic()
error, _ = ask(2, "WebDriver:Navigate", url=sys.argv[1])
# for silence it waits minutes
late = " late" if time.monotonic() - start > 20 * int(os.environ.get("ZBOX_TEST_PATIENCE", "1")) else ""
if error:
    page = re.search(r"about:neterror\?e=(\w+)", error["message"])
    print((page.group(1) if page else error["message"]) + late)
else:
    print(ask(3, "WebDriver:GetTitle")[1]["value"] + late)
browser.kill()
