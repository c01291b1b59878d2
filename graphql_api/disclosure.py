"""What graphql-core's messages may tell of the schema."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from graphql import GraphQLSyntaxError, Lexer, Source, TokenKind

HIDDEN = "'...'"

_SUGGESTION = re.compile(r"\s*Did you mean .*\?$", re.DOTALL)
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_NAME = re.compile(r"[_A-Za-z][_0-9A-Za-z]*")


@dataclass(frozen=True, kw_only=True)
class Disclosure:
    """How much an error may say.

    Args:
        suggestions: names like the one that the client got wrong.
        introspection: names that the client did not use, such as the type on which a field is missing.
    """

    suggestions: bool = True
    introspection: bool = True

    def redactor(self, document: str) -> Callable[[str], str]:
        """A function that takes out of messages about a document what they may not say."""
        # a suggestion is introspection by guessing
        suggestions = self.suggestions and self.introspection
        used: set[str] | None = None

        def redact(message: str) -> str:
            nonlocal used
            if not suggestions:
                message = _SUGGESTION.sub("", message)
            if self.introspection:
                return message
            if used is None:
                used = _names(document)
            known = used
            return _QUOTED.sub(lambda m: m[0] if known.issuperset(_NAME.findall(m[0])) else HIDDEN, message)

        return redact


def _names(document: str) -> set[str]:
    """The names that a document uses, as far as it can be read; not those in its texts and comments."""
    lexer = Lexer(Source(document))
    names: set[str] = set()
    try:
        while (token := lexer.advance()).kind is not TokenKind.EOF:
            if token.kind is TokenKind.NAME:
                names.add(token.value or "")
    except GraphQLSyntaxError:
        pass
    return names
