//! What the glue prints of a value that has a secret in it.
//!
//! Kotlin's data classes print all they hold, byte by byte. Those below get a `toString` of their own, which leaves the secret out.

/// The classes, and what of each is secret.
const SECRETS: [(&str, &str); 10] = [
    ("ClaimApproval", "preimage"),
    ("Delivery", "replyPathId"),
    ("Dump", "dump"),
    ("Entry", "value"),
    ("InboundPayment", "preimage"),
    ("InvoiceError", "replyPathId"),
    ("Payment", "paymentPreimage"),
    ("PaymentReceived", "preimage"),
    ("SecretKey", "secretKey"),
    ("SharedSecret", "v1"),
];

const COMPANION: &str = "companion object";

/// The glue, with those that keep a secret to themselves.
pub fn quiet(glue: &str) -> Result<String, String> {
    SECRETS.iter().try_fold(glue.to_owned(), |glue, (class, secret)| {
        hide(&glue, class, secret)
    })
}

fn hide(glue: &str, class: &str, secret: &str) -> Result<String, String> {
    let mut hidden = 0_usize;
    let mut written = String::with_capacity(glue.len());
    let mut left = glue;
    let begins = format!("data class {class}");
    while let Some((before, rest)) = left.split_once(&begins) {
        written.push_str(before);
        written.push_str(&begins);
        left = rest;
        if !rest.trim_start_matches(' ').starts_with('(') {
            continue;
        }
        let (body, after) = rest
            .split_once(COMPANION)
            .ok_or_else(|| format!("the glue's class {class} has no end"))?;
        let names = names(body);
        written.push_str(body);
        if names.contains(&secret) {
            hidden = hidden.saturating_add(1);
            written.push_str(&to_string(class, &names, secret));
        }
        written.push_str(COMPANION);
        left = after;
    }
    written.push_str(left);
    match hidden {
        1 => Ok(written),
        _ => Err(format!(
            "the glue has {hidden} classes {class} with a {secret}, and not one"
        )),
    }
}

/// The names of what a class holds.
fn names(body: &str) -> Vec<&str> {
    let fields = body.lines().filter_map(|line| line.trim().strip_prefix("val "));
    fields
        .filter_map(|field| field.split_once(':'))
        .map(|(name, _)| name.trim_matches('`'))
        .collect()
}

fn to_string(class: &str, names: &[&str], secret: &str) -> String {
    let shown = names.iter().map(|name| {
        if *name == secret {
            format!("{name}=(secret)")
        } else {
            format!("{name}=${{this.`{name}`}}")
        }
    });
    let shown = shown.collect::<Vec<_>>().join(", ");
    format!("override fun toString(): kotlin.String = \"{class}({shown})\"\n\n    ")
}

#[cfg(test)]
mod tests {
    use super::{hide, quiet};

    const GLUE: &str = "\
data class Payment (
    /**
     * When it arrived.
     */
    val `paidAt`: kotlin.Long
    ,
    val `paymentPreimage`: Preimage
){
    companion object
}
data class PaymentPath (
    val `paymentPreimage`: kotlin.Long
){
    companion object
}
    data class Payment(
        val v1: Payment) : Outcome()
    {
        companion object
    }
";

    #[test]
    fn a_secret_is_left_out_of_its_class_and_of_no_other() {
        let shown = "    override fun toString(): kotlin.String = \
            \"Payment(paidAt=${this.`paidAt`}, paymentPreimage=(secret))\"\n\n    companion object\n}\ndata class PaymentPath";
        let expected = GLUE.replacen("    companion object\n}\ndata class PaymentPath", shown, 1);
        assert_eq!(hide(GLUE, "Payment", "paymentPreimage"), Ok(expected));
    }

    #[test]
    fn a_class_that_is_gone_or_has_no_such_secret_is_noticed() {
        assert!(hide(GLUE, "Payment", "preimage").is_err());
        assert!(hide(GLUE, "Paid", "paymentPreimage").is_err());
        assert!(hide("data class Payment (", "Payment", "paymentPreimage").is_err());
        assert!(quiet(GLUE).is_err());
    }
}
