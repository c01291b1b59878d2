// JSON with its keys and values coloured, as nodes: nothing of an answer is ever read as HTML.

const TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

export function coloured(value) {
  const text = JSON.stringify(value, null, 2);
  const nodes = [];
  let end = 0;
  for (const match of text.matchAll(TOKEN)) {
    nodes.push(text.slice(end, match.index));
    const [token, string, colon] = match;
    const span = document.createElement("span");
    span.className = colon ? "key" : string ? "string" : "literal";
    span.textContent = string ?? token;
    nodes.push(span, colon ?? "");
    end = match.index + token.length;
  }
  nodes.push(text.slice(end));
  return nodes;
}
