// Which build this is: version and a digest of the sources that decide what compiled code looks like and what it finds
// at run time. Code of another build is never run: it knows where fields of our structures are.
#pragma once

namespace trellis::wasm::native {

extern const char build_identity[];

} // namespace trellis::wasm::native
