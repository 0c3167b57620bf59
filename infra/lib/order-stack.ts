/**
 * The order system on AWS: four functions, two tables, and who may do what.
 *
 * The template that this synthesizes is committed, and the local server is set up from the same one: what holds here
 * holds there.
 */

import { CfnOutput, Duration, RemovalPolicy, Stack, type StackProps } from "aws-cdk-lib";
import { Alias } from "aws-cdk-lib/aws-lambda";
import { Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";

import { Alarms } from "./alarms.js";
import { OrderFunction } from "./order-function.js";
import { Parameters } from "./parameters.js";
import type { Settings } from "./settings.js";
import { Tables } from "./tables.js";

export const STACK_NAME = "LambdaDurableFunctionChainingCdkStack";

/** One invocation of the workflow ends with its order in a moment; Lambda's longest leaves room for slow gateways. */
const WORKFLOW_TIMEOUT = Duration.minutes(15);
/** One call of a worker. */
const WORKER_TIMEOUT = Duration.seconds(30);
/** As long as SQS keeps messages. */
const DEAD_LETTERS_KEPT = Duration.days(14);

export class OrderStack extends Stack {
  constructor(scope: Construct, id: string, settings: Settings, props?: StackProps) {
    super(scope, id, { description: "Durable order processing", ...props });
    const parameters = new Parameters(this, "Parameters", settings);
    const tables = new Tables(this, "Tables", settings, parameters);

    const authorizePayment = new OrderFunction(this, "AuthorizePayment", {
      settings,
      parameters,
      name: "AuthorizePayment",
      artifact: "authorize_payment",
      description: "Authorizes and voids payments",
      timeout: WORKER_TIMEOUT,
      environment: paymentEnvironment(settings),
    });
    const allocateInventory = new OrderFunction(this, "AllocateInventory", {
      settings,
      parameters,
      name: "AllocateInventory",
      artifact: "allocate_inventory",
      description: "Reserves and releases stock",
      timeout: WORKER_TIMEOUT,
      environment: {
        PRODUCT_CATALOG_TABLE: tables.catalog.tableName,
        INVENTORY_RESERVATIONS_TABLE: tables.reservations.tableName,
      },
    });
    const fulfillOrder = new OrderFunction(this, "FulfillOrder", {
      settings,
      parameters,
      name: "FulfillOrder",
      artifact: "fulfill_order",
      description: "Creates shipments and tracking numbers",
      timeout: WORKER_TIMEOUT,
    });
    const workers = [authorizePayment, allocateInventory, fulfillOrder];

    const deadLetters = new Queue(this, "UndeliveredOrders", {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: DEAD_LETTERS_KEPT,
      removalPolicy: settings.keepData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    const validateOrder = new OrderFunction(this, "ValidateOrder", {
      settings,
      parameters,
      name: "ValidateOrder",
      artifact: "validate_order",
      description: "Takes an order through validation, payment, inventory and fulfillment",
      timeout: WORKFLOW_TIMEOUT,
      environment: {
        AUTHORIZE_PAYMENT_FUNCTION: authorizePayment.lambda.functionName,
        ALLOCATE_INVENTORY_FUNCTION: allocateInventory.lambda.functionName,
        FULFILL_ORDER_FUNCTION: fulfillOrder.lambda.functionName,
        PRODUCT_CATALOG_TABLE: tables.catalog.tableName,
      },
      options: {
        durableConfig: {
          executionTimeout: Duration.seconds(parameters.executionTimeoutSeconds),
          retentionPeriod: Duration.days(parameters.retentionDays),
        },
        deadLetterQueue: deadLetters,
        // An order in flight goes on with the version that it began with.
        currentVersionOptions: { removalPolicy: RemovalPolicy.RETAIN },
      },
    });

    // Prices, for all lines of an order in one call.
    validateOrder.allow(["dynamodb:BatchGetItem"], [tables.catalog.tableArn]);
    validateOrder.allow(["lambda:InvokeFunction"], workers.map((worker) => worker.lambda.functionArn));
    // What `AWSLambdaBasicDurableExecutionRolePolicy` allows for every function, for this one alone. The ARN of an execution
    // begins with that of the function version that it runs on.
    validateOrder.allow(
      ["lambda:CheckpointDurableExecution", "lambda:GetDurableExecutionState"],
      [`${validateOrder.arn}:*`],
    );
    // Reads stock and record; takes stock and writes the record in one transaction, whose parts need the permissions of
    // the single operations; and undoes that. Read access would not be enough to reserve anything.
    allocateInventory.allow(["dynamodb:BatchGetItem", "dynamodb:UpdateItem"], [tables.catalog.tableArn]);
    allocateInventory.allow(
      ["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"],
      [tables.reservations.tableArn],
    );

    if (settings.payment.gateway === "stripe") {
      // The key, read once by each instance when it starts.
      authorizePayment.allow(["secretsmanager:GetSecretValue"], [settings.payment.secretArn]);
    }

    // They stand in the function as references to parameters, which look the same whatever they say; without a new version
    // `live` would keep the old ones.
    validateOrder.lambda.invalidateVersionBasedOn(`${settings.executionTimeoutSeconds} ${settings.retentionDays}`);
    const live = new Alias(this, "Live", { aliasName: "live", version: validateOrder.lambda.currentVersion });
    new Alarms(this, "Alarms", { settings, orchestrator: validateOrder, workers, deadLetters });

    this.output("ProductCatalogTableName", "Products, prices and stock", tables.catalog.tableName);
    this.output("InventoryReservationsTableName", "What is reserved for which order", tables.reservations.tableName);
    this.output("ValidateOrderFunctionName", "Where orders are sent", validateOrder.lambda.functionName);
    this.output("ValidateOrderFunctionArn", "The same, for policies", validateOrder.lambda.functionArn);
    this.output("ValidateOrderLiveAliasArn", "Where orders are sent that keep their version", live.functionArn);
    this.output("AuthorizePaymentFunctionName", "Authorizes and voids payments", authorizePayment.lambda.functionName);
    this.output("AllocateInventoryFunctionName", "Reserves and releases stock", allocateInventory.lambda.functionName);
    this.output("FulfillOrderFunctionName", "Creates shipments", fulfillOrder.lambda.functionName);
    this.output("UndeliveredOrdersQueueUrl", "Orders that could not be started", deadLetters.queueUrl);
  }

  private output(id: string, description: string, value: string): void {
    new CfnOutput(this, id, { description, value });
  }
}

/** The key itself stays in Secrets Manager: whoever may look at a function sees its environment. */
function paymentEnvironment({ payment }: Settings): Record<string, string> {
  if (payment.gateway === "simulated") return {};
  return {
    PAYMENT_GATEWAY: payment.gateway,
    PAYMENT_CURRENCY: payment.currency,
    STRIPE_SECRET_KEY_SECRET_ID: payment.secretArn,
  };
}
