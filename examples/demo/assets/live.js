// Fills the live page from its stream of events. Without this, the page refreshes itself.
"use strict";
const put = (id, text) => { document.getElementById(id).textContent = text; };
const grouped = new Intl.NumberFormat("en");
const decimal = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
const rates = [];

function draw() {
  const chart = document.getElementById("chart");
  const top = Math.max(1, ...rates);
  const bars = rates.map((rate, i) => {
    const bar = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    const height = rate === 0 ? 1 : Math.max(2, 116 * rate / top);
    for (const [name, value] of Object.entries({ x: 10 * (60 - rates.length + i) + 1, y: 120 - height, width: 8, height, rx: 1 })) {
      bar.setAttribute(name, value);
    }
    return bar;
  });
  chart.replaceChildren(...bars);
}

const events = new EventSource("/live/events");
events.onopen = () => put("state", "Connected.");
events.onerror = () => put("state", "Lost; trying again.");
events.onmessage = event => {
  const now = JSON.parse(event.data);
  rates.push(now.rate);
  if (rates.length > 60) rates.shift();
  for (const id of ["rate", "rate1", "rate2", "rate3"]) put(id, decimal.format(now[id]));
  for (const id of ["connections", "requests", "requests1", "requests2", "requests3"]) put(id, grouped.format(now[id]));
  put("uptime", now.uptime);
  draw();
};
