/**
 * Suite `wait_for_callback`: handlers for 7-1 to 7-15.
 *
 * Nobody needs to be told the callback's id here: the suite reads it in the history.
 */

import { CallbackError, type DurableContext, withDurableExecution } from "@aws/durable-execution-sdk-js";

import { fail, retrying } from "./support";

/** Would tell an external system the id. */
async function submit(_callbackId: string): Promise<void> {}

/** The answer, or this if there is none. */
async function answerOr(otherwise: string, answer: () => Promise<string>): Promise<string> {
  try {
    return await answer();
  } catch (error) {
    if (!(error instanceof CallbackError)) throw error;
    return otherwise;
  }
}

/** 7-1, 7-4, 7-15: waits for a callback that the input names. */
export const basic = withDurableExecution(async (event: string, context) =>
  context.waitForCallback(event, submit),
);

/** 7-2: with a name. */
export const named = withDurableExecution(async (_event, context) =>
  context.waitForCallback("approval", submit),
);

/** 7-3: without a name. */
export const unnamed = withDurableExecution(async (_event, context) =>
  context.waitForCallback(async () => {}),
);

/** 7-5: nobody answers within 3 seconds. */
export const timesOut = withDurableExecution(async (event: string, context) =>
  context.waitForCallback(event, submit, { timeout: { seconds: 3 } }),
);

/** 7-6: the handler catches the failure. */
export const failureCaught = withDurableExecution(async (event: string, context) =>
  answerOr("recovered", () => context.waitForCallback(event, submit)),
);

/** 7-7: the submitter fails twice, which is all it may. */
export const submitterFails = withDurableExecution(async (event: string, context) =>
  context.waitForCallback(event, fail, retrying({ maxAttempts: 2 })),
);

/** 7-8: in a child context. */
export const inChild = withDurableExecution(async (event: string, context) =>
  context.runInChildContext("wrapper", async (child: DurableContext) => child.waitForCallback(event, submit)),
);

/** 7-9: two, one after the other. */
export const sequential = withDurableExecution(async (_event, context) => {
  await context.waitForCallback("first", submit);
  return context.waitForCallback("second", submit);
});

/** 7-10: behind a wait and a step. */
export const afterWaitAndStep = withDurableExecution(async (event: string, context) => {
  await context.wait({ seconds: 1 });
  await context.step(async () => ({ userId: 7 }));
  return context.waitForCallback(event, submit);
});

/** 7-11: the answer is a JSON object. */
export const objectResult = withDurableExecution(async (event: string, context) => {
  const answer = await context.waitForCallback<{ status: string }>(event, submit, {
    serdes: { deserialize: async (data) => JSON.parse(data ?? "null") },
  });
  return answer.status;
});

/** 7-12: no sign of life within 5 seconds. */
export const heartbeatTimesOut = withDurableExecution(async (event: string, context) =>
  context.waitForCallback(event, submit, { heartbeatTimeout: { seconds: 5 } }),
);

/** 7-13: a sign of life, then the result. */
export const heartbeat = withDurableExecution(async (event: string, context) =>
  context.waitForCallback(event, submit, { heartbeatTimeout: { seconds: 10 } }),
);

/** 7-14: the handler catches the timeout. */
export const timeoutCaught = withDurableExecution(async (event: string, context) =>
  answerOr("timed-out-handled", () => context.waitForCallback(event, submit, { timeout: { seconds: 3 } })),
);
