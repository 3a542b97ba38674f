#include "wasm/compiler/object_code.hpp"

#include <gtest/gtest.h>
#include <llvm/MC/MCSubtargetInfo.h>
#include <llvm/Target/TargetMachine.h>
#include <llvm/TargetParser/Host.h>

namespace trellis::wasm::compiler {
namespace {

TEST(wasm_compiler_target, code_for_this_machine_uses_nothing_that_a_hypervisor_hides)
{
    const auto target = make_target({});
    ASSERT_TRUE(target.has_value());
    for (const auto& feature : llvm::sys::getHostCPUFeatures())
        EXPECT_TRUE(feature.second || !(*target)->getMCSubtargetInfo()->checkFeatures("+" + feature.first().str()))
            << feature.first().str();
}

} // namespace
} // namespace trellis::wasm::compiler
