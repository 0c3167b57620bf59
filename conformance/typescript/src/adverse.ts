/** Handlers for the cases that get in the way: `conformance/beyond/adverse.py` says what each has to do. */

import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";

import { type DurableContext, withDurableExecution } from "@aws/durable-execution-sdk-js";

/** Of the child process that stays behind. */
const CHILD_SECONDS = 60;

const upTo = (count: number) => [...Array(count).keys()];

/** Callbacks, one after the other. */
export const approval = withDurableExecution(async (event: { count: number }, context) => {
  const answers: string[] = [];
  for (const index of upTo(event.count)) {
    const [answer] = await context.createCallback<string>(`approval-${index}`);
    answers.push(await answer);
  }
  return answers;
});

interface Zombie {
  seconds: number;
  wait?: number;
  text?: string;
}

/** A long step, perhaps a wait, and the text back. */
export const zombie = withDurableExecution(async (event: Zombie, context) => {
  await context.step("long", async () => sleep(1000 * event.seconds));
  if (event.wait !== undefined) await context.wait("wait", { seconds: event.wait });
  return event.text;
});

/** Many chained invocations at one time. */
export const chains = withDurableExecution(async (event: { target: string; count: number }, context) => {
  const batch = await context.map(
    "chains",
    upTo(event.count),
    async (iteration, item, index) =>
      iteration.invoke<Zombie, string>(`chained-${index}`, event.target, { seconds: 0, text: `€ ${item}` }),
    { maxConcurrency: event.count },
  );
  return batch.getResults();
});

interface Deep {
  target: string;
  depth: number;
}

/** Invokes itself. */
export const deep = withDurableExecution(async (event: Deep, context): Promise<number> => {
  if (event.depth === 0) return 0;
  const rest = await context.invoke<Deep, number>("deeper", event.target, { ...event, depth: event.depth - 1 });
  return 1 + rest;
});

/** Contexts inside each other, two in each, with a step in the innermost. */
export const nested = withDurableExecution(async (event: { depth: number; size: number }, context) => {
  const level = (depth: number) => async (child: DurableContext): Promise<string> => {
    if (depth === 0) return child.step("leaf", async () => "x".repeat(event.size));
    const first = await child.runInChildContext(`level-${depth - 1}`, level(depth - 1));
    return first + (await child.runInChildContext(`level-${depth - 1}`, level(depth - 1)));
  };
  const text = await context.runInChildContext(`level-${event.depth}`, level(event.depth));
  await context.wait({ seconds: 1 });
  return text.length;
});

/** Whatever a process can do to the one who reads its output. */
export const noise = withDurableExecution(async (_event, context) =>
  context.step("loud", async () => {
    const line = Buffer.from(upTo(256));
    const megabyte = Buffer.concat(upTo(4096).map(() => line));
    await new Promise<void>((resolve) => process.stdout.write(megabyte, () => resolve()));
    spawn("sleep", [String(CHILD_SECONDS)]).unref();
    return "done";
  }),
);
