/**
 * Suite `invoke`: handlers for 5-1 to 5-16, and the functions that they invoke.
 *
 * Each handler's variable TARGET names the function that it invokes. All invocations have names: without one the SDK
 * would take an input that is a string for the function, and the function for the name.
 */

import { defaultSerdes, InvokeError, type Serdes, withDurableExecution } from "@aws/durable-execution-sdk-js";

const TARGET = process.env["TARGET"] ?? "";
/** An asynchronous invocation takes 1 MiB; some of it is left for the rest of the checkpoint. */
const LARGE = 1_000_000;

/** A target: returns its input. */
export const echo = withDurableExecution(async (event) => event);

/** A target: fails. */
export const broken = withDurableExecution(async () => {
  throw new Error("the target failed");
});

/** A target: says how large its input is. */
export const size = withDurableExecution(async (event: { data: string }) => ({ size: event.data.length }));

/** 5-1, 5-3, 5-4: hands on the input and returns what comes back. */
export const basic = withDurableExecution(async (event, context) => context.invoke("target", TARGET, event));

/** 5-2: with a name. */
export const named = withDurableExecution(async (event: { name: string; payload: string }, context) =>
  context.invoke(event.name, TARGET, event.payload),
);

/** 5-5: the target fails, and so does the execution. */
export const targetFails = withDurableExecution(async (_event, context) =>
  context.invoke("target", TARGET, { fail: true }),
);

/** 5-6: the target fails, and the handler has another answer. */
export const failureCaught = withDurableExecution(async (_event, context) => {
  try {
    return await context.invoke("target", TARGET, { fail: true });
  } catch (error) {
    if (!(error instanceof InvokeError)) throw error;
    return "fallback";
  }
});

/** 5-7: about as much as an asynchronous invocation takes. */
export const largePayload = withDurableExecution(async (_event, context) =>
  context.invoke("target", TARGET, { data: "x".repeat(LARGE) }),
);

/** 5-8: for a tenant of the target. */
export const tenant = withDurableExecution(async (event: { tenantId: string; payload: string }, context) =>
  context.invoke("target", TARGET, event.payload, { tenantId: event.tenantId }),
);

/** 5-9: the replay has the result. */
export const replay = withDurableExecution(async (_event, context) => {
  const result = await context.invoke("target", TARGET, "once");
  await context.wait({ seconds: 1 });
  return result;
});

/** 5-10: the replay throws the error again. */
export const replayRethrows = withDurableExecution(async (_event, context) => {
  let result: unknown;
  try {
    result = await context.invoke("target", TARGET, "once");
  } catch (error) {
    if (!(error instanceof InvokeError)) throw error;
    result = error.message;
  }
  await context.wait({ seconds: 1 });
  return result;
});

/** 5-11: a step, then the invocation. */
export const afterStep = withDurableExecution(async (_event, context) =>
  context.invoke("target", TARGET, await context.step(async () => "from the step")),
);

/** 5-12: the invocation, then a step. */
export const beforeStep = withDurableExecution(async (_event, context) => {
  const result = await context.invoke("target", TARGET, "from the target");
  return context.step(async () => `${result}, seen by the step`);
});

/** 5-13: in a child context. */
export const inChild = withDurableExecution(async (_event, context) =>
  context.runInChildContext(async (child) => child.invoke("target", TARGET, "from the child")),
);

/** 5-14: two invocations, one after the other. */
export const sequential = withDurableExecution(async (_event, context) => {
  const first = await context.invoke("target", TARGET, "first");
  return [first, await context.invoke("target", TARGET, "second")];
});

/** Sends `data` in upper case. */
const upperData: Serdes<{ data: string }> = {
  serialize: async (value, context) =>
    defaultSerdes.serialize(value && { ...value, data: value.data.toUpperCase() }, context),
  deserialize: defaultSerdes.deserialize,
};

/** 5-15: a serdes for what is sent. */
export const payloadSerdes = withDurableExecution(async (event: { data: string }, context) =>
  context.invoke("target", TARGET, event, { payloadSerdes: upperData }),
);

/** Reads the JSON text itself, in upper case. */
const upperText: Serdes<string> = {
  serialize: async (value) => value,
  deserialize: async (data) => data?.toUpperCase(),
};

/** 5-16: a serdes for what comes back. */
export const resultSerdes = withDurableExecution(async (event: string, context) =>
  context.invoke<string, string>("target", TARGET, event, { resultSerdes: upperText }),
);
