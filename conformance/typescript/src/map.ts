/**
 * Suite `map`: one handler for each of 9-1 to 9-20.
 *
 * One item runs at a time, except in 9-11, so that the history has one order.
 */

import {
  type CompletionConfig,
  type DurableContext,
  NestingType,
  withDurableExecution,
} from "@aws/durable-execution-sdk-js";

import { ALL, COUNTS, type Fact, joined, prefixed, projection } from "./batch";
import { fail } from "./support";

const ONE_BY_ONE = { maxConcurrency: 1 };
/** Four of these are beyond what the SDK writes into one checkpoint. */
const LARGE = 70 * 1024;

const itself = async (_context: DurableContext, item: string) => item;
const upper = async (_context: DurableContext, item: string) => item.toUpperCase();
/** Fails for the item `bad`. */
const okUnlessBad = async (_context: DurableContext, item: string) => (item === "bad" ? fail() : item);

/** Maps the items and returns facts of the batch. */
async function counted(
  context: DurableContext,
  items: string[],
  completionConfig: CompletionConfig,
  keys: Fact[] = ALL,
) {
  const batch = await context.map("map", items, okUnlessBad, { ...ONE_BY_ONE, completionConfig });
  return projection(batch, ...keys);
}

/** 9-1: a step for each item. */
export const basic = withDurableExecution(async (event: string[], context) => {
  const batch = await context.map(
    "map",
    event,
    async (iteration, item) => iteration.step(async () => `Hello, ${item}!`),
    ONE_BY_ONE,
  );
  return batch.getResults();
});

/** 9-2: without a name and without steps. */
export const unnamed = withDurableExecution(async (event: number[], context) => {
  const batch = await context.map(event, async (_iteration, item) => item * 2, ONE_BY_ONE);
  return batch.getResults();
});

/** 9-3: the function is told the item's index. */
export const withIndex = withDurableExecution(async (event: number[], context) => {
  const batch = await context.map("map", event, async (_iteration, item, index) => item + index, ONE_BY_ONE);
  return batch.getResults();
});

/** 9-4: no items. */
export const empty = withDurableExecution(async (event: string[], context) => {
  const batch = await context.map("map", event, itself, ONE_BY_ONE);
  return batch.getResults();
});

/** 9-5: the first failure ends it. */
export const failFast = withDurableExecution(async (_event, context) =>
  counted(context, ["ok", "bad", "never"], { toleratedFailureCount: 0 }),
);

/** 9-6: the handler throws the item's error. */
export const rethrow = withDurableExecution(async (_event, context) => {
  const completionConfig = { toleratedFailureCount: 0 };
  const items = ["bad", "never"];
  const batch = await context.map("map", items, okUnlessBad, { ...ONE_BY_ONE, completionConfig });
  batch.throwIfError();
});

/** 9-7: two successes are enough. */
export const minSuccessful = withDurableExecution(async (_event, context) =>
  counted(context, ["i0", "i1", "i2", "i3"], { minSuccessful: 2 }, [
    "completionReason",
    "successCount",
    "totalCount",
  ]),
);

/** 9-8: one failure is tolerated. */
export const failureTolerated = withDurableExecution(async (_event, context) =>
  counted(context, ["i0", "bad", "i2"], { toleratedFailureCount: 1 }),
);

/** 9-9: the second failure ends it. */
export const failuresExceeded = withDurableExecution(async (_event, context) =>
  counted(context, ["bad", "bad", "never"], { toleratedFailureCount: 1 }, COUNTS),
);

/** 9-10: two failures of four are more than a quarter. */
export const percentageExceeded = withDurableExecution(async (_event, context) =>
  counted(context, ["bad", "bad", "never", "never"], { toleratedFailurePercentage: 25 }, COUNTS),
);

/** 9-11: two at a time; the results are in the order of the items. */
export const concurrent = withDurableExecution(async (_event, context) => {
  const batch = await context.map("map", ["r0", "r1", "r2"], itself, { maxConcurrency: 2 });
  return batch.getResults();
});

/** 9-12: items without contexts of their own. */
export const flat = withDurableExecution(async (_event, context) => {
  const step = async (iteration: DurableContext, item: string) => iteration.step(async () => item);
  const config = { ...ONE_BY_ONE, nesting: NestingType.FLAT };
  const batch = await context.map("map", ["fa", "fb"], step, config);
  return batch.getResults();
});

/** 9-13: a name for each item. */
export const itemNamer = withDurableExecution(async (event: number[], context) => {
  const config = { ...ONE_BY_ONE, itemNamer: (item: number) => `item-${item}` };
  const batch = await context.map("map", event, async (_iteration, item) => item * 10, config);
  return batch.getResults();
});

/** 9-14: a serdes for each item's result. */
export const itemSerdes = withDurableExecution(async (_event, context) => {
  const batch = await context.map("map", ["x", "y"], upper, { ...ONE_BY_ONE, itemSerdes: prefixed });
  return batch.getResults();
});

/** 9-15: the second item waits; the replay has the first one's result. */
export const waitInItem = withDurableExecution(async (_event, context) => {
  const batch = await context.map(
    "map",
    ["r0", "r1"],
    async (iteration, item, index) => {
      if (index === 1) await iteration.wait({ seconds: 1 });
      return iteration.step(async () => item);
    },
    ONE_BY_ONE,
  );
  return batch.getResults();
});

/** 9-16: results that together are too large to be kept in one piece. */
export const largeResults = withDurableExecution(async (_event, context) => {
  const large = async (_iteration: DurableContext, item: string) => item.repeat(LARGE);
  const batch = await context.map("map", ["a", "b", "c", "d"], large, ONE_BY_ONE);
  return projection(batch, "successCount", "totalCount");
});

/** 9-17: a wait behind it; the replay has its results. */
export const thenWait = withDurableExecution(async (_event, context) => {
  const batch = await context.map("map", ["a", "b"], upper, ONE_BY_ONE);
  await context.wait({ seconds: 1 });
  return batch.getResults();
});

/** 9-18: a failure in it and a wait behind it. */
export const failureThenWait = withDurableExecution(async (_event, context) => {
  const facts = await counted(context, ["ok", "bad"], { toleratedFailureCount: 1 });
  await context.wait({ seconds: 1 });
  return facts;
});

/** 9-19: a serdes for the batch. */
export const batchSerdes = withDurableExecution(async (_event, context) => {
  const batch = await context.map("map", ["x", "y"], upper, { ...ONE_BY_ONE, serdes: joined });
  return batch.getResults();
});

/** 9-20: the replay reads the batch with that serdes. */
export const batchSerdesReplay = withDurableExecution(async (_event, context) => {
  const batch = await context.map("map", ["x", "y"], upper, { ...ONE_BY_ONE, serdes: joined });
  await context.wait({ seconds: 1 });
  return batch.getResults();
});
