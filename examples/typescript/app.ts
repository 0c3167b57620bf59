/** A durable function: it prepares a reminder, waits, and sends it. */

import { withDurableExecution } from "@aws/durable-execution-sdk-js";

type Order = { name: string };

export const handler = withDurableExecution(async (event: Order, context) => {
  const text = await context.step("prepare", async () => `${event.name}, your order is ready`);
  // No process runs meanwhile, and a server that is killed here goes on here.
  await context.wait("pause", { seconds: 2 });
  return context.step("send", async () => ({ sent: text }));
});
