import assert from "node:assert/strict";
import { test } from "node:test";

import { Match } from "aws-cdk-lib/assertions";

import { synthesize, template } from "./synthesized.js";

const FUNCTIONS = ["ValidateOrder", "AuthorizePayment", "AllocateInventory", "FulfillOrder"];

test("four functions run a bootstrap on Amazon Linux 2023", () => {
  const stack = template();
  stack.resourceCountIs("AWS::Lambda::Function", FUNCTIONS.length);
  for (const name of FUNCTIONS) {
    stack.hasResourceProperties("AWS::Lambda::Function", {
      FunctionName: name,
      Runtime: "provided.al2023",
      Handler: "bootstrap",
      Architectures: ["x86_64"],
      MemorySize: 128,
      Timeout: name === "ValidateOrder" ? 900 : 30,
      Code: { S3Key: Match.stringLikeRegexp("\\.zip$") },
    });
  }
});

test("only the workflow is durable: for an hour, and remembered for a week", () => {
  const stack = template();
  const durable = stack.findResources("AWS::Lambda::Function", {
    Properties: { DurableConfig: Match.anyValue() },
  });
  assert.equal(Object.keys(durable).length, 1);
  stack.hasResourceProperties("AWS::Lambda::Function", {
    FunctionName: "ValidateOrder",
    DurableConfig: { ExecutionTimeout: 3600, RetentionPeriodInDays: 7 },
  });
});

test("the functions are told each other's names and those of their tables", () => {
  template().hasResourceProperties("AWS::Lambda::Function", {
    FunctionName: "ValidateOrder",
    Environment: {
      Variables: {
        AUTHORIZE_PAYMENT_FUNCTION: { Ref: Match.stringLikeRegexp("^AuthorizePaymentFunction") },
        ALLOCATE_INVENTORY_FUNCTION: { Ref: Match.stringLikeRegexp("^AllocateInventoryFunction") },
        FULFILL_ORDER_FUNCTION: { Ref: Match.stringLikeRegexp("^FulfillOrderFunction") },
        PRODUCT_CATALOG_TABLE: { Ref: Match.stringLikeRegexp("ProductCatalog") },
      },
    },
  });
  template().hasResourceProperties("AWS::Lambda::Function", {
    FunctionName: "AllocateInventory",
    Environment: {
      Variables: {
        PRODUCT_CATALOG_TABLE: { Ref: Match.stringLikeRegexp("ProductCatalog") },
        INVENTORY_RESERVATIONS_TABLE: { Ref: Match.stringLikeRegexp("InventoryReservations") },
      },
    },
  });
});

test("the catalog is billed on demand and can be restored to a point in time", () => {
  template().hasResource("AWS::DynamoDB::Table", {
    Properties: {
      TableName: "ProductCatalog",
      KeySchema: [{ AttributeName: "productId", KeyType: "HASH" }],
      BillingMode: "PAY_PER_REQUEST",
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    },
    DeletionPolicy: "Delete",
  });
});

test("reservations are forgotten when their time is over", () => {
  template().hasResourceProperties("AWS::DynamoDB::Table", {
    TableName: "InventoryReservations",
    KeySchema: [{ AttributeName: "orderId", KeyType: "HASH" }],
    TimeToLiveSpecification: { AttributeName: "expiresAt", Enabled: true },
  });
});

test("each function has a log group that forgets", () => {
  const stack = template();
  for (const name of FUNCTIONS) {
    stack.hasResource("AWS::Logs::LogGroup", {
      Properties: { LogGroupName: `/aws/lambda/${name}`, RetentionInDays: 30 },
      DeletionPolicy: "Delete",
    });
  }
});

test("an alarm watches failed and late orders, every worker, and orders that were never started", () => {
  const stack = template();
  const watched = Object.values(stack.findResources("AWS::CloudWatch::Alarm")).map(
    (alarm) => alarm["Properties"]["MetricName"] as string,
  );
  assert.deepEqual(watched.sort(), [
    "ApproximateNumberOfMessagesVisible",
    "DurableExecutionFailed",
    "DurableExecutionTimedOut",
    "Errors",
    "Errors",
    "Errors",
  ]);
  stack.allResourcesProperties("AWS::CloudWatch::Alarm", { TreatMissingData: "notBreaching", Threshold: 1 });
});

test("alarms tell a topic if one is named", () => {
  const topic = "arn:aws:sns:us-east-1:000000000000:pager";
  template({ alarmTopicArn: topic }).allResourcesProperties("AWS::CloudWatch::Alarm", { AlarmActions: [topic] });
});

test("an order that cannot be started goes to a queue", () => {
  const stack = template();
  stack.hasResourceProperties("AWS::SQS::Queue", { SqsManagedSseEnabled: true, MessageRetentionPeriod: 1_209_600 });
  stack.hasResourceProperties("AWS::Lambda::Function", {
    FunctionName: "ValidateOrder",
    DeadLetterConfig: { TargetArn: { "Fn::GetAtt": [Match.stringLikeRegexp("^UndeliveredOrders"), "Arn"] } },
  });
});

test("the alias live leads to a published version, and published versions stay", () => {
  const stack = template();
  stack.hasResourceProperties("AWS::Lambda::Alias", {
    Name: "live",
    FunctionVersion: { "Fn::GetAtt": [Match.stringLikeRegexp("^ValidateOrderFunctionCurrentVersion"), "Version"] },
  });
  stack.hasResource("AWS::Lambda::Version", { DeletionPolicy: "Retain" });
});

test("the outputs are the ones that the commands ask for", () => {
  const outputs = Object.keys(synthesize()["Outputs"] as object).sort();
  assert.deepEqual(outputs, [
    "AllocateInventoryFunctionName",
    "AuthorizePaymentFunctionName",
    "FulfillOrderFunctionName",
    "InventoryReservationsTableName",
    "ProductCatalogTableName",
    "UndeliveredOrdersQueueUrl",
    "ValidateOrderFunctionArn",
    "ValidateOrderFunctionName",
    "ValidateOrderLiveAliasArn",
  ]);
});

test("nothing that costs money outlives the stack, unless the data is to be kept", () => {
  const kept = (context: Record<string, string>): string[] =>
    Object.values(synthesize(context)["Resources"] as Record<string, { Type: string; DeletionPolicy?: string }>)
      .filter((resource) => resource.DeletionPolicy === "Retain")
      .map((resource) => resource.Type);
  // A version goes with its function.
  assert.deepEqual(kept({}), ["AWS::Lambda::Version"]);
  const types = new Set(kept({ keepData: "true" }));
  assert.deepEqual([...types].sort(), [
    "AWS::DynamoDB::Table",
    "AWS::Lambda::Version",
    "AWS::Logs::LogGroup",
    "AWS::SQS::Queue",
  ]);
});

test("timeouts, retention, memory, architecture and names are chosen by context", () => {
  template({
    prefix: "shop-",
    architecture: "arm64",
    executionTimeoutSeconds: "86400",
    retentionDays: "14",
    memoryMb: "256",
    logRetentionDays: "90",
  }).hasResourceProperties("AWS::Lambda::Function", {
    FunctionName: "shop-ValidateOrder",
    Architectures: ["arm64"],
    MemorySize: 256,
    DurableConfig: { ExecutionTimeout: 86_400, RetentionPeriodInDays: 14 },
  });
});

test("another timeout or retention is another version for the alias to lead to", () => {
  const version = (context: Record<string, string>): string => {
    const [id, ...others] = Object.keys(template(context).findResources("AWS::Lambda::Version"));
    assert.deepEqual(others, []);
    return String(id);
  };
  const usual = version({});
  assert.notEqual(version({ executionTimeoutSeconds: "86400" }), usual);
  assert.notEqual(version({ retentionDays: "14" }), usual);
  assert.equal(version({ logRetentionDays: "90" }), usual);
});

test("a context that cannot be is refused in a sentence", () => {
  const cases: [Record<string, string>, RegExp][] = [
    [{ executionTimeoutSeconds: "0" }, /executionTimeoutSeconds must be a whole number from 1 to 31622400, not 0/],
    [{ retentionDays: "91" }, /retentionDays must be a whole number from 1 to 90, not 91/],
    [{ memoryMb: "lots" }, /memoryMb must be a whole number from 128 to 10240, not lots/],
    [{ architecture: "mips" }, /architecture must be one of x86_64, arm64, not mips/],
    [{ logRetentionDays: "8" }, /logRetentionDays must be one of 1, 3, 5, 7, 14, .*, not 8/],
    [{ artifacts: "nowhere" }, /there are no bootstraps in nowhere: run build.py --architecture x86_64 first/],
    [{ keepData: "perhaps" }, /keepData must be one of true, false, not perhaps/],
    [{ prefix: "my shop" }, /prefix must be at most 32 letters, digits and hyphens, not my shop/],
  ];
  for (const [context, message] of cases) assert.throws(() => synthesize(context), message);
});
