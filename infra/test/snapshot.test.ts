import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { SNAPSHOT, snapshotText } from "./synthesized.js";

test("the committed template is what the app synthesizes", () => {
  const hint = "the stack has changed: look at what changed and run `npm run snapshot`";
  assert.equal(readFileSync(SNAPSHOT, "utf8"), snapshotText(), hint);
});
