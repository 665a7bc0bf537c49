//! stub
/// stub
pub struct InvoiceError;
impl InvoiceError {
    /// stub
    pub fn from_bytes(_: &[u8]) -> crate::Result<Self> {
        Ok(Self)
    }
    /// stub
    pub fn message(&self) -> Option<&str> {
        None
    }
    /// stub
    pub fn erroneous_field(&self) -> Option<u64> {
        None
    }
    /// stub
    pub fn suggested_value(&self) -> Option<&[u8]> {
        None
    }
}
/// stub
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded;
/// stub
pub fn describe_request(_: &crate::bolt12::InvoiceRequest, _: Option<[u8; 32]>, _: Option<u64>) -> Decoded {
    Decoded
}
