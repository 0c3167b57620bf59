//! PaymentIntents: their states, what leads from one to the next, and the cards of Stripe's test mode.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::keys::{Answer, error};

/// Stripe's bounds of an amount in dollars, in cents.
const AMOUNT: std::ops::RangeInclusive<i64> = 50..=99_999_999;

/// How far an intent is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Nothing is held.
    RequiresPaymentMethod,
    /// The customer would have to do something.
    RequiresAction,
    /// The amount is held.
    RequiresCapture,
    /// The amount is taken.
    Succeeded,
    /// Nothing is held and nothing will be.
    Canceled,
}

impl Status {
    fn name(self) -> &'static str {
        match self {
            Self::RequiresPaymentMethod => "requires_payment_method",
            Self::RequiresAction => "requires_action",
            Self::RequiresCapture => "requires_capture",
            Self::Succeeded => "succeeded",
            Self::Canceled => "canceled",
        }
    }
}

/// An intent, and what was done with it.
#[derive(Clone, Debug)]
pub struct Intent {
    /// Its name.
    pub id: String,
    /// Cents.
    pub amount: i64,
    /// Three small letters.
    pub currency: String,
    /// `metadata[order_id]`.
    pub order_id: String,
    /// How far it is.
    pub status: Status,
    /// Cents that were taken.
    pub amount_received: i64,
    /// How often an amount was put on hold.
    pub holds: u32,
    /// How often an amount was taken.
    pub captures: u32,
    manual: bool,
    card: Option<Card>,
}

#[derive(Clone, Copy, Debug)]
struct Card {
    token: &'static str,
    brand: &'static str,
    last4: &'static str,
    verdict: Verdict,
}

#[derive(Clone, Copy, Debug)]
enum Verdict {
    Approved,
    Declined(&'static str),
    Authenticate,
}

/// As in Stripe's documentation of its test mode.
const CARDS: [Card; 7] = [
    Card { token: "pm_card_visa", brand: "visa", last4: "4242", verdict: Verdict::Approved },
    Card { token: "tok_visa", brand: "visa", last4: "4242", verdict: Verdict::Approved },
    Card {
        token: "pm_card_mastercard",
        brand: "mastercard",
        last4: "4444",
        verdict: Verdict::Approved,
    },
    Card {
        token: "pm_card_discover",
        brand: "discover",
        last4: "1117",
        verdict: Verdict::Approved,
    },
    Card {
        token: "pm_card_chargeDeclined",
        brand: "visa",
        last4: "0002",
        verdict: Verdict::Declined("generic_decline"),
    },
    Card {
        token: "pm_card_chargeDeclinedInsufficientFunds",
        brand: "visa",
        last4: "9995",
        verdict: Verdict::Declined("insufficient_funds"),
    },
    Card {
        token: "pm_card_authenticationRequired",
        brand: "visa",
        last4: "3184",
        verdict: Verdict::Authenticate,
    },
];

pub(crate) type Form = HashMap<String, String>;

#[derive(Debug, Default)]
pub(crate) struct Intents {
    all: Vec<Intent>,
}

impl Intents {
    pub(crate) fn all(&self) -> &[Intent] {
        &self.all
    }

    pub(crate) fn create(&mut self, form: &Form) -> Answer {
        let text = |name: &str| form.get(name).cloned().unwrap_or_default();
        let Some(amount) = text("amount").parse().ok().filter(|amount: &i64| *amount > 0) else {
            return invalid("parameter_invalid_integer", "amount");
        };
        if amount < *AMOUNT.start() {
            return invalid("amount_too_small", "amount");
        }
        if amount > *AMOUNT.end() {
            return invalid("amount_too_large", "amount");
        }
        if text("currency").len() != 3 || text("payment_method_types[]") != "card" {
            return invalid("parameter_missing", "currency");
        }
        let intent = Intent {
            id: format!("pi_{:06}", self.all.len() + 1),
            amount,
            currency: text("currency"),
            order_id: text("metadata[order_id]"),
            status: Status::RequiresPaymentMethod,
            amount_received: 0,
            holds: 0,
            captures: 0,
            manual: text("capture_method") == "manual",
            card: None,
        };
        let answer = (200, shown(&intent, form));
        self.all.push(intent);
        answer
    }

    pub(crate) fn confirm(&mut self, id: &str, form: &Form) -> Answer {
        let Some(intent) = self.find(id) else { return missing() };
        if !matches!(intent.status, Status::RequiresPaymentMethod | Status::RequiresAction) {
            return unexpected(intent);
        }
        let by_token = "payment_method_data[card][token]";
        let (param, token) = match form.get("payment_method") {
            Some(token) => ("payment_method", token.as_str()),
            None => (by_token, form.get(by_token).map_or("", String::as_str)),
        };
        // A PaymentMethod and a token are given in different ways.
        let known = CARDS.iter().find(|card| card.token == token);
        let Some(card) = known.filter(|card| card.token.starts_with("tok_") == (param == by_token))
        else {
            return invalid("resource_missing", param);
        };
        match card.verdict {
            Verdict::Approved => {
                intent.card = Some(*card);
                intent.holds += 1;
                if intent.manual {
                    intent.status = Status::RequiresCapture;
                } else {
                    intent.status = Status::Succeeded;
                    intent.amount_received = intent.amount;
                    intent.captures += 1;
                }
                (200, shown(intent, form))
            }
            Verdict::Declined(reason) => declined(intent, "card_declined", Some(reason)),
            Verdict::Authenticate
                if form.get("error_on_requires_action").is_some_and(|set| set == "true") =>
            {
                declined(intent, "authentication_required", None)
            }
            Verdict::Authenticate => {
                intent.status = Status::RequiresAction;
                (200, shown(intent, form))
            }
        }
    }

    pub(crate) fn capture(&mut self, id: &str, form: &Form) -> Answer {
        let Some(intent) = self.find(id) else { return missing() };
        if intent.status != Status::RequiresCapture {
            return unexpected(intent);
        }
        let whole = intent.amount;
        let amount = form.get("amount_to_capture").map_or(Ok(whole), |amount| amount.parse());
        match amount {
            Ok(amount) if (1..=whole).contains(&amount) => {
                intent.amount_received = amount;
                intent.captures += 1;
                intent.status = Status::Succeeded;
                (200, shown(intent, form))
            }
            _ => invalid("amount_too_large", "amount_to_capture"),
        }
    }

    pub(crate) fn cancel(&mut self, id: &str, form: &Form) -> Answer {
        let Some(intent) = self.find(id) else { return missing() };
        if matches!(intent.status, Status::Succeeded | Status::Canceled) {
            return unexpected(intent);
        }
        intent.status = Status::Canceled;
        (200, shown(intent, form))
    }

    fn find(&mut self, id: &str) -> Option<&mut Intent> {
        self.all.iter_mut().find(|intent| intent.id == id)
    }
}

/// An intent as Stripe writes it; the card is shown if that was asked for.
fn shown(intent: &Intent, form: &Form) -> Value {
    let expanded = form.get("expand[]").is_some_and(|field| field == "payment_method");
    let method = match &intent.card {
        Some(card) if expanded => json!({
            "id": card.token,
            "object": "payment_method",
            "type": "card",
            "card": { "brand": card.brand, "last4": card.last4 },
        }),
        Some(card) => json!(card.token),
        None => Value::Null,
    };
    let held = if intent.status == Status::RequiresCapture { intent.amount } else { 0 };
    json!({
        "id": intent.id,
        "object": "payment_intent",
        "amount": intent.amount,
        "amount_capturable": held,
        "amount_received": intent.amount_received,
        "capture_method": if intent.manual { "manual" } else { "automatic" },
        "currency": intent.currency,
        "latest_charge": intent.card.map(|_| intent.id.replace("pi_", "ch_")),
        "metadata": { "order_id": intent.order_id },
        "payment_method": method,
        "status": intent.status.name(),
    })
}

fn missing() -> Answer {
    let (_, body) = invalid("resource_missing", "intent");
    (404, body)
}

fn invalid(code: &str, param: &str) -> Answer {
    let mut body = error("invalid_request_error", Some(code), "The request is not valid.");
    body["error"]["param"] = json!(param);
    (400, body)
}

fn unexpected(intent: &Intent) -> Answer {
    let code = Some("payment_intent_unexpected_state");
    let text = format!("This PaymentIntent has a status of {}.", intent.status.name());
    let mut body = error("invalid_request_error", code, &text);
    body["error"]["payment_intent"] = shown(intent, &Form::new());
    (400, body)
}

fn declined(intent: &Intent, code: &str, decline_code: Option<&str>) -> Answer {
    let mut body = error("card_error", Some(code), "Your card was declined.");
    body["error"]["decline_code"] = json!(decline_code);
    body["error"]["payment_intent"] = shown(intent, &Form::new());
    (402, body)
}
