"""What graphql-core's messages may tell of the schema."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from graphql import GraphQLSyntaxError, Lexer, Source, TokenKind

HIDDEN = "'...'"

_SUGGESTION = " Did you mean "
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

        def hide(quoted: re.Match[str]) -> str:
            nonlocal used
            if used is None:
                used = _names(document)
            return quoted[0] if used.issuperset(_NAME.findall(quoted[0])) else HIDDEN

        def redact(message: str) -> str:
            if not suggestions:
                message = message.partition(_SUGGESTION)[0]
            return message if self.introspection else _QUOTED.sub(hide, message)

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
