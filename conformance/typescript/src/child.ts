/** Suite `child`: one handler for each of 3-1 to 3-18. */

import { ChildContextError, type DurableContext, withDurableExecution } from "@aws/durable-execution-sdk-js";

import { crashOnce, fail, noRetry, retrying, TransientError, upper } from "./support";

/** Beyond what the SDK writes into one checkpoint. */
const LARGE = 300 * 1024;

/** Two durable operations of a child context. */
async function stepAndWait(child: DurableContext, value: string): Promise<string> {
  const result = await child.step(async () => value);
  await child.wait({ seconds: 1 });
  return result;
}

/** 3-1: a child context with one step. */
export const basic = withDurableExecution(async (event: string, context) =>
  context.runInChildContext(async (child) => child.step(async () => event)),
);

/** 3-2: a child context with a name. */
export const named = withDurableExecution(async (event: { name: string; value: string }, context) =>
  context.runInChildContext(event.name, async (child) => child.step(async () => event.value)),
);

/** 3-3: two steps in a child context. */
export const sequential = withDurableExecution(async (event: string, context) =>
  context.runInChildContext("two-steps", async (child) => {
    const first = await child.step(async () => event);
    return child.step(async () => first);
  }),
);

/** 3-4: the step in it fails, and so does the execution. */
export const stepFails = withDurableExecution(async (_event, context) =>
  context.runInChildContext("failing", async (child) => child.step(fail, noRetry)),
);

/** 3-5: the step in it fails, and the handler goes on. */
export const caught = withDurableExecution(async (event: string, context) => {
  try {
    await context.runInChildContext(async (child) => child.step(fail, noRetry));
  } catch (error) {
    if (!(error instanceof ChildContextError)) throw error;
  }
  return context.step(async () => event);
});

/** 3-6: a child context in a child context. */
export const nested = withDurableExecution(async (event: string, context) =>
  context.runInChildContext("outer", async (outer) => {
    await outer.step(async () => event);
    return outer.runInChildContext("inner", async (inner) => inner.step(async () => event));
  }),
);

/** 3-7: the step in it succeeds at its second attempt. */
export const stepRetry = withDurableExecution(async (event: string, context) =>
  context.runInChildContext("retrying", async (child) =>
    child.step(
      async (step) => {
        if (step.attempt < 2) throw new TransientError();
        return event;
      },
      retrying({ maxAttempts: 3 }),
    ),
  ),
);

/** 3-8: the step in it fails twice, which is all it may. */
export const stepRetryExhaustion = withDurableExecution(async (_event, context) =>
  context.runInChildContext("retrying", async (child) => child.step(fail, retrying({ maxAttempts: 2 }))),
);

/** 3-9: the replay has the result of the child context. */
export const replay = withDurableExecution(async (event: string, context) => {
  const result = await context.runInChildContext(async (child) => child.step(async () => event));
  await context.wait({ seconds: 1 });
  return result;
});

/** 3-10: a step and a wait in a child context. */
export const stepThenWait = withDurableExecution(async (event: string, context) =>
  context.runInChildContext("step-and-wait", async (child) => stepAndWait(child, event)),
);

/** 3-11: a result that is too large to be kept, so that the replay runs the child context again. */
export const largeResult = withDurableExecution(async (event: string, context) => {
  const result = await context.runInChildContext("large", async (child) => {
    child.configureLogger({ modeAware: false });
    child.logger.info(`child context runs with ${event}`);
    const small = await child.step(async () => "x");
    return small.repeat(LARGE);
  });
  await context.wait({ seconds: 1 });
  return result.length;
});

/** 3-12: the process ends in the step; the next one runs the step again. */
export const interrupted = withDurableExecution(async (event: string, context) =>
  context.runInChildContext(async (child) =>
    child.step(async () => {
      await crashOnce(context, "StepStarted");
      return event;
    }),
  ),
);

/** 3-13: only a wait in the child context, and a step behind it. */
export const waitInside = withDurableExecution(async (event: string, context) => {
  const result = await context.runInChildContext("wait-inside", async (child) => {
    await child.wait({ seconds: 1 });
    return event;
  });
  return context.step(async () => result);
});

/** 3-14: a serdes of the child context's own. */
export const customSerdes = withDurableExecution(async (event: string, context) =>
  context.runInChildContext("upper", async (child) => child.step(async () => event), { serdes: upper }),
);

/** 3-15: the child context fails without a step. */
export const fails = withDurableExecution(async (_event, context) =>
  context.runInChildContext("failing", fail),
);

/** 3-16: a child context without a result. */
export const nullResult = withDurableExecution(async (_event, context) =>
  context.runInChildContext("nothing", async () => null),
);

/** 3-17: the replay does not run the child context again, and so does not log. */
export const logger = withDurableExecution(async (event: string, context) => {
  const result = await context.runInChildContext("logging", async (child) => {
    child.configureLogger({ modeAware: false });
    child.logger.info(`child context runs with ${event}`);
    return event;
  });
  await context.wait({ seconds: 1 });
  return result;
});

/** 3-18: a step and a wait in the child context, and the same behind it. */
export const insideAndAfter = withDurableExecution(async (event: string, context) => {
  const inner = await context.runInChildContext("inside", async (child) => stepAndWait(child, event));
  return stepAndWait(context, inner);
});
