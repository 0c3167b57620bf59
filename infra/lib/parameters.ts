/**
 * What can be chosen when the template is deployed, without synthesizing it again.
 *
 * The local server sets its stack up from the same template and gives it values in this way. What the context of the app
 * says is the default.
 */

import { CfnParameter } from "aws-cdk-lib";
import { Construct } from "constructs";

import { EXECUTION_TIMEOUT_SECONDS_MAX, RETENTION_DAYS_MAX, type Settings } from "./settings.js";

const FUNCTION_NAME = "^[a-zA-Z0-9-_]{1,64}$";
const TABLE_NAME = "^[a-zA-Z0-9_.-]{3,255}$";

export class Parameters extends Construct {
  readonly executionTimeoutSeconds: number;
  readonly retentionDays: number;

  constructor(
    scope: Construct,
    id: string,
    private readonly settings: Settings,
  ) {
    super(scope, id);
    this.executionTimeoutSeconds = this.whole(
      "ExecutionTimeoutSeconds",
      "Seconds after which an order that is not through times out",
      settings.executionTimeoutSeconds,
      EXECUTION_TIMEOUT_SECONDS_MAX,
    );
    this.retentionDays = this.whole(
      "RetentionDays",
      "Days for which a finished order is kept",
      settings.retentionDays,
      RETENTION_DAYS_MAX,
    );
  }

  /** The name of a function. */
  functionName(name: string): string {
    return this.text(`${name}FunctionName`, `The name of the function ${name}`, name, FUNCTION_NAME);
  }

  /** The name of a table. */
  tableName(name: string): string {
    return this.text(`${name}TableName`, `The name of the table ${name}`, name, TABLE_NAME);
  }

  private text(id: string, description: string, name: string, allowedPattern: string): string {
    const usual = `${this.settings.prefix}${name}`;
    return this.parameter(id, { type: "String", description, default: usual, allowedPattern }).valueAsString;
  }

  private whole(id: string, description: string, usual: number, maxValue: number): number {
    return this.parameter(id, { type: "Number", description, default: usual, minValue: 1, maxValue }).valueAsNumber;
  }

  private parameter(id: string, props: ConstructorParameters<typeof CfnParameter>[2]): CfnParameter {
    const parameter = new CfnParameter(this, id, props);
    // As people type it.
    parameter.overrideLogicalId(id);
    return parameter;
  }
}
