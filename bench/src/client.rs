//! One connection to the server. Plain HTTP, so that the client costs little of the machine that it shares with the
//! server.

use std::net::SocketAddr;

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
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
        let request =
            Request::post("/2015-03-31/functions/ValidateOrder/invocations?Qualifier=%24LATEST")
                .header("host", "127.0.0.1")
                .header("content-type", "application/json")
                .header("x-amz-durable-execution-name", order_id)
                .body(Full::from(an_order(order_id)))?;
        let body = self.send(request).await?;
        let completed = br#"{"status":"completed""#;
        ensure!(
            body.starts_with(completed),
            "an unexpected outcome: {}",
            String::from_utf8_lossy(&body)
        );
        Ok(())
    }

    /// Starts an execution and does not wait for it.
    pub(crate) async fn start(&mut self, function: &str, input: String) -> anyhow::Result<()> {
        let path = format!("/2015-03-31/functions/{function}/invocations?Qualifier=%24LATEST");
        let request = Request::post(path)
            .header("host", "127.0.0.1")
            .header("content-type", "application/json")
            .header("x-amz-invocation-type", "Event")
            .body(Full::from(input))?;
        self.send(request).await.map(drop)
    }

    /// A page of a function's executions, and where the next one begins.
    pub(crate) async fn list(
        &mut self,
        function: &str,
        query: &str,
        marker: Option<&str>,
    ) -> anyhow::Result<Page> {
        let marker = marker.map(|marker| format!("&Marker={marker}")).unwrap_or_default();
        let path = format!("/2025-12-01/functions/{function}/durable-executions?{query}{marker}");
        let request = Request::get(path).header("host", "127.0.0.1").body(Full::default())?;
        let body = self.send(request).await?;
        Ok(serde_json::from_slice(&body)?)
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

/// A page of ListDurableExecutionsByFunction.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Page {
    pub(crate) durable_executions: Vec<serde::de::IgnoredAny>,
    pub(crate) next_marker: Option<String>,
}

/// The body of an order.
pub(crate) fn an_order(order_id: &str) -> String {
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
    order.to_string()
}

pub(crate) async fn fill_catalog(address: SocketAddr) -> anyhow::Result<()> {
    let mut client = Client::connect(address).await.context("cannot reach the server")?;
    client.put_item("LAPTOP-001", "1299.99").await?;
    client.put_item("MOUSE-001", "29.99").await
}
