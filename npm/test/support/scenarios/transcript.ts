/**
 * A transcript that grows in the order of the golden one.
 *
 * Whatever goes on at once, a line is written when it is the next one of the golden transcript; until then whoever wrote it waits. So the
 * golden transcript is the schedule, and what never gets its turn is where the runs differ.
 *
 * @module
 */

interface Waiting {
  readonly line: () => string;
  readonly written: (line: string) => void;
}

/** How long a line may stay away, in milliseconds. */
const PATIENCE_MS = 5_000;

export class Transcript {
  readonly lines: string[] = [];
  /** What came before something that had to be written first. */
  readonly early: string[] = [];
  readonly #golden: readonly string[];
  readonly #waiting: Waiting[] = [];
  #moved: () => void = () => {};

  constructor(
    golden: string,
    readonly patienceMs = PATIENCE_MS,
  ) {
    this.#golden = golden.split("\n").slice(0, -1);
  }

  /** Writes a line in its turn; `then` is done at the same moment. A line that is a function is looked at anew until then. */
  write(line: string | (() => string), then: (line: string) => void = () => {}): Promise<void> {
    if (typeof line === "string") this.#checkWritten(line);
    return new Promise((resolve) => {
      const read = typeof line === "string" ? () => line : line;
      this.#waiting.push({ line: read, written: (line) => (then(line), resolve()) });
      this.#move();
    });
  }

  /** Waits until all lines of this action are written, and then whether there are more. */
  async finish(action: number): Promise<void> {
    const next = this.#golden.findIndex((line) => line.startsWith(`> ${action + 1} `));
    const end = next < 0 ? this.#golden.length : next;
    const until = Date.now() + this.patienceMs;
    while (this.lines.length < end && Date.now() < until) await this.#change();
    for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setTimeout(resolve, 0));
    if (this.lines.length < end || this.#waiting.length > 0 || this.early.length > 0) throw this.#differs();
  }

  /** What is shown or sent must not be there before what is written ahead of it. */
  #checkWritten(line: string): void {
    const at = this.#golden.indexOf(line, this.lines.length);
    const isAhead = this.#golden.slice(this.lines.length, at).some((line) => /^(\w )?write /.test(line));
    if (at >= 0 && isAhead) this.early.push(line);
  }

  #move(): void {
    for (;;) {
      const next = this.#golden[this.lines.length];
      const at = this.#find(next);
      const [waiting] = at < 0 ? [] : this.#waiting.splice(at, 1);
      if (waiting === undefined || next === undefined) return;
      this.lines.push(next);
      waiting.written(next);
      this.#moved();
    }
  }

  /** Where this line waits. Of a payee's events, only the one that came first may be taken. */
  #find(next: string | undefined): number {
    const seen = new Set<string>();
    return this.#waiting.findIndex(({ line }) => {
      const there = line();
      const [whose] = /^(\w )?event /.exec(there) ?? [];
      if (whose === undefined) return there === next;
      const isFirst = !seen.has(whose);
      seen.add(whose);
      return isFirst && there === next;
    });
  }

  /** Waits for a line, but not for long. */
  #change(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, 100);
      this.#moved = () => (clearTimeout(timer), resolve());
    });
  }

  #differs(): Error {
    const wanted = this.#golden[this.lines.length] ?? "the end";
    const there = this.#waiting.map(({ line }) => line());
    const parts = [
      `line ${this.lines.length + 1} has to be: ${wanted}`,
      ...there.map((line) => `there is: ${line}`),
      ...this.early.map((line) => `too early: ${line}`),
    ];
    return new Error(parts.join("\n  "));
  }
}
