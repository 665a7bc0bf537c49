//! Signed integers for callers in Java, which has no others.
//!
//! The generator writes `kotlin.ULong`, of which Java sees neither the type nor the methods it occurs in. The names of the types are put
//! in their place here, and `bindings-uniffi/kotlin/glue/Unsigned.kt` in place of the four converters; the bits that cross are the same.

/// A type of the library, and the one that stands for it.
const TYPES: [(&str, &str); 4] = [
    ("ULong", "Long"),
    ("UInt", "Long"),
    ("UShort", "Int"),
    ("UByte", "Int"),
];

/// The glue without unsigned integers in it.
pub fn signed(glue: &str) -> Result<String, String> {
    let mut glue = glue.to_owned();
    for (unsigned, signed) in TYPES {
        glue = without_converter(&glue, unsigned)?;
        glue = glue.replace(&format!("kotlin.{unsigned}"), &format!("kotlin.{signed}"));
    }
    Ok(glue)
}

/// Takes out the generated converter of a type, where there is one.
fn without_converter(glue: &str, unsigned: &str) -> Result<String, String> {
    let Some((before, converter)) = glue.split_once(&format!("public object FfiConverter{unsigned}: "))
    else {
        return Ok(glue.to_owned());
    };
    let (_, after) = converter
        .split_once("\n}\n")
        .ok_or_else(|| format!("the glue's converter of {unsigned} has no end"))?;
    // Its comment stays behind, and is put to the next declaration's.
    Ok(format!("{before}\n{after}"))
}

#[cfg(test)]
mod tests {
    use super::signed;

    #[test]
    fn types_are_replaced_and_converters_taken_out() {
        let glue = "\
/** @suppress */
public object FfiConverterULong: FfiConverter<ULong, Long> {
    override fun lift(value: Long): ULong {
        return value.toULong()
    }
}

data class Claim(val totalMsat: kotlin.ULong, val limit: kotlin.UInt?, val size: kotlin.UByte)
object FfiConverterTypeClaim { fun size(): ULong = 8UL }
";
        let expected = "\
/** @suppress */


data class Claim(val totalMsat: kotlin.Long, val limit: kotlin.Long?, val size: kotlin.Int)
object FfiConverterTypeClaim { fun size(): ULong = 8UL }
";
        assert_eq!(signed(glue).as_deref(), Ok(expected));
    }

    #[test]
    fn a_converter_of_another_shape_is_noticed() {
        assert!(signed("public object FfiConverterUInt: Something").is_err());
    }
}
