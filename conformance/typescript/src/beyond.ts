/** Handlers for the cases beyond AWS's suite: `conformance/beyond/cases.py` says what each has to do. */

import { setTimeout as sleep } from "node:timers/promises";

import { LambdaClient, SendDurableExecutionCallbackSuccessCommand } from "@aws-sdk/client-lambda";
import { withDurableExecution } from "@aws/durable-execution-sdk-js";

import { crashOnce, firstTime } from "./support";

/** Longer than the function's timeout. */
const HANG_MS = 60_000;

const upTo = (count: number) => [...Array(count).keys()];

/** Many large results, then a wait: the replay reads a state of several pages. */
export const pages = withDurableExecution(async (event: { steps: number; size: number }, context) => {
  const results: string[] = [];
  for (const index of upTo(event.steps)) {
    const text = async () => String(index).padStart(8, "0").padEnd(event.size, "x");
    results.push(await context.step(`step-${index}`, text));
  }
  await context.wait({ seconds: 1 });
  const lengths = results.reduce((sum, text) => sum + text.length, 0);
  return { first: results.map((text) => text.slice(0, 8)), lengths };
});

/** Many waits at one time, of 1 to 3 seconds. */
export const waits = withDurableExecution(async (event: { count: number }, context) => {
  const batch = await context.map(
    "waits",
    upTo(event.count),
    async (branch, item, index) => {
      await branch.wait(`wait-${index}`, { seconds: 1 + (index % 3) });
      return item;
    },
    { maxConcurrency: event.count },
  );
  return batch.getResults();
});

/** The process ends in the second of three steps, once. */
export const crash = withDurableExecution(async (_event, context) => {
  const first = await context.step("before", async () => Date.now());
  const second = await context.step("unstable", async () => {
    await crashOnce(context, "StepSucceeded");
    return "survived";
  });
  const third = await context.step("after", async () => "after");
  return { first, rest: [second, third] };
});

/** An invocation that the function's timeout ends, once. */
export const hang = withDurableExecution(async (_event, context) => {
  const first = await context.step("before", async () => Date.now());
  const second = await context.step("unstable", async () => {
    if (firstTime(context)) await sleep(HANG_MS);
    return "survived";
  });
  return { first, second };
});

/** A large input and a large result. */
export const sizes = withDurableExecution(async (event: { data: string; back: number }, context) => {
  const length = await context.step("measure", async () => event.data.length);
  return { length, data: event.data.slice(0, event.back) };
});

/** A callback that is completed before the invocation that made it has ended. */
export const answeredAtOnce = withDurableExecution(async (event: string, context) =>
  context.waitForCallback("at-once", async (CallbackId) => {
    const command = new SendDurableExecutionCallbackSuccessCommand({
      CallbackId,
      Result: Buffer.from(event),
    });
    await new LambdaClient().send(command);
  }),
);

/** Many small steps, several at a time. */
export const many = withDurableExecution(async (event: { count: number }, context) => {
  const batch = await context.map(
    "squares",
    upTo(event.count),
    async (iteration, item) => iteration.step(async () => item * item),
    { maxConcurrency: 10 },
  );
  return batch.getResults().reduce((sum, square) => sum + square, 0);
});

/** A quick step, a slow one and a wait: time enough to end the server in each. */
export const journey = withDurableExecution(async (event: { seconds: number }, context) => {
  const first = await context.step("quick", async () => Date.now());
  const second = await context.step("slow", async () => {
    await sleep(1000 * event.seconds);
    return Date.now();
  });
  await context.wait({ seconds: event.seconds });
  return [first, second];
});
