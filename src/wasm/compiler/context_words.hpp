// Loads of words that never change while an instance lives.
#pragma once

#include "wasm/native/context.hpp"

#include <llvm/IR/IRBuilder.h>

namespace trellis::wasm::compiler {

inline llvm::LoadInst* fixed_pointer(llvm::IRBuilderBase& builder, llvm::Value* base, std::uint64_t offset)
{
    auto* const at = offset == 0 ? base : builder.CreateConstInBoundsGEP1_64(builder.getInt8Ty(), base, offset);
    auto* const load = builder.CreateLoad(builder.getPtrTy(), at);
    load->setMetadata(llvm::LLVMContext::MD_invariant_load, llvm::MDNode::get(builder.getContext(), {}));
    return load;
}

/// How many bytes of memory 0 can be accessed now; it never becomes less.
inline llvm::Value* memory0_size(llvm::IRBuilderBase& builder, llvm::Value* context)
{
    auto* const views = fixed_pointer(builder, context, offsetof(native::Context, memories));
    auto* const word = fixed_pointer(builder, views, offsetof(native::MemoryView, size));
    auto* const size = builder.CreateAlignedLoad(builder.getInt64Ty(), word, llvm::Align(8));
    size->setAtomic(llvm::AtomicOrdering::Monotonic);
    return size;
}

} // namespace trellis::wasm::compiler
