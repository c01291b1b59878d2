// How books, scores and reasons look.

const KINDS = ["COLLABORATIVE", "CONTENT", "POPULARITY", "RULE", "OTHER"];

export function element(name, className, text) {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}

// A drawn cover with the title; the picture lies over it once it is there.
export function dress(cover, book) {
  let hue = 0;
  for (const letter of book.bookId) hue = (hue * 31 + letter.charCodeAt(0)) % 360;
  cover.style.setProperty("--hue", hue);
  cover.querySelector(".spine").textContent = book.title;
  if (!book.coverUrl) return;
  const picture = new Image();
  picture.alt = "";
  picture.referrerPolicy = "no-referrer";
  // some shops answer with a single pixel where they have no picture
  picture.onload = () => picture.naturalWidth > 1 && cover.append(picture);
  picture.src = book.coverUrl;
}

export function historyItem(book) {
  const item = document.createElement("li");
  const cover = element("div", "cover", "");
  cover.append(element("span", "spine", ""));
  cover.title = [book.title, book.authors.join(", ")].filter(Boolean).join(" · ");
  dress(cover, book);
  item.append(cover, element("span", "hidden", cover.title));
  return item;
}

export function card(recommendation, largestScore) {
  const { book, parts, rank, reasons, score } = recommendation;
  const made = document.getElementById("card").content.cloneNode(true).firstElementChild;
  dress(made.querySelector(".cover"), book);
  made.querySelector(".rank").textContent = `#${rank}`;
  made.querySelector(".title").textContent = book.title;
  made.querySelector(".title").title = book.title;
  made.querySelector(".by").textContent = [book.authors.join(", "), book.year].filter(Boolean).join(" · ");
  made.querySelector(".number").textContent = score.toFixed(3);
  fillBar(made.querySelector(".bar"), parts, largestScore);
  const named = reasons.filter(({ amount, kind }) => kind !== "OTHER" && amount > 0);
  // what the reader's own books say comes before what everybody reads
  named.sort((a, b) => (a.kind === "POPULARITY") - (b.kind === "POPULARITY"));
  for (const { kind, text } of named.slice(0, 3)) {
    const line = element("li", kind.toLowerCase(), text);
    line.title = text;
    made.querySelector(".why").append(line);
  }
  return made;
}

function fillBar(bar, parts, largestScore) {
  const sums = new Map(KINDS.map((kind) => [kind, 0]));
  for (const { kind, amount } of parts) sums.set(kind, sums.get(kind) + amount);
  const words = [];
  for (const [kind, sum] of sums) {
    if (sum <= 0) continue;
    const part = element("span", kind.toLowerCase(), "");
    part.style.setProperty("--share", `${(100 * sum) / largestScore}%`);
    bar.append(part);
    words.push(`${kind.toLowerCase()} ${sum.toFixed(3)}`);
  }
  bar.title = words.join(" + ");
  bar.setAttribute("aria-label", `Score made of ${bar.title}`);
}
