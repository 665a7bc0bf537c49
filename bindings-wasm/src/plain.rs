//! Plain JavaScript values, made from everything that can be serialised.
//!
//! Integers of 64 bits are `bigint`, bytes are `Uint8Array`, `None` is `undefined`, and a variant with content is an object
//! with one field. It does what the crate `serde-wasm-bindgen` would, for the shapes of the core alone, in a third of its size.

use core::fmt::Error;

use js_sys::{Array, Object, Uint8Array};
use serde::ser::{self, Impossible, Serialize};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};

type Made<T = JsValue> = Result<T, Error>;

#[wasm_bindgen]
extern "C" {
    /// An object that is written field by field.
    #[wasm_bindgen(extends = Object)]
    type Target;

    #[wasm_bindgen(method, indexing_setter)]
    fn set(this: &Target, key: &str, value: JsValue);
}

/// Makes plain values.
#[derive(Clone, Copy)]
pub(crate) struct Plain;

pub(crate) struct List(Array);

pub(crate) struct Fields {
    object: Target,
    /// The variant the fields belong to.
    variant: Option<&'static str>,
}

fn object() -> Target {
    Object::new().unchecked_into()
}

fn variant_of(name: &str, content: JsValue) -> JsValue {
    let outer = object();
    outer.set(name, content);
    outer.into()
}

impl ser::SerializeSeq for List {
    type Ok = JsValue;
    type Error = Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Made<()> {
        self.0.push(&value.serialize(Plain)?);
        Ok(())
    }

    fn end(self) -> Made {
        Ok(self.0.into())
    }
}

impl ser::SerializeTuple for List {
    type Ok = JsValue;
    type Error = Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Made<()> {
        ser::SerializeSeq::serialize_element(self, value)
    }

    fn end(self) -> Made {
        ser::SerializeSeq::end(self)
    }
}

impl ser::SerializeStruct for Fields {
    type Ok = JsValue;
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Made<()> {
        self.object.set(key, value.serialize(Plain)?);
        Ok(())
    }

    fn end(self) -> Made {
        let object = self.object.into();
        Ok(match self.variant {
            Some(name) => variant_of(name, object),
            None => object,
        })
    }
}

impl ser::SerializeStructVariant for Fields {
    type Ok = JsValue;
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Made<()> {
        ser::SerializeStruct::serialize_field(self, key, value)
    }

    fn end(self) -> Made {
        ser::SerializeStruct::end(self)
    }
}

/// One method for each type of number.
macro_rules! numbers {
    ($($method:ident: $number:ty),*) => {
        $(fn $method(self, value: $number) -> Made {
            Ok(value.into())
        })*
    };
}

impl ser::Serializer for Plain {
    type Ok = JsValue;
    type Error = Error;
    type SerializeSeq = List;
    type SerializeTuple = List;
    type SerializeTupleStruct = Impossible<JsValue, Error>;
    type SerializeTupleVariant = Impossible<JsValue, Error>;
    type SerializeMap = Impossible<JsValue, Error>;
    type SerializeStruct = Fields;
    type SerializeStructVariant = Fields;

    numbers!(
        serialize_bool: bool,
        serialize_i8: i8,
        serialize_i16: i16,
        serialize_i32: i32,
        serialize_i64: i64,
        serialize_u8: u8,
        serialize_u16: u16,
        serialize_u32: u32,
        serialize_u64: u64,
        serialize_f32: f32,
        serialize_f64: f64,
        serialize_str: &str
    );

    fn serialize_char(self, value: char) -> Made {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_bytes(self, value: &[u8]) -> Made {
        Ok(Uint8Array::from(value).into())
    }

    fn serialize_none(self) -> Made {
        Ok(JsValue::UNDEFINED)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Made {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Made {
        self.serialize_none()
    }

    fn serialize_unit_struct(self, _: &'static str) -> Made {
        self.serialize_none()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Made {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Made {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Made {
        Ok(variant_of(variant, value.serialize(self)?))
    }

    fn serialize_seq(self, _: Option<usize>) -> Made<List> {
        Ok(List(Array::new()))
    }

    fn serialize_tuple(self, _: usize) -> Made<List> {
        self.serialize_seq(None)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Made<Self::SerializeTupleStruct> {
        Err(Error)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Made<Self::SerializeTupleVariant> {
        Err(Error)
    }

    fn serialize_map(self, _: Option<usize>) -> Made<Self::SerializeMap> {
        Err(Error)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Made<Fields> {
        Ok(Fields {
            object: object(),
            variant: None,
        })
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Made<Fields> {
        Ok(Fields {
            object: object(),
            variant: Some(variant),
        })
    }
}
