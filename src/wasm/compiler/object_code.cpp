#include "wasm/compiler/object_code.hpp"

#include "base/check.hpp"
#include "base/format.hpp"
#include "wasm/compiler/lanes.hpp"
#include "wasm/compiler/loops.hpp"
#include "wasm/compiler/poll_calls.hpp"
#include "wasm/compiler/processor.hpp"

#include <llvm/Analysis/TargetLibraryInfo.h>
#include <llvm/CodeGen/MachineFunctionPass.h>
#include <llvm/CodeGen/MachineLoopInfo.h>
#include <llvm/CodeGen/MachineModuleInfo.h>
#include <llvm/CodeGen/Passes.h>
#include <llvm/CodeGen/TargetPassConfig.h>
#include <llvm/IR/LegacyPassManager.h>
#include <llvm/IR/Verifier.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Support/CommandLine.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/TargetParser/Host.h>

#include <algorithm>
#include <array>
#include <mutex>

namespace trellis::wasm::compiler {
namespace {

/// What this machine's processor lacks, "-avx512f,-sha": a hypervisor may hide what the processor's name stands for.
std::string missing_features()
{
    std::vector<std::string> missing;
    for (const auto& feature : llvm::sys::getHostCPUFeatures())
        if (!feature.second)
            missing.push_back("-" + feature.first().str());
    std::ranges::sort(missing);
    std::string text;
    for (const std::string& one : missing)
        text += (text.empty() ? "" : ",") + one;
    return text;
}

} // namespace

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
        const std::array arguments = {
            "trellis",
            "-indvars-widen-indvars=false",       // a 32-bit index made wider is hard to recognise (loop_plan.hpp)
            "-enable-shrink-wrap=false",          // frames are chained from the first instruction on, for faults
            "-grow-region-complexity-budget=200", // how much is tried to split a register's live range
            "-tail-dup-size=6",                   // what several blocks end with is copied to each of them
            "-disable-x86-domain-reassignment",   // it looks for masks in general registers, and there are none
            // Or a load that a selection doesn't choose is not done, and its trap is lost.
            "-x86-cmov-converter-force-mem-operand=false",
        };
        llvm::cl::ParseCommandLineOptions(static_cast<int>(arguments.size()), arguments.data());
    });
    const auto& processor = processor_of(options.cpu);
    const std::string triple(processor.triple);
    std::string reason;
    const auto* const target = llvm::TargetRegistry::lookupTarget(triple, reason);
    if (!target)
        return fail(ErrorCode::unsupported, format("no code can be made for {}: {}", triple, reason));
    const bool is_this_machine = processor.cpu.empty() && options.cpu.empty();
    llvm::TargetOptions target_options;
    target_options.AllowFPOpFusion = llvm::FPOpFusion::Strict;
    const auto cpu = !processor.cpu.empty() ? std::string(processor.cpu)
                     : is_this_machine      ? llvm::sys::getHostCPUName().str()
                                            : options.cpu;
    return std::unique_ptr<llvm::TargetMachine>(
        target->createTargetMachine(triple, cpu, is_this_machine ? missing_features() : "", target_options,
                                    llvm::Reloc::PIC_, llvm::CodeModel::Small, llvm::CodeGenOptLevel::Default));
}

namespace {

/// What WebAssembly's own compiler has not done already: inlining of the numeric functions, variables into values,
/// loops. See docs/DECISIONS.md for what was left out.
constexpr const char* scalar_passes =
    "always-inline,globaldce,"
    "function<eager-inv>(sroa<modify-cfg>),"
    "cgscc(inline,function<eager-inv>("
    "simplifycfg,early-cse<memssa>,instcombine<max-iterations=1;no-verify-fixpoint>,simplifycfg,"
    "loop-mssa(loop-rotate<header-duplication>,licm<allowspeculation>,simple-loop-unswitch<no-nontrivial;trivial>),"
    "loop(indvars,loop-deletion,loop-unroll-full),"
    "simplifycfg<hoist-common-insts;sink-common-insts>)),"
    "globaldce";
constexpr const char* before_loops = "loop-simplify,lcssa";
constexpr const char* after_versions = "simplifycfg,instcombine<max-iterations=1;no-verify-fixpoint>,early-cse<>";
constexpr const char* loop_passes =
    "loop-vectorize<no-interleave-forced-only;no-vectorize-forced-only>,loop-unroll<O2>";
constexpr const char* after_loops =
    "instcombine<max-iterations=1;no-verify-fixpoint>,loop-mssa(licm<allowspeculation>)";
constexpr const char* last_passes = "simplifycfg<switch-to-lookup>";

/// Runs `second` on the functions that `first` has changed.
class IfChanged : public llvm::PassInfoMixin<IfChanged> {
public:
    IfChanged(llvm::FunctionPassManager first, llvm::FunctionPassManager second)
        : first_(std::move(first)), second_(std::move(second))
    {
    }

    llvm::PreservedAnalyses run(llvm::Function& function, llvm::FunctionAnalysisManager& analyses)
    {
        auto preserved = first_.run(function, analyses);
        if (!preserved.areAllPreserved())
            preserved.intersect(second_.run(function, analyses));
        return preserved;
    }

    static bool isRequired() { return true; }

private:
    llvm::FunctionPassManager first_, second_;
};

llvm::FunctionPassManager parsed(llvm::PassBuilder& builder, const char* text)
{
    llvm::FunctionPassManager passes;
    llvm::cantFail(builder.parsePassPipeline(passes, text));
    return passes;
}

llvm::ModulePassManager make_passes(llvm::PassBuilder& builder, bool version_loops)
{
    llvm::ModulePassManager passes;
    llvm::cantFail(builder.parsePassPipeline(passes, scalar_passes));
    llvm::FunctionPassManager each;
    if (version_loops)
        each.addPass(ForwardLanes());
    each.addPass(parsed(builder, before_loops));
    if (version_loops) {
        llvm::FunctionPassManager version;
        version.addPass(VersionLoops());
        each.addPass(IfChanged(std::move(version), parsed(builder, after_versions)));
    }
    each.addPass(IfChanged(parsed(builder, loop_passes), parsed(builder, after_loops)));
    each.addPass(parsed(builder, last_passes));
    each.addPass(ExpandPolls());
    passes.addPass(llvm::createModuleToFunctionPassAdaptor(std::move(each), true));
    return passes;
}

} // namespace

void optimise(llvm::Module& module, llvm::TargetMachine& target, bool version_loops)
{
    llvm::LoopAnalysisManager loops;
    llvm::FunctionAnalysisManager functions;
    llvm::CGSCCAnalysisManager call_graph;
    llvm::ModuleAnalysisManager modules;
    llvm::PassBuilder builder(&target);
    // No call of a library's function comes out of nothing.
    llvm::TargetLibraryInfoImpl library(target.getTargetTriple());
    library.disableAllFunctions();
    functions.registerPass([&] { return llvm::TargetLibraryAnalysis(library); });
    builder.registerModuleAnalyses(modules);
    builder.registerCGSCCAnalyses(call_graph);
    builder.registerFunctionAnalyses(functions);
    builder.registerLoopAnalyses(loops);
    builder.crossRegisterProxies(loops, functions, call_graph, modules);
    make_passes(builder, version_loops).run(module, modules);
}

namespace {

/// Calls are marked not to be merged, since each has a place of its own in backtraces. Where the callee's address was
/// spilled, LLVM makes the load a part of the call and loses the mark: this marks them again.
class KeepCallsApart : public llvm::MachineFunctionPass {
public:
    static inline char ID = 0;
    KeepCallsApart() : MachineFunctionPass(ID) {}

    bool runOnMachineFunction(llvm::MachineFunction& function) override
    {
        for (auto& block : function)
            for (auto& instruction : block)
                if (instruction.isCall() && !instruction.isReturn())
                    instruction.setFlag(llvm::MachineInstr::NoMerge);
        return false;
    }
};

/// The jump of a dispatch takes a third longer where it crosses a cache line: loops around one begin with a line.
class AlignDispatches : public llvm::MachineFunctionPass {
public:
    static inline char ID = 0;
    AlignDispatches() : MachineFunctionPass(ID) {}

    void getAnalysisUsage(llvm::AnalysisUsage& usage) const override
    {
        usage.addRequired<llvm::MachineLoopInfoWrapperPass>();
        usage.setPreservesAll();
        MachineFunctionPass::getAnalysisUsage(usage);
    }

    bool runOnMachineFunction(llvm::MachineFunction& function) override
    {
        const llvm::Align cache_line(64);
        const auto jumps = [](const auto& one) { return one.isIndirectBranch(); };
        auto& loops = getAnalysis<llvm::MachineLoopInfoWrapperPass>().getLI();
        for (auto& block : function)
            if (const auto* const around = loops.getLoopFor(&block); around && llvm::any_of(block.terminators(), jumps))
                around->getHeader()->setAlignment(cache_line);
        return true;
    }
};

/// What TargetMachine::addPassesToEmitFile adds, less the analysis of where variables live: debug information says
/// lines and inlined calls only.
void add_code_generation(llvm::legacy::PassManager& passes, llvm::LLVMTargetMachine& machine,
                         llvm::raw_pwrite_stream& stream)
{
    passes.add(new llvm::TargetLibraryInfoWrapperPass(machine.getTargetTriple()));
    auto* const code = new llvm::MachineModuleInfoWrapperPass(&machine);
    auto* const config = machine.createPassConfig(passes);
    config->setDisableVerify(true);
    config->disablePass(&llvm::LiveDebugValuesID);
    config->insertPass(&llvm::PrologEpilogCodeInserterID, new KeepCallsApart()); // before the first that merges
    config->insertPass(&llvm::MachineBlockPlacementID, new AlignDispatches());
    passes.add(config);
    passes.add(code);
    TRELLIS_CHECK(!config->addISelPasses());
    config->addMachinePasses();
    config->setInitialized();
    TRELLIS_CHECK(!machine.addAsmPrinter(passes, stream, nullptr, llvm::CodeGenFileType::ObjectFile,
                                         code->getMMI().getContext()));
    passes.add(llvm::createFreeMachineFunctionPass());
}

} // namespace

std::vector<char> emit_object(llvm::Module& module, llvm::TargetMachine& target)
{
    llvm::SmallVector<char, 0> bytes;
    llvm::raw_svector_ostream stream(bytes);
    llvm::legacy::PassManager passes;
    add_code_generation(passes, static_cast<llvm::LLVMTargetMachine&>(target), stream);
    passes.run(module);
    return {bytes.begin(), bytes.end()};
}

} // namespace trellis::wasm::compiler
