"""pip in a process of its own that ends when its parent does. Not imported: the parent runs this file, with the folder
for pip's temporary files and pip's arguments.

Its standard input is a pipe that the parent holds open. The end of that pipe means that the parent is gone, however it
went, and a download that nobody waits for should not go on.
"""

import os
import runpy
import sys
import tempfile
import threading


def _end_with_parent() -> None:
    while os.read(0, 1024):
        pass
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=_end_with_parent, daemon=True).start()
    tempfile.tempdir = sys.argv.pop(1)
    sys.argv[0] = "pip"
    runpy.run_module("pip", run_name="__main__", alter_sys=True)
