// The map that moves: in the place of the drawn one where Leaflet was built in. No tiles; the same data, by the page's
// JSON twin. Whatever goes wrong, the drawn map stays.
const box = document.getElementById("map");
const SVG = "http://www.w3.org/2000/svg";
const RING = 4.5;
const LEAST = 28; // so wide that a finger finds it
const READY = [[6, 1], [24, 0.66], [72, 0.33]];

if (box) begin().catch((error) => console.warn("the drawn map stays:", error));

async function begin() {
  const words = JSON.parse(box.dataset.words);
  await import(box.dataset.leaflet);
  const L = window.L;
  const [view, outlines] = await Promise.all([json(box.dataset.twin), json(box.dataset.outlines)]);
  const room = document.createElement("div");
  room.className = "live-map";
  room.setAttribute("role", "application");
  room.setAttribute("aria-label", words.map);
  box.prepend(room);
  box.classList.add("live");
  const map = L.map(room, { attributionControl: false, zoomControl: false, minZoom: 3, maxZoom: 11, zoomSnap: 0.5 });
  L.control.zoom({ zoomInTitle: words.in, zoomOutTitle: words.out }).addTo(map);
  map.fitBounds(L.latLngBounds(view.places.map(at)).pad(0.2), { maxZoom: 7 });
  if (outlines) L.geoJSON(outlines, { interactive: false, style: (one) => ({ className: one.properties?.kind ?? "land" }) }).addTo(map);
  const layer = L.layerGroup().addTo(map);
  draw(L, layer, view, words);
  document.body.addEventListener("changed", async () => draw(L, layer, await json(box.dataset.twin), words));
}

async function json(url) {
  if (!url) return null;
  const answer = await fetch(url, { headers: { Accept: "application/json" }, credentials: "same-origin" });
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  return answer.json();
}

function draw(L, layer, view, words) {
  layer.clearLayers();
  const between = new Map();
  const most = Math.max(1, ...view.places.flatMap((one) => [Number(one.offered), Number(one.needed)]));
  const size = (quantity) => 5 + 15 * Math.sqrt(quantity / most);
  for (const trip of view.trips) {
    const [start, end] = [view.places[trip.start], view.places[trip.end]];
    const pair = [trip.start, trip.end].sort().join();
    between.set(pair, (between.get(pair) ?? 0) + 1);
    const line = L.polyline(bent(at(start), at(end), 0.02 + 0.1 * between.get(pair)), { className: `trip ${trip.way}`, interactive: true });
    line.bindPopup(said([`${start.name} → ${end.name}`, words[trip.way], trip.goods], `/operation?case=${encodeURIComponent(trip.case)}`), closing(words));
    line.addTo(layer);
    headed(line.getElement(), trip.way);
    reachable(line.getElement(), `${start.name} ${words.to} ${end.name}: ${words[trip.way]}`, () => line.openPopup());
  }
  for (const place of view.places) {
    const offered = Number(place.offered);
    const needed = Number(place.needed);
    if (offered || !needed) add(L, layer, place, "offer", size(offered), words, 0);
    if (needed) add(L, layer, place, "need", size(needed), words, offered ? size(offered) + size(needed) + 6 : 0);
  }
}

function add(L, layer, place, kind, size, words, shift) {
  const wide = Math.max(LEAST, 2 * (size + RING + 2));
  const icon = L.divIcon({ html: shape(place, kind, size, wide), className: "spot-icon", iconSize: [wide, wide], iconAnchor: [wide / 2 + shift, wide / 2] });
  const marker = L.marker(at(place), { icon, keyboard: true, riseOnHover: true });
  const lines = [place.place ? `${place.name}, ${place.place}` : place.name];
  if (Number(place.offered)) lines.push(`${words.offers} ${number(place.offered)}`, place.ready_hours === null ? "" : `${words.ready}: ${number(place.ready_hours)}`);
  if (Number(place.needed)) lines.push(`${words.needs} ${number(place.needed)}`);
  marker.bindPopup(said(lines, `/search?node=${encodeURIComponent(place.node)}`), closing(words)).bindTooltip(text(lines[0])).addTo(layer);
  marker.getElement().setAttribute("aria-label", lines.filter(Boolean).join(", "));
}

// The same shapes as on the drawn map: a disc with the ring of readiness, or a diamond.
function shape(place, kind, size, wide) {
  const picture = document.createElementNS(SVG, "svg");
  set(picture, { width: wide, height: wide, viewBox: `${-wide / 2} ${-wide / 2} ${wide} ${wide}`, class: "picture-mark", "aria-hidden": "true" });
  const own = place.own ? " own" : "";
  if (kind === "need") {
    const r = size * 1.19;
    picture.append(made("polygon", { points: `0,${-r} ${r},0 0,${r} ${-r},0`, class: `spot need${own}` }));
    return picture;
  }
  picture.append(made("circle", { r: size, class: `spot ${Number(place.offered) ? "offer" : "none"}${own}` }));
  const share = Number(place.offered) && place.ready_hours !== null ? (READY.find(([hours]) => place.ready_hours <= hours)?.[1] ?? 0) : 0;
  if (share) picture.append(ring(size + RING, share));
  return picture;
}

function ring(r, share) {
  if (share >= 1) return made("circle", { r, class: "ready" });
  const angle = 2 * Math.PI * share;
  return made("path", { d: `M0 ${-r}A${r} ${r} 0 ${Number(share > 0.5)} 1 ${r * Math.sin(angle)} ${-r * Math.cos(angle)}`, class: "ready" });
}

function made(name, attributes) {
  return set(document.createElementNS(SVG, name), attributes);
}

function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

// What a popup says: words that others wrote are text, never markup.
function said(lines, href) {
  const body = document.createElement("div");
  const [first, ...rest] = lines.filter(Boolean);
  const link = document.createElement("a");
  link.href = href;
  link.textContent = first;
  body.append(link);
  for (const line of rest) {
    const row = document.createElement("p");
    row.textContent = line;
    body.append(row);
  }
  return body;
}

function text(words) {
  const element = document.createElement("span");
  element.textContent = words;
  return element;
}

function closing(words) {
  return { closeButton: true, autoPanPadding: [20, 20], closeButtonLabel: words.close };
}

function reachable(element, label, act) {
  if (!element) return;
  set(element, { tabindex: "0", role: "button", "aria-label": label });
  element.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") { event.preventDefault(); act(); }
  });
}

// A head at the end of a line, which says where the goods go.
function headed(path, way) {
  const picture = path?.ownerSVGElement;
  if (!picture) return;
  const id = `trip-head${way === "late" ? "-late" : ""}`;
  if (!picture.querySelector(`#${id}`)) {
    const head = made("marker", { id, viewBox: "0 0 10 10", refX: 18, refY: 5, markerWidth: 11, markerHeight: 11, markerUnits: "userSpaceOnUse", orient: "auto" });
    head.append(made("path", { d: "M0 0L10 5L0 10z", class: `trip-head ${way}` }));
    picture.append(head);
  }
  path.setAttribute("marker-end", `url(#${id})`);
}

function bent([lat, lon], [lat2, lon2], bend) {
  const pull = [(lat + lat2) / 2 + (lon2 - lon) * bend, (lon + lon2) / 2 - (lat2 - lat) * bend];
  return Array.from({ length: 25 }, (_, n) => {
    const t = n / 24;
    return [0, 1].map((i) => (1 - t) ** 2 * [lat, lon][i] + 2 * t * (1 - t) * pull[i] + t ** 2 * [lat2, lon2][i]);
  });
}

function at(place) {
  return [place.latitude, place.longitude];
}

function number(figure) {
  return new Intl.NumberFormat(document.documentElement.lang).format(Number(figure));
}
