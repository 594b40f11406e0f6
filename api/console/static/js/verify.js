/* Recomputes a draw from its bundle, in the visitor's browser, without asking the server.
 *
 * The same checks, in the same order, as verify_draw.py in the bundle; rules: draw-v1. Needs
 * sha256.js. ZH.verifyBundle({parts: {"plan.json": "<text>", ...}}, notedCommitment) ->
 * [{part, ok, code, detail}]. Words come from ZH.verifyMessages[code]; a page may translate them.
 */
(function (root) {
  "use strict";
  const ZH = (root.ZH = root.ZH || {});
  const { hex, unhex, utf8 } = ZH;

  const NAMES = new Map([ // the JSON parts, each with the key that it cannot do without
    ["protocol.json", "protocol"], ["plan.json", "digest"], ["frame.json", "units"],
    ["inspectors.json", "inspectors"], ["commitment.json", "commitment"],
    ["entropy.json", "sources"], ["draw.json", "units"], ["assignment.json", "teams"],
    ["history.json", "replacements"],
  ]);
  const PARTS = [...NAMES.keys(), "README.txt", "verify_draw.py", "manifest.json"];

  const WHOLE = 2 ** 52; // a chance of 1
  const CIRCLE = 1n << 256n; // tickets are below this

  ZH.verifyMessages = {
    "agrees": "",
    "bytes-differ": "its bytes are not those the manifest lists",
    "manifest-changed": "changed itself",
    "not-canonical": "not in canonical form",
    "key-missing": "{key} is missing",
    "malformed": "cannot be read: {problem}",
    "other-protocol": "another protocol than zhiheng-draw/v1",
    "other-digest": "the digest {digest} is not known here",
    "plan-hash": "its hash is not plan_hash in commitment.json",
    "frame-order": "units repeat or are not in order",
    "frame-root": "its root is not frame_root",
    "strata-differ": "strata are not those of the plan",
    "other-method": "the method is not known here, or its rows are of another one",
    "odds-differ": "odds and chance of a unit do not fit the method",
    "chances-differ": "chances of a stratum do not sum to its quota, or a certain unit has another",
    "inspector-order": "inspectors repeat or are not in order",
    "inspector-root": "its root is not inspector_root",
    "commitment-differs": "it does not follow from its two hashes",
    "not-the-noted": "it is not the commitment you noted",
    "receipt-other": "the receipt is for something else",
    "receipt-hash": "the receipt's hash does not follow from what it says",
    "sources-differ": "other sources than the plan names",
    "dice-form": "dice: number or faces",
    "plan-seed-form": "the seed of a plan has 64 digits",
    "beacon-form": "beacon: another round or form",
    "beacon-signature": "beacon: value is not the SHA-256 of the signature",
    "seed-differs": "the seed does not follow from commitment and entropy",
    "quota-large": "quota above the size of {stratum}",
    "draw-differs": "these tickets draw other units",
    "opening-differs": "{code}: opened recusals are not those committed in frame.json",
    "openings-other": "openings: other units",
    "blocking-differs": "other units block the assignment",
    "teams-differ": "other teams",
    "not-next-reserve": "{code} is not the next reserve",
    "team-differs": "{code}: other team",
    "shortage-none": "the shortage is none",
    "recusal-order": "recusals are not in order",
    "not-the-seat": "{code}: {id} does not have seat {position}",
    "not-next-person": "{code}: {id} is not the next",
  };

  class Differs extends Error {
    constructor(code, facts) {
      super(ZH.verifyMessages[code].replace(/\{(\w+)\}/g, (_, key) => (facts || {})[key]));
      this.code = code;
    }
  }

  function need(holds, code, facts) {
    if (!holds) throw new Differs(code, facts);
  }

  // Bytes

  function joined(chunks) {
    let size = 0;
    for (const chunk of chunks) size += chunk.length;
    const all = new Uint8Array(size);
    let at = 0;
    for (const chunk of chunks) {
      all.set(chunk, at);
      at += chunk.length;
    }
    return all;
  }

  function lengthPrefixed(...fields) {
    const raws = fields.map((field) => (typeof field === "string" ? utf8(field) : field));
    let size = 0;
    for (const raw of raws) size += 4 + raw.length;
    const all = new Uint8Array(size);
    let at = 0;
    for (const raw of raws) {
      for (let i = 0; i < 4; i += 1) all[at + i] = raw.length >>> (24 - 8 * i);
      all.set(raw, at + 4);
      at += 4 + raw.length;
    }
    return all;
  }

  // RFC 8785: keys in the order of UTF-16 code units, which is how JavaScript sorts. Built as
  // text, because an object would put keys like "10" in the order of numbers.
  function canonical(value) {
    if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
    if (value === null || typeof value !== "object") return JSON.stringify(value);
    const pairs = Object.keys(value).sort();
    return `{${pairs.map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(",")}}`;
  }

  function same(one, other) {
    return canonical(one) === canonical(other);
  }

  // Long work is written as generators: each yield is a place to let the page breathe.
  const STRIDE = 512;

  function* mapped(items, make) {
    const made = [];
    for (const item of items) {
      made.push(make(item));
      if (made.length % STRIDE === 0) yield;
    }
    return made;
  }

  function drained(work) {
    let step = work.next();
    while (!step.done) step = work.next();
    return step.value;
  }

  function* merkleRoot(H, leaves) { // RFC 9162; takes the leaves' hashes
    let level = leaves;
    if (!level.length) return H(new Uint8Array(0));
    while (level.length > 1) {
      const above = [];
      for (let i = 0; i < level.length; i += 2) {
        const isPair = i + 1 < level.length;
        above.push(isPair ? H(joined([Uint8Array.of(1), level[i], level[i + 1]])) : level[i]);
        if (above.length % STRIDE === 0) yield;
      }
      level = above;
    }
    return level[0];
  }

  const LEAF = Uint8Array.of(0);

  // Order

  function inOrder(one, other) { // shorter codes first, then by bytes: codes are ASCII
    return one.length - other.length || (one < other ? -1 : Number(one > other));
  }

  function byKeys(keyOf) { // compare by [text or number, …, code]
    return (x, y) => {
      const one = keyOf(x);
      const other = keyOf(y);
      for (let i = 0; i < one.length - 1; i += 1) {
        if (one[i] !== other[i]) return one[i] < other[i] ? -1 : 1;
      }
      return inOrder(one[one.length - 1], other[other.length - 1]);
    };
  }

  function isOrdered(codes) {
    return codes.every((code, i) => i === 0 || inOrder(codes[i - 1], code) < 0);
  }

  // Teams

  function listsOf(unit, recused, people, plan) {
    const team = plan.team;
    const joint = (team.departments || []).length ? team.departments : null;
    const list = (seats, members) => ({ code: unit[0], seats, ids: members.map((p) => p.id) });
    return (joint || [team]).flatMap((part) => {
      const able = people.filter((p) => {
        const must = part.qualification === "all" || (part.qualification === "lead" && p.senior);
        const pool = team.pool === undefined ? null : team.pool;
        return !(
          (pool !== null && p.pool !== pool) ||
          (joint && p.department !== part.key) ||
          (team.certificate && (p.certificate_until || "") < plan.visit_on) ||
          (team.region && p.regions !== null && !p.regions.includes(unit[5])) ||
          (must && p.categories !== null && !p.categories.includes(unit[4])) ||
          recused.includes(p.id)
        );
      });
      if (!part.mixed) return [list(part.size, able)];
      return [
        list(1, able.filter((p) => p.senior)),
        list(part.size - 1, able.filter((p) => !p.senior)),
      ];
    });
  }

  // One way to fill all seats, changed seat by seat: at[id] holds the lists that id serves.
  class Completion {
    constructor(lists, room) {
      this.lists = lists;
      this.room = room;
      this.at = new Map([...room.keys()].map((id) => [id, new Set()]));
      this.fixed = lists.map(() => new Set());
    }

    isRoomy(id) {
      return this.at.get(id).size < this.room.get(id);
    }

    place(d, seen) { // one more person for list d, moving others if need be
      const ids = this.lists[d].ids.filter((id) => !this.at.get(id).has(d));
      const tried = [...ids.filter((i) => this.isRoomy(i)), ...ids.filter((i) => !this.isRoomy(i))];
      for (const id of tried) {
        if (!seen.has(id)) {
          seen.add(id);
          if (this.isRoomy(id) || this.leave(id, seen)) {
            this.at.get(id).add(d);
            return true;
          }
        }
      }
      return false;
    }

    leave(id, seen) { // give one seat of id to someone else
      for (const d of [...this.at.get(id)]) {
        if (!this.fixed[d].has(id) && this.place(d, seen)) {
          this.at.get(id).delete(d);
          return true;
        }
      }
      return false;
    }

    fix(d, id) { // a seat of d for id, if all others can still be filled
      if (!this.at.get(id).has(d)) {
        const loose = this.lists[d].ids.find(
          (other) => this.at.get(other).has(d) && !this.fixed[d].has(other)
        );
        if (loose === undefined) return false;
        this.at.get(loose).delete(d);
        const hadRoom = this.isRoomy(id);
        this.at.get(id).add(d);
        this.fixed[d].add(id);
        if (!hadRoom && !this.leave(id, new Set([id]))) {
          this.fixed[d].delete(id);
          this.at.get(id).delete(d);
          this.at.get(loose).add(d);
          return false;
        }
      }
      this.fixed[d].add(id);
      return true;
    }

    fill(chosen) { // the units in the way, if seats stay empty
      chosen.forEach((ids, d) => ids.forEach((id) => this.at.get(id).add(d)));
      const stuck = new Set();
      this.lists.forEach((list, d) => {
        for (let n = chosen[d].length; n < list.seats; n += 1) {
          if (!this.place(d, new Set())) stuck.add(d);
        }
      });
      const seen = new Set();
      [...stuck].forEach((d) => this.place(d, seen));
      seen.forEach((id) => this.at.get(id).forEach((d) => stuck.add(d)));
      return [...new Set([...stuck].map((d) => this.lists[d].code))].sort(inOrder);
    }
  }

  function* assign(lists, load, cap, ticket) {
    const hasRoom = (id) => load.get(id) < cap.get(id);
    const short = lists.filter((list) => list.ids.filter(hasRoom).length < list.seats);
    if (short.length) {
      const blocking = [...new Set(short.map((list) => list.code))].sort(inOrder);
      return { teams: new Map(), blocking };
    }
    function* rounds(choose) {
      const now = new Map(load);
      const all = [];
      for (const [d, { code, seats, ids }] of lists.entries()) {
        const free = ids.filter((id) => now.get(id) < cap.get(id));
        const tickets = new Map(free.map((id) => [id, ticket(code, id)]));
        free.sort(byKeys((id) => [now.get(id), tickets.get(id), id]));
        const chosen = [];
        for (const id of free) {
          if (chosen.length === seats) break;
          if (choose(d, id)) chosen.push(id);
        }
        chosen.forEach((id) => now.set(id, now.get(id) + 1));
        all.push(chosen);
        yield;
      }
      return all;
    }
    let chosen = yield* rounds(() => true);
    if (chosen.some((ids, d) => ids.length < lists[d].seats)) { // stuck: look ahead
      const room = new Map([...cap].map(([id, most]) => [id, most - load.get(id)]));
      const completion = new Completion(lists, room);
      const blocking = completion.fill(chosen);
      if (blocking.length) return { teams: new Map(), blocking };
      chosen = yield* rounds((d, id) => completion.fix(d, id));
    }
    const teams = new Map();
    lists.forEach(({ code }, d) => teams.set(code, [...(teams.get(code) || []), ...chosen[d]]));
    return { teams, blocking: [] };
  }

  // The checks

  class Replay {
    constructor(texts, noted) {
      this.texts = texts;
      this.noted = (noted || "").trim().toLowerCase();
      this.rows = new Map();
      this.data = {};
      this.seed = new Uint8Array(0);
      this.prefixes = new Map(); // of tickets, by domain; asked for once the seed stands
      this.drawn = [];
      this.load = new Map();
      this.cap = new Map();
      this.recused = new Map();
    }

    record(part, check) {
      drained(this.recorded(part, check));
    }

    * recorded(part, check) { // check may be a generator
      try {
        const work = check();
        if (work) yield* work;
        if (!this.rows.has(part)) this.rows.set(part, { ok: true, code: "agrees", detail: "" });
      } catch (error) {
        const problem =
          error instanceof Differs ? error : new Differs("malformed", { problem: error.message });
        this.rows.set(part, { ok: false, code: problem.code, detail: problem.message });
      }
    }

    allAgree() {
      return [...this.rows.values()].every((row) => row.ok);
    }

    result() {
      const known = PARTS.filter((part) => this.rows.has(part));
      const others = [...this.rows.keys()].filter((part) => !PARTS.includes(part));
      return [...known, ...others].map((part) => Object.assign({ part }, this.rows.get(part)));
    }

    * checkBytes() {
      let names = new Set();
      this.record("manifest.json", () => {
        const text = this.texts["manifest.json"];
        const listed = JSON.parse(text).parts;
        const own = hex(ZH.sha256(utf8(canonical(listed))));
        const expected = { format: "zhiheng-draw-bundle/v1", parts: listed, self: own };
        need(canonical(expected) === text, "manifest-changed");
        names = new Set([...PARTS, ...Object.keys(listed), ...Object.keys(this.texts)]);
        names.delete("manifest.json");
        this.listed = listed;
      });
      for (const name of names) {
        this.record(name, () => {
          const actual = hex(ZH.sha256(utf8(this.texts[name] || "")));
          need(PARTS.includes(name) && this.listed[name] === actual, "bytes-differ");
        });
        yield;
      }
      for (const [name, key] of NAMES) {
        if (this.rows.has(name) && this.rows.get(name).ok) {
          this.record(name, () => {
            const value = JSON.parse(this.texts[name]);
            need(canonical(value) === this.texts[name], "not-canonical");
            need(key in value, "key-missing", { key });
            this.data[name.slice(0, -5)] = value;
          });
          yield;
        }
      }
    }

    hash(...chunks) {
      const { digest } = this.data.plan;
      need(digest === "sha256" || digest === "sm3", "other-digest", { digest });
      return (digest === "sm3" ? ZH.sm3 : ZH.sha256)(joined(chunks));
    }

    ticket(domain, ...fields) { // as hexadecimal digits, which sort like the bytes
      let prefix = this.prefixes.get(domain);
      if (!prefix) {
        prefix = new Uint8Array(64);
        prefix.set(this.seed);
        prefix.set(lengthPrefixed(domain), this.seed.length);
        this.prefixes.set(domain, prefix);
      }
      return hex(this.hash(prefix, lengthPrefixed(...fields)));
    }

    * teamsFor(openings) {
      const { plan, frame, inspectors } = this.data;
      const units = new Map(frame.units.map((unit) => [unit[0], unit]));
      const lists = [];
      for (const one of openings) {
        const unit = units.get(one.code);
        const bytes = lengthPrefixed("recused", unhex(one.salt), ...one.recused);
        need(hex(this.hash(bytes)) === unit[6], "opening-differs", { code: one.code });
        this.recused.set(one.code, one.recused);
        lists.push(...listsOf(unit, one.recused, inspectors.inspectors, plan));
        yield;
      }
      return yield* assign(lists, this.load, this.cap, (code, id) => this.ticket("pair", code, id));
    }

    checkProtocol() {
      const { protocol, plan } = this.data;
      const both = [protocol.protocol, plan.protocol];
      need(both.every((name) => name === "zhiheng-draw/v1"), "other-protocol");
      this.hash();
    }

    checkPlan() {
      const own = hex(this.hash(utf8(this.texts["plan.json"])));
      need(own === this.data.commitment.plan_hash, "plan-hash");
    }

    * checkFrame() {
      const { frame, plan, commitment } = this.data;
      need(isOrdered(frame.units.map((unit) => unit[0])), "frame-order");
      const leafOf = (u) =>
        lengthPrefixed("unit", ...u.slice(0, 6).map(String), unhex(u[6]), ...u.slice(7).map(String));
      const leaves = yield* mapped(frame.units, (u) => this.hash(LEAF, leafOf(u)));
      const root = yield* merkleRoot((bytes) => this.hash(bytes), leaves);
      need(hex(root) === commitment.frame_root, "frame-root");
      const sizes = new Map();
      frame.units.forEach((unit) => sizes.set(unit[1], (sizes.get(unit[1]) || 0) + 1));
      const fits = plan.strata.every((rule) => (sizes.get(rule.key) || 0) === rule.size);
      const known = new Set(plan.strata.map((rule) => rule.key));
      need(fits && [...sizes.keys()].every((key) => known.has(key)), "strata-differ");
      this.checkChances();
    }

    checkChances() {
      const { frame, plan } = this.data;
      need(plan.method === "equal" || plan.method === "pareto", "other-method");
      const isPareto = plan.method === "pareto";
      need(frame.units.every((u) => u.length === (isPareto ? 8 : 7)), "other-method");
      if (!isPareto) {
        need(frame.units.every((u) => u[2] === 1 && u[3] === 1), "odds-differ");
        return;
      }
      const total = new Map(plan.strata.map((rule) => [rule.key, 0n]));
      const chance = new Map();
      frame.units.forEach((u) => {
        const isCertain = u[7] === WHOLE;
        need([u[2], u[3], u[7]].every(Number.isSafeInteger), "odds-differ");
        need(isCertain === (u[2] === 1 && u[3] === 0), "odds-differ");
        need(u[2] > 0 && u[3] >= 0 && u[7] >= 0 && (u[3] > 0 || isCertain), "odds-differ");
        total.set(u[1], total.get(u[1]) + BigInt(u[7]));
        chance.set(u[0], u[7]);
      });
      const sums = plan.strata.every(
        ({ key, quota }) => total.get(key) === BigInt(quota) * BigInt(WHOLE)
      );
      need(sums, "chances-differ");
      need(plan.certain.every((one) => chance.get(one.code) === WHOLE), "chances-differ");
    }

    checkInspectors() {
      const people = this.data.inspectors.inspectors;
      people.forEach((p) => {
        this.load.set(p.id, p.load);
        this.cap.set(p.id, p.cap);
      });
      need(isOrdered(people.map((p) => p.id)), "inspector-order");
      const leaves = people.map((p) => this.hash(LEAF, lengthPrefixed("inspector", canonical(p))));
      const root = hex(drained(merkleRoot((bytes) => this.hash(bytes), leaves)));
      need(root === this.data.plan.inspector_root, "inspector-root");
    }

    checkCommitment() {
      const { commitment, plan } = this.data;
      const { frame_root, plan_hash, receipt } = commitment;
      const pair = [unhex(frame_root), unhex(plan_hash)];
      const value = hex(this.hash(lengthPrefixed("commit/v1", ...pair)));
      need(value === commitment.commitment, "commitment-differs");
      need(!this.noted || this.noted === value, "not-the-noted");
      const body = { no: plan.no, commitment: value, frame_root, plan_hash };
      need(same(receipt.body, body), "receipt-other");
      const entry = Object.assign({}, receipt);
      delete entry.previous_hash;
      delete entry.hash;
      const link = [Uint8Array.of(2), unhex(receipt.previous_hash), utf8(canonical(entry))];
      need(hex(ZH.sha256(joined(link))) === receipt.hash, "receipt-hash");
    }

    checkEntropy() {
      const named = this.data.plan.entropy;
      const given = this.data.entropy.sources;
      need(same(named.map((s) => s.kind), given.map((s) => s.kind)), "sources-differ");
      const values = given.map(({ kind, value, round, signature }, i) => {
        if (kind === "dice") {
          need(/^[1-6]*$/.test(value) && value.length === named[i].count, "dice-form");
        }
        if (kind === "beacon") {
          need(round === named[i].round && value.length === 64, "beacon-form");
          const fits = signature === null || hex(ZH.sha256(unhex(signature))) === value;
          need(fits, "beacon-signature");
        }
        if (kind === "plan") need(value.length === 64, "plan-seed-form");
        return ["beacon", "demo", "plan"].includes(kind) ? unhex(value) : value;
      });
      const start = unhex(this.data.commitment.commitment);
      this.seed = this.hash(lengthPrefixed("seed/v1", start, ...values));
      this.prefixes.clear();
    }

    drawTicket(code) {
      const group = this.data.plan.coordination;
      if (!group) return this.ticket("draw", code);
      // Permanent tickets of the first plan of the group, counted from another start.
      const shared = group.place ? unhex(this.data.entropy.sources[0].value) : this.seed;
      const prefix = new Uint8Array(64);
      prefix.set(shared);
      prefix.set(lengthPrefixed("permanent"), shared.length);
      const ticket = BigInt(`0x${hex(this.hash(prefix, lengthPrefixed(code)))}`);
      const shift = (BigInt(group.place) * CIRCLE) / BigInt(group.of);
      return ((ticket - shift + CIRCLE) % CIRCLE).toString(16).padStart(64, "0");
    }

    // Text of fixed width that sorts like the key of draw-v1, section 7.
    drawKey(unit, ticket) {
      if (this.data.plan.method === "equal") return ticket;
      const number = BigInt(`0x${ticket}`);
      const key = ((number * BigInt(unit[3])) << 640n) / ((CIRCLE - number) * BigInt(unit[2]));
      return key.toString(16).padStart(320, "0");
    }

    * checkDraw() {
      const { draw, frame, plan } = this.data;
      need(draw.seed === hex(this.seed), "seed-differs");
      for (const { key, quota, reserve } of plan.strata) {
        const rows = frame.units.filter((unit) => unit[1] === key);
        const members = rows.map((unit) => unit[0]);
        need(quota <= members.length, "quota-large", { stratum: key });
        const tickets = new Map(
          yield* mapped(members, (code) => [code, this.drawTicket(code)])
        );
        const keys = new Map(
          yield* mapped(rows, (row) => [row[0], this.drawKey(row, tickets.get(row[0]))])
        );
        yield;
        members.sort(byKeys((code) => [keys.get(code), code]));
        members.slice(0, quota + reserve).forEach((code, i) => {
          const unit = { stratum: key, rank: i + 1, code, ticket: tickets.get(code) };
          this.drawn.push(Object.assign(unit, { selected: i < quota }));
        });
        yield;
      }
      need(same(draw.units, this.drawn), "draw-differs");
    }

    * checkAssignment() {
      const { assignment } = this.data;
      const tasks = this.drawn.filter((unit) => unit.selected).map((unit) => unit.code);
      const tickets = new Map(tasks.map((code) => [code, this.ticket("dispatch", code)]));
      tasks.sort(byKeys((code) => [tickets.get(code), code]));
      need(same(assignment.openings.map((one) => one.code), tasks), "openings-other");
      const { teams, blocking } = yield* this.teamsFor(assignment.openings);
      need(same(assignment.blocking, blocking), "blocking-differs");
      const expected = [...teams].map(([code, inspectors]) => ({ code, inspectors }));
      need(same(assignment.teams, expected), "teams-differ");
      if (assignment.shortage !== undefined) this.checkShortage(assignment.shortage);
    }

    checkShortage({ lists: named, seats, room }) { // more seats than their people have room for
      const { plan, frame, inspectors } = this.data;
      const wanted = new Map();
      let places = 0;
      named.forEach(([code, number]) => {
        const unit = frame.units.find((row) => row[0] === code);
        const list = listsOf(unit, this.recused.get(code), inspectors.inspectors, plan)[number];
        need(list !== undefined, "shortage-none");
        places += list.seats;
        list.ids.filter((id) => this.load.get(id) < this.cap.get(id))
          .forEach((id) => wanted.set(id, (wanted.get(id) || 0) + 1));
      });
      const free = [...wanted].reduce(
        (sum, [id, n]) => sum + Math.min(this.cap.get(id) - this.load.get(id), n), 0
      );
      need(new Set(named.map(canonical)).size === named.length, "shortage-none");
      need(seats === places && room === free && places > free, "shortage-none");
    }

    checkHistory() {
      const atWork = new Map(this.data.assignment.teams.map((t) => [t.code, t.inspectors]));
      const stratum = new Map(this.drawn.map((unit) => [unit.code, unit.stratum]));
      const reserves = this.drawn.filter((unit) => !unit.selected).map((unit) => unit.code);
      const add = (ids, n) => ids.forEach((id) => {
        need(this.load.has(id), "malformed", { problem: id });
        this.load.set(id, this.load.get(id) + n);
      });
      atWork.forEach((ids) => add(ids, 1));
      const { replacements } = this.data.history;
      const recusals = this.data.history.recusals || [];
      const after = recusals.map((one) => one.after);
      const fits = after.every((n, i) =>
        Number.isInteger(n) && n >= (i ? after[i - 1] : 0) && n <= replacements.length
      );
      need(fits, "recusal-order");
      const standIn = (one) => this.checkRecusal(one, atWork, add);
      replacements.forEach((one, number) => {
        recusals.filter((recusal) => recusal.after === number).forEach(standIn);
        add(atWork.get(one.replaces), -1);
        atWork.delete(one.replaces);
        const next = reserves.find((code) => stratum.get(code) === stratum.get(one.replaces));
        need(next === one.code, "not-next-reserve", { code: one.code });
        reserves.splice(reserves.indexOf(next), 1);
        const { teams } = drained(this.teamsFor([one]));
        need(same(teams.get(next) || [], one.inspectors), "team-differs", { code: next });
        add(one.inspectors, 1);
        atWork.set(next, one.inspectors);
      });
      recusals.filter((recusal) => recusal.after === replacements.length).forEach(standIn);
    }

    checkRecusal(one, atWork, add) { // declared late: the next by ticket sits down
      const { code, position, out } = one;
      const { plan, frame, inspectors } = this.data;
      const team = atWork.get(code);
      const hasSeat = Number.isInteger(position) && position >= 0 && team[position] === out;
      need(hasSeat, "not-the-seat", { code, id: out, position });
      const recused = [...this.recused.get(code), out];
      this.recused.set(code, recused);
      const unit = frame.units.find((row) => row[0] === code);
      const lists = listsOf(unit, recused, inspectors.inspectors, plan);
      const seats = lists.flatMap((list) => Array(list.seats).fill(list.ids));
      const free = seats[position].filter(
        (id) => this.load.get(id) < this.cap.get(id) && !team.includes(id)
      );
      const tickets = new Map(free.map((id) => [id, this.ticket("pair", code, id)]));
      free.sort(byKeys((id) => [tickets.get(id), id]));
      need(free.length && free[0] === one.in, "not-next-person", { code, id: one.in });
      atWork.set(code, team.map((id, i) => (i === position ? one.in : id)));
      add([out], -1);
      add([one.in], 1);
    }
  }

  function* checked(bundle, noted) {
    const replay = new Replay(Object.assign({}, bundle.parts), noted);
    yield* replay.checkBytes();
    if (!replay.allAgree()) return replay.result(); // what follows from changed bytes says nothing
    const checks = [
      ["protocol", "checkProtocol"], ["plan", "checkPlan"], ["frame", "checkFrame"],
      ["inspectors", "checkInspectors"], ["commitment", "checkCommitment"],
      ["entropy", "checkEntropy"], ["draw", "checkDraw"], ["assignment", "checkAssignment"],
      ["history", "checkHistory"],
    ];
    for (const [name, check] of checks) {
      yield `${name}.json`; // what is looked at now
      yield* replay.recorded(`${name}.json`, () => replay[check]());
    }
    return replay.result();
  }

  ZH.verifyBundle = (bundle, noted) => drained(checked(bundle, noted));

  // The same in slices, so that the page stays alive: a promise of the result. `told` hears the
  // part that is looked at.
  ZH.verifyBundleInSlices = (bundle, noted, told) => new Promise((resolve, reject) => {
    const work = checked(bundle, noted);
    function slice() {
      const end = Date.now() + 40;
      try {
        do {
          const step = work.next();
          if (step.done) return resolve(step.value);
          if (step.value && told) told(step.value);
        } while (Date.now() < end);
      } catch (error) {
        return reject(error);
      }
      return setTimeout(slice, 0);
    }
    slice();
  });
})(this);
