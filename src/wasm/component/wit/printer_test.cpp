// What is printed resolves to what prints the same.
#include "wasm/component/wit/test_wit.hpp"

using namespace trellis;
using namespace trellis::wasm::component::wit;

namespace {

constexpr const char* canonical = R"(/// The package.
package a:b@0.2.1;

/// Types.
@since(version = 0.2.0)
interface types {
  use c:d/e.{x, y as z};
  @since(version = 0.2.1)
  use other.{t};

  /// A record.
  record r {
    /// A field.
    a: list<z>,
    %list: tuple<u8, option<t>>,
  }

  variant v {
    none,
    /// One.
    some(r),
  }

  enum e {
    one,
    two,
  }

  flags f {
    red,
    green,
  }

  resource file {
    constructor(name: string);

    /// Reads.
    @since(version = 0.2.1)
    read: async func(count: u64) -> result<stream<u8>, e>;
    open: static func(name: string) -> file;
  }

  type alias = own<file>;

  @unstable(feature = extra)
  @deprecated(version = 0.2.1)
  @external-id("x/y")
  old: func(a: borrow<file>) -> result<_, e>;
}

interface other {
  type t = f32;
}

world w {
  import c:d/e;
  import other;
  import mine: interface {
    use other.{t};

    g: func() -> t;
  }

  use other.{t as u};

  resource token {
    constructor() -> result<token, string>;
  }

  import h: func(a: u);

  export run: async func() -> token;
  export store: other;
}

package c:d {
  interface e {
    type x = u8;

    type y = x;
  }
}
)";

} // namespace

TEST(wit_printer, canonical_text_stays_as_it_is)
{
    EXPECT_EQ(printed(canonical, {.features = {"extra"}}), canonical);
}

TEST(wit_printer, one_package_can_be_printed_alone)
{
    const auto model = model_of("package a:b; world w { import c:d/e; } package c:d { interface e {} }");
    ASSERT_TRUE(model.has_value());
    EXPECT_EQ(print(*model, model->root), "package a:b;\n\nworld w {\n  import c:d/e;\n}\n");
    EXPECT_EQ(print(*model, PackageId{1}), "package c:d;\n\ninterface e {\n}\n");
}
