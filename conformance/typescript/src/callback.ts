/**
 * Suite `callback`: handlers for 4-1 to 4-19.
 *
 * Without a serdes the SDK hands on what the callback was completed with as it is: JSON text.
 */

import { CallbackError, type DurableContext, withDurableExecution } from "@aws/durable-execution-sdk-js";

type Times = { timeout?: { seconds: number }; heartbeatTimeout?: { seconds: number } };

/** Makes a callback and waits for it. */
async function answer(context: DurableContext, name: string, times?: Times): Promise<string> {
  const [result] = await context.createCallback(name, times);
  return result;
}

/** The answer, or the message of its failure. */
async function answerOrMessage(context: DurableContext, name: string, times?: Times): Promise<string> {
  try {
    return await answer(context, name, times);
  } catch (error) {
    if (!(error instanceof CallbackError)) throw error;
    return error.message;
  }
}

/** 4-1, 4-6: waits for a callback that the input names. */
export const basic = withDurableExecution(async (event: string, context) => answer(context, event));

/** 4-2: a callback with a name. */
export const named = withDurableExecution(async (_event, context) => answer(context, "approval"));

/** 4-3: nobody answers within 5 seconds. */
export const timesOut = withDurableExecution(async (event: string, context) =>
  answer(context, event, { timeout: { seconds: 5 } }),
);

/** 4-4: no sign of life within 5 seconds. */
export const heartbeatTimesOut = withDurableExecution(async (event: string, context) =>
  answer(context, event, { heartbeatTimeout: { seconds: 5 } }),
);

/** 4-5: a sign of life, then the result. */
export const heartbeat = withDurableExecution(async (event: string, context) =>
  answer(context, event, { heartbeatTimeout: { seconds: 10 } }),
);

/** 4-7: a step runs while the callback is open. */
export const stepBeforeResult = withDurableExecution(async (event: string, context) => {
  const [result] = await context.createCallback(event);
  await context.step(async () => "done");
  return result;
});

/** 4-8: a step runs, then nobody answers within 5 seconds. */
export const stepBeforeTimeout = withDurableExecution(async (event: string, context) => {
  const [result] = await context.createCallback(event, { timeout: { seconds: 5 } });
  await context.step(async () => "done");
  return result;
});

/** 4-9, 4-10: the callback is completed during a wait. */
export const waitBeforeResult = withDurableExecution(async (event: string, context) => {
  const [result] = await context.createCallback(event);
  await context.wait({ seconds: 5 });
  return result;
});

/** 4-11: the callback times out during a wait. */
export const waitBeforeTimeout = withDurableExecution(async (event: string, context) => {
  const [result] = await context.createCallback(event, { timeout: { seconds: 3 } });
  await context.wait({ seconds: 6 });
  return result;
});

/** 4-12: a wait behind the callback. */
export const waitAfterResult = withDurableExecution(async (event: string, context) => {
  const result = await answer(context, event);
  await context.wait({ seconds: 2 });
  return result;
});

/** 4-13: the handler catches the failure and waits. */
export const failureCaught = withDurableExecution(async (event: string, context) => {
  const message = await answerOrMessage(context, event);
  await context.wait({ seconds: 2 });
  return message;
});

/** 4-14: the handler catches the timeout and waits. */
export const timeoutCaught = withDurableExecution(async (event: string, context) => {
  const message = await answerOrMessage(context, event, { timeout: { seconds: 3 } });
  await context.wait({ seconds: 2 });
  return message;
});

interface Received {
  id: string;
  message: string;
  timestamp: Date;
}

/** 4-15: a serdes that makes an object with a date of the answer. */
export const typedResult = withDurableExecution(async (event: string, context) => {
  const [result] = await context.createCallback<Received>(event, {
    serdes: {
      deserialize: async (data) => {
        const received = JSON.parse(data ?? "null");
        return { ...received, timestamp: new Date(received.timestamp) };
      },
    },
  });
  const { id, message, timestamp } = await result;
  return { received: { id, message, timestamp: timestamp.getTime() / 1000 } };
});

/** 4-16: a serdes that makes a number of the answer. */
export const numberResult = withDurableExecution(async (event: string, context) => {
  const [result] = await context.createCallback<number>(event, {
    serdes: { deserialize: async (data) => Number(data) },
  });
  const count = await result;
  return { count, doubled: count * 2 };
});

/** 4-17: two callbacks, one after the other. */
export const sequential = withDurableExecution(async ([first, second]: [string, string], context) => {
  const results = [await answer(context, first)];
  return [...results, await answer(context, second)];
});

/** 4-18: two callbacks at once, awaited in their order. */
export const bothInOrder = withDurableExecution(async ([first, second]: [string, string], context) => {
  const [firstResult] = await context.createCallback(first);
  const [secondResult] = await context.createCallback(second);
  return [await firstResult, await secondResult];
});

/** 4-19: two callbacks at once, awaited the other way round. */
export const bothInReverse = withDurableExecution(async ([first, second]: [string, string], context) => {
  const [firstResult] = await context.createCallback(first);
  const [secondResult] = await context.createCallback(second);
  const result = await secondResult;
  return [await firstResult, result];
});
