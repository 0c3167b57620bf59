//! `catalog`.

use serde_json::json;

use crate::support::Server;

#[test]
fn products_are_put_listed_and_replaced() {
    let server = Server::with_products();
    let mouse = ["catalog", "put", "--id", "MOUSE-001", "--name", "Mouse", "--price", "13.5"];
    let rest = ["--stock", "7", "--warehouse", "WAREHOUSE-C"];
    let said = server.run(&[mouse.as_slice(), &rest].concat()).ended(0);
    assert_eq!(said.out, "MOUSE-001  13.50  7 in stock\n");

    let said = server.run(&["catalog", "list", "--json"]).ended(0);
    assert!(said.out.contains("\"price\": 13.50,"), "{}", said.out);
    let products = said.json();
    assert_eq!(products.as_array().unwrap().len(), 3);
    assert_eq!(
        products[2],
        json!({
            "productId": "MOUSE-001",
            "name": "Mouse",
            "price": 13.50,
            "stockLevel": 7,
            "warehouseLocation": "WAREHOUSE-C",
        })
    );
    let said = server.run(&["catalog", "list"]).ended(0);
    assert!(said.out.contains("LAPTOP-001    Gaming Laptop"), "{}", said.out);
    assert!(said.out.contains("1299.99     50  WAREHOUSE-A"), "{}", said.out);
}

#[test]
fn more_products_than_fit_into_one_request_are_imported_and_listed() {
    let server = Server::start();
    let lines: Vec<String> = (0..120)
        .map(|number| {
            format!(
                r#"{{"productId":"P-{number:03}","name":"N","price":"{number}.10","stockLevel":1,"warehouseLocation":"W"}}"#
            )
        })
        .collect();
    let said = server.run_with_input(&["catalog", "import", "-"], &lines.join("\n")).ended(0);
    assert_eq!(said.out, "120 products imported\n");
    let list = server.run(&["catalog", "list", "--json"]).ended(0);
    assert_eq!(list.json().as_array().unwrap().len(), 120);
    assert!(list.out.contains("\"price\": 119.10,"));

    // What is listed can be imported again.
    let said = server.run_with_input(&["catalog", "import", "-", "--json"], &list.out).ended(0);
    assert_eq!(said.json(), json!({ "imported": 120 }));
    assert_eq!(server.run(&["catalog", "list", "--json"]).ended(0).out, list.out);
}

#[test]
fn one_wrong_product_keeps_all_of_them_out() {
    let server = Server::start();
    let good =
        r#"{"productId":"A","name":"N","price":1.00,"stockLevel":1,"warehouseLocation":"W"}"#;
    let wrong = good.replace("1.00", "1.005").replace("\"A\"", "\"B\"");
    let text = format!("[{good},{wrong}]");
    let said = server.run_with_input(&["catalog", "import", "-"], &text).ended(1);
    assert!(
        said.err.contains("product 2: an amount of money has more than two decimals"),
        "{said:?}"
    );
    assert_eq!(server.run(&["catalog", "list", "--json"]).ended(0).json(), json!([]));
}

#[test]
fn a_price_of_thousandths_is_wrong_usage() {
    let server = Server::start();
    let put = ["catalog", "put", "--id", "A", "--name", "N", "--stock", "1", "--warehouse", "W"];
    let said = server.run(&[put.as_slice(), &["--price", "1.005"]].concat()).ended(2);
    assert!(said.err.contains("more than two decimals"), "{said:?}");
}

#[tokio::test]
async fn a_row_that_others_spoiled_is_listed_all_the_same() {
    let server = Server::start();
    server.spoil_product("BAD-1").await;
    let products = server.run(&["catalog", "list", "--json"]).ended(0).json();
    assert_eq!(products[0]["productId"], "BAD-1");
    assert_eq!(products[0]["price"], json!(null));
}
