/** What the handlers of several suites need. */

import { createHash } from "node:crypto";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { GetDurableExecutionHistoryCommand, LambdaClient } from "@aws-sdk/client-lambda";
import {
  createRetryStrategy,
  type DurableContext,
  JitterStrategy,
  retryPresets,
  type Serdes,
} from "@aws/durable-execution-sdk-js";

/** How long a crash waits for a checkpoint that the SDK sends in the background; it comes within moments. */
const CHECKPOINT_WAIT_MAX_MS = 30_000;

export const noRetry = { retryStrategy: retryPresets.noRetry };

interface Retries {
  maxAttempts: number;
  seconds?: number;
  backoffRate?: number;
  retryableErrorTypes?: (new () => Error)[];
}

/** Retries without jitter, so that the delays in the history are known. */
export function retryStrategy({ seconds = 1, backoffRate = 1, ...more }: Retries) {
  const initialDelay = { seconds };
  return createRetryStrategy({ initialDelay, backoffRate, jitter: JitterStrategy.NONE, ...more });
}

/** A step that is tried so often. */
export function retrying(retries: Retries) {
  return { retryStrategy: retryStrategy(retries) };
}

/** An error that a retry may cure. */
export class TransientError extends Error {
  constructor(message = "not yet") {
    super(message);
    this.name = "TransientError";
  }
}

/** Keeps a string in upper case and without JSON's quotes. */
export const upper: Serdes<string> = {
  serialize: async (value) => value?.toUpperCase(),
  deserialize: async (data) => data,
};

/** A step, branch or item that never succeeds. */
export async function fail(): Promise<never> {
  throw new Error("this always fails");
}

/** Ends the process in the middle of an invocation; what it has logged gets out. */
export async function crash(): Promise<never> {
  await new Promise((written) => process.stdout.write("", written));
  process.exit(1);
}

/** Whether this is the first call in an execution. The second, in another process perhaps, forgets it again. */
export function firstTime(context: DurableContext): boolean {
  const arn = context.executionContext.durableExecutionArn;
  const marker = join(tmpdir(), `first-time-${createHash("sha256").update(arn).digest("hex")}`);
  if (existsSync(marker)) {
    rmSync(marker);
    return false;
  }
  writeFileSync(marker, "");
  return true;
}

/** Ends the process when the history has an event of this type, but only the first time in an execution. */
export async function crashOnce(context: DurableContext, eventType: string): Promise<void> {
  if (firstTime(context)) {
    await waitForEvent(context.executionContext.durableExecutionArn, eventType);
    await crash();
  }
}

/** Returns when the execution's history has an event of this type. */
async function waitForEvent(arn: string, eventType: string): Promise<void> {
  const client = new LambdaClient();
  const deadline = Date.now() + CHECKPOINT_WAIT_MAX_MS;
  while (Date.now() < deadline) {
    const command = new GetDurableExecutionHistoryCommand({ DurableExecutionArn: arn });
    const { Events } = await client.send(command);
    if (Events?.some((event) => event.EventType === eventType)) return;
    await sleep(50);
  }
  throw new Error(`the history has no ${eventType}`);
}
