// One GraphQL request, and what its response's headers say.

export async function ask(query, variables) {
  const began = performance.now();
  const response = await fetch("/graphql", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ query, variables }),
  });
  const text = await response.text();
  const facts = {
    milliseconds: performance.now() - began,
    status: response.status,
    cache: response.headers.get("Cache-Status"),
    bytes: text.length,
  };
  return { answer: JSON.parse(text), facts };
}
