#include "wasm/compiler/object_code.hpp"

#include "base/format.hpp"
#include "wasm/compiler/processor.hpp"

#include <llvm/Analysis/TargetLibraryInfo.h>
#include <llvm/IR/LegacyPassManager.h>
#include <llvm/IR/Verifier.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/TargetParser/Host.h>

#include <mutex>

namespace trellis::wasm::compiler {

Result<std::unique_ptr<llvm::TargetMachine>> make_target(const Options& options)
{
    static std::once_flag once;
    std::call_once(once, [] {
        LLVMInitializeX86TargetInfo();
        LLVMInitializeX86Target();
        LLVMInitializeX86TargetMC();
        LLVMInitializeX86AsmPrinter();
        LLVMInitializeAArch64TargetInfo();
        LLVMInitializeAArch64Target();
        LLVMInitializeAArch64TargetMC();
        LLVMInitializeAArch64AsmPrinter();
    });
    const auto& processor = processor_of(options.cpu);
    const std::string triple(processor.triple);
    std::string reason;
    const auto* const target = llvm::TargetRegistry::lookupTarget(triple, reason);
    if (!target)
        return fail(ErrorCode::unsupported, format("no code can be made for {}: {}", triple, reason));
    llvm::TargetOptions target_options;
    target_options.AllowFPOpFusion = llvm::FPOpFusion::Strict;
    const auto cpu = !processor.cpu.empty() ? std::string(processor.cpu)
                     : options.cpu.empty()  ? llvm::sys::getHostCPUName().str()
                                            : options.cpu;
    return std::unique_ptr<llvm::TargetMachine>(target->createTargetMachine(
        triple, cpu, "", target_options, llvm::Reloc::PIC_, llvm::CodeModel::Small, llvm::CodeGenOptLevel::Default));
}

void optimise(llvm::Module& module, llvm::TargetMachine& target)
{
    llvm::LoopAnalysisManager loops;
    llvm::FunctionAnalysisManager functions;
    llvm::CGSCCAnalysisManager call_graph;
    llvm::ModuleAnalysisManager modules;
    llvm::PipelineTuningOptions tuning;
    llvm::PassBuilder builder(&target, tuning);
    // No call of a library's function comes out of nothing.
    llvm::TargetLibraryInfoImpl library(target.getTargetTriple());
    library.disableAllFunctions();
    functions.registerPass([&] { return llvm::TargetLibraryAnalysis(library); });
    builder.registerModuleAnalyses(modules);
    builder.registerCGSCCAnalyses(call_graph);
    builder.registerFunctionAnalyses(functions);
    builder.registerLoopAnalyses(loops);
    builder.crossRegisterProxies(loops, functions, call_graph, modules);
    builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O2).run(module, modules);
}

std::vector<char> emit_object(llvm::Module& module, llvm::TargetMachine& target)
{
    llvm::SmallVector<char, 0> bytes;
    llvm::raw_svector_ostream stream(bytes);
    llvm::legacy::PassManager passes;
    auto* const library = new llvm::TargetLibraryInfoWrapperPass(target.getTargetTriple());
    passes.add(library);
    target.addPassesToEmitFile(passes, stream, nullptr, llvm::CodeGenFileType::ObjectFile);
    passes.run(module);
    return {bytes.begin(), bytes.end()};
}

} // namespace trellis::wasm::compiler
