// What members heard, judged: every acknowledged message once, in the one order of the room.
//
// A record is what one member heard of one room: {start: {epoch, seq}, heard: [{epoch, seq, message}], losses: [...]}.
// A loss, as told to the member: {what, behind: how many it had heard, from, to: places; what is between is missing}.
// An ack is {room, epoch, seq, message, asked: when it was sent first}. Every message is published with a text of its own.
import assert from 'node:assert/strict';

const EXAMPLES = 5; // of each kind of fault

const place = ({ epoch, seq }) => `${epoch}:${seq}`;

class Verdict {
  constructor(counts) {
    this.counts = counts;
    this.examples = [];
  }

  count(kind, detail) {
    if (++this.counts[kind] <= EXAMPLES) this.examples.push(`${kind}: ${JSON.stringify(detail)}`);
  }
}

/** All agree on which message stands where. */
class Order {
  constructor(verdict) {
    this.verdict = verdict;
    this.messages = new Map(); // place -> message
  }

  note(at, who) {
    const known = this.messages.get(place(at));
    if (known === undefined) this.messages.set(place(at), at.message);
    else if (known !== at.message) this.verdict.count('disagreed', { who, at, known });
  }
}

function checkSequence(record, who, verdict) {
  const places = new Set();
  const messages = new Set();
  let last = record.start;
  for (const at of record.heard) {
    if (places.has(place(at)) || messages.has(at.message)) verdict.count('duplicated', { who, at });
    else if (at.epoch === last.epoch && at.seq !== last.seq + 1) verdict.count('disordered', { who, at, last });
    places.add(place(at));
    messages.add(at.message);
    last = at;
  }
  return places;
}

function judgeRecord(record, who, acked, order, verdict) {
  const places = checkSequence(record, who, verdict);
  for (const at of record.heard) order.note(at, who);
  for (const at of acked)
    if (!places.has(place(at)) && (at.epoch !== record.start.epoch || at.seq > record.start.seq)) verdict.count('lost', { who, at });
  for (const loss of record.losses) verdict.count('losses', { who, loss });
}

/** Counts the faults in one room; `records` by the members' names. */
export function judge(records, acked) {
  const verdict = new Verdict({ lost: 0, duplicated: 0, disordered: 0, disagreed: 0, losses: 0 });
  const order = new Order(verdict);
  const names = new Map(); // message -> place: a repeat has the place of the first
  for (const at of acked) {
    order.note(at, 'an ack');
    if ((names.get(at.message) ?? place(at)) !== place(at)) verdict.count('disagreed', { who: 'two acks', at });
    names.set(at.message, place(at));
  }
  for (const [who, record] of Object.entries(records)) judgeRecord(record, who, acked, order, verdict);
  return verdict;
}

const recordsOf = (members, room) => Object.fromEntries(members.map((member) => [member.name, member.record(room)]));
const ackedIn = (room, publishers) => publishers.flatMap((publisher) => publisher.acked).filter((each) => each.room === room);

/** No fault of any kind in any of `rooms`. */
export function assertFlawless(members, publishers, rooms) {
  for (const room of rooms) {
    const { counts, examples } = judge(recordsOf(members, room), ackedIn(room, publishers));
    assert.deepEqual(counts, { lost: 0, duplicated: 0, disordered: 0, disagreed: 0, losses: 0 }, `${room}: ${JSON.stringify(counts)}\n${examples.join('\n')}`);
  }
}

// -- where Redis has lost data --------------------------------------------------------------------------------------------

/** Each message is at the next place, or a loss was told that ends before it; nothing twice unless the member began anew. */
function walk(record, who, verdict) {
  const losses = [...record.losses];
  let last = record.start;
  let places = new Set();
  const tell = ({ what, from, to }) => {
    if (what === 'not recovered') places = new Set();
    else if (to.epoch === last.epoch && from.seq !== last.seq) verdict.count('untold', { who, what, from, to, last });
    last = to;
  };
  for (const [i, at] of record.heard.entries()) {
    while (losses.length && losses[0].behind <= i) tell(losses.shift());
    if (places.has(place(at))) verdict.count('duplicated', { who, at });
    else if (at.epoch !== last.epoch || at.seq !== last.seq + 1) verdict.count('untold', { who, at, last });
    places.add(place(at));
    last = at;
  }
  losses.forEach(tell);
  return last;
}

/**
 * Redis has gone back to older data, for the last time at `since`: {epoch, messages: [{seq, message}]} is the log at the
 * end. Counts what was sent and acknowledged since and is not there, and holes that members were not told of.
 */
export function judgeSetback(records, acked, { epoch, messages }, since) {
  const verdict = new Verdict({ lost: 0, duplicated: 0, untold: 0, disagreed: 0, behind: 0 });
  const order = new Order(verdict);
  const texts = new Map();
  for (const { seq, message } of messages) {
    order.note({ epoch, seq, message }, 'the log');
    if (texts.has(message)) verdict.count('duplicated', { who: 'the log', seq, message });
    texts.set(message, seq);
  }
  for (const at of acked) if (at.asked > since && !texts.has(at.message)) verdict.count('lost', at);
  const top = { epoch, seq: messages.at(-1)?.seq ?? 0 };
  for (const [who, record] of Object.entries(records)) {
    const last = walk(record, who, verdict);
    if (place(last) !== place(top)) verdict.count('behind', { who, last, top });
    for (const at of record.heard) if (at.epoch === epoch) order.note(at, who);
  }
  return verdict;
}

/** As good as it can be where Redis has lost data; `logs` by room. */
export function assertHonest(members, publishers, logs, since) {
  for (const [room, log] of Object.entries(logs)) {
    const { counts, examples } = judgeSetback(recordsOf(members, room), ackedIn(room, publishers), log, since);
    assert.deepEqual(counts, { lost: 0, duplicated: 0, untold: 0, disagreed: 0, behind: 0 }, `${room}, at the end in ${log.epoch}: ${JSON.stringify(counts)}\n${examples.join('\n')}`);
  }
}

// -- rooms without history ------------------------------------------------------------------------------------------------

/**
 * Of a room without history: over one connection nothing twice, and what was acknowledged in the order in which it was
 * published. Without an ack the outcome is unknown: such a message may come late. Another node may be behind.
 */
export function assertOnceInOrder(members, publisher, room) {
  const numbers = new Map(publisher.acked.map(({ message }, number) => [message, number]));
  for (const member of members) {
    let connection = {};
    for (const { message, dial } of member.record(room).heard) {
      if (dial !== connection.dial) connection = { dial, seen: new Set(), last: -1 };
      const what = `${member.name} in ${room}, connection ${dial}: ${message}`;
      assert.ok(!connection.seen.has(message), `${what} twice`);
      connection.seen.add(message);
      if (!numbers.has(message)) continue;
      assert.ok(numbers.get(message) > connection.last, `${what} too late`);
      connection.last = numbers.get(message);
    }
  }
}
