// What members heard, judged: every acknowledged message once, in the one order of the room.
//
// A record is what one member heard of one room: {start: {epoch, seq}, heard: [{epoch, seq, message}], losses: [...]}.
// An ack is {room, epoch, seq, message}. Every message is published with a text of its own.
import assert from 'node:assert/strict';

const EXAMPLES = 5; // of each kind of fault

const place = ({ epoch, seq }) => `${epoch}:${seq}`;

class Verdict {
  constructor() {
    this.counts = { lost: 0, duplicated: 0, disordered: 0, disagreed: 0, losses: 0 };
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
  const verdict = new Verdict();
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

/** No fault of any kind in any of `rooms`. */
export function assertFlawless(members, publishers, rooms) {
  for (const room of rooms) {
    const records = Object.fromEntries(members.map((member) => [member.name, member.record(room)]));
    const acked = publishers.flatMap((publisher) => publisher.acked).filter((each) => each.room === room);
    const { counts, examples } = judge(records, acked);
    assert.deepEqual(counts, { lost: 0, duplicated: 0, disordered: 0, disagreed: 0, losses: 0 }, `${room}: ${JSON.stringify(counts)}\n${examples.join('\n')}`);
  }
}

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
