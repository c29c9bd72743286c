# ~/.jupyter/jupyter_server_config.py, with jupyter-server-proxy and apus installed in the environment of Jupyter.
#
# Jupyter's own process keeps the server: it starts with Jupyter, or is the one that has the folder already, is started again
# if it is killed, and ends with Jupyter. Notebooks find it by APUS_DATA_DIR, in whatever folder they are and whether the
# launcher's entry was opened before or not.
#
# The pages are at <Jupyter>/apus/. In the browser they belong to Jupyter's origin; Apus sees the Host of Jupyter, which
# must be allowed where it is neither this machine nor a private address: "--allowed-hosts", "hub.example.org,localhost".
import os
from urllib.parse import urlsplit

import apus

os.environ["APUS_DATA_DIR"] = os.path.abspath("apus-data")
kept = apus.start(arguments=["--frame-ancestors", "http://localhost:*,http://127.0.0.1:*"])

c.ServerProxy.servers = {  # noqa: F821
    "apus": {
        # Without a command the proxy takes what listens at the port.
        "command": [],
        "port": urlsplit(kept.uri).port,
        "absolute_url": False,
        "launcher_entry": {"title": "Apus"},
        "new_browser_tab": True,
    }
}
