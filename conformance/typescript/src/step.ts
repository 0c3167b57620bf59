/** Suite `step`: one handler for each of 1-1 to 1-20. */

import { StepError, StepSemantics, withDurableExecution } from "@aws/durable-execution-sdk-js";

import { crash, fail, noRetry, retryStrategy, retrying, TransientError, upper } from "./support";

/** 1-1: one step. */
export const basic = withDurableExecution(async (event: string, context) =>
  context.step(async () => `Hello, ${event}!`),
);

/** 1-2: a step with a name. */
export const named = withDurableExecution(async (event: string, context) =>
  context.step("custom_step_name", async () => `Hello, ${event}!`),
);

/** 1-3: the second step uses the result of the first. */
export const sequential = withDurableExecution(async (_event, context) => {
  const first = await context.step(async () => "first");
  return context.step(async () => `${first}_second`);
});

/** 1-4: a result with objects and lists. */
export const complexResult = withDurableExecution(
  async ({ name, tags }: { name: string; tags: string[] }, context) =>
    context.step(async () => ({ user: { name, tags }, count: tags.length })),
);

/** 1-5: a step without a result. */
export const nullResult = withDurableExecution(async (_event, context) => context.step(async () => null));

/** 1-6: a serdes of the step's own. */
export const customSerdes = withDurableExecution(async (event: string, context) =>
  context.step(async () => event, { serdes: upper }),
);

/** 1-7: the logger of a step. */
export const logger = withDurableExecution(async (event: string, context) =>
  context.step(async (step) => {
    step.logger.info(`Greeting step started for: ${event}`);
    const greeting = `Hello, ${event}!`;
    step.logger.info(`Greeting step completed with: ${greeting}`);
    return greeting;
  }),
);

/** 1-8: a step, then a wait; the replay has the step's result. */
export const thenWait = withDurableExecution(async (_event, context) => {
  const result = await context.step(async () => "computed");
  await context.wait({ seconds: 2 });
  return result;
});

/** 1-9: the replay does not run the step again. */
export const replaySkips = withDurableExecution(async (_event, context) => {
  const result = await context.step(async (step) => {
    step.logger.info("step executed");
    return "cached_value";
  });
  await context.wait({ seconds: 1 });
  return result;
});

/** 1-10: the replay throws the step's error again without running it. */
export const replayRethrows = withDurableExecution(async (_event, context) => {
  let outcome = "not failed";
  try {
    await context.step(fail, noRetry);
  } catch (error) {
    if (!(error instanceof StepError)) throw error;
    outcome = error.message;
  }
  await context.wait({ seconds: 1 });
  return outcome;
});

/** A step that succeeds at this attempt. */
const succeedingAt = (attempt: number) => async (step: { attempt: number }) => {
  if (step.attempt < attempt) throw new TransientError();
  return "Operation succeeded";
};

/** 1-11: the second attempt succeeds. */
export const retry = withDurableExecution(async (_event, context) =>
  context.step(succeedingAt(2), retrying({ maxAttempts: 3 })),
);

/** 1-12: four attempts, none of which succeeds. */
export const retryExhaustion = withDurableExecution(async (_event, context) =>
  context.step(fail, retrying({ maxAttempts: 4 })),
);

/** 1-13: the third attempt succeeds; the delays are the SDK's own. */
export const defaultRetry = withDurableExecution(async (_event, context) => context.step(succeedingAt(3)));

/** 1-14: the third attempt succeeds, after 2 and 6 seconds. */
export const customRetry = withDurableExecution(async (_event, context) =>
  context.step(succeedingAt(3), retrying({ maxAttempts: 5, seconds: 2, backoffRate: 3 })),
);

/** 1-15: the strategy retries this type of error. */
export const retryTransient = withDurableExecution(async (_event, context) =>
  context.step(succeedingAt(2), retrying({ maxAttempts: 3, retryableErrorTypes: [TransientError] })),
);

/** 1-16: the strategy does not retry this type of error. */
export const noRetryTransient = withDurableExecution(async (_event, context) =>
  context.step(
    async () => {
      throw new TransientError("never");
    },
    {
      retryStrategy: (error, attempt) =>
        error instanceof TransientError
          ? { shouldRetry: false }
          : retryStrategy({ maxAttempts: 3 })(error, attempt),
    },
  ),
);

/** 1-17: the process ends in the step; the attempt counts as failed, and there is no other. */
export const atMostOnce = withDurableExecution(async (event: string, context) =>
  context.step(
    "at_most_once_flaky_step",
    async (step) => {
      step.logger.info(`running with ${event}`);
      await crash();
    },
    { ...noRetry, semantics: StepSemantics.AtMostOncePerRetry },
  ),
);

/** 1-18: the process ends in the first attempt; the second succeeds. */
export const atMostOnceRetry = withDurableExecution(async (event: string, context) =>
  context.step(
    async (step) => {
      step.logger.info(`running with ${event}`);
      if (step.attempt < 2) await crash();
      return "succeeded on second attempt";
    },
    { ...retrying({ maxAttempts: 3 }), semantics: StepSemantics.AtMostOncePerRetry },
  ),
);

/** 1-19: one attempt, which fails. */
export const fails = withDurableExecution(async (_event, context) => context.step(fail, noRetry));

/** 1-20: the handler catches the error and goes on. */
export const caught = withDurableExecution(async (_event, context) => {
  let result = "";
  try {
    result = await context.step<string>(fail, noRetry);
  } catch (error) {
    if (!(error instanceof StepError)) throw error;
    result = "fallback";
  }
  return context.step(async () => `${result}_result`);
});
