/** What a real payment gateway adds to the stack, and that nothing else changes. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { deployed, synthesize } from "./synthesized.js";

const SECRET = "arn:aws:secretsmanager:us-east-1:000000000000:secret:shop/stripe-AbCdEf";
const STRIPE = { paymentGateway: "stripe", stripeSecretArn: SECRET, paymentCurrency: "eur" };

interface Resource {
  readonly Type: string;
  readonly Properties: Record<string, unknown>;
}

interface Statement {
  readonly Action: string | string[];
  readonly Effect: string;
  readonly Resource: unknown;
}

const resources = (context: Record<string, string>): [string, Resource][] =>
  Object.entries(deployed(context)["Resources"] as Record<string, Resource>);

/** Environment of each function by its name. */
const environments = (context: Record<string, string>): Record<string, unknown> =>
  Object.fromEntries(
    resources(context)
      .filter(([, resource]) => resource.Type === "AWS::Lambda::Function")
      .map(([, { Properties }]) => [
        Properties["FunctionName"],
        (Properties["Environment"] as { Variables?: object } | undefined)?.Variables ?? {},
      ]),
  );

test("the simulated gateway is the default and changes nothing", () => {
  assert.deepEqual(synthesize({ paymentGateway: "simulated" }), synthesize());
});

test("with Stripe, AuthorizePayment is told where the key is, and nobody is told the key", () => {
  const { AuthorizePayment, ...others } = environments(STRIPE);
  assert.deepEqual(AuthorizePayment, {
    PAYMENT_GATEWAY: "stripe",
    PAYMENT_CURRENCY: "eur",
    STRIPE_SECRET_KEY_SECRET_ID: SECRET,
  });
  const { AuthorizePayment: _, ...before } = environments({});
  assert.deepEqual(others, before);
});

test("AuthorizePayment alone may read this one secret, and only read it", () => {
  const statements = resources(STRIPE)
    .filter(([, resource]) => resource.Type === "AWS::IAM::Policy")
    .flatMap(([id, resource]) => {
      const document = resource.Properties["PolicyDocument"] as { Statement: Statement[] };
      return document.Statement.map((statement): [string, Statement] => [id, statement]);
    })
    .filter(([, statement]) => JSON.stringify(statement).includes("secretsmanager"));
  assert.equal(statements.length, 1);
  const [id, statement] = statements[0]!;
  assert.match(id, /^AuthorizePaymentRole/);
  assert.deepEqual(statement, { Action: "secretsmanager:GetSecretValue", Effect: "Allow", Resource: SECRET });
});

test("prices are in dollars unless said otherwise", () => {
  const { AuthorizePayment } = environments({ paymentGateway: "stripe", stripeSecretArn: SECRET });
  assert.equal((AuthorizePayment as Record<string, string>)["PAYMENT_CURRENCY"], "usd");
});

test("a payment gateway that cannot be is refused in a sentence that shows no key", () => {
  const key = "sk_test_of_nobody";
  const arn = /stripeSecretArn must be the whole ARN of a secret in Secrets Manager/;
  const cases: [Record<string, string>, RegExp][] = [
    [{ paymentGateway: "paypal" }, /paymentGateway must be one of simulated, stripe, not paypal/],
    [{ paymentGateway: "stripe" }, arn],
    [{ ...STRIPE, stripeSecretArn: key }, arn],
    [{ ...STRIPE, stripeSecretArn: SECRET.replace(/-\w{6}$/, "-*") }, arn],
    [{ ...STRIPE, paymentCurrency: "euros" }, /paymentCurrency must be three small letters, not euros/],
    [{ stripeSecretArn: SECRET }, /stripeSecretArn is for paymentGateway=stripe only/],
  ];
  for (const [context, message] of cases) {
    assert.throws(
      () => synthesize(context),
      (error: Error) => message.test(error.message) && !error.message.includes(key),
      JSON.stringify(context),
    );
  }
});
