/**
 * Suite `parallel`: one handler for each of 8-1 to 8-22.
 *
 * One branch runs at a time, except in 8-11, so that the history has one order.
 */

import {
  type CompletionConfig,
  type DurableContext,
  NestingType,
  withDurableExecution,
} from "@aws/durable-execution-sdk-js";

import { ALL, COUNTS, envelope, type Fact, projection } from "./batch";
import { fail } from "./support";

type Branch = (context: DurableContext) => Promise<unknown>;

const ONE_BY_ONE = { maxConcurrency: 1 };

/** A branch without a step. */
const returning =
  <T>(value: T) =>
  async () =>
    value;

/** A branch with one step. */
const stepping = (value: string) => async (branch: DurableContext) => branch.step(async () => value);

/** Runs the branches and returns facts of the batch. */
async function counted(
  context: DurableContext,
  branches: Branch[],
  completionConfig: CompletionConfig,
  keys: Fact[] = ALL,
) {
  const batch = await context.parallel("parallel", branches, { ...ONE_BY_ONE, completionConfig });
  return projection(batch, ...keys);
}

/** Runs the branches and returns their results. */
async function results(context: DurableContext, branches: Branch[], config: object = ONE_BY_ONE) {
  const batch = await context.parallel("parallel", branches, config);
  return batch.getResults();
}

/** 8-1: two branches, each a step. */
export const basic = withDurableExecution(async (_event, context) =>
  results(context, [stepping("task-1"), stepping("task-2")]),
);

/** 8-2: without a name and without steps. */
export const unnamed = withDurableExecution(async (_event, context) => {
  const batch = await context.parallel([returning("alpha"), returning("beta")], ONE_BY_ONE);
  return batch.getResults();
});

/** 8-3: branches with names. */
export const namedBranches = withDurableExecution(async (_event, context) => {
  const branches = [
    { name: "first", func: returning("one") },
    { name: "second", func: returning("two") },
  ];
  const batch = await context.parallel("parallel", branches, ONE_BY_ONE);
  return batch.getResults();
});

/** 8-4: a string, a number and an object. */
export const mixedTypes = withDurableExecution(async (_event, context) =>
  results(context, [returning("hello"), returning(42), returning({ k: "v" })]),
);

/** 8-5: no branches. */
export const empty = withDurableExecution(async (_event, context) => results(context, []));

/** 8-6: the first failure ends it. */
export const failFast = withDurableExecution(async (_event, context) =>
  counted(context, [returning("ok"), fail, returning("never")], { toleratedFailureCount: 0 }),
);

/** 8-7: the handler throws the branch's error. */
export const rethrow = withDurableExecution(async (_event, context) => {
  const completionConfig = { toleratedFailureCount: 0 };
  const branches: Branch[] = [fail, returning("never")];
  const batch = await context.parallel("parallel", branches, { ...ONE_BY_ONE, completionConfig });
  batch.throwIfError();
});

/** 8-8: two successes are enough. */
export const minSuccessful = withDurableExecution(async (_event, context) =>
  counted(context, ["b0", "b1", "b2", "b3"].map(returning), { minSuccessful: 2 }, [
    "completionReason",
    "successCount",
    "totalCount",
  ]),
);

/** 8-9: one failure is tolerated. */
export const failureTolerated = withDurableExecution(async (_event, context) =>
  counted(context, [returning("b0"), fail, returning("b2")], { toleratedFailureCount: 1 }),
);

/** 8-10: the second failure ends it. */
export const failuresExceeded = withDurableExecution(async (_event, context) =>
  counted(context, [fail, fail, returning("never")], { toleratedFailureCount: 1 }, COUNTS),
);

/** 8-11: two at a time; the results are in the order of the branches. */
export const concurrent = withDurableExecution(async (_event, context) =>
  results(context, ["r0", "r1", "r2"].map(returning), { maxConcurrency: 2 }),
);

/** 8-12: branches without contexts of their own. */
export const flat = withDurableExecution(async (_event, context) =>
  results(context, [stepping("fa"), stepping("fb")], { ...ONE_BY_ONE, nesting: NestingType.FLAT }),
);

/** 8-13: two failures of four are more than a quarter. */
export const percentageExceeded = withDurableExecution(async (_event, context) =>
  counted(
    context,
    [fail, fail, returning("never"), returning("never")],
    { toleratedFailurePercentage: 25 },
    COUNTS,
  ),
);

/** 8-14: the second branch waits; the replay has the first one's result. */
export const waitInBranch = withDurableExecution(async (_event, context) =>
  results(context, [
    stepping("b0"),
    async (branch) => {
      await branch.wait({ seconds: 2 });
      return "b1";
    },
  ]),
);

/** 8-15: a serdes for each branch's result. */
export const itemSerdes = withDurableExecution(async (_event, context) =>
  results(context, [returning("x"), returning("y")], { ...ONE_BY_ONE, itemSerdes: envelope }),
);

/** 8-16: all fail, and as many may. */
export const allFailTolerated = withDurableExecution(async (_event, context) =>
  counted(context, [fail, fail, fail], { toleratedFailureCount: 3 }),
);

/** 8-17: three successes were asked for; two come. */
export const minSuccessfulMissed = withDurableExecution(async (_event, context) =>
  counted(context, [returning("b0"), fail, returning("b2")], { minSuccessful: 3 }),
);

/** 8-18: too many failures before there are enough successes. */
export const failuresBeforeSuccesses = withDurableExecution(async (_event, context) =>
  counted(
    context,
    [fail, fail, returning("b2"), returning("b3")],
    { minSuccessful: 3, toleratedFailureCount: 1 },
    COUNTS,
  ),
);

/** 8-19: no branch at a time is refused. */
export const invalidConcurrency = withDurableExecution(async (_event, context) =>
  results(context, [returning("a"), returning("b")], { maxConcurrency: 0 }),
);

/** 8-20: what a batch says of its failures. */
export const accessors = withDurableExecution(async (_event, context) =>
  counted(context, [returning("b0"), fail, returning("b2")], { toleratedFailureCount: 1 }, [
    "hasFailure",
    "successCount",
    "failureCount",
    "errorCount",
  ]),
);

/** 8-21: a parallel in a branch. */
export const nested = withDurableExecution(async (_event, context) =>
  results(context, [async (branch) => results(branch, [stepping("i1"), stepping("i2")])]),
);

/** 8-22: one failure of four is not more than a quarter. */
export const percentageEqual = withDurableExecution(async (_event, context) =>
  counted(context, [fail, ...["b1", "b2", "b3"].map(returning)], { toleratedFailurePercentage: 25 }),
);
