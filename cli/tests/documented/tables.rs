//! The AWS CLI finds DynamoDB: items, expressions, pages, transactions, tables, and DynamoDB's errors.
//!
//! Method: a page that stands here. Each line of its output is compared; `fails` shows the name of the error.

use super::page::Page;

const COMMANDS: &str = r##"
```sh server
cargo run -- serve
```

```sh
export AWS_ENDPOINT_URL=http://127.0.0.1:6737 AWS_REGION=us-east-1
export AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local
db() { aws dynamodb "$@" --output text; }
fails() { if db "$@" 2>err; then echo "it worked: $*"; else grep -o '([A-Za-z]*Exception).*' err; fi; }

db create-table --table-name shop --billing-mode PAY_PER_REQUEST \
  --attribute-definitions AttributeName=id,AttributeType=S AttributeName=at,AttributeType=N \
    AttributeName=kind,AttributeType=S \
  --key-schema AttributeName=id,KeyType=HASH AttributeName=at,KeyType=RANGE \
  --global-secondary-indexes 'IndexName=by-kind,KeySchema=[{AttributeName=kind,KeyType=HASH},{AttributeName=at,KeyType=RANGE}],Projection={ProjectionType=ALL}' \
  --query '[TableDescription.TableArn, TableDescription.GlobalSecondaryIndexes[].IndexArn]'
db wait table-exists --table-name shop
db batch-write-item --query 'length(UnprocessedItems)' --request-items '{"shop": [
  {"PutRequest": {"Item": {"id": {"S": "a"}, "at": {"N": "1"}, "kind": {"S": "k"}}}},
  {"PutRequest": {"Item": {"id": {"S": "a"}, "at": {"N": "2"}, "kind": {"S": "k"}}}},
  {"PutRequest": {"Item": {"id": {"S": "a"}, "at": {"N": "10"}, "kind": {"S": "k"}, "tags": {"SS": ["x", "y"]}}}},
  {"PutRequest": {"Item": {"id": {"S": "b"}, "at": {"N": "1"}}}}]}'
db put-item --table-name shop --item '{"id": {"S": "b"}, "at": {"N": "1"}, "v": {"N": "2.50"}}'
db get-item --table-name shop --key '{"id": {"S": "b"}, "at": {"N": "1"}}' --consistent-read --query Item.v.N
db update-item --table-name shop --key '{"id": {"S": "b"}, "at": {"N": "1"}}' --return-values UPDATED_NEW \
  --update-expression 'SET v = v + :one, w = if_not_exists(w, :one)' \
  --expression-attribute-values '{":one": {"N": "1"}}' --query 'Attributes.[v.N, w.N]'
fails update-item --table-name shop --key '{"id": {"S": "b"}, "at": {"N": "1"}}' \
  --update-expression 'SET v = :new' --condition-expression 'v = :old' \
  --expression-attribute-values '{":new": {"N": "9"}, ":old": {"N": "77"}}'
fails put-item --table-name shop --item '{"id": {"S": "b"}, "at": {"N": "1"}}' \
  --condition-expression 'attribute_not_exists(id)'

db query --table-name shop --key-condition-expression 'id = :id AND #at > :least' --no-scan-index-forward \
  --expression-attribute-names '{"#at": "at"}' \
  --expression-attribute-values '{":id": {"S": "a"}, ":least": {"N": "1"}}' --query 'Items[].at.N'
db query --table-name shop --index-name by-kind --key-condition-expression 'kind = :k' --select COUNT \
  --expression-attribute-values '{":k": {"S": "k"}}' --query Count
db query --table-name shop --key-condition-expression 'id = :id' --page-size 2 \
  --expression-attribute-values '{":id": {"S": "a"}}' --query 'Items[].at.N' | tr '\n\t' '  '; echo
db scan --table-name shop --filter-expression 'contains(tags, :x)' --no-paginate \
  --expression-attribute-values '{":x": {"S": "x"}}' --query '[Count, ScannedCount]'
db scan --table-name shop --limit 3 --no-paginate --query '[Count, LastEvaluatedKey.at.N]'

db transact-write-items --transact-items '[
  {"Put": {"TableName": "shop", "Item": {"id": {"S": "t"}, "at": {"N": "1"}}}},
  {"ConditionCheck": {"TableName": "shop", "Key": {"id": {"S": "b"}, "at": {"N": "1"}}, "ConditionExpression": "attribute_exists(v)"}},
  {"Update": {"TableName": "shop", "Key": {"id": {"S": "a"}, "at": {"N": "1"}}, "UpdateExpression": "SET v = :v", "ExpressionAttributeValues": {":v": {"N": "5"}}}}]'
fails transact-write-items --transact-items '[
  {"Put": {"TableName": "shop", "Item": {"id": {"S": "u"}, "at": {"N": "1"}}}},
  {"Delete": {"TableName": "shop", "Key": {"id": {"S": "b"}, "at": {"N": "1"}}, "ConditionExpression": "attribute_not_exists(id)"}}]'
db transact-get-items --query 'Responses[].[Item.id.S, Item.v.N]' --transact-items '[
  {"Get": {"TableName": "shop", "Key": {"id": {"S": "t"}, "at": {"N": "1"}}}},
  {"Get": {"TableName": "shop", "Key": {"id": {"S": "u"}, "at": {"N": "1"}}}},
  {"Get": {"TableName": "shop", "Key": {"id": {"S": "a"}, "at": {"N": "1"}}}}]'
db batch-get-item --query 'Responses.shop[].id.S' --request-items '{"shop": {"Keys": [
  {"id": {"S": "t"}, "at": {"N": "1"}}, {"id": {"S": "u"}, "at": {"N": "1"}}]}}'
db delete-item --table-name shop --key '{"id": {"S": "t"}, "at": {"N": "1"}}' --return-values ALL_OLD \
  --query Attributes.id.S

db update-time-to-live --table-name shop --time-to-live-specification Enabled=true,AttributeName=ttl >out
db describe-time-to-live --table-name shop --query 'TimeToLiveDescription.[TimeToLiveStatus, AttributeName]'
ARN=$(db describe-table --table-name shop --query Table.TableArn)
db tag-resource --resource-arn "$ARN" --tags Key=team,Value=shop
db list-tags-of-resource --resource-arn "$ARN" --query 'Tags[].[Key, Value]'
db update-table --table-name shop --deletion-protection-enabled \
  --stream-specification StreamEnabled=true,StreamViewType=NEW_IMAGE \
  --query 'TableDescription.[DeletionProtectionEnabled, starts_with(LatestStreamArn, TableArn)]'
fails delete-table --table-name shop
db update-table --table-name shop --no-deletion-protection-enabled --query TableDescription.TableName
db list-tables --query 'TableNames' | tr '\n\t' '  '; echo

fails put-item --table-name shop --item '{"id": {"S": "b"}}'
fails put-item --table-name shop --item '{"id": {"N": "1"}, "at": {"N": "1"}}'
fails put-item --table-name shop --item '{"id": {"S": ""}, "at": {"N": "1"}}'
fails put-item --table-name shop --item '{"id": {"S": "x"}, "at": {"N": "one"}}'
fails query --table-name shop --key-condition-expression 'colour = :o' --expression-attribute-values '{":o": {"S": "a"}}'
fails get-item --table-name nowhere --key '{"id": {"S": "b"}}'
fails create-table --table-name shop --billing-mode PAY_PER_REQUEST \
  --attribute-definitions AttributeName=id,AttributeType=S --key-schema AttributeName=id,KeyType=HASH
fails create-table --table-name sh --billing-mode PAY_PER_REQUEST \
  --attribute-definitions AttributeName=id,AttributeType=S --key-schema AttributeName=id,KeyType=HASH
fails describe-limits
db delete-table --table-name shop --query TableDescription.TableName
db wait table-not-exists --table-name shop
fails describe-table --table-name shop
```
"##;

const EXPECTED: [(&str, &str); 35] = [
    ("the ARN of a table", "arn:aws:dynamodb:us-east-1:000000000000:table/shop"),
    ("the ARN of an index", "arn:aws:dynamodb:us-east-1:000000000000:table/shop/index/by-kind"),
    ("a batch", "0"),
    ("a number", "2.5"),
    ("an update", "3.5\t1"),
    (
        "a condition of an update",
        "(ConditionalCheckFailedException) when calling the UpdateItem operation: The conditional request failed",
    ),
    (
        "a condition of a put",
        "(ConditionalCheckFailedException) when calling the PutItem operation: The conditional request failed",
    ),
    ("a query by the sort key, newest first", "10\t2"),
    ("a query of an index", "3"),
    ("pages of a query", "1 2 10 "),
    ("a filter", "1\t4"),
    ("a limit", "3\t10"),
    (
        "a cancelled transaction",
        "(TransactionCanceledException) when calling the TransactWriteItems operation: Transaction cancelled, please refer cancellation reasons for specific reasons [None, ConditionalCheckFailed]",
    ),
    ("a transaction's put", "t\tNone"),
    ("nothing of the cancelled one", "None\tNone"),
    ("a transaction's update", "a\t5"),
    ("a batch of reads", "t"),
    ("what was deleted", "t"),
    ("the time to live", "ENABLED\tttl"),
    ("tags", "team\tshop"),
    ("an update of a table", "True\tTrue"),
    (
        "a protected table",
        "(ValidationException) when calling the DeleteTable operation: Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.",
    ),
    ("another update of a table", "shop"),
    ("all tables", "InventoryReservations ProductCatalog shop "),
    (
        "a key that is missing",
        "(ValidationException) when calling the PutItem operation: One or more parameter values were invalid: Missing the key at in the item",
    ),
    (
        "a key of another type",
        "(ValidationException) when calling the PutItem operation: One or more parameter values were invalid: Type mismatch for key id expected: S actual: N",
    ),
    (
        "an empty key",
        "(ValidationException) when calling the PutItem operation: One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: id",
    ),
    (
        "no number",
        "(ValidationException) when calling the PutItem operation: The parameter cannot be converted to a numeric value: one",
    ),
    (
        "a query without the key",
        "(ValidationException) when calling the Query operation: Query condition missed key schema element: id",
    ),
    (
        "no table",
        "(ResourceNotFoundException) when calling the GetItem operation: Requested resource not found",
    ),
    (
        "a table that exists",
        "(ResourceInUseException) when calling the CreateTable operation: Table already exists: shop",
    ),
    (
        "a name that is too short",
        "(ValidationException) when calling the CreateTable operation: 1 validation error detected: Value 'sh' at 'tableName' failed to satisfy constraint: Member must have length greater than or equal to 3",
    ),
    (
        "an operation that is not there",
        "(UnknownOperationException) when calling the DescribeLimits operation: This server's tables do not have this operation.",
    ),
    ("a deleted table", "shop"),
    (
        "no table any more",
        "(ResourceNotFoundException) when calling the DescribeTable operation: Requested resource not found: Table: shop not found",
    ),
];

#[test]
fn the_aws_cli_finds_dynamodb() {
    let page = Page::new(COMMANDS);
    let _server = page.start_server();
    let out = page.run();
    let mut lines = out.lines();
    for (what, expected) in EXPECTED {
        assert_eq!(lines.next().unwrap_or_default(), expected, "{what}:\n{out}");
    }
    assert_eq!(lines.next(), None, "{out}");
}
