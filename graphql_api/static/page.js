// What the page does: a reader's recommendations on one side, any query on the other.

import { ask } from "./api.js";
import { card, element, historyItem } from "./books.js";
import { coloured } from "./json.js";
import { EXAMPLES, READER, START } from "./queries.js";

const find = (id) => document.getElementById(id);
const shown = { userId: "", bookId: "" };

async function start() {
  for (const { name } of EXAMPLES) find("example-query").append(new Option(name));
  find("example-query").addEventListener("change", fillQuery);
  find("query-form").addEventListener("submit", (event) => {
    event.preventDefault();
    runQuery();
  });
  find("query-form").addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    runQuery();
  });
  find("reader-form").addEventListener("submit", (event) => {
    event.preventDefault();
    showReader(find("reader").value);
  });
  const { answer } = await ask(START);
  const { bundle, readers } = answer.data;
  const count = (number) => number.toLocaleString("en");
  find("bundle").textContent =
    `${bundle.model} model on ${bundle.source} · ${count(bundle.books)} books · ${count(bundle.users)} readers · ` +
    `bundle ${bundle.version}`;
  find("examples").append(...readers.map(exampleReader));
  if (readers.length === 0) return;
  await showReader(readers[0]);
  fillQuery();
  await runQuery();
}

function exampleReader(userId) {
  const button = element("button", "", userId);
  button.type = "button";
  button.addEventListener("click", () => showReader(userId));
  return button;
}

async function showReader(userId) {
  find("reader").value = userId;
  for (const button of find("examples").children)
    button.setAttribute("aria-pressed", button.textContent === userId);
  find("recommendations").classList.add("busy");
  try {
    const { answer } = await ask(READER, { id: userId });
    if (answer.errors) tell(answer.errors[0].message);
    else fillReader(userId, answer.data);
  } catch {
    tell("The server cannot be reached.");
  } finally {
    find("recommendations").classList.remove("busy");
  }
}

function fillReader(userId, { recommendations: { nodes: recommendations }, user }) {
  tell(
    user.historySize
      ? ""
      : `“${userId}” ${user.known ? "has read nothing yet" : "is not known yet"}: these are popular with everyone.`,
  );
  const books = user.historySize === 1 ? "1 book" : `${user.historySize} books`;
  find("history-title").textContent = user.historySize ? `Has read ${books}` : "Has read nothing yet";
  find("history").replaceChildren(...user.history.nodes.map(historyItem));
  const largest = Math.max(...recommendations.map(({ score }) => score));
  find("recommendations").replaceChildren(...recommendations.map((each) => card(each, largest)));
  shown.userId = userId;
  shown.bookId = recommendations[0]?.book.bookId ?? "";
}

function tell(message) {
  find("notice").textContent = message;
  find("notice").hidden = !message;
}

function fillQuery() {
  const { query, variables } = EXAMPLES[find("example-query").selectedIndex];
  find("query").value = query;
  find("variables").value = JSON.stringify(variables(shown));
}

async function runQuery() {
  let variables;
  try {
    variables = JSON.parse(find("variables").value || "{}");
  } catch (error) {
    find("facts").textContent = `The variables are not JSON: ${error.message}`;
    return;
  }
  try {
    const { answer, facts } = await ask(find("query").value, variables);
    find("result").replaceChildren(...coloured(answer));
    const time = element("strong", "", `${facts.milliseconds.toFixed(1)} ms`);
    find("facts").replaceChildren(time, ` · HTTP ${facts.status} · ${facts.cache ?? "not from the cache"}`);
  } catch {
    find("facts").textContent = "The server cannot be reached.";
  }
}

start().catch(() => tell("The server cannot be reached."));
