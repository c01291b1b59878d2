"""The GraphQL server: reads a bundle, answers the web app, never trains."""
