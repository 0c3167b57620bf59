"""The products and orders of AWS's pattern, and what becomes of the orders."""

# Identifier, name, price, stock, warehouse.
PRODUCTS = [
    ("LAPTOP-001", "Gaming Laptop", "1299.99", "50", "WAREHOUSE-A"),
    ("MOUSE-001", "Wireless Mouse", "29.99", "200", "WAREHOUSE-A"),
    ("KEYBOARD-001", "Mechanical Keyboard", "149.99", "20", "WAREHOUSE-B"),
]
ORDERS = {
    "ORDER-001": ([("LAPTOP-001", 1), ("MOUSE-001", 2)], "completed"),
    "ORDER-002": ([("LAPTOP-001", 10)], "payment_declined"),
    "ORDER-003": ([("KEYBOARD-001", 60)], "inventory_unavailable"),
    "ORDER-004": ([], "rejected"),
}
STOCK_AFTERWARDS = {"LAPTOP-001": "49", "MOUSE-001": "198", "KEYBOARD-001": "20"}


def catalog_items():
    """The products as rows of the table."""
    for product, name, price, stock, warehouse in PRODUCTS:
        yield {
            "productId": {"S": product},
            "name": {"S": name},
            "price": {"N": price},
            "stockLevel": {"N": stock},
            "warehouseLocation": {"S": warehouse},
        }


def order(order_id, lines):
    return {
        "orderId": order_id,
        "customerId": "CUST-001",
        "items": [{"productId": product, "quantity": quantity} for product, quantity in lines],
        "shippingAddress": "123 Main St, Seattle, WA 98101",
        "billingAddress": "123 Main St, Seattle, WA 98101",
        "paymentMethod": {"type": "credit", "cardNumber": 4532123456789012, "cardBrand": "Visa"},
    }
