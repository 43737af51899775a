"use strict";
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  const body = table.tBodies[0];
  const original = [...body.rows];
  const key = (row, column) => row.cells[column].textContent.trim();
  const sort = (head, column) => {
    const texts = original.map(row => key(row, column)).filter(text => text !== "" && text !== "–");
    const isNumber = texts.length > 0 && texts.every(text => !Number.isNaN(parseFloat(text)));
    // Numbers begin with the largest, names with A; a second press turns the order round.
    const first = isNumber ? "descending" : "ascending";
    const other = isNumber ? "ascending" : "descending";
    const order = head.getAttribute("aria-sort") === first ? other : first;
    const sign = order === "ascending" ? 1 : -1;
    const compare = (one, two) => {
      const [a, b] = [key(one, column), key(two, column)];
      const [noA, noB] = [a, b].map(text => text === "" || text === "–");
      // What is undefined stays below, whichever way.
      if (noA || noB) return noA - noB;
      return sign * (isNumber ? parseFloat(a) - parseFloat(b) : a.localeCompare(b, "en", { numeric: true }));
    };
    for (const cell of heads) cell.setAttribute("aria-sort", cell === head ? order : "none");
    body.append(...[...original].sort(compare));
  };
  heads.forEach((head, column) => {
    if (head.textContent.trim() === "") return;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    button.addEventListener("click", () => sort(head, column));
    head.append(button);
    head.setAttribute("aria-sort", "none");
  });
}
for (const label of document.querySelectorAll(".recolour")) {
  const figure = label.parentElement;
  const data = JSON.parse(figure.querySelector("script").textContent);
  const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const read = text => Array.from({ length: text.length / 2 }, (_, at) => 64 * digits.indexOf(text[2 * at]) + digits.indexOf(text[2 * at + 1]));
  const nowhere = 4095;
  const [counts, x, y] = [data.counts, data.x, data.y].map(lists => lists.map(read));
  const select = label.querySelector("select");
  for (const name of data.operators) select.add(new Option(name, name, name === data.operator, name === data.operator));
  select.addEventListener("change", () => {
    const levels = counts[select.selectedIndex];
    for (const chart of figure.querySelectorAll(".chart")) {
      const [across, up] = [x[chart.dataset.x], y[chart.dataset.y]];
      const paths = [...chart.querySelectorAll("path.level")];
      const points = paths.map(() => new Set());
      levels.forEach((level, at) => {
        if (across[at] !== nowhere && up[at] !== nowhere) points[level].add(`M${across[at]} ${-up[at]}h0`);
      });
      paths.forEach((path, level) => path.setAttribute("d", [...points[level]].join("")));
      chart.querySelector(".operator").textContent = `count of ${select.value}:`;
    }
  });
  label.hidden = false;
}
