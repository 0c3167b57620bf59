/**
 * One of the four functions: a bootstrap, a log group, and a role that may write to this group and nothing else.
 *
 * What a function may do besides is granted where the stack is put together, with the reason.
 */

import { join } from "node:path";

import { ArnFormat, type Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import { Effect, PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Code, type FunctionOptions, Function as LambdaFunction, Runtime } from "aws-cdk-lib/aws-lambda";
import { LogGroup } from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";

import type { Parameters } from "./parameters.js";
import type { Settings } from "./settings.js";

export interface OrderFunctionProps {
  readonly settings: Settings;
  readonly parameters: Parameters;
  /** Its name on Lambda, unless it is deployed under another. */
  readonly name: string;
  /** The directory of its bootstrap. */
  readonly artifact: string;
  readonly description: string;
  /** How long one invocation may take. */
  readonly timeout: Duration;
  readonly environment?: Record<string, string>;
  /** What only one of them has. */
  readonly options?: Pick<FunctionOptions, "durableConfig" | "currentVersionOptions" | "deadLetterQueue">;
}

export class OrderFunction extends Construct {
  readonly lambda: LambdaFunction;
  /** Known without asking for the function, which its own permissions could not do. */
  readonly arn: string;
  private readonly role: Role;

  constructor(scope: Construct, id: string, props: OrderFunctionProps) {
    super(scope, id);
    const { settings, timeout, description } = props;
    const functionName = props.parameters.functionName(props.name);
    this.arn = Stack.of(this).formatArn({
      service: "lambda",
      resource: "function",
      resourceName: functionName,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    const logGroup = new LogGroup(this, "LogGroup", {
      logGroupName: `/aws/lambda/${functionName}`,
      retention: settings.logRetentionDays,
      removalPolicy: settings.keepData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    this.role = new Role(this, "Role", {
      assumedBy: new ServicePrincipal("lambda.amazonaws.com"),
      description: `What ${props.name} may do`,
    });
    this.allow([ "logs:CreateLogStream", "logs:PutLogEvents" ], [ logGroup.logGroupArn ]);
    this.lambda = new LambdaFunction(this, "Function", {
      ...props.options,
      functionName,
      description,
      timeout,
      logGroup,
      role: this.role,
      runtime: Runtime.PROVIDED_AL2023,
      handler: "bootstrap",
      architecture: settings.architecture,
      memorySize: settings.memoryMb,
      code: Code.fromAsset(join(settings.artifacts, props.artifact)),
      environment: props.environment ?? {},
    });
  }

  /** Lets it do these things with these resources. */
  allow(actions: string[], resources: string[]): void {
    this.role.addToPrincipalPolicy(new PolicyStatement({ effect: Effect.ALLOW, actions, resources }));
  }
}
