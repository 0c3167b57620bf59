/** What somebody should be woken for. */

import { Duration } from "aws-cdk-lib";
import { Alarm, ComparisonOperator, Metric, TreatMissingData } from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import { Topic } from "aws-cdk-lib/aws-sns";
import type { Queue } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";

import type { OrderFunction } from "./order-function.js";
import type { Settings } from "./settings.js";

const PERIOD = Duration.minutes(5);

export interface AlarmsProps {
  readonly settings: Settings;
  readonly orchestrator: OrderFunction;
  readonly workers: readonly OrderFunction[];
  readonly deadLetters: Queue;
}

export class Alarms extends Construct {
  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id);
    const { orchestrator, workers, deadLetters, settings } = props;
    const alarms = [
      // A declined payment or an empty shelf is an answer; an execution that failed is not.
      this.alarm("OrdersFailed", "Orders ended without an answer", durable(orchestrator, "DurableExecutionFailed")),
      this.alarm("OrdersTimedOut", "Orders took longer than they may", durable(orchestrator, "DurableExecutionTimedOut")),
      ...workers.map((worker) =>
        this.alarm(`${worker.node.id}Errors`, `${worker.node.id} fails`, worker.lambda.metricErrors({ period: PERIOD })),
      ),
      this.alarm(
        "OrdersUndelivered",
        "Orders that could not be started wait in the dead-letter queue",
        deadLetters.metricApproximateNumberOfMessagesVisible({ period: PERIOD, statistic: "Maximum" }),
      ),
    ];
    if (settings.alarmTopicArn !== undefined) {
      const action = new SnsAction(Topic.fromTopicArn(this, "Topic", settings.alarmTopicArn));
      for (const alarm of alarms) alarm.addAlarmAction(action);
    }
  }

  private alarm(id: string, alarmDescription: string, metric: Metric): Alarm {
    return new Alarm(this, id, {
      alarmDescription,
      metric,
      threshold: 1,
      evaluationPeriods: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }
}

function durable(of: OrderFunction, metricName: string): Metric {
  return new Metric({
    namespace: "AWS/Lambda",
    metricName,
    dimensionsMap: { FunctionName: of.lambda.functionName },
    period: PERIOD,
    statistic: "Sum",
  });
}
