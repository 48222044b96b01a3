// A publisher that goes on: one message at a time, NAME-0, NAME-1, ..., each into a random one of its rooms, with a key
// and again and again until it is acknowledged, over broken connections and other nodes. What was acknowledged is kept.
import { Client } from './client.mjs';
import { atEnd, elapse, until, within } from './processes.mjs';

const ANSWER_MS = 5_000; // then it asks again on another connection

export class Publisher {
  /** With `repeat: false` every message is sent once and without a key, whatever becomes of it. */
  constructor({ name, ports, rooms, chance, everyMs = 10, repeat = true }) {
    Object.assign(this, { name, ports, rooms, chance, everyMs, repeat });
    this.acked = []; // {room, epoch, seq, message, asked: when it was sent first}
    this.refused = 0;
    this.repeated = 0; // acks that said so
    this.stopped = false;
    atEnd(() => {
      this.stopped = this.abandoned = true;
      this.client?.drop();
    });
    this.done = this.work();
    this.done.catch(() => {}); // whoever waits hears of it
  }

  async work() {
    for (let n = 0; !this.stopped; ++n) {
      await this.settle({ room: this.chance.pick(this.rooms), message: `${this.name}-${n}` });
      await elapse(this.everyMs);
    }
  }

  async settle({ room, message }) {
    const asked = Date.now();
    for (;;) {
      const answer = await this.attempt({ type: 'sendMessage', roomId: room, message, ...(this.repeat && { key: message }) });
      if (answer?.type === 'ack') return this.took({ room, epoch: answer.epoch, seq: answer.seq, message, asked }, answer);
      this.refused += 1;
      if (!this.repeat || this.abandoned) return undefined;
      await elapse(20 + this.chance.below(100));
    }
  }

  took(ack, { repeated }) {
    this.acked.push(ack);
    if (repeated) this.repeated += 1;
  }

  /** The answer, or undefined if there was none. */
  async attempt(request) {
    try {
      if (!this.client?.isOpen) this.client = await Client.connect(this.chance.pick(this.ports()));
      return await within(this.client.ask(request), 'an answer', ANSWER_MS);
    } catch {
      this.client?.drop();
      this.client = undefined;
      return undefined;
    }
  }

  /** Waits for `count` acknowledgements more. */
  more(count) {
    const wanted = this.acked.length + count;
    return until(() => this.acked.length >= wanted, () => `${count} more acks for ${this.name}; refused so far: ${this.refused}`);
  }

  /** Ends after the message under way. */
  async stop() {
    this.stopped = true;
    await within(this.done, `the last ack for ${this.name}`);
  }
}
