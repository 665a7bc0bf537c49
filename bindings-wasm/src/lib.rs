//! What the npm package calls: the core, declared for WebAssembly.
//!
//! Nothing in here decides anything. The TypeScript in `npm/src` owns the public API: it checks what callers pass, awaits
//! the host and throws `InvreqError`; this crate takes plain strings, numbers and bytes, and gives plain objects back.
//!
//! ```text
//! text     decode, verify, answer: functions of their arguments
//! engine   Engine.begin(Input, now, entropy, Answers) -> needs or a step; Engine.commit(step) -> effects
//! input    one constructor for each input of the engine
//! answers  one method for each answer to a need
//! peer     a BOLT 8 connection: bytes in, bytes out (feature `peer`, on by default)
//! ```
//!
//! A failed call throws the core's `ErrorDetails` as a plain object.

mod answers;
#[cfg(feature = "bench")]
mod bench;
mod engine;
mod input;
#[cfg(feature = "peer")]
mod peer;
mod text;
mod value;

use wasm_bindgen::JsValue;

/// What every call returns: the second is thrown.
type Js<T = JsValue> = Result<T, JsValue>;

/// A third of the size of the standard library's allocator, and as steady.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static MEMORY: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();
