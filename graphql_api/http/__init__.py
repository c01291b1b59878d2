"""GraphQL over HTTP: negotiation, GET and POST, event streams, WebSockets."""
