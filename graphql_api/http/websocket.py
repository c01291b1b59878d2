"""Operations over WebSocket, by the graphql-transport-ws protocol."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Sequence
from contextlib import aclosing
from datetime import timedelta
from typing import Any, cast

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket, WebSocketDisconnected
from strawberry.asgi import GraphQL
from strawberry.exceptions import ConnectionRejectionError
from strawberry.schema.base import BaseSchema
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import (
    BaseGraphQLTransportWSHandler,
    Operation,
)
from strawberry.subscriptions.protocols.graphql_transport_ws.types import Message, SubscribeMessage
from strawberry.types.unset import UnsetType

from graphql_api.answers import Answers
from graphql_api.auth.authenticator import Authenticator
from graphql_api.auth.identity import Identity
from graphql_api.auth.refusals import TokenRefused
from graphql_api.caller import Caller
from graphql_api.errors import RequestError, internal_error, request_error
from graphql_api.http.requests import values_of
from graphql_api.operation import Asked, parse_request
from graphql_api.rate.addresses import ClientAddresses
from graphql_api.rate.refusal import RateLimitedError
from graphql_api.rate.tariff import Tariff

log = logging.getLogger(__name__)

Connection = dict[str, Any]
"""What is kept of a connection: the payload of its first message, and what its handshake said of who is there."""

HEADERS, ADDRESS = "authorization", "address"


class _Handler(BaseGraphQLTransportWSHandler[Connection, None]):
    """Strawberry's handler, with operations answered as they are over HTTP."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._view = cast(GraphQLSocket, self.view)
        self._asked: dict[str, Asked] = {}

    async def handle_message(self, message: Message) -> None:
        """Refuse what is no message at all; Strawberry refuses what is no message of the protocol."""
        # whatever a client sends may come here
        if not isinstance(cast(object, message), dict) or not isinstance(message.get("id", ""), str):
            await self.handle_invalid_message("a message must be an object, and its id a string")
            return
        await super().handle_message(message)

    async def handle_subscribe(self, message: SubscribeMessage) -> None:
        """Begin an operation."""
        operation_id, payload = message["id"], message["payload"]
        try:
            asked = parse_request(payload) if self.connection_acknowledged else None
        except RequestError as error:
            await self.send_message(_error(operation_id, [request_error(error)]))
            return
        if asked is None:
            await super().handle_subscribe(message)  # which closes the connection
            return
        # Strawberry wants a document, and a request that names one has none
        payload.setdefault("query", "")
        known = self.operations.get(operation_id)
        await super().handle_subscribe(message)
        if self.operations.get(operation_id) is not known:
            self._asked[operation_id] = asked

    async def run_operation(self, operation: Operation[Connection, None]) -> None:
        """Send an operation's results, and that it is complete."""
        request_id = uuid.uuid4().hex
        try:
            asked = self._asked.pop(operation.id)
            caller = Caller(await self._view.identify(self.context), self.context[ADDRESS])
            async with aclosing(self._view.answers.results(asked, request_id, caller)) as results:
                async for result in results:
                    if result.status >= 400:
                        errors = orjson.loads(result.body)["errors"]
                        await operation.send_operation_message(_error(operation.id, errors))
                        return
                    # the body as it is, not read and written again
                    payload = cast(Any, orjson.Fragment(result.body))
                    await operation.send_operation_message(
                        {"id": operation.id, "type": "next", "payload": payload}
                    )
            await operation.send_operation_message({"id": operation.id, "type": "complete"})
        except WebSocketDisconnected:
            # the client was hung up on meanwhile, for another of its messages
            return
        except RequestError as error:
            await operation.send_operation_message(_error(operation.id, [request_error(error)]))
        except Exception:
            log.exception("request %s failed", request_id)
            await operation.send_operation_message(_error(operation.id, [internal_error(request_id)]))


class GraphQLSocket(GraphQL[Connection, None]):
    """The ASGI application behind a WebSocket at `/graphql`; pages of other origins are refused.

    Args:
        schema: the schema.
        answers: answers operations.
        authenticator: says who they come from.
        addresses: says where from.
        tariff: what is charged for a token that is not accepted.
        allowed_origins: whose pages may open one, beside our own.
        init_timeout_s: how long a client may take to begin.
        max_operations: how many it may have in flight.
    """

    graphql_transport_ws_handler_class = _Handler

    def __init__(
        self,
        schema: BaseSchema,
        answers: Answers,
        authenticator: Authenticator,
        addresses: ClientAddresses,
        tariff: Tariff,
        *,
        allowed_origins: Sequence[str],
        init_timeout_s: float,
        max_operations: int,
    ) -> None:
        super().__init__(
            schema,
            graphql_ide=None,
            allowed_origins=allowed_origins,
            subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL,),
            connection_init_wait_timeout=timedelta(seconds=init_timeout_s),
            max_subscriptions_per_connection=max_operations,
        )
        self.answers = answers
        self._authenticator = authenticator
        self._addresses = addresses
        self._tariff = tariff

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Connection:
        """What is kept of a connection."""
        return {
            HEADERS: values_of(request.scope, b"authorization"),
            ADDRESS: self._addresses.of(request.scope),
        }

    async def on_ws_connect(self, context: Connection) -> UnsetType | dict[str, object] | None:
        """Strawberry's hook for the first message: a token that is not accepted opens no connection."""
        try:
            await self.identify(context)
        except (TokenRefused, RateLimitedError):
            raise ConnectionRejectionError from None
        return await super().on_ws_connect(context)

    async def identify(self, context: Connection) -> Identity:
        """Who is at the other end, asked for each operation: a token may end before its connection does.

        A browser cannot send the header, so the first message may hold what it would say, under `authorization`.

        Raises:
            TokenRefused: there is a token and it is not accepted.
            RateLimitedError: so it was too often.
        """
        said = {name.lower(): value for name, value in context.get("connection_params", {}).items()}
        given = said.get("authorization")
        values = context[HEADERS] if given is None else [given if isinstance(given, str) else ""]
        try:
            return await self._authenticator.identify(values)
        except TokenRefused:
            # guessing tokens costs what asking does
            await self._tariff.charge(Caller(address=context[ADDRESS]), None)
            raise

    def encode_json(self, data: object) -> str:
        """A message as text."""
        return orjson.dumps(data).decode()


def _error(operation_id: str, errors: list[dict[str, Any]]) -> Message:
    return cast(Message, {"id": operation_id, "type": "error", "payload": errors})
