//! One connection to the server. Plain HTTP, so that the client costs little of the machine that it shares with the
//! server.

use std::net::SocketAddr;

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::net::TcpStream;

/// Stock that no run uses up.
const STOCK: u64 = 1_000_000_000;

pub(crate) struct Client {
    sender: SendRequest<Full<Bytes>>,
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self { sender })
    }

    /// Places an order and waits for its outcome.
    pub(crate) async fn order(&mut self, order_id: &str) -> anyhow::Result<()> {
        let order = json!({
            "orderId": order_id,
            "customerId": "CUST-001",
            "items": [
                { "productId": "LAPTOP-001", "quantity": 1 },
                { "productId": "MOUSE-001", "quantity": 2 }
            ],
            "shippingAddress": "123 Main St, Seattle, WA 98101",
            "billingAddress": "123 Main St, Seattle, WA 98101",
            "paymentMethod": {
                "type": "credit", "cardNumber": 4_111_111_111_111_111_u64, "cardBrand": "Visa"
            }
        });
        let request =
            Request::post("/2015-03-31/functions/ValidateOrder/invocations?Qualifier=%24LATEST")
                .header("host", "127.0.0.1")
                .header("content-type", "application/json")
                .header("x-amz-durable-execution-name", order_id)
                .body(Full::from(order.to_string()))?;
        let body = self.send(request).await?;
        let completed = br#"{"status":"completed""#;
        ensure!(
            body.starts_with(completed),
            "an unexpected outcome: {}",
            String::from_utf8_lossy(&body)
        );
        Ok(())
    }

    async fn put_item(&mut self, id: &str, price: &str) -> anyhow::Result<()> {
        let item = json!({
            "TableName": "ProductCatalog",
            "Item": {
                "productId": { "S": id },
                "name": { "S": id },
                "price": { "N": price },
                "stockLevel": { "N": STOCK.to_string() },
                "warehouseLocation": { "S": "WAREHOUSE-A" }
            }
        });
        let request = Request::post("/")
            .header("host", "127.0.0.1")
            .header("content-type", "application/x-amz-json-1.0")
            .header("x-amz-target", "DynamoDB_20120810.PutItem")
            .body(Full::from(item.to_string()))?;
        self.send(request).await.map(drop)
    }

    async fn send(&mut self, request: Request<Full<Bytes>>) -> anyhow::Result<Bytes> {
        self.sender.ready().await?;
        let response = self.sender.send_request(request).await?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        ensure!(status.is_success(), "{status}: {}", String::from_utf8_lossy(&body));
        Ok(body)
    }
}

pub(crate) async fn fill_catalog(address: SocketAddr) -> anyhow::Result<()> {
    let mut client = Client::connect(address).await.context("cannot reach the server")?;
    client.put_item("LAPTOP-001", "1299.99").await?;
    client.put_item("MOUSE-001", "29.99").await
}
