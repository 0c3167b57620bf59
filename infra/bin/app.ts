/** What `cdk` runs. */

import { App } from "aws-cdk-lib";

import { readSettings } from "../lib/settings.js";
import { OrderStack, STACK_NAME } from "../lib/order-stack.js";

const app = new App({ analyticsReporting: false });
const settings = readSettings(app.node);
new OrderStack(app, `${settings.prefix}${STACK_NAME}`, settings);
