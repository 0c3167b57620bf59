/**
 * Suite `plugin`: handlers for 10-1 to 10-7, and the plugins that watch them.
 *
 * A plugin writes JSON lines to the standard output. Each has the execution's ARN, by which the suite finds it.
 */

import {
  type AttemptEndInfo,
  type AttemptInfo,
  type DurableContext,
  type DurableInstrumentationPlugin,
  type InvocationEndInfo,
  type InvocationInfo,
  type OperationInfo,
  withDurableExecution,
} from "@aws/durable-execution-sdk-js";

import { fail, noRetry, retrying, TransientError } from "./support";

const isStep = (info: OperationInfo) => info.type === "STEP";

/** Knows the execution from the invocation's start on. */
abstract class Watcher implements DurableInstrumentationPlugin {
  private arn = "";

  constructor(private readonly name = "CONFPLUGIN") {}

  async onInvocationStart(info: InvocationInfo) {
    this.arn = info.executionArn;
  }

  protected write(hook: string, facts: object = {}) {
    const record = { plugin: this.name, hook, ...facts, durableExecutionArn: this.arn };
    process.stdout.write(`${JSON.stringify(record)}\n`);
  }
}

/** Writes down when invocations begin and end. */
class Invocations extends Watcher {
  override async onInvocationStart(info: InvocationInfo) {
    await super.onInvocationStart(info);
    this.write("invocation-start", { first: info.isFirstInvocation });
  }

  async onInvocationEnd(info: InvocationEndInfo) {
    this.write("invocation-end", { status: info.status });
  }
}

/** Writes down when steps begin and end. */
class Steps extends Watcher {
  async onOperationStart(info: OperationInfo) {
    if (isStep(info)) this.write("operation-start", { op: info.id });
  }

  async onOperationEnd(info: OperationInfo) {
    if (isStep(info)) this.write("operation-end", { op: info.id, status: info.status });
  }
}

/** Writes down when attempts of steps begin and end. */
class Attempts extends Watcher {
  async onOperationAttemptStart(info: AttemptInfo) {
    if (isStep(info)) this.write("attempt-start", { n: info.attempt, op: info.id });
  }

  async onOperationAttemptEnd(info: AttemptEndInfo) {
    if (!isStep(info)) return;
    this.write("attempt-end", { n: info.attempt, outcome: info.outcome, op: info.id });
  }
}

/** Writes down each hook, then fails. */
class Faulty extends Watcher {
  private writeAndFail(hook: string) {
    this.write(hook);
    throw new Error(`the plugin fails in ${hook}`);
  }

  override async onInvocationStart(info: InvocationInfo) {
    await super.onInvocationStart(info);
    this.writeAndFail("invocation-start");
  }

  async onInvocationEnd() {
    this.writeAndFail("invocation-end");
  }

  async onOperationStart(info: OperationInfo) {
    if (isStep(info)) this.writeAndFail("operation-start");
  }

  async onOperationEnd(info: OperationInfo) {
    if (isStep(info)) this.writeAndFail("operation-end");
  }

  async onOperationAttemptStart(info: AttemptInfo) {
    if (isStep(info)) this.writeAndFail("attempt-start");
  }

  async onOperationAttemptEnd(info: AttemptEndInfo) {
    if (isStep(info)) this.writeAndFail("attempt-end");
  }
}

/** One step, which logs. */
async function greet(event: string, context: DurableContext) {
  return context.step(async (step) => {
    step.logger.info(`Greeting step running for: ${event}`);
    return `Hello, ${event}!`;
  });
}

/** 10-1: the invocation's beginning and end. */
export const invocation = withDurableExecution(greet, { plugins: [new Invocations()] });

/** 10-2: the step's beginning and end. */
export const operation = withDurableExecution(greet, { plugins: [new Steps()] });

/** 10-3: the beginning and end of each attempt. */
export const attempts = withDurableExecution(
  async (_event, context) =>
    context.step(
      async (step) => {
        if (step.attempt < 2) throw new TransientError();
        return "Operation succeeded";
      },
      retrying({ maxAttempts: 2 }),
    ),
  { plugins: [new Attempts()] },
);

/** 10-4: a plugin that fails does not disturb the execution. */
export const faulty = withDurableExecution(greet, { plugins: [new Faulty("CONFPLUGIN-FAULTY")] });

/** 10-5: two plugins at once. */
export const twoPlugins = withDurableExecution(greet, {
  plugins: [new Invocations("CONFPLUGIN-A"), new Invocations("CONFPLUGIN-B")],
});

/** 10-6: the first invocation and the replay. */
export const replay = withDurableExecution(
  async (_event, context) => {
    await context.wait({ seconds: 2 });
  },
  { plugins: [new Invocations()] },
);

/** 10-7: the invocation fails. */
export const failing = withDurableExecution(async (_event, context) => context.step(fail, noRetry), {
  plugins: [new Invocations()],
});
