"""What runs the notebooks: strict papermill, typed parameters, publishing, the demo."""

import sys

# On import jsonschema, which reads notebooks for nbformat, compiles a grammar of international URLs: 1.2 s for each
# of two dozen stages. Without this package it leaves that one format unchecked, which no notebook uses.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
