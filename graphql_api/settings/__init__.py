"""What the server can be told from outside: configuration files, environment variables, the command line."""

from graphql_api.settings.model import Settings
from graphql_api.settings.published import bundle_path, registry_of

__all__ = ["Settings", "bundle_path", "registry_of"]
