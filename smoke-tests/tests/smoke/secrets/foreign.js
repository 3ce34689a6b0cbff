// Writes a secret as Node does, and one way inside another. Prints a JSON list
// of names and texts, each beside what comes of another secret.

const secrets = process.argv.slice(2, 4);
const around = (secret) => `it is ${secret} and nobody else who reads this should find it`;

const ways = {
  "JSON.stringify": (text) => JSON.stringify(text).slice(1, -1),
  "base64": (text) => Buffer.from(text).toString("base64"),
  "base64url": (text) => Buffer.from(text).toString("base64url"),
  "hex": (text) => Buffer.from(text).toString("hex"),
  "encodeURIComponent": encodeURIComponent,
  "encodeURI": encodeURI,
  "escape": escape,
  "URLSearchParams": (text) => new URLSearchParams({ q: text }).toString().slice(2),
  "querystring": (text) => require("node:querystring").escape(text),
};

const found = [];
const add = (name, write) => found.push([name, ...secrets.map(write)]);
for (const [name, way] of Object.entries(ways)) {
  add(name, (secret) => way(secret));
  add(`${name} of a longer text`, (secret) => way(around(secret)));
  for (const [outer, again] of Object.entries(ways)) {
    add(`${name} in ${outer}`, (secret) => again(way(around(secret))));
  }
}
console.log(JSON.stringify(found));
