"""What the suites `parallel` and `map` share: completion, projections of a batch and serdes."""

from aws_durable_execution_sdk_python import BatchItemStatus, BatchResult
from aws_durable_execution_sdk_python.concurrency.models import BatchItem, CompletionReason
from aws_durable_execution_sdk_python.config import CompletionConfig
from aws_durable_execution_sdk_python.serdes import JsonSerDes, SerDes

FAIL_FAST = CompletionConfig(tolerated_failure_count=0)


def tolerating(failures):
    return CompletionConfig(tolerated_failure_count=failures)


def tolerating_percent(percentage):
    return CompletionConfig(tolerated_failure_percentage=percentage)


def projection(batch, *keys):
    """Some facts of a batch by the names that the suite has for them."""
    facts = {
        "completionReason": batch.completion_reason.value,
        "status": batch.status.value,
        "successCount": batch.success_count,
        "failureCount": batch.failure_count,
        "totalCount": batch.total_count,
        "hasFailure": batch.has_failure,
        "errorCount": len(batch.get_errors()),
    }
    return {key: facts[key] for key in keys}


class Envelope(JsonSerDes):
    """Keeps a value in an object."""

    def serialize(self, value, context):
        return super().serialize({"wrapped": value}, context)

    def deserialize(self, data, context):
        return super().deserialize(data, context)["wrapped"]


class Prefixed(SerDes):
    """Keeps a string behind a mark."""

    MARK = "wrapped:"

    def serialize(self, value, _context):
        return self.MARK + value

    def deserialize(self, data, _context):
        return data.removeprefix(self.MARK)


class Joined(SerDes):
    """Keeps a batch of strings in one line."""

    MARK = "OPSERDE:"

    def serialize(self, value, _context):
        return self.MARK + ",".join(value.get_results())

    def deserialize(self, data, _context):
        texts = data.removeprefix(self.MARK).split(",")
        items = [BatchItem(i, BatchItemStatus.SUCCEEDED, text) for i, text in enumerate(texts)]
        return BatchResult(items, CompletionReason.ALL_COMPLETED)
