/** What the suites `parallel` and `map` share: projections of a batch and serdes. */

import { BatchItemStatus, type BatchResult, type Serdes } from "@aws/durable-execution-sdk-js";

/** Some facts of a batch by the names that the suite has for them. */
export function projection<T>(batch: BatchResult<T>, ...keys: Fact[]) {
  const facts = {
    completionReason: batch.completionReason,
    status: batch.status,
    successCount: batch.successCount,
    failureCount: batch.failureCount,
    totalCount: batch.totalCount,
    hasFailure: batch.hasFailure,
    errorCount: batch.getErrors().length,
  };
  return Object.fromEntries(keys.map((key) => [key, facts[key]]));
}

export type Fact =
  | "completionReason"
  | "status"
  | "successCount"
  | "failureCount"
  | "totalCount"
  | "hasFailure"
  | "errorCount";

export const COUNTS: Fact[] = ["completionReason", "successCount", "failureCount", "totalCount"];
export const ALL: Fact[] = ["status", ...COUNTS];

/** Keeps a value in an object. */
export const envelope: Serdes<string> = {
  serialize: async (value) => JSON.stringify({ wrapped: value }),
  deserialize: async (data) => data && JSON.parse(data).wrapped,
};

/** Keeps a string behind a mark. */
export const prefixed: Serdes<string> = {
  serialize: async (value) => `wrapped:${value}`,
  deserialize: async (data) => data?.slice("wrapped:".length),
};

/** Keeps a batch of strings in one line. */
export const joined: Serdes<BatchResult<string>> = {
  serialize: async (batch) => `OPSERDE:${batch?.getResults().join(",")}`,
  deserialize: async (data) =>
    data === undefined ? undefined : batchOf(data.slice("OPSERDE:".length).split(",")),
};

/** A batch in which everything has succeeded. */
function batchOf(results: string[]): BatchResult<string> {
  const all = results.map((result, index) => ({ result, index, status: BatchItemStatus.SUCCEEDED }));
  return {
    all,
    succeeded: () => all,
    failed: () => [],
    started: () => [],
    status: BatchItemStatus.SUCCEEDED,
    completionReason: "ALL_COMPLETED",
    hasFailure: false,
    throwIfError: () => {},
    getResults: () => results,
    getErrors: () => [],
    successCount: all.length,
    failureCount: 0,
    startedCount: 0,
    totalCount: all.length,
  };
}
