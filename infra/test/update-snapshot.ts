/** Writes the committed template anew: `npm run snapshot`. */

import { writeFileSync } from "node:fs";

import { SNAPSHOT, snapshotText } from "./synthesized.js";

writeFileSync(SNAPSHOT, snapshotText());
