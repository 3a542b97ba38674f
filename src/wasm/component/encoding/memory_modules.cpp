#include "wasm/component/encoding/memory_modules.hpp"

#include "base/check.hpp"
#include "wasm/text/text.hpp"

namespace trellis::wasm::component::encoding {
namespace {

constexpr std::string_view malloc_text = R"wat((module
  (import "" "malloc" (func $malloc (param i32) (result i32)))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (call $malloc (local.get 3)))
))wat";

/// With loads and stores, since some who run components know several memories in these instructions only.
constexpr std::string_view copier_text = R"wat((module
  (import "" "from" (memory $from 0))
  (import "" "to" (memory $to 0))
  (func (export "pages") (result i32)
    (memory.size $from))
  (func (export "copy") (param $to i32) (param $from i32) (param $length i32)
    (block $no_words
      (loop $words
        (br_if $no_words (i32.lt_u (local.get $length) (i32.const 16)))
        (i64.store $to (local.get $to) (i64.load $from (local.get $from)))
        (i64.store $to offset=8 (local.get $to) (i64.load $from offset=8 (local.get $from)))
        (local.set $to (i32.add (local.get $to) (i32.const 16)))
        (local.set $from (i32.add (local.get $from) (i32.const 16)))
        (local.set $length (i32.sub (local.get $length) (i32.const 16)))
        (br $words)))
    (block $no_bytes
      (loop $bytes
        (br_if $no_bytes (i32.eqz (local.get $length)))
        (i32.store8 $to (local.get $to) (i32.load8_u $from (local.get $from)))
        (local.set $to (i32.add (local.get $to) (i32.const 1)))
        (local.set $from (i32.add (local.get $from) (i32.const 1)))
        (local.set $length (i32.sub (local.get $length) (i32.const 1)))
        (br $bytes))))
))wat";

/// Of a text above, which is right.
std::vector<std::uint8_t> binary_of(std::string_view text)
{
    const auto binary = parse_text(text);
    TRELLIS_CHECK(binary);
    return {binary->view().begin(), binary->view().end()};
}

} // namespace

std::vector<std::uint8_t> malloc_module()
{
    return binary_of(malloc_text);
}

std::vector<std::uint8_t> copier_module()
{
    return binary_of(copier_text);
}

} // namespace trellis::wasm::component::encoding
