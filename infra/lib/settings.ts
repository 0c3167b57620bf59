/**
 * What can be chosen with `cdk deploy --context NAME=VALUE`, and what holds otherwise.
 *
 * A value that cannot be is refused before anything is synthesized, in a sentence that names it.
 */

import { existsSync } from "node:fs";

import { Architecture } from "aws-cdk-lib/aws-lambda";
import { RetentionDays } from "aws-cdk-lib/aws-logs";
import type { Node } from "constructs";

/** AWS's bounds: 366 days, and 90 days. */
export const EXECUTION_TIMEOUT_SECONDS_MAX = 31_622_400;
export const RETENTION_DAYS_MAX = 90;
const MEMORY_MB_MIN = 128;
const MEMORY_MB_MAX = 10_240;
/** An enumeration has its names among its values; and logs are not kept for ever. */
const LOG_RETENTION_DAYS = Object.values(RetentionDays)
  .filter((days): days is RetentionDays => typeof days === "number")
  .filter((days) => days !== RetentionDays.INFINITE);

export interface Settings {
  /** Put before the name of every function, table and log group, so that a second stack fits into one account. */
  readonly prefix: string;
  /** Where each function's `bootstrap` is: a directory for each function, as `build.py` makes them. */
  readonly artifacts: string;
  /** What the bootstraps were built for. */
  readonly architecture: Architecture;
  /** How long an order may take. */
  readonly executionTimeoutSeconds: number;
  /** For how many days a finished order can be looked at. */
  readonly retentionDays: number;
  /** Of each function. */
  readonly memoryMb: number;
  /** For how many days logs are kept; a number that CloudWatch knows. */
  readonly logRetentionDays: RetentionDays;
  /** Whether tables, logs and undelivered orders outlive the stack. */
  readonly keepData: boolean;
  /** Who moves the money. */
  readonly payment: Payment;
  /** Whom alarms tell: the ARN of an SNS topic. Without one they only change their colour. */
  readonly alarmTopicArn: string | undefined;
}

/** The simulated gateway needs nothing; Stripe a key in Secrets Manager, and the currency of the catalog's prices. */
export type Payment =
  | { readonly gateway: "simulated" }
  | { readonly gateway: "stripe"; readonly secretArn: string; readonly currency: string };

/** Whole, with the six characters that Secrets Manager adds: a policy for less would be one for other secrets too. */
const SECRET_ARN = /^arn:[\w-]+:secretsmanager:[\w-]+:\d{12}:secret:[\w/+=.@-]+-\w{6}$/;

/** Reads the context of an app. */
export function readSettings(node: Node): Settings {
  const text = (name: string): string | undefined => {
    const value: unknown = node.tryGetContext(name);
    return value === undefined || value === "" ? undefined : String(value);
  };
  const whole = (name: string, otherwise: number, min: number, max: number): number => {
    const value = text(name);
    if (value === undefined) return otherwise;
    const number = Number(value);
    if (!Number.isInteger(number) || number < min || number > max) {
      throw new Error(`context ${name} must be a whole number from ${min} to ${max}, not ${value}`);
    }
    return number;
  };
  const oneOf = <T>(name: string, otherwise: string, known: Record<string, T>): T => {
    const value = text(name) ?? otherwise;
    const found = known[value];
    if (found === undefined) {
      throw new Error(`context ${name} must be one of ${Object.keys(known).join(", ")}, not ${value}`);
    }
    return found;
  };
  const prefix = text("prefix") ?? "";
  if (!/^[a-zA-Z0-9-]{0,32}$/.test(prefix)) {
    throw new Error(`context prefix must be at most 32 letters, digits and hyphens, not ${prefix}`);
  }
  const architecture = oneOf("architecture", "x86_64", { x86_64: Architecture.X86_64, arm64: Architecture.ARM_64 });
  return {
    prefix,
    artifacts: existing(text("artifacts") ?? `artifacts/${architecture.name}`, architecture),
    architecture,
    executionTimeoutSeconds: whole("executionTimeoutSeconds", 3600, 1, EXECUTION_TIMEOUT_SECONDS_MAX),
    retentionDays: whole("retentionDays", 7, 1, RETENTION_DAYS_MAX),
    memoryMb: whole("memoryMb", 128, MEMORY_MB_MIN, MEMORY_MB_MAX),
    logRetentionDays: oneOf("logRetentionDays", "30", byName(LOG_RETENTION_DAYS)),
    keepData: oneOf("keepData", "false", { true: true, false: false }),
    payment: readPayment(text),
    alarmTopicArn: text("alarmTopicArn"),
  };
}

function readPayment(text: (name: string) => string | undefined): Payment {
  const gateway = text("paymentGateway") ?? "simulated";
  const secretArn = text("stripeSecretArn");
  const currency = text("paymentCurrency") ?? "usd";
  if (gateway === "simulated") {
    if (secretArn !== undefined) throw new Error("context stripeSecretArn is for paymentGateway=stripe only");
    return { gateway };
  }
  if (gateway !== "stripe") {
    throw new Error(`context paymentGateway must be one of simulated, stripe, not ${gateway}`);
  }
  if (secretArn === undefined || !SECRET_ARN.test(secretArn)) {
    // Not repeated: it might be the key itself.
    throw new Error("context stripeSecretArn must be the whole ARN of a secret in Secrets Manager");
  }
  if (!/^[a-z]{3}$/.test(currency)) {
    throw new Error(`context paymentCurrency must be three small letters, not ${currency}`);
  }
  return { gateway, secretArn, currency };
}

function byName<T extends number>(values: T[]): Record<string, T> {
  return Object.fromEntries(values.map((value) => [String(value), value]));
}

/** Seen from where `cdk` runs. */
function existing(artifacts: string, architecture: Architecture): string {
  if (!existsSync(artifacts)) {
    throw new Error(`there are no bootstraps in ${artifacts}: run build.py --architecture ${architecture.name} first`);
  }
  return artifacts;
}
