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

/** The same for the assertions of CDK. */
export function template(context: Record<string, string> = {}): Template {
  return Template.fromJSON(synthesize(context));
}

/** As it is committed. */
export function snapshotText(): string {
  return `${JSON.stringify(synthesize(), null, 1)}\n`;
}
