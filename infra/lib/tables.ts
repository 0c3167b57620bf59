/** The two tables: the product catalog, and what is reserved for which order. */

import { RemovalPolicy } from "aws-cdk-lib";
import { AttributeType, BillingMode, Table } from "aws-cdk-lib/aws-dynamodb";
import { Construct } from "constructs";

import type { Parameters } from "./parameters.js";
import type { Settings } from "./settings.js";

/** When DynamoDB may forget a reservation; the workers write it. */
const TIME_TO_LIVE = "expiresAt";

export class Tables extends Construct {
  readonly catalog: Table;
  readonly reservations: Table;

  constructor(scope: Construct, id: string, settings: Settings, parameters: Parameters) {
    super(scope, id);
    const common = {
      billingMode: BillingMode.PAY_PER_REQUEST,
      removalPolicy: settings.keepData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    };
    this.catalog = new Table(this, "ProductCatalog", {
      ...common,
      tableName: parameters.tableName("ProductCatalog"),
      partitionKey: { name: "productId", type: AttributeType.STRING },
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    });
    this.reservations = new Table(this, "InventoryReservations", {
      ...common,
      tableName: parameters.tableName("InventoryReservations"),
      partitionKey: { name: "orderId", type: AttributeType.STRING },
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      timeToLiveAttribute: TIME_TO_LIVE,
    });
  }
}
