(module
  (import "cm32p2|peers:targets/both@1" "give" (func (param i32 i32) (result i32)))
  (import "cm32p2|peers:targets/both@1" "thing_drop" (func (param i32)))
  (import "cm32p2|_ex_peers:targets/both@1" "thing_new" (func (param i32) (result i32)))
  (memory (export "cm32p2_memory") 1)
  (func (export "cm32p2_realloc") (param i32 i32 i32 i32) (result i32) i32.const 8)
  (func (export "cm32p2||start"))
  (func (export "cm32p2|peers:targets/both@1|give") (param i32 i32) (result i32) i32.const 0)
  (func (export "cm32p2|peers:targets/both@1|thing_dtor") (param i32)))
