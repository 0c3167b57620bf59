/** What each role may do, and that nothing may do everything. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { deployed } from "./synthesized.js";

interface Statement {
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource: unknown;
}

interface Resource {
  readonly Type: string;
  readonly Properties: Record<string, unknown>;
}

const resources = Object.entries(deployed()["Resources"] as Record<string, Resource>);

/** Every statement of every policy of a role, with the name of the policy. */
const statements: [string, Statement][] = resources
  .filter(([, resource]) => resource.Type === "AWS::IAM::Policy")
  .flatMap(([id, resource]) => {
    const document = resource.Properties["PolicyDocument"] as { Statement: Statement[] };
    return document.Statement.map((statement): [string, Statement] => [id, statement]);
  });

const list = (value: string | string[]): string[] => (Array.isArray(value) ? value : [value]);

/** What a role may do, sorted. */
function actionsOf(role: string): string[] {
  const own = statements.filter(([id]) => id.startsWith(`${role}Role`));
  assert.notEqual(own.length, 0, role);
  return [...new Set(own.flatMap(([, statement]) => list(statement.Action)))].sort();
}

const LOGS = ["logs:CreateLogStream", "logs:PutLogEvents"];

test("each function may do what it does and nothing else", () => {
  assert.deepEqual(actionsOf("AuthorizePayment"), LOGS);
  assert.deepEqual(actionsOf("FulfillOrder"), LOGS);
  assert.deepEqual(actionsOf("AllocateInventory"), [
    "dynamodb:BatchGetItem",
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
    ...LOGS,
  ]);
  assert.deepEqual(actionsOf("ValidateOrder"), [
    "dynamodb:BatchGetItem",
    "lambda:CheckpointDurableExecution",
    "lambda:GetDurableExecutionState",
    "lambda:InvokeFunction",
    ...LOGS,
    "sqs:SendMessage",
  ]);
});

test("no statement has a wildcard in an action", () => {
  for (const [id, statement] of statements) {
    for (const action of list(statement.Action)) assert.doesNotMatch(action, /[*?]/, `${id}: ${action}`);
  }
});

test("the only wildcard in a resource is that of the executions of the workflow", () => {
  // The ARN of an execution is not known before it runs; it begins with that of its function and version.
  const wild = statements.filter(([, statement]) => JSON.stringify(statement.Resource).includes("*"));
  assert.equal(wild.length, 1);
  const [id, statement] = wild[0]!;
  assert.match(id, /^ValidateOrderRole/);
  assert.deepEqual(statement.Action, ["lambda:CheckpointDurableExecution", "lambda:GetDurableExecutionState"]);
  assert.match(JSON.stringify(statement.Resource), /":function:","ValidateOrder",":\*"/);
});

test("the workflow may call its three workers and no other function", () => {
  const invokes = statements.filter(([, statement]) => list(statement.Action).includes("lambda:InvokeFunction"));
  assert.equal(invokes.length, 1);
  const called = JSON.stringify(invokes[0]![1].Resource).match(/\w+Function[0-9A-F]{8}/g);
  assert.deepEqual(called?.map((name) => name.replace(/Function[0-9A-F]{8}$/, "")).sort(), [
    "AllocateInventory",
    "AuthorizePayment",
    "FulfillOrder",
  ]);
});

test("no managed policy widens a role", () => {
  for (const [id, resource] of resources) {
    if (resource.Type === "AWS::IAM::Role") assert.equal(resource.Properties["ManagedPolicyArns"], undefined, id);
  }
});

test("only Lambda may take a role", () => {
  for (const [id, resource] of resources) {
    if (resource.Type !== "AWS::IAM::Role") continue;
    const document = JSON.stringify(resource.Properties["AssumeRolePolicyDocument"]);
    assert.match(document, /"Service":"lambda\.amazonaws\.com"/, id);
    assert.doesNotMatch(document, /"AWS"|\*/, id);
  }
});
