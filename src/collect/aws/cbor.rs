//! CBOR as JSON: services that answer in it are written as the CLI prints them.

use super::site::text_of;
use aws_smithy_cbor::{
    data::Type,
    decode::{Decoder, DeserializeError},
};
use serde_json::{Map, Value};

/// How deep a document may be nested.
const DEPTH: usize = 64;

/// The document in the bytes.
pub(super) fn value(bytes: &[u8]) -> Result<Value, DeserializeError> {
    read(&mut Decoder::new(bytes), DEPTH)
}

fn read(from: &mut Decoder<'_>, depth: usize) -> Result<Value, DeserializeError> {
    let wrong = |what: &'static str, from: &Decoder<'_>| Err(DeserializeError::custom(what, from.position()));
    let Some(depth) = depth.checked_sub(1) else { return wrong("nested too deep", from) };
    Ok(match from.datatype()? {
        Type::Bool => Value::Bool(from.boolean()?),
        Type::Null | Type::Undefined => {
            from.null()?;
            Value::Null
        }
        Type::U8 | Type::U16 | Type::U32 | Type::U64 | Type::I8 | Type::I16 | Type::I32 | Type::I64 | Type::Int => {
            Value::from(from.long()?)
        }
        Type::F16 | Type::F32 | Type::F64 => Value::from(from.double()?),
        Type::String | Type::StringIndef => Value::String(from.string()?),
        Type::Tag => text_of(from.timestamp()?.secs()).unwrap_or(Value::Null),
        Type::Array | Type::ArrayIndef => {
            let (length, mut list) = (from.list()?, Vec::new());
            while more(from, length, list.len())? {
                list.push(read(from, depth)?);
            }
            Value::Array(list)
        }
        Type::Map | Type::MapIndef => {
            let (length, mut members, mut count) = (from.map()?, Map::new(), 0);
            while more(from, length, count)? {
                let key = from.string()?;
                members.insert(key, read(from, depth)?);
                count += 1;
            }
            Value::Object(members)
        }
        _ => return wrong("holds what JSON cannot", from),
    })
}

/// Whether a list or map goes on; the end of one without a stated length is passed over.
fn more(from: &mut Decoder<'_>, length: Option<u64>, read: usize) -> Result<bool, DeserializeError> {
    match length {
        Some(length) => Ok((read as u64) < length),
        None if from.datatype()? == Type::Break => {
            from.skip()?;
            Ok(false)
        }
        None => Ok(true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn documents_of_either_length() {
        // {"a": [1, -2, 1.5, true, null], "t": 1(1421866952)}, then the same with indefinite lengths.
        let fixed = b"\xa2\x61a\x85\x01\x21\xfb\x3f\xf8\0\0\0\0\0\0\xf5\xf6\x61t\xc1\x1a\x54\xbf\xf7\xc8";
        let open = b"\xbf\x61a\x9f\x01\x21\xfb\x3f\xf8\0\0\0\0\0\0\xf5\xf6\xff\x61t\xc1\x1a\x54\xbf\xf7\xc8\xff";
        let wanted = json!({"a": [1, -2, 1.5, true, null], "t": "2015-01-21T19:02:32Z"});
        assert_eq!(value(fixed).unwrap(), wanted);
        assert_eq!(value(open).unwrap(), wanted);
    }

    #[test]
    fn broken_documents_are_errors() {
        assert!(value(b"\xa2\x61a").is_err());
        assert!(value(b"").is_err());
        assert!(value(&[0x81; 100_000]).is_err());
    }
}
