//! Validation without a catalog table: every rule, all errors at once, and payloads of any shape.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::catalog::Product;
use crate::limits::{MAX_ERRORS, MAX_LINES, MAX_QUANTITY};
use crate::money::Money;
use crate::settings::ValidationSettings;

fn product(id: &str, cents: i64) -> (String, Product) {
    let product = Product {
        product_id: id.to_owned(),
        name: id.to_owned(),
        price: Money::from_cents(cents),
        stock_level: 1_000,
        warehouse_location: "WAREHOUSE-A".to_owned(),
    };
    (id.to_owned(), product)
}

fn catalog() -> Products {
    Products::from([
        product("LAPTOP-001", 129_999),
        product("MOUSE-001", 2_999),
        product("GOLD-001", i64::MAX / 2),
    ])
}

fn order() -> Value {
    json!({
        "orderId": "ORDER-001",
        "customerId": "CUST-001",
        "items": [
            { "productId": "LAPTOP-001", "quantity": 1 },
            { "productId": "MOUSE-001", "quantity": 2 },
        ],
        "shippingAddress": "123 Main St, Seattle, WA 98101",
        "billingAddress": "123 Main St, Seattle, WA 98101",
        "paymentMethod": { "type": "credit", "cardNumber": 4_532_123_456_789_012_u64, "cardBrand": "Visa" },
    })
}

fn verdict_under(order: Value, settings: &ValidationSettings) -> Verdict {
    let mut errors = Errors::default();
    let draft = Draft::read(&order.into(), &mut errors);
    let products = products_to_look_up(&draft).map(|_| catalog());
    judge(&draft, products.as_ref(), &rules(settings), errors)
}

fn verdict(order: Value) -> Verdict {
    verdict_under(order, &ValidationSettings::default())
}

fn errors(verdict: Verdict) -> Vec<FieldError> {
    match verdict {
        Verdict::Invalid(errors) => errors,
        Verdict::Valid(priced) => panic!("expected errors, got {priced:?}"),
    }
}

fn fields(order: Value) -> Vec<String> {
    errors(verdict(order)).into_iter().map(|error| error.field).collect()
}

/// The order with one value replaced, given as a JSON pointer.
fn with(pointer: &str, value: Value) -> Value {
    let mut order = order();
    *order.pointer_mut(pointer).unwrap() = value;
    order
}

fn priced(verdict: Verdict) -> PricedOrder {
    match verdict {
        Verdict::Valid(priced) => priced,
        Verdict::Invalid(errors) => panic!("expected a valid order, got {errors:?}"),
    }
}

#[test]
fn a_good_order_gets_its_exact_total_from_the_catalog() {
    let mut order = order();
    order["total"] = json!(1);
    order["items"][0]["price"] = json!(0.01);
    let priced = priced(verdict(order));
    assert_eq!(priced.order_total.to_string(), "1359.97");
}

#[test]
fn lines_of_one_product_are_merged() {
    let line = |quantity| json!({ "productId": "MOUSE-001", "quantity": quantity });
    let priced = priced(verdict(with("/items", json!([line(1), line(2), line(3)]))));
    assert_eq!(priced.items.len(), 1);
    assert_eq!(priced.items[0].quantity, 6);
    assert_eq!(priced.order_total.to_string(), "179.94");
}

#[test]
fn one_wrong_field_is_one_error_that_names_it() {
    let cases = [
        ("/orderId", json!(""), "orderId"),
        ("/orderId", json!("has space"), "orderId"),
        ("/orderId", json!("ü"), "orderId"),
        ("/orderId", json!("x".repeat(65)), "orderId"),
        ("/orderId", json!(7), "orderId"),
        ("/customerId", json!("  "), "customerId"),
        ("/customerId", Value::Null, "customerId"),
        ("/items", json!([]), "items"),
        ("/items", json!({}), "items"),
        ("/items/1", json!("MOUSE-001"), "items[1]"),
        ("/items/1/productId", json!("NO-SUCH"), "items[1].productId"),
        ("/items/1/productId", json!(" "), "items[1].productId"),
        ("/items/1/productId", json!(5), "items[1].productId"),
        ("/items/1/quantity", json!(0), "items[1].quantity"),
        ("/items/1/quantity", json!(-1), "items[1].quantity"),
        ("/items/1/quantity", json!(1.5), "items[1].quantity"),
        ("/items/1/quantity", json!("2"), "items[1].quantity"),
        ("/items/1/quantity", json!(MAX_QUANTITY + 1), "items[1].quantity"),
        ("/items/1/quantity", json!(u64::MAX), "items[1].quantity"),
        ("/items/1/quantity", json!(1e300), "items[1].quantity"),
        ("/shippingAddress", json!("\t "), "shippingAddress"),
        ("/billingAddress", json!("x".repeat(501)), "billingAddress"),
        ("/billingAddress", json!(["x"]), "billingAddress"),
        ("/paymentMethod", json!("Visa"), "paymentMethod"),
        ("/paymentMethod/type", json!("cash"), "paymentMethod.type"),
        ("/paymentMethod/cardBrand", json!("Diners"), "paymentMethod.cardBrand"),
        ("/paymentMethod/cardNumber", json!(45), "paymentMethod.cardNumber"),
        ("/paymentMethod/cardNumber", json!("4532-x"), "paymentMethod.cardNumber"),
        ("/paymentMethod/cardBrand", json!("Amex"), "paymentMethod.cardNumber"),
    ];
    for (pointer, value, field) in cases {
        assert_eq!(fields(with(pointer, value.clone())), [field], "{pointer} = {value}");
    }
}

fn paid_with(method: Value) -> Value {
    with("/paymentMethod", method)
}

#[test]
fn a_token_takes_the_place_of_a_card_number() {
    priced(verdict(paid_with(json!({ "type": "credit", "token": "pm_card_visa" }))));
    let no_number = json!({ "type": "debit", "token": "tok_visa", "cardNumber": null });
    priced(verdict(paid_with(no_number)));
}

#[test]
fn a_payment_method_has_a_token_or_a_card_number_and_no_token_looks_like_one() {
    let token = "paymentMethod.token";
    let number = "paymentMethod.cardNumber";
    let brand = "paymentMethod.cardBrand";
    for (method, fields_wrong) in [
        (json!({ "type": "credit" }), vec![brand, number]),
        (json!({ "type": "credit", "token": null }), vec![brand, number]),
        (json!({ "type": "credit", "token": "pm_1", "cardNumber": CARD }), vec![token]),
        (json!({ "type": "credit", "token": CARD }), vec![token]),
        (json!({ "type": "credit", "token": CARD.to_string() }), vec![token]),
        (json!({ "type": "credit", "token": "4532-1234-5678-9012" }), vec![token]),
        (json!({ "type": "credit", "token": "" }), vec![token]),
        (json!({ "type": "credit", "token": "pm 1" }), vec![token]),
        (json!({ "type": "credit", "token": "x".repeat(256) }), vec![token]),
        (json!({ "type": "cash", "token": ["pm_1"] }), vec!["paymentMethod.type", token]),
    ] {
        assert_eq!(fields(paid_with(method.clone())), fields_wrong, "{method}");
    }
}

#[test]
fn quantities_of_one_product_are_bounded_together() {
    let line = |quantity| json!({ "productId": "MOUSE-001", "quantity": quantity });
    let lines = json!([line(MAX_QUANTITY), line(1)]);
    assert_eq!(fields(with("/items", lines)), ["items[0].quantity"]);
}

#[test]
fn too_many_lines_or_products_are_one_error() {
    let line = |index: usize| json!({ "productId": format!("P-{index}"), "quantity": 1 });
    let lines: Vec<Value> = (0..10_000).map(line).collect();
    assert_eq!(fields(with("/items", json!(lines))), ["items"]);
    let lines: Vec<Value> = (0..100).map(line).collect();
    assert_eq!(fields(with("/items", json!(lines))), ["items"]);
}

#[test]
fn many_lines_of_one_product_are_one_line() {
    let line = json!({ "productId": "MOUSE-001", "quantity": 1 });
    let priced = priced(verdict(with("/items", json!(vec![line; MAX_LINES]))));
    assert_eq!(priced.items[0].quantity as usize, MAX_LINES);
}

#[test]
fn a_total_beyond_every_amount_is_an_error() {
    let lines = json!([{ "productId": "GOLD-001", "quantity": 3 }]);
    assert_eq!(fields(with("/items", lines)), ["items"]);
}

#[test]
fn what_is_not_an_object_is_one_error() {
    for payload in [json!(null), json!(7), json!("order"), json!([order()])] {
        let fields: Vec<String> =
            errors(verdict(payload)).into_iter().map(|error| error.field).collect();
        assert_eq!(fields[0], "order");
        assert_eq!(fields.len(), 1);
    }
}

#[test]
fn everything_that_is_wrong_is_reported_at_once() {
    let order = json!({
        "orderId": "not ok!",
        "items": [{ "productId": "NO-SUCH", "quantity": -3 }, 7],
        "shippingAddress": "",
        "paymentMethod": { "type": "cash", "cardNumber": 5_412_345_678_901_234_u64, "cardBrand": "Visa" },
    });
    let mut fields = fields(order);
    fields.sort();
    assert_eq!(
        fields,
        [
            "billingAddress",
            "customerId",
            "items[0].productId",
            "items[0].quantity",
            "items[1]",
            "orderId",
            "paymentMethod.cardNumber",
            "paymentMethod.type",
            "shippingAddress",
        ]
    );
}

#[test]
fn the_seed_cards_pass_unless_check_digits_are_strict() {
    let strict = ValidationSettings { strict_card_check: true, ..ValidationSettings::default() };
    priced(verdict(order()));
    assert_eq!(errors(verdict_under(order(), &strict))[0].field, "paymentMethod.cardNumber");
    let good = with("/paymentMethod/cardNumber", json!(4_111_111_111_111_111_u64));
    priced(verdict_under(good, &strict));
}

#[test]
fn a_minimum_amount_applies_when_it_is_set() {
    let minimum = |cents| ValidationSettings {
        minimum_order_amount: Some(Money::from_cents(cents)),
        ..ValidationSettings::default()
    };
    priced(verdict_under(order(), &minimum(135_997)));
    let errors = errors(verdict_under(order(), &minimum(135_998)));
    assert_eq!(errors[0].message, "Minimum order amount is $1359.98");
}

#[test]
fn a_rule_of_ones_own_is_one_more_in_the_list() {
    let mut all = rules(&ValidationSettings::default());
    all.push(Rule::new("no-laptops", |order, errors| {
        if order.merged.iter().any(|line| line.product_id.starts_with("LAPTOP")) {
            errors.add("items", "must hold no laptops");
        }
    }));
    let mut errors = Errors::default();
    let draft = Draft::read(&order().into(), &mut errors);
    let verdict = judge(&draft, Some(&catalog()), &all, errors);
    assert_eq!(self::errors(verdict)[0].message, "must hold no laptops");
}

const CARD: u64 = 4_532_123_456_789_012;

/// JSON of any shape, with the fields of an order and card numbers strewn in.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        Just(json!(CARD)),
        Just(json!(CARD.to_string())),
        Just(json!("LAPTOP-001")),
        Just(json!("Mastercard")),
        ".{0,12}".prop_map(Value::from),
    ];
    let key = prop_oneof![
        Just("orderId"),
        Just("customerId"),
        Just("items"),
        Just("productId"),
        Just("quantity"),
        Just("shippingAddress"),
        Just("paymentMethod"),
        Just("type"),
        Just("cardNumber"),
        Just("cardBrand"),
        Just("token"),
    ];
    leaf.prop_recursive(4, 48, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((key.clone(), inner), 0..8).prop_map(|fields| {
                Value::Object(
                    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
                )
            }),
        ]
    })
}

proptest! {
    #[test]
    fn no_payload_panics_and_no_error_shows_a_card_number(payload in any_json(), strict: bool) {
        let settings = ValidationSettings { strict_card_check: strict, minimum_order_amount: Some(Money::from_cents(1)) };
        if let Verdict::Invalid(errors) = verdict_under(payload, &settings) {
            prop_assert!(!errors.is_empty() && errors.len() <= MAX_ERRORS + 1);
            let text = serde_json::to_string(&errors).unwrap();
            prop_assert!(!text.contains(&CARD.to_string()), "{text}");
        }
    }

    #[test]
    fn one_damaged_field_never_makes_an_order_unreadable(
        field in prop::sample::select(vec!["orderId", "customerId", "items", "shippingAddress", "billingAddress", "paymentMethod"]),
        value in any_json(),
    ) {
        let mut order = order();
        order[field] = value;
        let text = format!("{:?}", verdict(order));
        prop_assert!(!text.contains("4532123456789012"), "{text}");
    }
}
