#include "wasm/compiler/object_code.hpp"

#include "base/format.hpp"
#include "wasm/compiler/loops.hpp"
#include "wasm/compiler/poll_calls.hpp"
#include "wasm/compiler/processor.hpp"

#include <llvm/Analysis/TargetLibraryInfo.h>
#include <llvm/IR/LegacyPassManager.h>
#include <llvm/IR/Verifier.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Support/CommandLine.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/TargetParser/Host.h>
#include <llvm/Transforms/InstCombine/InstCombine.h>
#include <llvm/Transforms/Scalar/EarlyCSE.h>
#include <llvm/Transforms/Scalar/SimplifyCFG.h>
#include <llvm/Transforms/Utils/LCSSA.h>
#include <llvm/Transforms/Utils/LoopSimplify.h>

#include <array>
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
        // A 32-bit index that LLVM has made wider is hard to recognise (loop_plan.hpp).
        // Frames are chained from a function's first instruction on, for faults.
        const std::array arguments = {"trellis", "-indvars-widen-indvars=false", "-enable-shrink-wrap=false"};
        llvm::cl::ParseCommandLineOptions(static_cast<int>(arguments.size()), arguments.data());
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

namespace {

void add_loop_passes(llvm::PassBuilder& builder)
{
    builder.registerVectorizerStartEPCallback([](llvm::FunctionPassManager& passes, llvm::OptimizationLevel) {
        passes.addPass(llvm::LoopSimplifyPass());
        passes.addPass(llvm::LCSSAPass());
        passes.addPass(VersionLoops());
        passes.addPass(llvm::SimplifyCFGPass());
        passes.addPass(llvm::InstCombinePass());
        passes.addPass(llvm::EarlyCSEPass());
    });
}

void add_poll_pass(llvm::PassBuilder& builder)
{
    builder.registerOptimizerLastEPCallback([](llvm::ModulePassManager& passes, llvm::OptimizationLevel) {
        passes.addPass(llvm::createModuleToFunctionPassAdaptor(ExpandPolls()));
    });
}

} // namespace

void optimise(llvm::Module& module, llvm::TargetMachine& target, bool version_loops)
{
    llvm::LoopAnalysisManager loops;
    llvm::FunctionAnalysisManager functions;
    llvm::CGSCCAnalysisManager call_graph;
    llvm::ModuleAnalysisManager modules;
    llvm::PipelineTuningOptions tuning;
    tuning.SLPVectorization = true;
    llvm::PassBuilder builder(&target, tuning);
    // No call of a library's function comes out of nothing.
    llvm::TargetLibraryInfoImpl library(target.getTargetTriple());
    library.disableAllFunctions();
    functions.registerPass([&] { return llvm::TargetLibraryAnalysis(library); });
    builder.registerModuleAnalyses(modules);
    builder.registerCGSCCAnalyses(call_graph);
    builder.registerFunctionAnalyses(functions);
    builder.registerLoopAnalyses(loops);
    if (version_loops)
        add_loop_passes(builder);
    add_poll_pass(builder);
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
