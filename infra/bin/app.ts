/** What `cdk` runs. */

import { App } from "aws-cdk-lib";

import { readSettings } from "../lib/settings.js";
import { OrderStack, STACK_NAME } from "../lib/order-stack.js";

const app = new App({ analyticsReporting: false });
new OrderStack(app, STACK_NAME, readSettings(app.node));
