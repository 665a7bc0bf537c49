/**
 * Keeps a connection to one node while there is something to send or a reply to wait for.
 *
 * @module
 */

import type { NodeId, SendOutcome } from "../host.js";
import type { Connection } from "./connection.js";
import { dial } from "./dial.js";
import { type Command, MAX_COMMANDS, type Shared } from "./shared.js";
import { Alarm } from "./time.js";

/** The pause before a connection that is only wanted for replies is made again; it doubles up to the longest. */
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 300_000;

/** A connection that lasted so long was a good one. */
const GOOD_MS = 60_000;

/** How long a message may take until the node has read it. */
const READ_MS = 15_000;

/** The pause between two messages. The engine keeps it, too, but messages that waited for a connection would leave at once. */
const PACE_MS = 250;

/**
 * For so long after a connection broke, a node that cannot be reached is worth another try: it may take us for connected until it
 * notices, and refuse a second connection.
 */
const GRACE_MS = 60_000;

/** A message on its way. */
interface Writing {
  readonly command: Command;
  /** The byte of the stream at which it begins. */
  readonly start: number;
  readonly untilMs: number;
  /** Whether the connection was made for it. One that was not may have died unnoticed. */
  readonly first: boolean;
}

/** Carries out commands for one node until none are left and no reply is waited for. */
export class Keeper {
  readonly #shared: Shared;
  readonly #nodeId: NodeId;
  readonly #alarm: Alarm;
  readonly #commands: Command[] = [];
  /** The message that is being sent, from the moment it leaves the queue. */
  #sending: Command | undefined;
  #connection: Connection | undefined;
  /** Those of the last command. */
  #addresses: readonly string[] = [];
  #untilMs = 0;
  #pauseMs = FIRST_PAUSE_MS;
  /** When a connection for replies is made again. */
  #againMs = 0;
  /** When the next message may leave. */
  #freeMs = 0;
  /** When a connection broke last. */
  #brokeMs = -Infinity;
  #isDismissed = false;
  /** Resolves when it has ended. */
  readonly over: Promise<void>;

  /** Begins to keep a connection to this node, for its first command. */
  constructor(shared: Shared, nodeId: NodeId, command: Command) {
    this.#shared = shared;
    this.#nodeId = nodeId;
    this.#alarm = new Alarm(shared.parts.clock);
    this.#commands.push(command);
    this.over = this.#run();
  }

  /** Until when replies may come, in Unix milliseconds. */
  get untilMs(): number {
    return this.#untilMs;
  }

  /** Whether it only waits for replies, so that it may be closed for another. */
  get isIdle(): boolean {
    return this.#sending === undefined && this.#commands.length === 0;
  }

  /** Takes a message to send, unless too many wait. */
  take(command: Command): boolean {
    if (this.#commands.length >= MAX_COMMANDS) return false;
    this.#commands.push(command);
    this.#alarm.poke();
    return true;
  }

  /** Has it look at what changed: a command that nobody waits for any more, for one. */
  poke(): void {
    this.#alarm.poke();
  }

  /** The network may be back: connects at once, and looks whether the node is still there. */
  hurry(): void {
    this.#pauseMs = FIRST_PAUSE_MS;
    this.#againMs = 0;
    try {
      this.#connection?.probe();
    } catch {
      // It is over, which shows at its next turn.
    }
    this.#alarm.poke();
  }

  /** Ends it: its place is needed, or the transport is closed. */
  dismiss(): void {
    this.#isDismissed = true;
    this.#alarm.poke();
  }

  async #run(): Promise<void> {
    try {
      while (await this.#reasonToConnect()) await this.#connect();
    } catch {
      // A clock or dice that broke. Nobody could be told but those who wait.
    }
    this.#connection?.close();
    if (this.#shared.links.get(this.#nodeId) === this) this.#shared.links.delete(this.#nodeId);
    for (const command of [this.#sending, ...this.#commands]) command?.answer("offline");
  }

  /** Waits for something to do. False if there is nothing, and never will be. */
  async #reasonToConnect(): Promise<boolean> {
    this.#againMs = this.#now() + this.#pauseMs;
    for (;;) {
      if (this.#isDismissed) return false;
      this.#sending ??= this.#next();
      if (this.#sending) return true;
      if (this.#now() >= this.#untilMs) return false;
      if (this.#now() >= this.#againMs) {
        this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
        return true;
      }
      await this.#alarm.wait(Math.min(this.#againMs, this.#untilMs));
    }
  }

  /** Connects, for a message or only for replies, and uses the connection. A message to be tried again stays in `#sending`. */
  async #connect(): Promise<void> {
    const command = this.#sending;
    if (command) this.#addresses = command.addresses;
    // While it connects only for replies, a command may come that knows better addresses.
    const isWanted = (): boolean =>
      !this.#isDismissed && (command ? !command.forgotten : this.#commands.length === 0);
    const made = await dial(this.#shared, this.#nodeId, this.#addresses, this.#alarm, isWanted);
    if (typeof made === "object") {
      this.#connection = made;
      await this.#serve(made);
      made.close();
      this.#connection = undefined;
    } else if (made !== undefined) {
      this.#answer(this.#excused(made));
    } else if (command?.forgotten) {
      this.#answer("offline");
    }
  }

  /** Uses a connection until it breaks or is not needed any more. */
  async #serve(connection: Connection): Promise<void> {
    const sinceMs = this.#now();
    let writing = this.#sending && this.#start(connection, this.#sending, true);
    for (;;) {
      const isOver = this.#takeIn(connection);
      if (writing && connection.isAllRead) {
        this.#accept(writing.command);
        writing = undefined;
      }
      if (isOver) {
        this.#brokeMs = this.#now();
        if (this.#brokeMs - sinceMs >= GOOD_MS) this.#pauseMs = FIRST_PAUSE_MS;
        if (writing) this.#giveUp(connection, writing);
        return;
      }
      if (this.#isDismissed || writing?.command.forgotten || (writing && this.#now() >= writing.untilMs)) {
        // Some of it may have left.
        this.#answer("failed");
        return;
      }
      if (!writing) {
        if (this.#commands.length === 0 && this.#now() >= this.#untilMs) return;
        if (this.#now() >= this.#freeMs) {
          this.#sending = this.#next();
          if (this.#sending) {
            writing = this.#start(connection, this.#sending, false);
            continue;
          }
        }
      }
      const free = this.#commands.length > 0 ? this.#freeMs : this.#untilMs;
      await this.#alarm.wait(Math.min(writing?.untilMs ?? free, connection.wakeAt));
    }
  }

  /** Queues a message; `undefined` if it cannot be. */
  #start(connection: Connection, command: Command, first: boolean): Writing | undefined {
    const now = this.#now();
    this.#freeMs = now + PACE_MS;
    try {
      const start = connection.send(command.message);
      return { command, start, untilMs: now + READ_MS, first };
    } catch {
      // The peer does not read what it gets, or is gone.
      this.#answer("offline");
      return undefined;
    }
  }

  #accept(command: Command): void {
    this.#pauseMs = FIRST_PAUSE_MS;
    this.#untilMs = Math.max(this.#untilMs, command.keepUntilMs);
    this.#answer("accepted");
  }

  /** What to do with a message whose connection broke. One of which an old connection sent nothing is sent again. */
  #giveUp(connection: Connection, writing: Writing): void {
    if (connection.written > writing.start) this.#answer("failed");
    else if (writing.first) this.#answer(this.#excused("no_route"));
  }

  /** Takes in what happened, and says whether the connection is over. */
  #takeIn(connection: Connection): boolean {
    const events = connection.turn();
    for (const event of events) {
      if (event.kind === "onionMessage") this.#shared.arrive(event.bytes);
    }
    return connection.ended !== undefined || events.some((event) => event.kind === "closed");
  }

  #excused(outcome: SendOutcome): SendOutcome {
    return outcome === "no_route" && this.#now() - this.#brokeMs < GRACE_MS ? "offline" : outcome;
  }

  #answer(outcome: SendOutcome): void {
    this.#sending?.answer(outcome);
    this.#sending = undefined;
  }

  /** The next command that somebody waits for. */
  #next(): Command | undefined {
    let next = this.#commands.shift();
    while (next?.forgotten) {
      next.answer("offline");
      next = this.#commands.shift();
    }
    return next;
  }

  #now(): number {
    return this.#shared.now();
  }
}
