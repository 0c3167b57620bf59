/** The stack as a template, from placeholders for the bootstraps: it says the same on every machine. */

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { App } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";

import { OrderStack, STACK_NAME } from "../lib/order-stack.js";
import { readSettings } from "../lib/settings.js";

/** The directory of the CDK app: the compiled tests are in `build/test`. */
export const INFRA = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
export const SNAPSHOT = join(INFRA, `${STACK_NAME}.template.json`);

/** The switches that `cdk` reads from `cdk.json`. */
const FLAGS = (JSON.parse(readFileSync(join(INFRA, "cdk.json"), "utf8")) as { context: object }).context;

/** The template with this context besides. */
export function synthesize(context: Record<string, string> = {}): Record<string, unknown> {
  const outdir = mkdtempSync(join(tmpdir(), "order-stack-"));
  try {
    const placeholders = { artifacts: join(INFRA, "test", "placeholder") };
    const app = new App({ analyticsReporting: false, outdir, context: { ...FLAGS, ...placeholders, ...context } });
    new OrderStack(app, STACK_NAME, readSettings(app.node));
    app.synth();
    return JSON.parse(readFileSync(join(outdir, `${STACK_NAME}.template.json`), "utf8"));
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

/** What is deployed if no parameter is given. */
export function deployed(context: Record<string, string> = {}): Record<string, unknown> {
  const synthesized = synthesize(context);
  const parameters = synthesized["Parameters"] as Record<string, { Default?: unknown }>;
  return resolve(synthesized, parameters) as Record<string, unknown>;
}

/** The same for the assertions of CDK. */
export function template(context: Record<string, string> = {}): Template {
  return Template.fromJSON(deployed(context));
}

/** Puts the defaults of parameters in the place of references to them, and joins what is text then. */
function resolve(value: unknown, parameters: Record<string, { Default?: unknown }>): unknown {
  if (Array.isArray(value)) return value.map((item) => resolve(item, parameters));
  if (typeof value !== "object" || value === null) return value;
  const { Ref: ref, "Fn::Join": join } = value as { Ref?: string; "Fn::Join"?: [string, unknown[]] };
  if (ref !== undefined && parameters[ref] !== undefined) return parameters[ref].Default;
  if (join !== undefined) {
    const parts = join[1].map((part) => resolve(part, parameters));
    if (parts.every((part) => typeof part === "string")) return parts.join(join[0]);
    return { "Fn::Join": [join[0], parts] };
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolve(item, parameters)]));
}

/** As it is committed. */
export function snapshotText(): string {
  return `${JSON.stringify(synthesize(), null, 1)}\n`;
}
