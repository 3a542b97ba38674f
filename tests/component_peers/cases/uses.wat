(module
  (import "peers:uses/drawing@0.2.1" "draw" (func (param i32 f64 f64 f64 f64 i32) (result i32)))
  (import "$root" "here" (func (param i32)))
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 8)
  (func (export "peers:uses/canvas@0.2.1#hit") (param f64 f64) (result i32) i32.const 0))
