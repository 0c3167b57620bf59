/** Suite `wait_for_condition`: handlers for 6-1 to 6-13. */

import {
  createWaitStrategy,
  type DurableContext,
  DurableOperationError,
  JitterStrategy,
  type Serdes,
  withDurableExecution,
} from "@aws/durable-execution-sdk-js";

import { fail } from "./support";

interface Polls<T> {
  /** Whether to poll again. */
  goesOn: (state: T) => boolean;
  initialState: T;
  seconds?: number;
  maxAttempts?: number;
  serdes?: Serdes<T>;
}

/** Polls while `goesOn(state)`, always with the same delay. */
function polling<T>({ goesOn, initialState, seconds = 1, maxAttempts = 10, serdes }: Polls<T>) {
  const waitStrategy = createWaitStrategy<T>({
    shouldContinuePolling: goesOn,
    maxAttempts,
    initialDelay: { seconds },
    backoffRate: 1,
    jitter: JitterStrategy.NONE,
  });
  return { waitStrategy, initialState, ...(serdes && { serdes }) };
}

const addOne = async (state: number) => state + 1;

interface Count {
  initialState?: number;
  seconds?: number;
  name?: string;
}

/** Adds one at each poll until the goal is reached. */
function countTo(context: DurableContext, goal: number, { initialState = 0, seconds, name }: Count = {}) {
  const config = polling({ goesOn: (state) => state < goal, initialState, ...(seconds && { seconds }) });
  return context.waitForCondition(name, addOne, config);
}

/** 6-1: counts to the input. */
export const basic = withDurableExecution(async (event: number, context) => countTo(context, event));

/** 6-2: the first poll is enough. */
export const immediate = withDurableExecution(async (event: number, context) =>
  context.waitForCondition(
    async (state: number) => state,
    polling({ goesOn: (state) => state < event, initialState: 5 }),
  ),
);

/** 6-3: with a name. */
export const named = withDurableExecution(async (event: number, context) =>
  countTo(context, event, { name: "poll-status" }),
);

/** 6-4: counts from 5. */
export const initialState = withDurableExecution(async (event: number, context) =>
  countTo(context, event, { initialState: 5 }),
);

/** 6-5: polls every 2 seconds. */
export const fixedDelay = withDurableExecution(async (event: number, context) =>
  countTo(context, event, { seconds: 2 }),
);

/** 6-6: three polls are not enough, and there is no fourth. */
export const attemptsExhausted = withDurableExecution(async (event: number, context) =>
  context.waitForCondition(addOne, polling({ goesOn: () => true, initialState: event, maxAttempts: 3 })),
);

/** 6-7: the check fails, and so does the execution. */
export const checkFails = withDurableExecution(async (_event, context) =>
  context.waitForCondition(fail, polling<number>({ goesOn: () => true, initialState: 0 })),
);

/** 6-8: the check fails, and the handler goes on. */
export const checkFailsCaught = withDurableExecution(async (_event, context) => {
  try {
    return await context.waitForCondition(fail, polling<number>({ goesOn: () => true, initialState: 0 }));
  } catch (error) {
    // The SDK has a StepError here.
    if (!(error instanceof DurableOperationError)) throw error;
    return "recovered";
  }
});

/** 6-9: the state is an object. */
export const objectState = withDurableExecution(async (_event, context) =>
  context.waitForCondition(
    async (state: { status: string; attempts: number }) => {
      const attempts = state.attempts + 1;
      return { status: attempts === 2 ? "DONE" : "PENDING", attempts };
    },
    polling({
      goesOn: (state) => state.status === "PENDING",
      initialState: { status: "PENDING", attempts: 0 },
    }),
  ),
);

/** 6-10: the state is nothing. */
export const nullState = withDurableExecution(async (_event, context) =>
  context.waitForCondition(
    async (): Promise<number | null> => null,
    polling<number | null>({ goesOn: () => false, initialState: 0 }),
  ),
);

const MARK = "reversed:";
const backwards = (text: string) => [...text].reverse().join("");

/** Keeps a string back to front, behind a mark. */
const reversed: Serdes<string> = {
  serialize: async (value) => MARK + backwards(value ?? ""),
  deserialize: async (data) => backwards((data ?? "").slice(MARK.length)),
};

/** 6-11: a serdes for the state. */
export const customSerdes = withDurableExecution(async (_event, context) =>
  context.waitForCondition(
    async (state: string) => `${state}x`,
    polling({ goesOn: (state) => state.length < 2, initialState: "", serdes: reversed }),
  ),
);

/** 6-12: a step uses the last state. */
export const thenStep = withDurableExecution(async (event: number, context) => {
  const count = await countTo(context, event);
  return context.step(async () => count * 10);
});

/** 6-13: the second goes on where the first has ended. */
export const sequential = withDurableExecution(async (_event, context) =>
  countTo(context, 4, { initialState: await countTo(context, 2) }),
);
