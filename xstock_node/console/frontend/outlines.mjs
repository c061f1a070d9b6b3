// Coasts and borders of the region, from the atlas' TopoJSON to a GeoJSON that a browser and the node both read.
//
// Features: `land` (one per country, with its ISO 3166-1 code), `border` and `disputed` (lines between countries, each
// once). Simplified on the shared arcs, so that neighbours stay neighbours, and cut to the box of the region.
import { feature, mesh } from "topojson-client";
import { planarTriangleArea, presimplify, simplify } from "topojson-simplify";

// West, south, east, north in degrees: from Iceland to the Kyrgyz mountains.
export const BOX = [-25, 32.5, 88, 72];
// Triangles smaller than this many square degrees carry no corner; around the Danube and the Balkans finer ones do.
const SMALLEST = 0.016;
const FINER = { box: [8, 35, 33, 50], times: 12 };
const DECIMALS = 2;
const DISPUTED = new Set(["XKX", "CYN"]);
const CODES = {
  ALA: "AX", ALB: "AL", AND: "AD", ARM: "AM", AUT: "AT", AZE: "AZ", BEL: "BE", BGR: "BG", BIH: "BA", BLR: "BY",
  CHE: "CH", CYN: "CY", CYP: "CY", CZE: "CZ", DEU: "DE", DNK: "DK", EGY: "EG", ESP: "ES", EST: "EE", FIN: "FI",
  FRA: "FR", FRO: "FO", GBR: "GB", GEO: "GE", GRC: "GR", HRV: "HR", HUN: "HU", IRL: "IE", IRN: "IR", IRQ: "IQ",
  ISL: "IS", ISR: "IL", ITA: "IT", JOR: "JO", KAZ: "KZ", KGZ: "KG", LBN: "LB", LIE: "LI", LTU: "LT", LUX: "LU",
  LVA: "LV", MAR: "MA", MCO: "MC", MDA: "MD", MKD: "MK", MLT: "MT", MNE: "ME", NLD: "NL", NOR: "NO", POL: "PL",
  PRT: "PT", PSE: "PS", ROU: "RO", RUS: "RU", SMR: "SM", SRB: "RS", SVK: "SK", SVN: "SI", SWE: "SE", SYR: "SY",
  TJK: "TJ", TKM: "TM", TUN: "TN", TUR: "TR", UKR: "UA", UZB: "UZ", VAT: "VA", XKX: "XK", AFG: "AF", CHN: "CN",
  DZA: "DZ", MNG: "MN", PAK: "PK", SAU: "SA", LBY: "LY", IND: "IN",
};

/** The outlines of the region, as a GeoJSON FeatureCollection. */
export function outlines(world) {
  const region = { type: "GeometryCollection", geometries: world.objects.countries.geometries.filter(inRegion) };
  const topology = simplify(weighed(presimplify({ ...world, objects: { region } }, planarTriangleArea)), SMALLEST);
  const found = topology.objects.region;
  const features = found.geometries.map((one) => land(one.properties.a3, feature(topology, one).geometry));
  const between = (disputed) => (a, b) => a !== b && isDisputed(a, b) === disputed;
  features.push(line("border", mesh(topology, found, between(false))), line("disputed", mesh(topology, found, between(true))));
  return { type: "FeatureCollection", bbox: BOX, features: features.filter((one) => one.geometry.coordinates.length) };
}

// Corners in the finer box count for more, so that more of them are kept. Each is [longitude, latitude, weight].
function weighed(topology) {
  const arcs = topology.arcs.map((arc) => arc.map((point) => (inBox(point, FINER.box) ? [point[0], point[1], point[2] * FINER.times] : point)));
  return { ...topology, arcs };
}

function inRegion(country) {
  return country.properties.a3 in CODES;
}

function isDisputed(a, b) {
  return DISPUTED.has(a.properties.a3) || DISPUTED.has(b.properties.a3);
}

function land(a3, geometry) {
  const polygons = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
  const kept = polygons.map((rings) => rings.map(cutRing).map(rounded).filter((ring) => ring.length > 3)).filter((rings) => rings.length);
  return { type: "Feature", properties: { kind: "land", country: CODES[a3] }, geometry: { type: "MultiPolygon", coordinates: kept } };
}

function line(kind, geometry) {
  const kept = geometry.coordinates.flatMap(cutLine).map(rounded).filter((points) => points.length > 1);
  return { type: "Feature", properties: { kind }, geometry: { type: "MultiLineString", coordinates: kept } };
}

// Sutherland and Hodgman's cut of a ring, one edge of the box after the other.
function cutRing(ring) {
  let points = ring.slice(0, -1);
  for (const [axis, bound, sign] of edges()) {
    const cut = [];
    points.forEach((to, i) => {
      const from = points[(i + points.length - 1) % points.length];
      const [was, is] = [sign * (from[axis] - bound) >= 0, sign * (to[axis] - bound) >= 0];
      if (was !== is) cut.push(crossing(from, to, axis, bound));
      if (is) cut.push(to);
    });
    points = cut;
  }
  return points.length ? [...points, points[0]] : [];
}

function cutLine(points) {
  const parts = [];
  let part = [];
  for (const point of points) {
    if (inBox(point)) part.push(point);
    else if (part.length) parts.push(part.splice(0));
  }
  return [...parts, part];
}

function edges() {
  const [west, south, east, north] = BOX;
  return [[0, west, 1], [0, east, -1], [1, south, 1], [1, north, -1]];
}

function crossing(from, to, axis, bound) {
  const share = (bound - from[axis]) / (to[axis] - from[axis]);
  const point = [from[0] + share * (to[0] - from[0]), from[1] + share * (to[1] - from[1])];
  point[axis] = bound;
  return point;
}

function inBox([lon, lat], [west, south, east, north] = BOX) {
  return lon >= west && lon <= east && lat >= south && lat <= north;
}

// Two decimals are about a kilometre; points that fall together are kept once.
function rounded(points) {
  const short = points.map((point) => point.map((degrees) => Number(degrees.toFixed(DECIMALS))));
  return short.filter((point, i) => !i || point[0] !== short[i - 1][0] || point[1] !== short[i - 1][1]);
}
