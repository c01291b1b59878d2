"""The server's schema inside a notebook: `%load_ext graphql_api.notebook`, then `%recommend` and `%%recommend`."""

from graphql_api.notebook.magic import load_ipython_extension
from graphql_api.notebook.workbench import Answered, Workbench

__all__ = ["Answered", "Workbench", "load_ipython_extension"]
