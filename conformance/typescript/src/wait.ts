/** Suite `wait`: one handler for each of 2-1 to 2-5. */

import { withDurableExecution } from "@aws/durable-execution-sdk-js";

/** 2-1: one wait. */
export const basic = withDurableExecution(async (_event, context) => {
  await context.wait({ seconds: 2 });
});

/** 2-2: a wait with a name. */
export const named = withDurableExecution(async (_event, context) => {
  await context.wait("custom_wait_name", { seconds: 2 });
});

/** 2-3: two waits, one after the other. */
export const sequential = withDurableExecution(async (_event, context) => {
  await context.wait("wait-1", { seconds: 2 });
  await context.wait("wait-2", { seconds: 2 });
  return { completedWaits: 2 };
});

/** 2-4: a wait in minutes. */
export const minutes = withDurableExecution(async (_event, context) => {
  await context.wait({ minutes: 1 });
});

/** 2-5: a wait in hours. */
export const hours = withDurableExecution(async (_event, context) => {
  await context.wait({ hours: 1 });
});
