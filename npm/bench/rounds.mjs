// Two sides, in turns: whatever else the machine does in a round meets both.

/** Measures the sides round by round, and returns the median of the rounds' ratios: how much faster the first is. */
export async function compare(name, sides, quick) {
  const [rounds, milliseconds] = quick ? [7, 40] : [25, 100];
  const counts = sides.map(([, work]) => calibrate(work, milliseconds));
  const times = sides.map(() => []);
  for (let round = 0; round < rounds; round++) {
    // Who goes first changes, so that neither side always follows the other's garbage.
    const order = sides.map((_, side) => (side + round) % sides.length);
    for (const side of order) {
      times[side].push(measure(sides[side][1], counts[side]));
      // Finalizers of objects that are left to the collector run between turns of the event loop only.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  console.log(name);
  sides.forEach(([label], side) => {
    const perOperation = median(times[side]);
    console.log(
      `  ${label.padEnd(34)} ${(perOperation * 1000).toFixed(1).padStart(9)} µs ${Math.round(
        1000 / perOperation,
      )
        .toString()
        .padStart(9)} /s`,
    );
  });
  const [ours, theirs] = times;
  return { ratio: median(ours.map((time, round) => theirs[round] / time)) };
}

/** How often the work fits into this time. */
function calibrate(work, milliseconds) {
  measure(work, 20);
  return Math.max(5, Math.round(milliseconds / Math.max(measure(work, 20), 0.001)));
}

/** Milliseconds of processor time for one: what other programs take away is not counted, what the garbage costs is. */
function measure(work, count) {
  const start = process.cpuUsage();
  for (let i = 0; i < count; i++) work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000 / count;
}

/** The one in the middle. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
